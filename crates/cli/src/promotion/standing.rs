//! What the history of an environment comes to: is its last release verified, and still in place? Pure.

use pipeline_core::{Account, Conclusion, Phase, Report, StepEnd};
use store_sql::{RunKind, RunRow};

/// What the runs of a target come to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Last<'a> {
    /// This one brought what serves, verified.
    Verified(&'a RunRow),
    /// There is nothing that may be taken from there.
    Not {
        /// Why, as a sentence without its full stop.
        why: String,
        /// What to do about it.
        remedy: String,
    },
}

/// What the runs of `environment`, newest first, come to. Those that touched nothing do not count. One that went back speaks
/// against what serves now as well: whatever was meant to be there is not.
pub(super) fn last<'a>(environment: &str, rows: &'a [RunRow]) -> Last<'a> {
    let again = || format!("mend it, then `pipeline deploy {environment}`");
    let not = |why: String, remedy: String| Last::Not { why, remedy };
    for row in rows {
        let version = &row.version;
        let Some(ending) = row.ending else {
            let why = format!("{version} is under way in {environment}, or was interrupted");
            return not(why, format!("wait for it, or `pipeline resume {version}`"));
        };
        match ending.conclusion {
            Some(Conclusion::Rejected) | None => {}
            Some(Conclusion::Succeeded) => return succeeded(environment, row),
            Some(Conclusion::RolledBack) => {
                let why = format!("{version}, the last deploy to {environment}, was taken back");
                return not(why, again());
            }
            Some(Conclusion::Left) => {
                let why = format!("{version} was left in place in {environment}, unverified");
                return not(why, again());
            }
            Some(Conclusion::Stuck) => {
                let why = format!("{environment} is stuck half-way through {version}");
                return not(why, format!("`pipeline recover {environment}`"));
            }
        }
    }
    not(
        format!("{environment} has verified nothing yet"),
        format!("`pipeline deploy {environment}`"),
    )
}

fn succeeded<'a>(environment: &str, row: &'a RunRow) -> Last<'a> {
    let version = &row.version;
    if let Some(bad) = &row.bad {
        let why = format!("{version}, which serves {environment}, is marked bad: {bad}");
        return Last::Not { why, remedy: format!("mend it, then `pipeline deploy {environment}`") };
    }
    if row.begun.kind == RunKind::Rollback {
        let image = row.begun.image.as_deref().unwrap_or("REF");
        return Last::Not {
            why: format!(
                "{environment} was rolled back, by {version}: what it serves is not its newest release"
            ),
            remedy: format!(
                "mend it, then `pipeline deploy {environment}`; or, to take just that, `pipeline deploy {environment} --image {image}`"
            ),
        };
    }
    Last::Verified(row)
}

/// What was verified, such as `smoke 12 of 12`; nothing where nobody looked.
pub(super) fn verified(account: &Account) -> Vec<String> {
    let mut done: Vec<(&str, usize, usize)> = Vec::new();
    for (phase, step) in account.steps() {
        let Some(StepEnd::Done { outcome: Ok(report), .. }) = &step.end else { continue };
        if phase != Phase::Verify || !report.lets_pass() {
            continue;
        }
        let (passed, all) = counted(report);
        match done.iter_mut().find(|(name, ..)| *name == step.name) {
            Some(known) => (known.1, known.2) = (known.1 + passed, known.2 + all),
            None => done.push((&step.name, passed, all)),
        }
    }
    let word = |(name, passed, all): (&str, usize, usize)| {
        if all == 0 { name.to_owned() } else { format!("{name} {passed} of {all}") }
    };
    done.into_iter().map(word).collect()
}

fn counted(report: &Report) -> (usize, usize) {
    let passed = report.checks().iter().filter(|it| it.verdict == pipeline_core::Verdict::Passed);
    (passed.count(), report.checks().len())
}

#[cfg(test)]
mod tests {
    use store_sql::{Ending, RunOutcome};

    use super::*;
    use crate::commands::deploy::tests::row;

    fn run(number: i64, conclusion: Option<Conclusion>) -> RunRow {
        let ending = Some(Ending { conclusion, outcome: RunOutcome::Pass, exit_code: 0 });
        RunRow { number, version: format!("v{number}"), ending, ..row(RunOutcome::Pass, None) }
    }

    #[test]
    fn only_a_verified_release_that_nothing_followed_may_be_taken() {
        use Conclusion::{Left, Rejected, RolledBack, Stuck, Succeeded};
        let good = run(1, Some(Succeeded));
        let open = RunRow { ending: None, ..run(2, None) };
        let bad = RunRow { bad: Some("smoke refused".into()), ..run(2, Some(Succeeded)) };
        let mut back = run(2, Some(Succeeded));
        (back.begun.kind, back.begun.image) = (RunKind::Rollback, Some("shop@sha256:1".into()));
        let said = |newer: RunRow| match last("staging", &[newer, good.clone()]) {
            Last::Verified(row) => format!("{} may be taken", row.version),
            Last::Not { why, remedy } => format!("{why} -> {remedy}"),
        };
        let table = [
            run(2, Some(Succeeded)),
            run(2, Some(Rejected)),
            run(2, None),
            open,
            run(2, Some(RolledBack)),
            run(2, Some(Left)),
            run(2, Some(Stuck)),
            bad,
            back,
        ];
        insta::assert_snapshot!(table.map(said).join("\n"), @r"
        v2 may be taken
        v1 may be taken
        v1 may be taken
        v2 is under way in staging, or was interrupted -> wait for it, or `pipeline resume v2`
        v2, the last deploy to staging, was taken back -> mend it, then `pipeline deploy staging`
        v2 was left in place in staging, unverified -> mend it, then `pipeline deploy staging`
        staging is stuck half-way through v2 -> `pipeline recover staging`
        v2, which serves staging, is marked bad: smoke refused -> mend it, then `pipeline deploy staging`
        staging was rolled back, by v2: what it serves is not its newest release -> mend it, then `pipeline deploy staging`; or, to take just that, `pipeline deploy staging --image shop@sha256:1`
        ");
        let Last::Not { why, .. } = last("staging", &[]) else { unreachable!("there is none") };
        assert_eq!(why, "staging has verified nothing yet");
    }
}
