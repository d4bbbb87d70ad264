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
        Ok((writer, Self { pipe: BufReader::with_capacity(LINE_MAX, pipe), copy }))
    }

    /// Gives every line to `line` while `life` goes on, and the last ones after it.
    pub(super) async fn read_beside<T>(
        self,
        life: impl Future<Output = T>,
        line: impl FnMut(String),
    ) -> T {
        let (mut life, mut reading) = (pin!(life), pin!(self.read(line)));
        select! {
            biased;
            end = &mut life => {
                // A process that left its group can hold the pipe for ever.
                let _ = timeout(LAST_WORDS, reading).await;
                end
            }
            () = &mut reading => life.await,
        }
    }

    /// Gives every line to `line`, until nobody is left who could print one.
    async fn read(mut self, mut line: impl FnMut(String)) {
        let mut begun = Vec::new();
        while let Ok(bytes) = self.pipe.fill_buf().await {
            if bytes.is_empty() {
                break;
            }
            let end = bytes.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
            let taken = end.unwrap_or(bytes.len());
            begun.extend_from_slice(&bytes[..taken]);
            if let Some(copy) = &mut self.copy {
                let _ = copy.write_all(&bytes[..taken]); // a full disk is not the program's fault
            }
            self.pipe.consume(taken);
            if end.is_some() || begun.len() >= LINE_MAX {
                line(text(&begun));
                begun.clear();
            }
        }
        if !begun.is_empty() {
            line(text(&begun));
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
        let (mut writer, output) = Output::open(dir, "m").unwrap();
        writer.write_all(printed).unwrap();
        drop(writer);
        let mut lines = Vec::new();
        output.read(|line| lines.push(line)).await;
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
        writer.write_all(b"last\n").unwrap();
        let mut lines = Vec::new();
        let end = output.read_beside(async { 7 }, |line| lines.push(line)).await;
        assert_eq!((end, lines), (7, vec!["last".to_owned()]));
        drop(writer);
    }

    #[tokio::test]
    async fn a_line_without_an_end_is_cut() {
        let endless = vec![b'x'; 3 * LINE_MAX / 2];
        let lengths: Vec<usize> = lines(&endless, None).await.iter().map(String::len).collect();
        assert_eq!(lengths, [LINE_MAX, LINE_MAX / 2]);
    }
}
