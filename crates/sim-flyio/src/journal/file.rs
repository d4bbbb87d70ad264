//! The journal on a disk. A thread of its own writes, so that a slow disk slows nobody down, and
//! a full one stops nothing: that is told once.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel},
    },
    thread::{self, JoinHandle},
};

use crate::runtime::lock;

/// How many lines may wait for the disk; more are left out, and that is told.
const WAITING: usize = 16_384;

/// The end of the file where lines go in.
#[derive(Debug)]
pub(super) struct JournalFile {
    writer: Mutex<Option<Writer>>,
    trouble: Trouble,
}

#[derive(Debug)]
struct Writer {
    lines: SyncSender<String>,
    thread: JoinHandle<()>,
}

impl JournalFile {
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let file = BufWriter::new(File::create(path)?);
        let trouble = Trouble { path: path.to_owned(), first: Arc::default() };
        let (lines, waiting) = sync_channel(WAITING);
        let told = trouble.clone();
        let work = move || write(file, &waiting, &told);
        let thread = thread::Builder::new().name("sim-flyio-journal".to_owned()).spawn(work)?;
        Ok(Self { writer: Mutex::new(Some(Writer { lines, thread })), trouble })
    }

    /// Hands a line over without waiting.
    pub(super) fn write(&self, line: String) {
        let writer = lock(&self.writer);
        let Some(writer) = writer.as_ref() else { return };
        if let Err(TrySendError::Full(_)) = writer.lines.try_send(line) {
            self.trouble.tell("the disk is too slow: lines are missing");
        }
    }

    /// Returns when everything is on the disk, or has failed to get there.
    pub(super) fn close(&self) {
        let writer = lock(&self.writer).take();
        if let Some(Writer { lines, thread }) = writer {
            drop(lines);
            let _ = thread.join(); // it has no panics to tell of
        }
    }

    pub(super) fn trouble(&self) -> Option<String> {
        lock(&self.trouble.first).clone()
    }
}

impl Drop for JournalFile {
    fn drop(&mut self) {
        self.close();
    }
}

/// The first thing that went wrong.
#[derive(Clone, Debug)]
struct Trouble {
    path: PathBuf,
    first: Arc<Mutex<Option<String>>>,
}

impl Trouble {
    fn tell(&self, why: &str) {
        let mut first = lock(&self.first);
        if first.is_none() {
            let told = format!(
                "the journal '{}' is not complete from here on, and the simulator goes on: {why}",
                self.path.display()
            );
            tracing::error!("{told}");
            *first = Some(told);
        }
    }
}

/// Writes until nobody hands lines over any more; flushes whenever none is waiting.
fn write(mut file: BufWriter<File>, lines: &Receiver<String>, trouble: &Trouble) {
    while let Ok(line) = lines.recv() {
        if let Err(error) = batch(&mut file, line, lines) {
            trouble.tell(&error.to_string());
            drop(file.into_parts()); // what is buffered would only fail again
            return;
        }
    }
}

fn batch(file: &mut BufWriter<File>, first: String, lines: &Receiver<String>) -> io::Result<()> {
    let mut line = first;
    loop {
        file.write_all(line.as_bytes())?;
        line = match lines.try_recv() {
            Ok(next) => next,
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => return file.flush(),
        };
    }
}
