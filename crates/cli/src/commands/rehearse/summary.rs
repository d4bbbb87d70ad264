//! What came of a rehearsal: how it ended, what users saw, what was asked of the API, which faults struck.

use std::path::Path;

use serde_json::{Value, json};
use sim_flyio::{ApiCall, FaultId, FaultStatus, Ledger};
use store_sql::RunRow;

use super::calls::Calls;
use super::script::Script;
use super::stage::Stage;
use crate::app::App;
use crate::commands::{deploy, sim};
use crate::ending::Ending;
use crate::error::CliError;
use crate::redact::Secrets;
use crate::render::Tone;

/// How many lost requests are named.
const NAMED: usize = 3;

/// A rehearsal that has ended.
pub(super) struct Summary<'a> {
    pub(super) script: &'a Script,
    pub(super) stage: &'a Stage,
    /// Requests that were answered with a success, and those that were not, as users saw it.
    pub(super) users: (u64, u64),
    /// The last call before the deploy.
    pub(super) called: u64,
    /// The faults that the user wanted.
    pub(super) faults: Vec<FaultId>,
    /// Where store and logs stay.
    pub(super) kept: Option<&'a Path>,
}

impl Summary<'_> {
    pub(super) fn tell(&self, app: &App, row: &RunRow, ending: &Ending) -> Result<(), CliError> {
        let words = ending.words(&row.version, &self.script.name);
        // What to do next is about commands that would not know this run.
        let words = words.split("\nnext:").next().unwrap_or_default();
        app.say(deploy::tone(ending), &format!("\n{words}"));
        let (calls, ledger) = (self.calls(), self.stage.sim.ledger(&self.script.fly.app));
        self.say(app, &calls, &ledger);
        if app.json() {
            return app.object(&Secrets::default(), self.object((row, ending), &calls, &ledger));
        }
        app.fact(&deploy::history_line(row))
    }

    fn say(&self, app: &App, calls: &Calls, ledger: &Ledger) {
        let (good, bad) = self.users;
        let (lost, gap) = (lost(ledger), ledger.longest_gap.as_millis());
        let users = format!(
            "{} requests, {good} answered with a success, {bad} not; the proxy lost {lost}, longest gap {gap} ms",
            good + bad
        );
        app.say(if bad == 0 { Tone::Good } else { Tone::Bad }, &format!("users   {users}"));
        for lost in ledger.lost.iter().take(NAMED) {
            app.say(Tone::Dim, &format!("        {} {}: {}", lost.method, lost.path, lost.why));
        }
        app.say(Tone::Plain, &format!("API     {} calls: {}", calls.count, calls.told()));
        if let Some(trouble) = calls.trouble() {
            app.say(Tone::Dim, &format!("        not answered well: {trouble}"));
        }
        let mut head = "faults";
        for (struck, line) in sim::faults_told(&self.faults()) {
            let (tone, mark) = if struck { (Tone::Plain, ' ') } else { (Tone::Warn, '!') };
            app.say(tone, &format!("{head:<6}{mark} {line}"));
            head = "";
        }
        app.say(
            Tone::Dim,
            &format!("seed    {0}: --seed {0} has the same chance", self.script.seed),
        );
        if let Some(trouble) = self.stage.sim.journal_trouble() {
            app.say(Tone::Warn, &format!("      ! {trouble}"));
        }
    }

    fn calls(&self) -> Calls {
        let all: Vec<ApiCall> = self.stage.sim.journal();
        Calls::of(all.iter().filter(|it| it.seq > self.called))
    }

    fn faults(&self) -> Vec<FaultStatus> {
        let all = self.stage.sim.faults().into_iter();
        all.filter(|it| self.faults.contains(&it.id)).collect()
    }

    fn object(&self, (row, ending): (&RunRow, &Ending), calls: &Calls, ledger: &Ledger) -> Value {
        let (answered, unanswered) = self.users;
        let faults = self.faults().into_iter();
        let faults =
            faults.map(|it| json!({ "fault": it.fault, "met": it.met, "struck": it.fired }));
        json!({
            "schema": 1,
            "environment": self.script.name,
            "exit": ending.exit() as u8,
            "deploy": deploy::object(row, ending),
            "machines": self.script.machines,
            "users": {
                "requests": answered + unanswered, "answered": answered, "lost": unanswered,
            },
            "proxy": {
                "lost": lost(ledger),
                "app_errors": ledger.app_errors,
                "longest_gap_ms": u64::try_from(ledger.longest_gap.as_millis()).unwrap_or(u64::MAX),
            },
            "api": { "calls": calls.count, "kinds": calls.kinds, "refused": calls.refused },
            "faults": faults.collect::<Vec<_>>(),
            "seed": self.script.seed,
            "journal": self.script.journal.as_ref().map(|it| it.display().to_string()),
            "kept": self.kept.map(|it| it.display().to_string()),
        })
    }
}

fn lost(ledger: &Ledger) -> u64 {
    ledger.lost.len() as u64 + ledger.lost_unlisted
}
