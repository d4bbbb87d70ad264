//! What is said of a decision: pure.

use pipeline_core::{DecidedBy, Decision, EventKind};

use super::story::one_line;

/// The line for somebody being asked, or having decided. `untouched`: did the failure come before anything that serves was
/// changed?
pub(super) fn decision(kind: &EventKind, untouched: bool) -> Option<String> {
    match kind {
        EventKind::Asking { reason } => {
            let why = reason.as_ref().map(|it| format!(": {}", one_line(it))).unwrap_or_default();
            Some(format!("  ? a person is to decide{why}"))
        }
        EventKind::Decided { decision: Decision::Restore, .. } if untouched => {
            Some("  ↩ no machine was touched; making sure that what was still serves".into())
        }
        EventKind::Decided { decision: Decision::Restore, .. } => {
            Some("  ↩ going back to what was".into())
        }
        EventKind::Decided { by, reason, .. } => {
            Some(format!("  ! left as it is: {}", one_line(&why_left(*by, reason.as_deref()))))
        }
        _ => None,
    }
}

/// Why a release was left where it is, in words that can follow a colon.
pub(crate) fn why_left(by: DecidedBy, reason: Option<&str>) -> String {
    match (by, reason) {
        (DecidedBy::Policy, Some(reason)) => reason.to_owned(),
        (DecidedBy::Policy, None) => "the policy says so".into(),
        (DecidedBy::Person, _) => "a person decided so".into(),
        (DecidedBy::Nobody, Some(reason)) => {
            format!("a person was to decide, because {reason}, and nobody answered")
        }
        (DecidedBy::Nobody, None) => "a person was to decide, and nobody answered".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_is_told_with_who_made_it_and_why() {
        let decided = |decision, by, reason: Option<&str>| {
            let reason = reason.map(ToOwned::to_owned);
            super::decision(&EventKind::Decided { decision, by, reason }, false).unwrap()
        };
        let ask = Some("the policy says `smoke` = \"ask\"");
        let asking = EventKind::Asking { reason: ask.map(ToOwned::to_owned) };
        let lines = [
            decision(&asking, false).unwrap(),
            decided(Decision::Restore, DecidedBy::Person, ask),
            decided(Decision::Leave, DecidedBy::Person, ask),
            decided(Decision::Leave, DecidedBy::Nobody, ask),
            decided(Decision::Leave, DecidedBy::Nobody, None),
            decided(Decision::Leave, DecidedBy::Policy, None),
            decided(Decision::Leave, DecidedBy::Policy, Some("it was a rollback itself")),
        ];
        let lines = lines.map(|it| it.trim_start().to_owned());
        insta::assert_snapshot!(lines.join("\n"), @r#"
          ? a person is to decide: the policy says `smoke` = "ask"
          ↩ going back to what was
          ! left as it is: a person decided so
          ! left as it is: a person was to decide, because the policy says `smoke` = "ask", and nobody answered
          ! left as it is: a person was to decide, and nobody answered
          ! left as it is: the policy says so
          ! left as it is: it was a rollback itself
        "#);
    }
}
