//! Where the lines of a running command go: into the log, to the observers, into bounded memory.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use pipeline_core::Context;
use tokio::io::AsyncReadExt;

use crate::clean::{Redactor, clean, cut};
use crate::error::Error;
use crate::kept::Kept;
use crate::lines::{LONGEST, Lines};
use crate::notes::Notes;
use crate::spawn::Pipe;

/// A log that grows beyond this is cut: a test that prints for ever must not fill a disk.
const LONGEST_LOG: usize = 256 * 1024 * 1024;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    Out,
    Err,
}

/// Takes the lines of one command. Each is cleaned and freed of secrets before anything sees it.
#[derive(Debug)]
pub struct Output<'a> {
    redactor: &'a Redactor,
    quiet: bool,
    /// How much of standard output is kept as it is, in bytes.
    most: usize,
    sinks: Mutex<Sinks<'a>>,
}

#[derive(Debug)]
struct Sinks<'a> {
    notes: Notes<'a>,
    log: Option<Log>,
    stdout: Kept,
    stderr: Kept,
    whole: Vec<u8>,
}

impl<'a> Output<'a> {
    /// Tells `cx` of each line, and writes all of them to the file `log`.
    pub fn new(redactor: &'a Redactor, log: Option<&Path>, cx: &'a Context) -> Result<Self, Error> {
        let log = log.map(Log::create).transpose()?;
        let (stdout, stderr) = <(Kept, Kept)>::default();
        let sinks =
            Mutex::new(Sinks { notes: Notes::new(cx), log, stdout, stderr, whole: Vec::new() });
        Ok(Self { redactor, quiet: false, most: 0, sinks })
    }

    /// Keeps the first `most` bytes of standard output as they are, secrets included, for a reader that needs a document
    /// whole. They come back as [`Ended::whole`](crate::Ended::whole).
    #[must_use]
    pub fn whole(self, most: usize) -> Self {
        Self { most, ..self }
    }

    /// Tells nobody of standard output while it is read; the log has it all the same.
    #[must_use]
    pub fn quiet(self) -> Self {
        Self { quiet: true, ..self }
    }

    /// The same, with the log written on from its end: for the next command of the same step.
    pub fn append(mut self, log: &Path) -> Result<Self, Error> {
        let sinks = self.sinks.get_mut().unwrap_or_else(PoisonError::into_inner);
        sinks.log = Some(Log::open(log, OpenOptions::new().append(true).create(true))?);
        Ok(self)
    }

    /// Tells and logs a line that is not the command's own, such as the command itself.
    pub fn tell(&self, line: &str) {
        let line = clean(line.as_bytes());
        let line = self.redactor.hide(&line);
        let mut sinks = self.sinks();
        if let Some(log) = &mut sinks.log {
            log.line(&line);
        }
        sinks.notes.line(&line);
    }

    /// What reads one of the streams into it.
    pub(crate) fn reader(&self, stream: Stream) -> Reader<'_, 'a> {
        Reader { output: self, stream, lines: Lines::new(self.redactor.longest()) }
    }

    /// Standard output and standard error, as far as they were kept, and the beginning of the first as it was.
    pub(crate) fn finish(self) -> Result<(String, String, Vec<u8>), Error> {
        let sinks = self.sinks.into_inner().unwrap_or_else(PoisonError::into_inner);
        sinks.notes.finish();
        sinks.log.map_or(Ok(()), Log::finish)?;
        Ok((sinks.stdout.into_text(), sinks.stderr.into_text(), sinks.whole))
    }

    fn keep(&self, raw: &[u8], stream: Stream) {
        if self.most > 0 && stream == Stream::Out {
            let mut sinks = self.sinks();
            let room = self.most.saturating_sub(sinks.whole.len());
            sinks.whole.extend_from_slice(&raw[..raw.len().min(room)]);
        }
    }

    fn line(&self, raw: &[u8], stream: Stream) {
        let line = clean(raw);
        let line = self.redactor.hide(&line);
        let line = cut(&line, LONGEST);
        let mut sinks = self.sinks();
        if let Some(log) = &mut sinks.log {
            log.line(line);
        }
        if !(self.quiet && stream == Stream::Out) {
            sinks.notes.line(line);
        }
        match stream {
            Stream::Out => sinks.stdout.push(line),
            Stream::Err => sinks.stderr.push(line),
        }
    }

    fn sinks(&self) -> MutexGuard<'_, Sinks<'a>> {
        self.sinks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads one stream of a command.
pub(crate) struct Reader<'o, 'a> {
    output: &'o Output<'a>,
    stream: Stream,
    lines: Lines,
}

impl Reader<'_, '_> {
    /// Reads to the end. A pipe that cannot be read has ended. May be dropped half-way.
    pub(crate) async fn read(&mut self, pipe: Option<Pipe>) {
        let Some(mut pipe) = pipe else { return };
        let mut buffer = vec![0; 16 * 1024];
        while let Ok(read @ 1..) = pipe.read(&mut buffer).await {
            self.output.keep(&buffer[..read], self.stream);
            self.lines.push(&buffer[..read], |line| self.output.line(line, self.stream));
        }
    }

    /// Gives the last line as far as it was read, when it did not end.
    pub(crate) fn finish(self) {
        self.lines.finish(|line| self.output.line(line, self.stream));
    }
}

/// A log file. Its first error is kept and told at the end: it must not stop the run in the middle.
#[derive(Debug)]
struct Log {
    path: PathBuf,
    file: std::io::BufWriter<File>,
    room: usize,
    failed: Option<std::io::Error>,
}

impl Log {
    fn create(path: &Path) -> Result<Self, Error> {
        if let Some(folder) = path.parent() {
            let failed = |source| Error::Log { path: path.to_owned(), source };
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        Self::open(path, OpenOptions::new().write(true).create(true).truncate(true))
    }

    fn open(path: &Path, how: &OpenOptions) -> Result<Self, Error> {
        let failed = |source| Error::Log { path: path.to_owned(), source };
        let file = std::io::BufWriter::new(how.open(path).map_err(failed)?);
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

    fn finish(mut self) -> Result<(), Error> {
        if self.room == 0 && self.failed.is_none() {
            self.failed = writeln!(self.file, "[… the rest was left out …]").err();
        }
        let failed = self.failed.take().or_else(|| self.file.flush().err());
        failed.map_or(Ok(()), |source| Err(Error::Log { path: self.path, source }))
    }
}
