//! The last words of a run: what is true now, what the exit code means, what took longer than usual, where to look.

use pipeline_core::{Conclusion, Phase, PhaseTotal, Usual};
use store_sql::{RunKind, RunRow};

use crate::commands::deploy::tone;
use crate::ending::Ending;
use crate::exit::Exit;
use crate::render::{Tone, is_slow, took};
use crate::session::Session;
use crate::usual;

/// Where gates and builders leave what they printed, beside the configuration.
const LOGS: &str = ".pipeline/logs";

/// Says them. What history does not know is left out.
pub(crate) async fn say(session: &Session<'_>, row: &RunRow, ending: &Ending) {
    let app = session.setting.app;
    let exit = session.exit(ending);
    if exit == Exit::Good && app.global.quiet {
        return;
    }
    let begun = &row.begun;
    let usual = usual::usual(&session.store, begun.kind, (&begun.environment, row.number)).await;
    let phases = session.store.phases(&row.id).await.unwrap_or_default();
    let slow = slow(&phases, &usual.unwrap_or_default());
    let has_logs = session.setting.config.dir.join(LOGS).is_dir();
    let secrets = session.setting.secrets();
    for (tone, line) in lines(row, ending, &Beside { slow, has_logs, exit }) {
        app.say(tone, &secrets.strike(&line));
    }
}

/// What is known beside the end itself.
struct Beside {
    slow: Vec<String>,
    has_logs: bool,
    /// The command's own.
    exit: Exit,
}

fn lines(row: &RunRow, ending: &Ending, beside: &Beside) -> Vec<(Tone, String)> {
    let (version, exit) = (&row.version, beside.exit);
    let truth = ending.truth(version, &row.begun.environment);
    let mut lines = vec![(tone(ending), format!("\n{} {truth}", ending.mark()))];
    let next = ending.next(version, &row.begun.environment);
    lines.extend(next.map(|next| (Tone::Plain, format!("  next   {next}"))));
    if !beside.slow.is_empty() {
        lines.push((Tone::Warn, format!("  slow   {}", beside.slow.join(" · "))));
    }
    if exit == Exit::Good {
        return lines;
    }
    let printed = ending.failures.iter().any(|it| it.phase <= Phase::Build) && beside.has_logs;
    if printed {
        lines.push((Tone::Dim, format!("  logs   {LOGS} has what was printed")));
    }
    lines.push((Tone::Dim, format!("  more   `pipeline show {version}`")));
    lines.push((Tone::Dim, format!("  exit   {}: {}", exit as u8, meaning(row, ending, exit))));
    lines
}

/// What the code means for this run: one that ended before it touched anything has nothing to resume.
fn meaning(row: &RunRow, ending: &Ending, exit: Exit) -> &'static str {
    match (ending.conclusion, exit) {
        (Conclusion::Rejected, Exit::Interrupted | Exit::Terminated) => match row.begun.kind {
            RunKind::Deploy => "interrupted; nothing was touched: deploy again",
            RunKind::Rollback => "interrupted; nothing was touched: roll back again",
        },
        _ => exit.meaning(),
    }
}

/// The phases that took much longer than usual: `validate 2m 10s, usually 1m 05s`.
fn slow(phases: &[PhaseTotal], usual: &Usual) -> Vec<String> {
    let slow = phases.iter().filter_map(|phase| {
        let usual = *usual.phases.get(&phase.phase)?;
        let told =
            || format!("{} {}, usually {}", phase.phase.name(), took(phase.took_ms), took(usual));
        is_slow(phase.took_ms, usual).then(told)
    });
    slow.collect()
}

#[cfg(test)]
mod tests {
    use pipeline_core::{Cause, Failure, Finding, Record};
    use store_sql::RunOutcome;

    use super::*;
    use crate::commands::deploy::tests::row;

    fn told(conclusion: Conclusion, failed: Option<(Phase, &str)>, slow: &[&str]) -> String {
        let failure = failed.map(|(phase, step)| {
            let cause = Cause::Refused(vec![Finding::error("no")]);
            let failure =
                Failure { phase, step: step.into(), cause, whole: false, untouched: false };
            match phase {
                Phase::Validate => Record::Rejected { failures: vec![failure] },
                _ => Record::Failed { failure },
            }
        });
        let mut ending = Ending::of(conclusion, &failure.into_iter().collect::<Vec<_>>());
        ending.before = Some("v545".into());
        let slow = slow.iter().map(ToString::to_string).collect();
        let beside = Beside { slow, has_logs: true, exit: ending.exit() };
        let lines = lines(&row(RunOutcome::Pass, None), &ending, &beside);
        lines.into_iter().map(|it| it.1).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_last_words_say_what_is_true_and_where_to_look() {
        insta::assert_snapshot!(told(Conclusion::Succeeded, None, &["validate 2m 10s, usually 1m 05s"]), @r"
        ✓ v546 serves staging, verified.
          slow   validate 2m 10s, usually 1m 05s
        ");
        let smoke = Some((Phase::Verify, "smoke"));
        insta::assert_snapshot!(told(Conclusion::RolledBack, smoke, &[]), @r"
        ↩ smoke refused (1 finding). v546 was taken back: v545 serves staging, verified.
          more   `pipeline show v546`
          exit   30: verification refused; rolled back, verified
        ");
        let test = Some((Phase::Validate, "test"));
        insta::assert_snapshot!(told(Conclusion::Rejected, test, &[]), @r"
        ✗ test refused (1 finding). Nothing was touched.
          next   mend what is named above; `pipeline validate staging` asks the gates alone
          logs   .pipeline/logs has what was printed
          more   `pipeline show v546`
          exit   10: a gate refused
        ");
    }

    #[test]
    fn nobody_is_sent_to_resume_what_is_over() {
        let cause = Cause::Interrupted;
        let (phase, step) = (Phase::Validate, "test".to_owned());
        let failure = Failure { phase, step, cause, whole: false, untouched: false };
        let records = [Record::Rejected { failures: vec![failure] }];
        let ending = Ending::of(Conclusion::Rejected, &records);
        let beside = Beside { slow: Vec::new(), has_logs: false, exit: ending.exit() };
        let mut row = row(RunOutcome::Abort, None);
        let last = |row: &RunRow| lines(row, &ending, &beside).pop().unwrap().1;
        insta::assert_snapshot!(last(&row), @"  exit   130: interrupted; nothing was touched: deploy again");
        row.begun.kind = RunKind::Rollback;
        insta::assert_snapshot!(last(&row), @"  exit   130: interrupted; nothing was touched: roll back again");
        assert!(Exit::Interrupted.meaning().contains("resume"), "of one that is not over");
    }

    #[test]
    fn only_what_took_much_longer_than_usual_is_told() {
        let phase = |phase, took_ms| PhaseTotal { phase, verdict: None, took_ms };
        let phases = [
            phase(Phase::Validate, 130_000),
            phase(Phase::Build, 9_000),
            phase(Phase::Deploy, 60_000),
            phase(Phase::Verify, 60_000),
        ];
        let phases_usually =
            [(Phase::Validate, 65_000), (Phase::Build, 5_000), (Phase::Deploy, 41_000)].into();
        let usual = Usual { phases: phases_usually, ..Usual::default() };
        assert_eq!(slow(&phases, &usual), ["validate 2m 10s, usually 1m 05s"]);
    }
}
