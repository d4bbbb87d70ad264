//! Which run it is. Pure.

use std::fmt::Write as _;

use store_sql::{RunKind, RunRow};

use crate::commands::deploy::history_line;
use crate::render::tame_line;

/// The history line, and what it leaves out.
pub(super) fn text(row: &RunRow) -> String {
    let begun = &row.begun;
    let mut text = tame_line(&history_line(row)) + "\n";
    let verb = match begun.kind {
        RunKind::Deploy => "deploy",
        RunKind::Rollback => "rollback",
    };
    let mut fact = |name: &str, value: &str| {
        let _ = writeln!(text, "  {name:<10} {}", tame_line(value));
    };
    fact("what", &format!("{verb} to {}", begun.target));
    fact("who", &format!("{} on {}, process {}", begun.who, begun.host, begun.pid));
    fact("started", &format!("{:.0}", row.started));
    match row.ended {
        Some(ended) => fact("ended", &format!("{ended:.0}")),
        None => fact(
            "ended",
            &format!("not yet, or it was interrupted: `pipeline resume {}`", row.version),
        ),
    }
    let rest = [
        ("revision", &begun.revision),
        ("image", &begun.image),
        ("origin", &begun.origin),
        ("bad", &row.bad),
    ];
    for (name, value) in rest {
        if let Some(value) = value {
            fact(name, value);
        }
    }
    for (name, run) in [("restores", &begun.restores), ("promotes", &begun.promotes)] {
        if let Some(run) = run {
            fact(name, run.as_str());
        }
    }
    fact("run", row.id.as_str());
    fact("pipeline", &begun.pipeline_version);
    text
}

#[cfg(test)]
mod tests {
    use store_sql::RunOutcome;

    use super::*;
    use crate::commands::deploy::tests::row;

    #[test]
    fn the_head_says_what_the_history_line_leaves_out() {
        let mut row = row(RunOutcome::Rollback, Some(900));
        row.begun.revision = Some("4f1c2ab".into());
        row.begun.image = Some("registry.fly.io/shop@sha256:12".into());
        row.bad = Some("smoke refused: GET /\nanswered 500".into());
        insta::assert_snapshot!(text(&row), @r"
        v546: 2026-03-25 14:32 UTC | staging | ROLLBACK | 4m 12s | traffic back after 0.9s
          what       deploy to flyio:shop
          who        ada on build-7, process 7
          started    2026-03-25T14:32:00Z
          ended      2026-03-25T14:36:12Z
          revision   4f1c2ab
          image      registry.fly.io/shop@sha256:12
          bad        smoke refused: GET / answered 500
          run        run-1
          pipeline   0.1.0
        ");
    }

    #[test]
    fn whoever_wrote_into_the_store_gives_the_terminal_no_orders_and_forges_no_line() {
        let mut row = row(RunOutcome::Pass, None);
        row.begun.who = "ada\x1b[2J".into();
        row.begun.host = "b\u{9b}2J\n  run        run-2".into();
        row.begun.origin = Some("\u{202e}https".into());
        row.version = "v1\nv2".into();
        let text = text(&row);
        assert!(!text.contains(['\x1b', '\u{9b}', '\u{202e}']), "{text:?}");
        assert_eq!(text.lines().filter(|it| it.trim_start().starts_with("run ")).count(), 1);
        assert!(text.starts_with("v1 v2: "), "{text:?}");
    }

    #[test]
    fn a_run_without_an_end_says_how_it_gets_one() {
        let mut row = row(RunOutcome::Pass, None);
        (row.ended, row.ending) = (None, None);
        assert!(text(&row).contains("`pipeline resume v546`"));
    }
}
