//! `pipeline verify ENV --aa N`: how often would the judge have raised a false alarm here? It compares what runs with
//! itself; whatever it does not pass is one.

use pipeline_core::{Deployment, Phase, Run, Verdict};
use serde_json::{Value, json};

use crate::app::{App, Setting};
use crate::error::CliError;
use crate::exit::Exit;
use crate::render::Tone;
use crate::wire;

/// What came of all comparisons.
#[derive(Debug, Default)]
struct Counted {
    runs: u32,
    checks: usize,
    alerts: u32,
    rollbacks: u32,
    /// Runs in which something could not be told.
    untold: u32,
}

pub(crate) async fn run(
    setting: Setting<'_>,
    deployment: &Deployment,
    (times, run): (u32, &Run),
) -> Result<Exit, CliError> {
    let (app, environment) = (setting.app, setting.environment);
    if !environment.verify.performance.looks() {
        return Err(no_latency(&environment.name));
    }
    let performance = wire::performance_verifier(environment)?;
    let mut counted = Counted::default();
    while counted.runs < times && !run.cancel.is_cancelled() {
        let cx = run.context(Phase::Verify, &format!("comparison {}", counted.runs + 1));
        let report = performance.same(deployment, &cx).await?;
        counted.count(report.checks().iter().map(|it| it.verdict), report.verdict());
        app.mention(Tone::Dim, &format!("  {} of {times}: {}", counted.runs, report.verdict()));
        for check in report.checks().iter().filter(|it| it.verdict != Verdict::Passed) {
            app.say(Tone::Warn, &format!("    {}: {}", check.name, check.message));
        }
    }
    tell(app, setting, &counted, deployment)
}

/// Why there is nothing to measure.
pub(crate) fn no_latency(environment: &str) -> CliError {
    CliError::usage(format!("{environment} measures no latency"))
        .hint("add [[verify.performance.endpoints]] with a path to pipeline.toml")
}

fn tell(
    app: &App,
    setting: Setting<'_>,
    counted: &Counted,
    deployment: &Deployment,
) -> Result<Exit, CliError> {
    if app.json() {
        let object = json!({ "schema": 1, "version": deployment.version, "aa": counted.object() });
        app.object(&setting.secrets(), object)?;
    } else {
        app.fact(&counted.words(&deployment.version))?;
    }
    Ok(match counted.told() {
        _ if counted.rollbacks > 0 => Exit::Refused,
        0 => Exit::CouldNotTell,
        _ => Exit::Good,
    })
}

impl Counted {
    fn count(&mut self, checks: impl Iterator<Item = Verdict>, worst: Verdict) {
        self.runs += 1;
        self.checks += checks.count();
        match worst {
            Verdict::Passed => {}
            Verdict::Alert => self.alerts += 1,
            Verdict::Refused => self.rollbacks += 1,
            Verdict::Inconclusive => self.untold += 1,
        }
    }

    /// How many comparisons said anything: one that could not tell is no proof that there are no alarms.
    fn told(&self) -> u32 {
        self.runs - self.untold
    }

    /// The rate of so many false alarms, and the bounds that hold with 95 % each (Clopper-Pearson).
    fn rate(&self, alarms: u32) -> (f64, f64, f64) {
        let told = self.told();
        let (low, high) = pipeline_stats::clopper_pearson(alarms.into(), told.into(), 0.90);
        let rate = f64::from(alarms) / f64::from(told.max(1));
        (rate, low, high)
    }

    fn words(&self, version: &str) -> String {
        let per_cent = |alarms| {
            let (rate, _, high) = self.rate(alarms);
            format!("{:.1} %, with 95 % confidence at most {:.1} %", rate * 100.0, high * 100.0)
        };
        format!(
            "{version} compared with itself {} times ({} verdicts)\n  \
             false rollbacks  {:>3}  {}\n  false alerts     {:>3}  {}\n  could not tell   {:>3}",
            self.runs,
            self.checks,
            self.rollbacks,
            per_cent(self.rollbacks),
            self.alerts,
            per_cent(self.alerts),
            self.untold,
        )
    }

    fn object(&self) -> Value {
        let rate = |alarms| {
            let (rate, low, high) = self.rate(alarms);
            json!({ "count": alarms, "rate": rate, "interval": [low, high] })
        };
        json!({
            "runs": self.runs,
            "verdicts": self.checks,
            "rollbacks": rate(self.rollbacks),
            "alerts": rate(self.alerts),
            "inconclusive": self.untold,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_alarm_in_fifty_runs_is_no_proof_that_there_are_none() {
        let mut counted = Counted::default();
        for _ in 0..50 {
            counted.count([Verdict::Passed; 3].into_iter(), Verdict::Passed);
        }
        insta::assert_snapshot!(counted.words("v12"), @r"
        v12 compared with itself 50 times (150 verdicts)
          false rollbacks    0  0.0 %, with 95 % confidence at most 5.8 %
          false alerts       0  0.0 %, with 95 % confidence at most 5.8 %
          could not tell     0
        ");
    }

    #[test]
    fn what_could_not_be_told_proves_nothing() {
        let mut counted = Counted::default();
        for _ in 0..50 {
            counted.count([Verdict::Inconclusive].into_iter(), Verdict::Inconclusive);
        }
        assert_eq!((counted.told(), counted.rate(0)), (0, (0.0, 0.0, 1.0)));
    }
}
