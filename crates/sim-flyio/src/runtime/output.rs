//! What a program prints, read through one pipe, so that the order of its lines is its own.

use std::{
    fs::{File, OpenOptions},
    io::{self, PipeWriter, Write},
    path::Path,
    pin::pin,
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::unix::pipe::Receiver,
    select,
    time::timeout,
};

/// A line is cut here: a program that never ends one shall not fill the memory.
const LINE_MAX: usize = 16 << 10;
/// How long after the end of a program its last lines are waited for.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// The reading end of the output of a program, and the file that gets a copy.
#[derive(Debug)]
pub(super) struct Output {
    pipe: BufReader<Receiver>,
    copy: Option<File>,
    /// A line without its end so far.
    begun: Vec<u8>,
}

impl Output {
    /// Opens a pipe; must be called within a tokio runtime. The file is named after the machine.
    pub(super) fn open(log_dir: Option<&Path>, machine: &str) -> io::Result<(PipeWriter, Self)> {
        let (reader, writer) = io::pipe()?;
        let pipe = Receiver::from_owned_fd(reader.into())?;
        let open = |dir: &Path| {
            OpenOptions::new().create(true).append(true).open(dir.join(format!("{machine}.log")))
        };
        let copy = log_dir.map(open).transpose()?;
        let pipe = BufReader::with_capacity(LINE_MAX, pipe);
        Ok((writer, Self { pipe, copy, begun: Vec::new() }))
    }

    /// Gives every line to `line` while `life` goes on, and the last ones after it.
    pub(super) async fn read_beside<T>(
        mut self,
        life: impl Future<Output = T>,
        mut line: impl FnMut(String),
    ) -> T {
        let mut life = pin!(life);
        let end = select! {
            biased;
            end = &mut life => end,
            () = self.read(&mut line) => return life.await,
        };
        // A process that left its group can hold the pipe for ever.
        if timeout(LAST_WORDS, self.read(&mut line)).await.is_err() {
            self.finish(&mut line);
        }
        end
    }

    /// Gives every line to `line`, until nobody is left who could print one. Can be called off
    /// at any time, and called again.
    async fn read(&mut self, line: &mut impl FnMut(String)) {
        while let Ok(bytes) = self.pipe.fill_buf().await {
            if bytes.is_empty() {
                break;
            }
            let end = bytes.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
            let taken = end.unwrap_or(bytes.len());
            self.begun.extend_from_slice(&bytes[..taken]);
            if let Some(copy) = &mut self.copy {
                let _ = copy.write_all(&bytes[..taken]); // a full disk is not the program's fault
            }
            self.pipe.consume(taken);
            if end.is_some() || self.begun.len() >= LINE_MAX {
                self.finish(line);
            }
        }
        self.finish(line);
    }

    /// Gives away what there is of a line.
    fn finish(&mut self, line: &mut impl FnMut(String)) {
        if !self.begun.is_empty() {
            line(text(&self.begun));
            self.begun.clear();
        }
    }
}

fn text(line: &[u8]) -> String {
    String::from_utf8_lossy(line).trim_end_matches(['\n', '\r']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines(printed: &[u8], dir: Option<&Path>) -> Vec<String> {
        let (mut writer, mut output) = Output::open(dir, "m").unwrap();
        writer.write_all(printed).unwrap();
        drop(writer);
        let mut lines = Vec::new();
        output.read(&mut |line| lines.push(line)).await;
        lines
    }

    #[tokio::test]
    async fn output_is_cut_into_lines_and_copied_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let printed = b"one\r\n\ntwo \xff\nlast";
        assert_eq!(lines(printed, Some(dir.path())).await, ["one", "", "two \u{fffd}", "last"]);
        assert_eq!(std::fs::read(dir.path().join("m.log")).unwrap(), printed);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_keeps_the_pipe_open_does_not_keep_a_machine_from_ending() {
        let (mut writer, output) = Output::open(None, "m").unwrap();
        writer.write_all(b"last but one\nlast").unwrap();
        let mut lines = Vec::new();
        let end = output.read_beside(async { 7 }, |line| lines.push(line)).await;
        assert_eq!((end, lines), (7, vec!["last but one".to_owned(), "last".to_owned()]));
        drop(writer);
    }

    #[tokio::test]
    async fn a_line_without_an_end_is_cut() {
        let endless = vec![b'x'; 3 * LINE_MAX / 2];
        let lengths: Vec<usize> = lines(&endless, None).await.iter().map(String::len).collect();
        assert_eq!(lengths, [LINE_MAX, LINE_MAX / 2]);
    }
}
