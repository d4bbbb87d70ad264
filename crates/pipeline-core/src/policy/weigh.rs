//! What a verifier's answer comes to under a table of triggers: pure.

use super::Consequence;
use crate::finding::{Check, CheckKind, Finding};
use crate::report::{Report, Verdict};
use crate::trigger::Trigger;

/// The report with each check's answer as the table has it. `action` gives what is done about a trigger, and
/// what usually is.
pub(super) fn weigh(
    report: Report,
    action: impl Fn(Trigger) -> (Consequence, Consequence),
) -> Report {
    let mut notes = Vec::new();
    let report = report.with_checks(|check| {
        let Some(trigger) = trigger_of(&check) else { return check };
        let verdict = weighed(check.verdict, action(trigger));
        let seen = check.trigger.or(Some(trigger));
        if verdict != Verdict::Passed {
            return Check { verdict, trigger: seen, ..check };
        }
        let message =
            format!("{}; ignored: the policy says `{trigger}` = \"ignore\"", check.message);
        notes.push(Finding::note(format!("{}: {message}", check.name)).rule(trigger.as_str()));
        Check { verdict, message, trigger: seen, ..check }
    });
    notes.into_iter().fold(report, Report::finding)
}

/// What a check that did not pass has seen, by its own word, or else by its kind.
fn trigger_of(check: &Check) -> Option<Trigger> {
    let by_kind = match (check.kind, check.verdict) {
        (CheckKind::Smoke, _) => Trigger::Smoke,
        (CheckKind::Journey, _) => Trigger::Journey,
        (CheckKind::Watch, Verdict::Alert) => Trigger::Degraded,
        (CheckKind::Watch, _) => Trigger::HealthDown,
        (CheckKind::Performance, Verdict::Alert) => Trigger::LatencyAlert,
        (CheckKind::Performance, _) => Trigger::LatencyRollback,
    };
    match check.verdict {
        Verdict::Passed => None,
        // Whatever it was after: it has not seen it.
        Verdict::Inconclusive => Some(Trigger::Inconclusive),
        Verdict::Alert | Verdict::Refused => Some(check.trigger.unwrap_or(by_kind)),
    }
}

fn weighed(verdict: Verdict, (action, usually): (Consequence, Consequence)) -> Verdict {
    match (action, verdict) {
        (Consequence::Ignore, _) => Verdict::Passed,
        (Consequence::Alert, _) => Verdict::Alert,
        // A verifier may tell of something lesser than what its trigger stands for, such as a certificate
        // that ends soon: only what is an alert by its nature is made a refusal.
        (_, Verdict::Alert) if usually != Consequence::Alert => Verdict::Alert,
        (_, Verdict::Alert) => Verdict::Refused,
        // Nobody could tell. That stays so, whatever is then done about it.
        (_, same) => same,
    }
}
