//! One recorded run, from lock to history line: everything around the engine that must not be forgotten.

use std::sync::Arc;
use std::time::Duration;

use pipeline_core::{
    CancelSource, Conclusion, Events, Journal, Pipeline, Record, Release, Run, RunError, RunId,
};
use pipeline_notify::Notifier;
use store_sql::{Lock, NewRun, Owner, RunOutcome, RunRow, Store, StoreError};

use crate::app::{App, Setting, wall};
use crate::broken::Broken;
use crate::config::Config;
use crate::ending::Ending;
use crate::error::{CliError, chain};
use crate::exit::Exit;
use crate::person::AtTerminal;
use crate::redact::{Discreet, DiscreetJournal};
use crate::{hooks, signals, wire};

/// How long a lock lives without a heartbeat.
const LOCK_TTL: Duration = Duration::from_secs(30);

/// How long an end waits for those who are told of it.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// The end of a run that died before it touched anything.
const ABANDONED: store_sql::Ending = store_sql::Ending {
    conclusion: Some(Conclusion::Rejected),
    outcome: RunOutcome::Abort,
    exit_code: Exit::Interrupted as u8,
};

/// A command's hold on one environment and its history.
pub(crate) struct Session<'a> {
    pub(crate) setting: Setting<'a>,
    pub(crate) store: Store,
}

/// Which way a run goes, and from where.
#[derive(Debug)]
pub(crate) enum Way {
    /// From the beginning.
    New,
    /// On from these records.
    On(Vec<Record>),
    /// Back from these records.
    Back(Vec<Record>),
}

/// A run that is locked and recorded, ready to go.
pub(crate) struct Berth {
    pub(crate) row: RunRow,
    pub(crate) lock: Lock,
}

impl<'a> Session<'a> {
    pub(crate) async fn open(setting: Setting<'a>) -> Result<Self, CliError> {
        Ok(Self { setting, store: open_store(setting.config).await? })
    }

    /// Locks the target for a new run and records that it began.
    pub(crate) async fn begin(&self, new: &NewRun) -> Result<Berth, CliError> {
        let target = &new.target;
        let lock = self.lock(target).await?;
        if let Some(open) = self.store.unfinished(target).await? {
            let records = self.store.records(&open.id).await?;
            if let Some(conclusion) = concluded(&records) {
                // It came to its end and died before history knew.
                self.finish(&open.id, &Ending::of(conclusion, &records)).await?;
            } else if is_touched(&records) {
                lock.release().await?;
                return Err(CliError::new(
                    Exit::NotAllowed,
                    format!("{} was interrupted half-way through {target}", open.version),
                )
                .hint(format!(
                    "`pipeline resume {0}` finishes it, `pipeline resume {0} --back` takes it back",
                    open.version
                )));
            } else {
                // It died before it touched anything: nothing to go on with.
                self.store.finish(&open.id, &ABANDONED).await?;
            }
        }
        let row = self.store.begin(new).await?;
        Ok(Berth { row, lock })
    }

    /// Locks the target, also from a process of this machine that died.
    pub(crate) async fn lock(&self, target: &str) -> Result<Lock, CliError> {
        let owner = self.owner();
        Ok(self.store.lock_or_take_over(target, &owner, LOCK_TTL, is_alive).await?)
    }

    /// Carries a run to its end and keeps that end.
    pub(crate) async fn carry_out(
        &self,
        pipeline: &Pipeline,
        berth: Berth,
        way: Way,
    ) -> Result<Ending, CliError> {
        let Berth { row, lock } = berth;
        let Setting { app, .. } = self.setting;
        let secrets = self.setting.secrets();
        let mut observers = match app.observers(&secrets) {
            Ok(observers) => observers,
            Err(error) => {
                // Nothing has happened, so nobody need wait for this lock.
                let _ = lock.release().await;
                return Err(error);
            }
        };
        let recorder = self.store.recorder(&row.id);
        let observer = recorder.clone();
        observers.push(Box::new(Discreet { secrets: secrets.clone(), observer }));
        let notifier = wire::notifier(self.setting);
        let observer = notifier.observer();
        observers.push(Box::new(Discreet { secrets: secrets.clone(), observer }));
        let events = Events::new(wall(), observers);
        let source = CancelSource::new();
        let run = self.run_of(&row).events(events.clone()).cancel(source.token());
        let journal = self.store.journal(&run.id, &lock);
        let mut journal = hooks::wrap(Box::new(DiscreetJournal { secrets, journal }));
        let end = tokio::select! {
            end = go(pipeline, &run, &mut *journal, way) => end.map_err(Broken::Run),
            lost = lock.keep() => Err(Broken::Lock(lost)),
            exit = signals::watch(&source, &events) => Err(Broken::Asked(exit)),
        };
        drop((run, events));
        if let Err(error) = recorder.close().await {
            app.say(crate::render::Tone::Warn, &format!("  ! history: {}", chain(&error)));
        }
        let ended = self.keep(end, &row, &notifier).await;
        // An expired lock is released already; the next run takes it over.
        let _ = lock.release().await;
        self.say_untold(notifier).await;
        ended
    }

    /// The run as the engine has it; where a person sits at the terminal, they can be asked.
    fn run_of(&self, row: &RunRow) -> Run {
        let Setting { app, config, .. } = self.setting;
        let mut release = Release::new(&row.version);
        release.revision.clone_from(&row.begun.revision);
        let run = Run::new(row.id.clone(), release, &config.dir);
        if app.around.can_ask {
            run.person(Arc::new(AtTerminal { secrets: self.setting.secrets() }))
        } else {
            run
        }
    }

    /// Waits a little for those who are told, and names whom nobody could tell.
    async fn say_untold(&self, notifier: Notifier) {
        let Setting { app, .. } = self.setting;
        let secrets = self.setting.secrets();
        for undelivered in notifier.close(LAST_WORDS).await {
            let text = format!("  ! {undelivered}");
            app.say(crate::render::Tone::Warn, &secrets.strike(&text));
        }
    }

    async fn keep(
        &self,
        end: Result<Conclusion, Broken>,
        row: &RunRow,
        notifier: &Notifier,
    ) -> Result<Ending, CliError> {
        let records = self.store.records(&row.id).await;
        let known = records.as_deref().unwrap_or_default();
        let conclusion = end.map_err(|broken| {
            // What cannot be read may have been.
            let touched = records.is_err() || is_touched(known);
            let error = broken.told(row, touched);
            if touched {
                notifier.broken_off(&self.setting.secrets().strike(&error.to_string()));
            }
            error
        })?;
        let verified = self.setting.environment.verify.looks();
        let ending = Ending::of(conclusion, known).verified(verified);
        let kept = match records {
            Ok(_) => self.finish(&row.id, &ending).await,
            Err(error) => Err(error),
        };
        if let Err(error) = kept {
            // The end is what it is, whether history can be told of it or not.
            let text = format!(
                "  ! history does not know this end yet: {}; `pipeline resume {}` keeps it",
                chain(&error),
                row.version
            );
            self.setting.app.say(crate::render::Tone::Warn, &text);
        }
        Ok(ending)
    }

    /// Tells history of an end, and which release must not be gone back to.
    async fn finish(&self, run: &RunId, ending: &Ending) -> Result<(), StoreError> {
        if let Some(why) = ending.bad() {
            self.store.mark_bad(run, &why).await?;
        }
        self.store.finish(run, &ending.row()).await
    }

    /// Who holds what this command holds.
    pub(crate) fn owner(&self) -> Owner {
        Owner { who: who(self.setting.app), host: host(), pid: std::process::id(), run: None }
    }
}

async fn go(
    pipeline: &Pipeline,
    run: &Run,
    journal: &mut dyn Journal,
    way: Way,
) -> Result<Conclusion, RunError> {
    match way {
        Way::New => pipeline.run(run, journal).await,
        Way::On(records) => pipeline.resume(run, &records, journal).await,
        Way::Back(records) => pipeline.turn_back(run, &records, journal).await,
    }
}

pub(crate) async fn open_store(config: &Config) -> Result<Store, CliError> {
    Ok(Store::open(&config.store_url, wall()).await?)
}

/// Did the run get as far as changing its target? Records that make no sense do not say that it did not.
pub(crate) fn is_touched(records: &[Record]) -> bool {
    pipeline_core::State::replay(records).map_or(true, |state| state.touched())
}

/// The end that the records come to, if they do.
fn concluded(records: &[Record]) -> Option<Conclusion> {
    match pipeline_core::State::replay(records).ok()?.next() {
        pipeline_core::Action::Stop(conclusion) => Some(conclusion),
        _ => None,
    }
}

/// Who runs this command.
pub(crate) fn who(app: &App) -> String {
    let names = ["PIPELINE_USER", "GITHUB_ACTOR", "USER", "LOGNAME"];
    names.iter().find_map(|name| app.var(name)).unwrap_or("somebody").to_owned()
}

/// The machine this command runs on.
pub(crate) fn host() -> String {
    nix::unistd::gethostname()
        .ok()
        .and_then(|it| it.into_string().ok())
        .unwrap_or_else(|| "unknown".into())
}

/// Does a process with this number live on this machine? Signal 0 asks without doing anything.
pub(crate) fn is_alive(pid: u32) -> bool {
    let Ok(pid) = i32::try_from(pid) else { return false };
    let asked = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), None);
    asked != Err(nix::errno::Errno::ESRCH)
}

#[cfg(test)]
mod tests {
    use pipeline_core::Artifact;

    use super::*;

    #[test]
    fn what_cannot_be_replayed_counts_as_touched_and_has_no_end() {
        let built = Record::Built { artifact: Artifact::new("shop:v2") };
        let senseless = [built.clone(), Record::StageVerified];
        assert!(is_touched(&senseless) && concluded(&senseless).is_none());
        let begun = [Record::GatesPassed, built];
        assert!(!is_touched(&begun) && concluded(&begun).is_none());
        let rejected = [Record::Rejected { failures: Vec::new() }];
        assert!(!is_touched(&rejected));
        assert_eq!(concluded(&rejected), Some(Conclusion::Rejected));
    }
}
