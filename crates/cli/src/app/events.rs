//! Where `--events` go: one place for a command, however many runs it makes.

use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use pipeline_core::{Event, Observer};
use pipeline_formats::ndjson::Wire;

use crate::error::CliError;

/// A file, or standard output. Clones write to the same one.
#[derive(Clone, Default)]
pub(crate) struct EventStream {
    /// Where the command was started: the demo works elsewhere.
    folder: PathBuf,
    open: Arc<OnceLock<Mutex<Open>>>,
}

struct Open {
    wire: Wire<Box<dyn Write + Send>>,
    /// Was it said that not all is there?
    told: bool,
}

/// What is open has no picture of its own.
impl fmt::Debug for EventStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl EventStream {
    /// One of a command that was started in this folder.
    pub(crate) fn of(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), ..Self::default() }
    }

    /// The stream that `--events` names, empty; the second time it is the same, with what is there.
    pub(crate) fn open(&self, named: &str) -> Result<Self, CliError> {
        if self.open.get().is_none() {
            let out: Box<dyn Write + Send> = match named {
                "-" => Box::new(io::stdout()),
                path => Box::new(File::create(self.folder.join(path)).map_err(|error| {
                    CliError::usage(format!("--events {path}: cannot be written: {error}"))
                })?),
            };
            self.open.get_or_init(|| Mutex::new(Open { wire: Wire::new(out), told: false }));
        }
        Ok(self.clone())
    }

    /// Could an event not be written?
    pub(crate) fn is_broken(&self) -> bool {
        self.opened().is_some_and(|it| it.wire.failure().is_some())
    }

    /// Why some events are not there; said once. A reader that went away has what it wanted.
    pub(crate) fn trouble(&self, named: &str) -> Option<String> {
        let mut open = self.opened()?;
        let error = open.wire.failure().filter(|it| it.kind() != io::ErrorKind::BrokenPipe)?;
        let words = format!("--events {named}: some events could not be written: {error}");
        (!std::mem::replace(&mut open.told, true)).then_some(words)
    }

    fn opened(&self) -> Option<MutexGuard<'_, Open>> {
        Some(self.open.get()?.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Observer for EventStream {
    fn observe(&mut self, event: &Event) {
        if let Some(mut open) = self.opened() {
            open.wire.observe(event);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use pipeline_core::EventKind;

    use super::*;

    fn warned(seq: u64) -> Event {
        let kind = EventKind::Warned { message: "slow".into() };
        Event { seq, at: SystemTime::UNIX_EPOCH, kind }
    }

    #[test]
    fn a_command_that_makes_several_runs_keeps_the_events_of_all() {
        let folder = tempfile::tempdir().unwrap();
        let command = EventStream::of(folder.path());
        for seq in [1, 2] {
            command.clone().open("events.ndjson").unwrap().observe(&warned(seq));
        }
        let text = std::fs::read_to_string(folder.path().join("events.ndjson")).unwrap();
        assert_eq!(text.lines().count(), 2, "{text}");
        assert_eq!(command.trouble("events.ndjson"), None);
        // The next command begins anew.
        EventStream::of(folder.path()).open("events.ndjson").unwrap();
        assert_eq!(std::fs::read(folder.path().join("events.ndjson")).unwrap(), b"");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_told_once_and_a_reader_that_went_away_is_not() {
        let mut full = EventStream::default().open("/dev/full").unwrap();
        assert!(!full.is_broken() && full.trouble("/dev/full").is_none());
        full.observe(&warned(1));
        assert!(full.is_broken());
        let words = full.trouble("/dev/full").unwrap();
        assert!(
            words.starts_with("--events /dev/full: some events could not be written: No space")
        );
        assert_eq!(full.trouble("/dev/full"), None, "{words}");

        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let wire = Wire::new(Box::new(writer) as Box<dyn Write + Send>);
        let mut unread = EventStream::default();
        unread.open.get_or_init(|| Mutex::new(Open { wire, told: false }));
        unread.observe(&warned(1));
        assert!(unread.is_broken());
        assert_eq!(unread.trouble("-"), None);
    }
}
