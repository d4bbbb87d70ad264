//! A log that cannot give commands to whoever runs it.

use std::io::{self, Write};

/// Writes lines in which nothing is a command of a workflow: what a tool prints, or a server answers, must not be able to
/// annotate, mask or stop anything. GitHub's runner takes `::` at the beginning of a line, and `##[` anywhere in it.
#[derive(Debug)]
pub struct Harmless<W: Write> {
    out: W,
    line: Vec<u8>,
}

impl<W: Write> Harmless<W> {
    /// To here, line by line.
    pub fn new(out: W) -> Self {
        Self { out, line: Vec::new() }
    }

    fn write_line(&mut self) -> io::Result<()> {
        let line = std::mem::take(&mut self.line);
        self.out.write_all(harmless(&String::from_utf8_lossy(&line)).as_bytes())
    }
}

impl<W: Write> Write for Harmless<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for byte in bytes {
            self.line.push(*byte);
            if *byte == b'\n' {
                self.write_line()?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl<W: Write> Drop for Harmless<W> {
    fn drop(&mut self) {
        // A log that cannot be written is not written.
        let _ = self.write_line().and_then(|()| self.out.flush());
    }
}

/// The text with blanks where a line would be a command.
#[must_use]
pub fn harmless(text: &str) -> String {
    let lines = text.split_inclusive(['\n', '\r']).map(|line| {
        let start = line.len() - line.trim_start().len();
        let (before, rest) = line.split_at(start);
        match rest.strip_prefix("::") {
            Some(rest) => format!("{before}: :{rest}"),
            None => line.to_owned(),
        }
    });
    lines.collect::<String>().replace("##[", "## [")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_a_command() {
        let mut seen = Vec::new();
        {
            let mut log = Harmless::new(&mut seen);
            log.write_all(b"fine :: fine\n   ::add-mask::e\nx ##[error]y\n").unwrap();
            log.write_all(b"::stop-").unwrap();
            log.write_all(b"commands::x").unwrap();
        }
        let seen = String::from_utf8(seen).unwrap();
        insta::assert_snapshot!(seen, @r"
        fine :: fine
           : :add-mask::e
        x ## [error]y
        : :stop-commands::x
        ");
    }
}
