//! One recorded run, from lock to history line: everything around the engine that must not be forgotten.

use std::sync::Arc;
use std::time::Duration;

use pipeline_core::{
    CancelSource, Conclusion, Events, Journal, Pipeline, Record, Release, Run, RunError, RunId,
    Usual,
};
use pipeline_notify::Notifier;
use store_sql::{Lock, NewRun, Owner, Recorder, RunOutcome, RunRow, Store, StoreError};

use crate::app::{Setting, wall};
use crate::broken::Broken;
use crate::config::Config;
use crate::ending::Ending;
use crate::error::{CliError, chain};
use crate::exit::Exit;
use crate::person::AtTerminal;
use crate::redact::{Discreet, DiscreetJournal};
use crate::whoami::{self, is_alive};
use crate::{hooks, signals, usual, wire};

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
    pub(crate) aim: Aim,
}

/// What the command is for: its exit code says whether that was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aim {
    /// That this release serves.
    Release,
    /// That some verified release serves wholly: to go back is as good.
    Whole,
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
        Ok(Self { setting, store: open_store(setting.config).await?, aim: Aim::Release })
    }

    /// The exit code of a run that ended so.
    pub(crate) fn exit(&self, ending: &Ending) -> Exit {
        match (self.aim, ending.exit()) {
            (Aim::Whole, Exit::DeployFailed | Exit::RolledBack) => Exit::Good,
            (_, exit) => exit,
        }
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
                return Err(interrupted(&open));
            } else {
                // It died before it touched anything: nothing to go on with.
                self.store.finish(&open.id, &ABANDONED).await?;
            }
        }
        let row = self.store.begin(new).await?;
        Ok(Berth { row, lock })
    }

    /// Refuses where a run was interrupted half-way: what it left is not what any other run left. One that is at work is not meant.
    pub(crate) async fn nothing_is_open(&self, target: &str) -> Result<(), CliError> {
        let holder = self.store.holder(target).await?;
        if holder.is_some_and(|it| !whoami::is_gone(&self.store, &it.owner)) {
            return Ok(());
        }
        let Some(open) = self.store.unfinished(target).await? else { return Ok(()) };
        let records = self.store.records(&open.id).await?;
        let half_way = concluded(&records).is_none() && is_touched(&records);
        if half_way { Err(interrupted(&open)) } else { Ok(()) }
    }

    /// Locks the target, also from a process of this machine that died. Events that cannot be written are refused now, before a
    /// run begins that has no end; and not sooner, because whoever holds the lock may be writing to the same file.
    pub(crate) async fn lock(&self, target: &str) -> Result<Lock, CliError> {
        let owner = self.owner();
        let lock = self.store.lock_or_take_over(target, &owner, LOCK_TTL, is_alive).await?;
        if let Err(error) = self.setting.app.events() {
            lock.release().await?;
            return Err(error);
        }
        Ok(lock)
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
        let run = self.run_of(&row).usual(self.usual(&row).await);
        let run = run.events(events.clone()).cancel(source.token());
        let journal = self.store.journal(&run.id, &lock);
        let mut journal = hooks::wrap(Box::new(DiscreetJournal { secrets, journal }));
        let end = tokio::select! {
            end = go(pipeline, &run, &mut *journal, way) => end.map_err(Broken::Run),
            lost = lock.keep() => Err(Broken::Lock(lost)),
            exit = signals::watch(&source, &events) => Err(Broken::Asked(exit)),
        };
        drop((run, events));
        if let Some(words) = closed(recorder, &end).await {
            app.say(crate::render::Tone::Warn, &format!("  ! history: {words}"));
        }
        let ended = self.keep(end, &row, &notifier).await;
        // An expired lock is released already; the next run takes it over.
        let _ = lock.release().await;
        self.say_untold(notifier).await;
        ended
    }

    /// How long such a run takes otherwise. Without that one knows a little less while it runs.
    async fn usual(&self, row: &RunRow) -> Usual {
        let before = (row.begun.environment.as_str(), row.number);
        usual::usual(&self.store, row.begun.kind, before).await.unwrap_or_default()
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
        whoami::owner(self.setting.app)
    }
}

/// Keeps what the run told; else says what is wrong. Who leaves at once is not held up by a store that is away: the journal has
/// what matters.
async fn closed(recorder: Recorder, end: &Result<Conclusion, Broken>) -> Option<String> {
    let leaves = matches!(end, Err(Broken::Asked(_) | Broken::Lock(_)));
    let patience = if leaves { LAST_WORDS } else { Duration::MAX };
    match tokio::time::timeout(patience, recorder.close()).await {
        Ok(closed) => closed.err().map(|error| chain(&error)),
        Err(_) => Some(
            "the store did not answer in time: `pipeline show` may lack the last events".into(),
        ),
    }
}

fn interrupted(open: &RunRow) -> CliError {
    let what = format!("{} was interrupted half-way through {}", open.version, open.begun.target);
    CliError::new(Exit::NotAllowed, what).hint(format!(
        "`pipeline resume {0}` finishes it, `pipeline resume {0} --back` takes it back",
        open.version
    ))
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

/// Is there a store that could be asked? None is begun by asking.
pub(crate) async fn has_store(config: &Config) -> Result<bool, CliError> {
    Ok(Store::exists(config.store_url.get()?).await?)
}

pub(crate) async fn open_store(config: &Config) -> Result<Store, CliError> {
    Ok(config.stores.open(config.store_url.get()?).await?)
}

/// The store for who only looks; `None` where nothing was ever kept, and then none is made.
pub(crate) async fn look_into_store(config: &Config) -> Result<Option<Store>, CliError> {
    Ok(config.stores.look_into(config.store_url.get()?).await?)
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
