//! What fails most: which phase, and which step of it.

use std::collections::BTreeMap;

use pipeline_core::{FaultKind, Phase, Verdict};
use pipeline_stats::trend::wilson;
use serde::Serialize;
use store_sql::{RunHistory, RunKind, RunOutcome, StepRow};

use crate::answer::Answer;
use crate::words::{between, list, real};

/// How sure the intervals are.
const CONFIDENCE: f64 = 0.95;

/// A step of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunStep {
    /// The number of the run.
    pub run: i64,
    /// The step.
    pub step: StepRow,
}

/// What failed how often.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Most {
    /// How many deploys were looked at.
    pub deploys: u64,
    /// How many of them did not pass and were not stopped.
    pub failed: u64,
    /// The phases, what fails most first.
    pub phases: Vec<Rank>,
    /// The steps, what fails most first.
    pub steps: Vec<Rank>,
}

/// How often one phase, or one step, failed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rank {
    /// The phase.
    pub phase: Phase,
    /// The step of it; `None` for the phase as a whole.
    pub step: Option<String>,
    /// How often it had no good end: all of `times` but `cancelled`.
    pub failed: u64,
    /// In how many deploys it came to an end that nobody forced.
    pub of: u64,
    /// What kinds of ends those were.
    pub times: Times,
    /// The rate is not below, with 95 %.
    pub low: f64,
    /// The rate is not above, with 95 %.
    pub high: f64,
    /// Others that failed exactly as often, of as many.
    pub tied_with: Vec<String>,
}

/// Kinds of bad ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Times {
    /// It said no.
    pub failed: u64,
    /// It looked and could not tell.
    pub could_not_tell: u64,
    /// It could not do its work: a fault of a tool or a platform.
    pub errored: u64,
    /// It ran into its limit.
    pub timed_out: u64,
    /// Somebody stopped it. Nobody's failure: not counted.
    pub cancelled: u64,
}

/// How one of them ended in one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Good,
    Failed,
    CouldNotTell,
    Errored,
    TimedOut,
    Cancelled,
}

/// What fails most in the newest deploys of one environment? `runs` newest first, `steps` those of the runs, in their order.
///
/// Ranked by the lower bound of E. B. Wilson's interval (1927): 10 of 50 (11 % to 33 %) come before 2 of 10 (6 % to 51 %). A
/// phase counts once a deploy, however many stages it had; a step by its last answer. Steps that are not required are left out.
#[must_use]
pub fn most(runs: &[RunHistory], steps: &[RunStep], window: usize) -> Answer<Most> {
    let ended = |it: &&RunHistory| it.run.begun.kind == RunKind::Deploy && it.run.ending.is_some();
    let chosen: BTreeMap<i64, &RunHistory> =
        runs.iter().filter(ended).take(window).map(|it| (it.run.number, it)).collect();
    let mut last: BTreeMap<(i64, Phase, &str), End> = BTreeMap::new();
    for RunStep { run, step } in steps {
        if step.required && chosen.contains_key(run) {
            last.insert((*run, step.phase, &step.step), End::of(step));
        }
    }
    let of_phases = chosen.values().flat_map(|it| phase_ends(it, &last));
    let of_steps =
        last.iter().map(|((_, phase, step), end)| ((*phase, Some((*step).to_owned())), *end));
    let failed = chosen.values().filter(|it| has_failed(it)).count();
    let most = Most {
        deploys: whole(chosen.len()),
        failed: whole(failed),
        phases: ranked(of_phases),
        steps: ranked(of_steps),
    };
    Answer::new(most.sentence(), most)
}

fn has_failed(run: &RunHistory) -> bool {
    use RunOutcome::{Abort, Pass};
    run.run.ending.is_some_and(|it| !matches!(it.outcome, Pass | Abort))
}

fn whole(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// How the phases of a run ended. Where no step says why one did not end well, the work around the steps failed.
fn phase_ends<'l>(
    run: &'l RunHistory,
    last: &'l BTreeMap<(i64, Phase, &str), End>,
) -> impl Iterator<Item = ((Phase, Option<String>), End)> + 'l {
    let number = run.run.number;
    let stopped = run.run.ending.is_some_and(|it| it.outcome == RunOutcome::Abort);
    run.phases.iter().map(move |total| {
        let named = last
            .range((number, total.phase, "")..)
            .take_while(move |((run, phase, _), _)| (*run, *phase) == (number, total.phase));
        let bad = named.map(|(_, end)| *end).filter(|it| *it != End::Good);
        let end = match total.verdict {
            Some(Verdict::Passed | Verdict::Alert) => End::Good,
            verdict => bad.min_by_key(|it| *it as u8).unwrap_or(match verdict {
                Some(Verdict::Refused) => End::Failed,
                Some(_) => End::CouldNotTell,
                None if stopped => End::Cancelled,
                None => End::Errored,
            }),
        };
        ((total.phase, None), end)
    })
}

impl End {
    fn of(step: &StepRow) -> Self {
        match (step.verdict, step.fault.as_ref().map(pipeline_core::Fault::kind)) {
            (Some(Verdict::Passed | Verdict::Alert), _) => Self::Good,
            (Some(Verdict::Refused), _) => Self::Failed,
            (Some(Verdict::Inconclusive), _) => Self::CouldNotTell,
            (None, Some(FaultKind::TimedOut)) => Self::TimedOut,
            (None, Some(FaultKind::Cancelled)) => Self::Cancelled,
            (None, _) => Self::Errored,
        }
    }
}

type Ends = (u64, Times);

fn ranked(ends: impl Iterator<Item = ((Phase, Option<String>), End)>) -> Vec<Rank> {
    let mut counted: BTreeMap<(Phase, Option<String>), Ends> = BTreeMap::new();
    for (name, end) in ends {
        let (of, times) = counted.entry(name).or_default();
        *of += 1;
        match end {
            End::Good => {}
            End::Failed => times.failed += 1,
            End::CouldNotTell => times.could_not_tell += 1,
            End::Errored => times.errored += 1,
            End::TimedOut => times.timed_out += 1,
            End::Cancelled => times.cancelled += 1,
        }
    }
    let mut ranks: Vec<Rank> = counted.into_iter().map(|it| Rank::of(it.0, it.1)).collect();
    ranks.sort_by(|one, other| other.low.total_cmp(&one.low).then(other.high.total_cmp(&one.high)));
    let ties: Vec<Vec<String>> = ranks.iter().map(|it| it.ties(&ranks)).collect();
    for (rank, ties) in ranks.iter_mut().zip(ties) {
        rank.tied_with = ties;
    }
    ranks
}

impl Rank {
    fn of((phase, step): (Phase, Option<String>), (done, times): Ends) -> Self {
        let failed = times.failed + times.could_not_tell + times.errored + times.timed_out;
        let of = done - times.cancelled;
        let (low, high) = wilson(failed, of, CONFIDENCE);
        Self { phase, step, failed, of, times, low, high, tied_with: Vec::new() }
    }

    /// The step's name, or the phase's.
    #[must_use]
    pub fn name(&self) -> &str {
        self.step.as_deref().unwrap_or_else(|| self.phase.name())
    }

    /// The share that failed; nothing of nothing.
    #[must_use]
    pub fn rate(&self) -> f64 {
        if self.of == 0 { 0.0 } else { real(self.failed) / real(self.of) }
    }

    fn ties(&self, all: &[Self]) -> Vec<String> {
        let same = |it: &&Self| (it.failed, it.of) == (self.failed, self.of) && self.failed > 0;
        let others = all.iter().filter(|it| (it.phase, &it.step) != (self.phase, &self.step));
        others.filter(same).map(|it| it.name().to_owned()).collect()
    }

    /// `7 of 50 (7 % to 26 %)`.
    fn share(&self) -> String {
        format!("{} of {} ({})", self.failed, self.of, between((self.low, self.high)))
    }
}

impl Times {
    /// The kinds that there were, in words: `4 errored, 3 timed out`.
    #[must_use]
    pub fn words(&self) -> String {
        let kinds = [
            (self.failed, "failed"),
            (self.could_not_tell, "could not tell"),
            (self.errored, "errored"),
            (self.timed_out, "timed out"),
            (self.cancelled, "cancelled"),
        ];
        let there = kinds.iter().filter(|(times, _)| *times > 0);
        let words: Vec<String> = there.map(|(times, word)| format!("{times} {word}")).collect();
        words.join(", ")
    }
}

impl Most {
    fn sentence(&self) -> String {
        let deploys = self.looked_at();
        let Some(first) = self.phases.first().filter(|it| it.failed > 0) else {
            return self.nothing();
        };
        if !first.tied_with.is_empty() {
            let mut names = vec![first.name().to_owned()];
            names.extend(first.tied_with.iter().cloned());
            let share = first.share();
            return format!("{} are tied in {deploys}: each failed {share}.", list(&names));
        }
        let kinds = match first.times.words() {
            kinds if kinds == format!("{} failed", first.failed) => String::new(),
            kinds => format!(": {kinds}"),
        };
        let step = self.worst_step(first.phase).map(|it| format!(", mostly {it}"));
        let rival = self.phases.get(1).filter(|it| it.failed > 0 && it.high >= first.low);
        let rival = rival.map(|it| format!("; {}, {}, may fail as often", it.name(), it.share()));
        format!(
            "{} fails most in {deploys}: {}{}{kinds}{}.",
            first.name(),
            first.share(),
            step.unwrap_or_default(),
            rival.unwrap_or_default()
        )
    }

    fn nothing(&self) -> String {
        if self.deploys == 0 {
            return "No deploy has ended yet, so nothing can be said of what fails.".into();
        }
        let (_, high) = wilson(0, self.deploys, CONFIDENCE);
        let (deploys, at_most) = (self.looked_at(), crate::words::percent(high));
        format!("No phase failed in {deploys}: any fails at most {at_most} of the time.")
    }

    fn looked_at(&self) -> String {
        match self.deploys {
            1 => "the last deploy".into(),
            deploys => format!("the last {deploys} deploys"),
        }
    }

    /// The step of a phase that failed most, where the phase has several.
    fn worst_step(&self, phase: Phase) -> Option<String> {
        let mut steps = self.steps.iter().filter(|it| it.phase == phase);
        let worst = steps.next().filter(|it| it.failed > 0)?;
        steps.next()?;
        Some(match worst.tied_with.as_slice() {
            [] => format!("{} ({} of {})", worst.name(), worst.failed, worst.of),
            _ => return None,
        })
    }
}

#[cfg(test)]
#[path = "most_tests.rs"]
mod tests;
