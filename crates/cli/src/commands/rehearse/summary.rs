//! What came of a rehearsal: how it ended, what users saw, what was asked of the API, which faults struck.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use sim_flyio::{ApiCall, FaultId, FaultStatus, Ledger, Lost};
use store_sql::RunRow;

use super::calls::Calls;
use super::script::Script;
use super::stage::Stage;
use crate::app::App;
use crate::commands::{deploy, sim};
use crate::ending::Ending;
use crate::error::CliError;
use crate::exit::Exit;
use crate::redact::Secrets;
use crate::render::Tone;

/// How many lost requests are named.
const NAMED: usize = 3;

/// What users saw.
#[derive(Clone, Copy, Debug)]
pub(super) struct Users {
    /// Requests that were answered with a success, and those that were not.
    pub(super) seen: (u64, u64),
    /// The longest time without a success.
    pub(super) gap: Duration,
}

/// How far the books were before the deploy: the first release is in them, too.
#[derive(Debug)]
pub(super) struct Before {
    call: u64,
    ledger: Ledger,
}

impl Before {
    pub(super) fn now(calls: &[ApiCall], ledger: Ledger) -> Self {
        Self { call: calls.last().map_or(0, |it| it.seq), ledger }
    }
}

/// A rehearsal that has ended.
pub(super) struct Summary<'a> {
    pub(super) script: &'a Script,
    pub(super) stage: &'a Stage,
    pub(super) users: Users,
    pub(super) before: Before,
    /// The faults that the user wanted.
    pub(super) faults: Vec<FaultId>,
    /// Where store and logs stay.
    pub(super) kept: Option<&'a Path>,
}

impl Summary<'_> {
    pub(super) fn tell(&self, app: &App, row: &RunRow, ending: &Ending) -> Result<(), CliError> {
        // What to do next is about commands that would not know this run.
        let truth = ending.truth(&row.version, &self.script.name);
        let calls = self.calls();
        // Whoever wants it quiet hears no more of what went well than its line.
        if !app.global.quiet || ending.exit() != Exit::Good {
            app.say(deploy::tone(ending), &format!("\n{} {truth}", ending.mark()));
            self.say(app, &calls);
        }
        if app.json() {
            return app.object(&Secrets::default(), self.object((row, ending), &calls));
        }
        app.fact(&deploy::history_line(row))
    }

    fn say(&self, app: &App, calls: &Calls) {
        let ((good, bad), gap) = (self.users.seen, self.users.gap.as_millis());
        let lost = self.lost();
        let users = format!(
            "{} requests, {good} answered with a success, {bad} not, longest gap {gap} ms; the proxy lost {}",
            good + bad,
            lost.len()
        );
        app.say(if bad == 0 { Tone::Good } else { Tone::Bad }, &format!("users   {users}"));
        for lost in lost.iter().take(NAMED) {
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
        Calls::of(all.iter().filter(|it| it.seq > self.before.call))
    }

    fn faults(&self) -> Vec<FaultStatus> {
        let all = self.stage.sim.faults().into_iter();
        all.filter(|it| self.faults.contains(&it.id)).collect()
    }

    /// What the proxy lost since the deploy began. It names so many that more make no difference.
    fn lost(&self) -> Vec<Lost> {
        let ledger = self.stage.sim.ledger(&self.script.fly.app);
        ledger.lost.into_iter().skip(self.before.ledger.lost.len()).collect()
    }

    fn object(&self, (row, ending): (&RunRow, &Ending), calls: &Calls) -> Value {
        let (answered, unanswered) = self.users.seen;
        let faults = self.faults().into_iter();
        let faults =
            faults.map(|it| json!({ "fault": it.fault, "met": it.met, "struck": it.fired }));
        json!({
            "schema": 1,
            "environment": self.script.name,
            "exit": ending.exit() as u8,
            "deploy": deploy::object(row, ending, &self.stage.account()),
            "machines": self.script.machines,
            "users": {
                "requests": answered + unanswered,
                "answered": answered,
                "lost": unanswered,
                "longest_gap_ms": u64::try_from(self.users.gap.as_millis()).unwrap_or(u64::MAX),
            },
            "proxy": { "lost": self.lost().len() },
            "api": { "calls": calls.count, "kinds": calls.kinds, "refused": calls.refused },
            "faults": faults.collect::<Vec<_>>(),
            "seed": self.script.seed,
            "journal": self.script.journal.as_ref().map(|it| it.display().to_string()),
            "kept": self.kept.map(|it| it.display().to_string()),
        })
    }
}
