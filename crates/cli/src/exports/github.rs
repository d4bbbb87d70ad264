//! What GitHub Actions is told: groups and annotations in the log, the step summary, the outputs.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::PathBuf;

use pipeline_core::{Account, Event, EventKind, Observer};
use pipeline_formats::github::{LARGEST_SUMMARY, Told, end_group, group, outputs, summary};

/// Where GitHub wants it.
#[derive(Clone, Debug)]
pub(super) struct GitHub {
    summary: Option<PathBuf>,
    output: Option<PathBuf>,
}

impl GitHub {
    pub(super) fn of(vars: &BTreeMap<String, String>) -> Self {
        let path = |name| vars.get(name).filter(|it| !it.is_empty()).map(PathBuf::from);
        Self { summary: path("GITHUB_STEP_SUMMARY"), output: path("GITHUB_OUTPUT") }
    }

    /// Adds to the files that GitHub reads when the step is over; names those that cannot be written.
    pub(super) fn write(&self, account: &Account, told: &Told) -> Vec<String> {
        let page = |so_far: u64| {
            let so_far = usize::try_from(so_far).unwrap_or(usize::MAX);
            summary(account, told, LARGEST_SUMMARY.saturating_sub(so_far))
        };
        let written = [
            ("GITHUB_STEP_SUMMARY", append(self.summary.as_ref(), page)),
            ("GITHUB_OUTPUT", append(self.output.as_ref(), |_| outputs(told))),
        ];
        let wrong = written.into_iter().filter_map(|(name, it)| Some((name, it.err()?)));
        wrong.map(|(name, error)| format!("{name}: cannot be written: {error}")).collect()
    }
}

/// Adds to a file what depends on how much there is already.
fn append(path: Option<&PathBuf>, text: impl FnOnce(u64) -> String) -> io::Result<()> {
    let Some(path) = path else { return Ok(()) };
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    let so_far = file.metadata()?.len();
    file.write_all(text(so_far).as_bytes())
}

/// Gives a command in the log.
pub(super) fn say(line: &str) {
    // Standard error is read for commands as well, and standard output has the facts.
    let _ = writeln!(io::stderr(), "{line}");
}

/// Folds the log of each phase.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    open: bool,
}

impl Groups {
    fn end(&mut self) {
        if std::mem::take(&mut self.open) {
            say(end_group());
        }
    }
}

impl Observer for Groups {
    fn observe(&mut self, event: &Event) {
        match &event.kind {
            EventKind::PhaseStarted { phase } => {
                self.end();
                say(&group(phase.name()));
                self.open = true;
            }
            EventKind::PhaseEnded { .. } => self.end(),
            _ => {}
        }
    }
}

impl Drop for Groups {
    fn drop(&mut self) {
        self.end();
    }
}
