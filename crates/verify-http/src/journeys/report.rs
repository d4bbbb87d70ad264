//! From journeys walked to the report. Pure.

use std::collections::BTreeMap;

use pipeline_core::{Check, CheckKind, Evidence, Finding, Outcome, Report, Trigger, Verdict};
use serde_json::json;

use super::config::Journey;
use super::walk::{Ended, Walked};
use crate::error::Error;
use crate::place::Place;

/// What came of a journey at a place.
pub(super) struct Told<'t> {
    pub(super) journey: &'t Journey,
    pub(super) place: &'t Place,
    pub(super) walked: Walked,
}

/// The report of all of them; a fault where this side could not ask and nothing was seen to be wrong.
pub(super) fn report(mut told: Vec<Told<'_>>) -> Outcome {
    let checks: Vec<Check> = told.iter().map(Told::check).collect();
    if !checks.iter().any(|it| it.verdict == Verdict::Refused)
        && let Some(error) = told.iter_mut().find_map(Told::blind)
    {
        return Err(error.into());
    }
    let evidence: Vec<_> = told.iter().map(Told::evidence).collect();
    let exchanges: Vec<_> = told.iter().filter_map(Told::exchange).collect();
    let report =
        numbers(&told).into_iter().fold(Report::of_checks(checks), |report, (name, it)| {
            report.number(format!("journeys/{name}"), it)
        });
    let report = exchanges.into_iter().fold(report, Report::finding);
    Ok(evidence.into_iter().fold(report, Report::evidence))
}

/// `steps` and `took_ms`, of all and of each.
fn numbers(told: &[Told<'_>]) -> BTreeMap<String, f64> {
    let mut numbers = BTreeMap::from([("steps".to_owned(), 0.0), ("took_ms".to_owned(), 0.0)]);
    for Told { journey, walked, .. } in told.iter().filter(|it| it.walked.ended != Ended::Skipped) {
        let steps = u32::try_from(walked.steps.len()).map_or(f64::INFINITY, f64::from);
        for (name, value) in [("steps", steps), ("took_ms", walked.took_ms)] {
            *numbers.entry(name.to_owned()).or_default() += value;
            let most = numbers.entry(format!("{}/{name}", journey.name)).or_default();
            *most = most.max(value);
        }
    }
    numbers
}

impl Told<'_> {
    fn check(&self) -> Check {
        let (verdict, message) = self.answer();
        let mut check = Check::new(CheckKind::Journey, &self.journey.name, verdict, message);
        check.instance.clone_from(&self.place.instance);
        check.samples = u64::try_from(self.walked.steps.len()).ok();
        match verdict {
            Verdict::Passed => check,
            Verdict::Inconclusive => check.trigger(Trigger::Inconclusive),
            _ if self.walked.ended == Ended::Skipped => check.trigger(Trigger::Inconclusive),
            _ => check.trigger(Trigger::Journey),
        }
    }

    fn answer(&self) -> (Verdict, String) {
        let walked = &self.walked;
        let Some(stumble) = &walked.stumble else { return (Verdict::Passed, self.praise()) };
        let words = &stumble.words;
        match walked.ended {
            Ended::WellAtLast => {
                let praise = self.praise();
                (
                    Verdict::Alert,
                    format!("{praise}, but only in the second walk; in the first, {words}"),
                )
            }
            Ended::Badly if self.journey.required => (stumble.verdict, words.clone()),
            Ended::Badly => (Verdict::Alert, format!("{words}; it is not required")),
            Ended::Well | Ended::Skipped => (stumble.verdict, words.clone()),
        }
    }

    /// "5 steps in 240 ms, the slowest POST /login with 120 ms".
    fn praise(&self) -> String {
        let Walked { steps, took_ms, .. } = &self.walked;
        let count = match steps.len() {
            1 => "1 step".to_owned(),
            number => format!("{number} steps"),
        };
        let slowest = steps.iter().enumerate().max_by(|(_, one), (_, other)| one.total_cmp(other));
        match slowest.and_then(|(number, ms)| Some((self.journey.steps.get(number)?, ms))) {
            Some((step, ms)) if steps.len() > 1 => {
                let title = step.title();
                format!("{count} in {took_ms:.0} ms, the slowest {title} with {ms:.0} ms")
            }
            _ => format!("{count} in {took_ms:.0} ms"),
        }
    }

    /// What went to and fro in the step that failed.
    fn exchange(&self) -> Option<Finding> {
        let exchange = self.walked.stumble.as_ref()?.exchange.as_ref()?;
        let mut finding = Finding::note(format!("{}: {exchange}", self.title()));
        finding.rule = self.check().trigger.map(|it| it.as_str().to_owned());
        Some(finding)
    }

    fn title(&self) -> String {
        match &self.place.instance {
            Some(instance) => format!("{} (machine {instance})", self.journey.name),
            None => self.journey.name.clone(),
        }
    }

    /// How long each step took, and what went to and fro in the one that failed.
    fn evidence(&self) -> Evidence {
        let timed = self.journey.steps.iter().zip(&self.walked.steps);
        let steps: Vec<_> =
            timed.map(|(step, ms)| json!({ "step": step.title(), "took_ms": ms })).collect();
        let failed = self.walked.stumble.as_ref().map(|it| &it.evidence);
        Evidence::new(self.title(), json!({ "steps": steps, "failed": failed }))
    }

    /// Why this side could not ask, where a required journey found nothing else.
    fn blind(&mut self) -> Option<Error> {
        let ended = self.walked.ended == Ended::Badly && self.journey.required;
        self.walked.stumble.as_mut().filter(|_| ended)?.blind.take()
    }
}
