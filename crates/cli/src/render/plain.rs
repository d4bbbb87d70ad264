//! Plain lines, for logs and for terminals that can do no more: one line a change, nothing redrawn, and a
//! sign of life where nothing changes for long.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use pipeline_core::{Event, EventKind, Observer};

use super::story::{Detail, Line, Story, one_line};
use super::style::{Tone, paint, tame};
use super::took;

/// How long a log may be silent while something runs; CI systems give up on silent jobs.
const SILENCE: Duration = Duration::from_secs(30);

/// Writes lines as they come.
pub(crate) struct Plain {
    log: Arc<Mutex<Log>>,
    /// Dropped with this value, which ends the sign of life.
    _alive: Sender<()>,
}

struct Log {
    story: Story,
    out: Box<dyn Write + Send>,
    colour: bool,
    quiet: bool,
    running: BTreeMap<String, Running>,
    last: Instant,
}

struct Running {
    since: Instant,
    at: Option<String>,
}

impl Plain {
    pub(crate) fn new(out: impl Write + Send + 'static, detail: Detail, colour: bool) -> Self {
        let log = Arc::new(Mutex::new(Log {
            story: Story::new(detail).with_starts(),
            out: Box::new(out),
            colour,
            quiet: detail == Detail::Quiet,
            running: BTreeMap::new(),
            last: Instant::now(),
        }));
        let (alive, ended) = channel();
        let shared = Arc::clone(&log);
        thread::spawn(move || beat(&shared, &ended));
        Self { log, _alive: alive }
    }
}

impl Observer for Plain {
    fn observe(&mut self, event: &Event) {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.follow(&event.kind);
        let lines = log.story.tell(event);
        log.write(lines);
    }
}

impl Log {
    fn follow(&mut self, kind: &EventKind) {
        match kind {
            EventKind::StepStarted { step, .. } => {
                let running = Running { since: Instant::now(), at: None };
                self.running.insert(step.clone(), running);
            }
            EventKind::StepDone { step, .. } => drop(self.running.remove(step)),
            EventKind::Noted { step, message } => {
                if let Some(running) = self.running.get_mut(step) {
                    running.at = Some(one_line(message));
                }
            }
            _ => {}
        }
    }

    fn write(&mut self, lines: Vec<Line>) {
        for line in lines {
            self.last = Instant::now();
            // A log that cannot be written must not stop a deploy.
            let _ = writeln!(self.out, "{}", painted(&line, self.colour));
        }
        let _ = self.out.flush();
    }

    /// What runs for so long that somebody may wonder.
    fn sign_of_life(&self) -> Vec<Line> {
        let signs = self.running.iter().map(|(step, running)| {
            let ms = u64::try_from(running.since.elapsed().as_millis()).unwrap_or(u64::MAX);
            let at = running.at.as_ref().map(|it| format!("   {it}")).unwrap_or_default();
            vec![(Tone::Dim, format!("  … {step:<10} {:>7}{at}", took(ms)))]
        });
        signs.collect()
    }
}

/// Says what runs whenever nothing was said for long, until its log is gone.
fn beat(log: &Mutex<Log>, ended: &Receiver<()>) {
    while ended.recv_timeout(SILENCE) == Err(RecvTimeoutError::Timeout) {
        let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
        if log.last.elapsed() >= SILENCE && !log.quiet {
            let signs = log.sign_of_life();
            log.write(signs);
        }
    }
}

pub(super) fn painted(line: &Line, colour: bool) -> String {
    line.iter().map(|(tone, text)| paint(*tone, &tame(text), colour)).collect()
}
