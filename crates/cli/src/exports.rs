//! What is written of a run when it is over, however it ended: `JUnit`, SARIF, and what GitHub shows. All of it is made from
//! the one account of the run's events.

mod files;
mod github;
mod steps;
#[cfg(feature = "otel")]
mod trace;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use pipeline_core::{Account, Event, Observer};
use pipeline_formats::github::{Told, annotations};

use crate::app::{App, Surroundings};
use crate::args::{Command, ExportPurpose as Purpose, When};
use crate::ending::Ending;
use crate::error::CliError;
use crate::exit::Exit;
use crate::render::Tone;
pub(crate) use files::{Files, within};
use github::GitHub;
pub(crate) use github::Groups;
pub(crate) use steps::phases;

/// Where a run goes, and what is known of it so far. Clones hear of the same run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Exports {
    files: Files,
    github: Option<GitHub>,
    #[cfg_attr(not(feature = "otel"), expect(dead_code, reason = "only traces tell what for"))]
    purpose: Purpose,
    heard: Arc<Mutex<Heard>>,
}

#[derive(Debug, Default)]
struct Heard {
    account: Account,
    written: bool,
    /// What happened at a moment of its own, for a trace.
    #[cfg(feature = "otel")]
    moments: Vec<Event>,
    #[cfg(feature = "otel")]
    traced: bool,
}

impl Observer for Heard {
    fn observe(&mut self, event: &Event) {
        self.account.observe(event);
        #[cfg(feature = "otel")]
        if pipeline_otel::is_notable(event) {
            self.moments.push(event.clone());
        }
    }
}

impl Exports {
    /// As the arguments and the surroundings want it. What cannot be written is refused before anything starts.
    pub(crate) fn open(
        command: &Command,
        config: Option<&Path>,
        around: &Surroundings,
    ) -> Result<Self, CliError> {
        let Some((to, purpose)) = command.export_to() else { return Ok(Self::default()) };
        let auto = to.github == When::Auto && around.in_workflow();
        let github = to.github == When::Always || auto;
        Ok(Self {
            files: Files::open(&to.files, config, &around.cwd)?,
            github: github.then(|| GitHub::of(&around.vars)),
            purpose,
            heard: Arc::default(),
        })
    }

    /// The same for the run with this number of several: `junit.xml` becomes `junit-1.xml`.
    pub(crate) fn numbered(&self, number: usize) -> Self {
        // What is written by the runs need not be written by the command.
        self.heard().written = true;
        Self { files: self.files.numbered(number), heard: Arc::default(), ..self.clone() }
    }

    /// Does GitHub read the log?
    pub(crate) fn on_github(&self) -> bool {
        self.github.is_some()
    }

    /// Hears a new run from its beginning.
    pub(crate) fn listen(&self) -> impl Observer + use<> {
        *self.heard() = Heard::default();
        let heard = Arc::clone(&self.heard);
        move |event: &Event| {
            heard.lock().unwrap_or_else(PoisonError::into_inner).observe(event);
        }
    }

    /// What was heard of the last run.
    pub(crate) fn account(&self) -> Account {
        self.heard().account.clone()
    }

    /// Writes what is to be written of a run, unless that has happened. That it cannot be written is said, and changes
    /// nothing else.
    pub(crate) fn write(&self, app: &App, told: &Told) {
        let account = {
            let mut heard = self.heard();
            if std::mem::replace(&mut heard.written, true) {
                return;
            }
            heard.account.clone()
        };
        let mut troubles = self.files.write(&account);
        if let Some(github) = &self.github {
            for line in annotations(&account, &self.files.within) {
                github::say(&line);
            }
            troubles.extend(github.write(&account, told));
        }
        for trouble in troubles {
            app.say(Tone::Warn, &format!("  ! {trouble}"));
        }
    }

    /// Tells whoever collects traces, unless that has happened.
    #[cfg(feature = "otel")]
    pub(crate) async fn trace(&self, app: &App, exit_code: u8) {
        let (account, moments) = {
            let mut heard = self.heard();
            if std::mem::replace(&mut heard.traced, true) {
                return;
            }
            (heard.account.clone(), std::mem::take(&mut heard.moments))
        };
        trace::send(app, &self.purpose, exit_code, (&account, &moments)).await;
    }

    /// Nobody collects traces of a command that was built without them.
    #[cfg(not(feature = "otel"))]
    pub(crate) async fn trace(&self, _app: &App, _exit_code: u8) {
        std::future::ready(()).await;
    }

    /// The last chance: of a command that came to its end, or did not, without anything written, or with events that are missing.
    pub(crate) fn close(&self, app: &App, end: Result<u8, &CliError>) {
        let (code, words) = match end {
            Ok(code) => (code, None),
            Err(error) => (error.exit() as u8, Some(error.to_string())),
        };
        let duration_ms = Some(self.heard().account.took_ms());
        let words = words.map(|it| app.secrets(None).strike(&it).into_owned());
        let outcome = Some(outcome(code).to_owned());
        self.write(app, &Told { outcome, exit_code: code, duration_ms, words, ..Told::default() });
        if let Some(trouble) = app.unwritten_events() {
            app.say(Tone::Warn, &format!("  ! {trouble}"));
        }
    }

    fn heard(&self) -> std::sync::MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is known of a run that has ended.
pub(crate) fn told(row: &store_sql::RunRow, ending: &Ending) -> Told {
    let word = |it: Option<serde_json::Value>| it?.as_str().map(ToOwned::to_owned);
    Told {
        outcome: Some(ending.outcome().to_string()),
        conclusion: word(serde_json::to_value(ending.conclusion).ok()),
        version: Some(row.version.clone()),
        run: Some(row.id.to_string()),
        image: ending.image.clone(),
        exit_code: ending.exit() as u8,
        duration_ms: row.duration_ms(),
        words: Some(ending.words(&row.version, &row.begun.environment)),
    }
}

/// The word of a history line for an exit code, of what has no history line.
fn outcome(code: u8) -> &'static str {
    const INTERRUPTED: u8 = Exit::Interrupted as u8;
    const TERMINATED: u8 = Exit::Terminated as u8;
    const STUCK: u8 = Exit::Stuck as u8;
    match code {
        0 => "PASS",
        20..=39 => "ROLLBACK",
        STUCK => "STUCK",
        INTERRUPTED | TERMINATED => "ABORT",
        _ => "FAIL",
    }
}
