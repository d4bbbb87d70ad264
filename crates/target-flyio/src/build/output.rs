//! Where the lines of a running tool go: into the log, to the observers, into bounded memory. Each is cleaned
//! and freed of the token before anything sees it.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::mem;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pipeline_core::Context;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::Instant;

use super::clean::{Redactor, clean, cut, one_line};
use super::error::BuildError;

/// A longer line is cut, in bytes: nobody reads it, and memory is finite.
const LONGEST_LINE: usize = 64 * 1024;
/// How much of the end is kept in memory, in bytes: the image, its digest and every error come last.
const KEPT: usize = 512 * 1024;
/// A log that grows beyond this is cut: a build that prints for ever must not fill a disk.
const LONGEST_LOG: usize = 256 * 1024 * 1024;
/// So many lines are told at once.
const BURST: u32 = 200;
/// Later, one line in so much time.
const PACE: Duration = Duration::from_millis(50);
/// A longer note is cut, in bytes.
const LONGEST_NOTE: usize = 400;

/// Takes the lines of one tool.
#[derive(Debug)]
pub(super) struct Output<'a> {
    redactor: &'a Redactor,
    begun: Vec<u8>,
    notes: Notes<'a>,
    log: Log,
    kept: Kept,
}

impl<'a> Output<'a> {
    /// Tells `cx` of each line, and writes all of them to the file `log`.
    pub(super) fn new(
        redactor: &'a Redactor,
        log: &Path,
        cx: &'a Context,
    ) -> Result<Self, BuildError> {
        let (log, notes) = (Log::create(log)?, Notes::new(cx));
        Ok(Self { redactor, begun: Vec::new(), notes, log, kept: Kept::default() })
    }

    /// Reads to the end. A pipe that cannot be read has ended.
    pub(super) async fn read(&mut self, mut pipe: impl AsyncRead + Unpin) {
        let mut buffer = vec![0; 16 * 1024];
        while let Ok(read @ 1..) = pipe.read(&mut buffer).await {
            self.push(&buffer[..read]);
        }
    }

    /// The end of what was said.
    pub(super) fn finish(mut self) -> Result<String, BuildError> {
        if !self.begun.is_empty() {
            self.end_line();
        }
        self.notes.tell_left_out();
        self.log.finish()?;
        Ok(self.kept.into_text())
    }

    fn push(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            self.hold(&rest[..end]);
            self.end_line();
            rest = &rest[end + 1..];
        }
        self.hold(rest);
    }

    /// Holds more than a line's length, so that a token which begins before the cut is whole when looked for.
    fn hold(&mut self, bytes: &[u8]) {
        let room = (LONGEST_LINE + self.redactor.longest()).saturating_sub(self.begun.len());
        self.begun.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn end_line(&mut self) {
        let line = self.redactor.hide(&clean(&mem::take(&mut self.begun)));
        let line = cut(&line, LONGEST_LINE);
        self.log.line(line);
        self.notes.line(line);
        self.kept.line(line);
    }
}

/// Tells lines at a bounded rate. What it leaves out, it counts.
#[derive(Debug)]
struct Notes<'a> {
    cx: &'a Context,
    allowed: u32,
    refilled: Instant,
    left_out: u64,
}

impl<'a> Notes<'a> {
    fn new(cx: &'a Context) -> Self {
        Self { cx, allowed: BURST, refilled: Instant::now(), left_out: 0 }
    }

    fn line(&mut self, line: &str) {
        if line.trim().is_empty() {
            return;
        }
        self.refill();
        if self.allowed == 0 {
            self.left_out += 1;
            return;
        }
        self.allowed -= 1;
        self.tell_left_out();
        self.cx.note(one_line(line, LONGEST_NOTE));
    }

    fn tell_left_out(&mut self) {
        if self.left_out > 0 {
            let word = if self.left_out == 1 { "line" } else { "lines" };
            self.cx.note(format_args!("… {} more {word}", self.left_out));
            self.left_out = 0;
        }
    }

    fn refill(&mut self) {
        let earned = self.refilled.elapsed().as_millis() / PACE.as_millis();
        let earned = u32::try_from(earned).unwrap_or(BURST).min(BURST);
        if earned > 0 {
            self.allowed = (self.allowed + earned).min(BURST);
            self.refilled = Instant::now();
        }
    }
}

/// A log file. Its first error is kept and told at the end: it must not stop a build in the middle.
#[derive(Debug)]
struct Log {
    path: PathBuf,
    file: BufWriter<File>,
    room: usize,
    failed: Option<std::io::Error>,
}

impl Log {
    fn create(path: &Path) -> Result<Self, BuildError> {
        let failed = |source| BuildError::Log { path: path.to_owned(), source };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let file = BufWriter::new(File::create(path).map_err(failed)?);
        Ok(Self { path: path.to_owned(), file, room: LONGEST_LOG, failed: None })
    }

    fn line(&mut self, line: &str) {
        let size = line.len() + 1;
        if self.failed.is_some() || self.room < size {
            self.room = 0;
            return;
        }
        self.room -= size;
        self.failed = writeln!(self.file, "{line}").err();
    }

    fn finish(mut self) -> Result<(), BuildError> {
        if self.room == 0 && self.failed.is_none() {
            self.failed = writeln!(self.file, "[… the rest was left out …]").err();
        }
        let failed = self.failed.take().or_else(|| self.file.flush().err());
        failed.map_or(Ok(()), |source| Err(BuildError::Log { path: self.path, source }))
    }
}

/// The last lines.
#[derive(Debug, Default)]
struct Kept {
    lines: VecDeque<String>,
    bytes: usize,
}

impl Kept {
    fn line(&mut self, line: &str) {
        self.bytes += line.len() + 1;
        self.lines.push_back(line.to_owned());
        while self.bytes > KEPT {
            let Some(lost) = self.lines.pop_front() else { break };
            self.bytes -= lost.len() + 1;
        }
    }

    fn into_text(self) -> String {
        let mut text = String::with_capacity(self.bytes);
        for line in self.lines {
            text.push_str(&line);
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use pipeline_core::{Phase, Release, Run, RunId};
    use proptest::prelude::*;
    use secrecy::SecretString;

    use super::*;

    fn read(chunks: &[&[u8]]) -> (String, String) {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("deep/build.log");
        let redactor = Redactor::of_token(&SecretString::from("hunter22".to_owned()));
        let cx = Run::new(RunId::new("r"), Release::new("v1"), ".").context(Phase::Build, "build");
        let mut output = Output::new(&redactor, &log, &cx).unwrap();
        for chunk in chunks {
            output.push(chunk);
        }
        assert!(output.begun.len() < 2 * LONGEST_LINE && output.kept.bytes <= KEPT);
        (output.finish().unwrap(), std::fs::read_to_string(log).unwrap())
    }

    #[test]
    fn lines_are_whole_wherever_the_chunks_are_cut() {
        let (text, log) = read(&[b"on", b"e\ntw", b"o\n\nhun", b"ter22 three"]);
        assert_eq!(text, "one\ntwo\n\n[redacted] three\n");
        assert_eq!(log, text);
    }

    #[test]
    fn of_an_endless_output_the_end_is_kept() {
        let mut chunks = vec![&[b'x'; 4096][..]; 2_000];
        chunks.push(b"\nthe end\n");
        let (text, _) = read(&chunks);
        assert!(text.ends_with("\nthe end\n") && text.len() <= KEPT);
    }

    proptest! {
        #[test]
        fn chunks_do_not_matter(text in "[a-z\n]{0,200}", at in 0usize..200) {
            let (one, two) = text.as_bytes().split_at(at.min(text.len()));
            prop_assert_eq!(read(&[one, two]).0, read(&[text.as_bytes()]).0);
        }
    }
}
