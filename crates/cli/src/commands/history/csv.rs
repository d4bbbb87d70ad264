//! Runs for spreadsheets. Pure.

use pipeline_core::Phase;
use store_sql::RunHistory;

use crate::render::tame_line;

const HEADER: [&str; 18] = [
    "version",
    "run",
    "kind",
    "environment",
    "started",
    "ended",
    "outcome",
    "conclusion",
    "exit",
    "duration_ms",
    "traffic_back_ms",
    "score",
    "revision",
    "image",
    "who",
    "host",
    "origin",
    "bad",
];

const PHASES: [Phase; 6] =
    [Phase::Validate, Phase::Build, Phase::Deploy, Phase::Verify, Phase::Settle, Phase::Restore];

/// One line a run, below a header.
pub(super) fn text<'r>(runs: impl Iterator<Item = (&'r RunHistory, Option<f64>)>) -> String {
    let mut lines = csv::Writer::from_writer(Vec::new());
    let phases = PHASES.map(|it| format!("{}_ms", it.name()));
    let header = HEADER.into_iter().map(ToOwned::to_owned).chain(phases);
    let rows = runs.map(|(run, score)| row(run, score));
    for record in std::iter::once(header.collect()).chain(rows) {
        let record: Vec<String> = record;
        lines.write_record(&record).expect("memory can be written, and all lines are as long");
    }
    let bytes = lines.into_inner().expect("memory can be written");
    String::from_utf8(bytes).expect("text was written")
}

fn row(run: &RunHistory, score: Option<f64>) -> Vec<String> {
    let RunHistory { run, phases } = run;
    let ending = run.ending;
    let mut cells = vec![
        run.version.clone(),
        run.id.to_string(),
        word(&run.begun.kind),
        run.begun.environment.clone(),
        format!("{:.3}", run.started),
        run.ended.map(|it| format!("{it:.3}")).unwrap_or_default(),
        ending.map(|it| it.outcome.to_string()).unwrap_or_default(),
        ending.and_then(|it| it.conclusion).as_ref().map(word).unwrap_or_default(),
        number(ending.map(|it| it.exit_code)),
        number(run.duration_ms()),
        number(run.traffic_back_ms),
        score.map(|it| format!("{it:.1}")).unwrap_or_default(),
        run.begun.revision.clone().unwrap_or_default(),
        run.begun.image.clone().unwrap_or_default(),
        run.begun.who.clone(),
        run.begun.host.clone(),
        run.begun.origin.clone().unwrap_or_default(),
        run.bad.clone().unwrap_or_default(),
    ];
    cells.extend(
        PHASES.map(|phase| number(phases.iter().find(|it| it.phase == phase).map(|it| it.took_ms))),
    );
    cells.iter().map(|it| harmless(tame_line(it))).collect()
}

/// In one line, so that who reads lines reads runs, and with nothing that a terminal obeys. A spreadsheet takes what begins so for a formula, and may run it: owasp.org/www-community/attacks/CSV_Injection. None of our
/// own cells does, but names, commits and findings are anybody's.
fn harmless(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']) {
        format!("'{cell}")
    } else {
        cell
    }
}

fn number(value: Option<impl Into<u64>>) -> String {
    value.map(|it| it.into().to_string()).unwrap_or_default()
}

/// The word that the JSON contract has for it.
fn word(value: &impl serde::Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use pipeline_core::{PhaseTotal, Verdict};
    use store_sql::RunOutcome;

    use super::*;
    use crate::commands::deploy::tests::row as run_row;

    #[test]
    fn a_table_has_a_header_and_holds_what_others_wrote_harmlessly() {
        let mut run = run_row(RunOutcome::Rollback, Some(900));
        run.begun.who = "=HYPERLINK(\"http://x\",\"y\")".into();
        run.begun.host = "\t@SUM(1)\x1b[2J".into();
        run.begun.revision = Some("-2+3".into());
        run.bad = Some("smoke refused: one, two\n=cmd|' /C calc'!A0".into());
        let verdict = Some(Verdict::Refused);
        let phases = vec![PhaseTotal { phase: Phase::Verify, verdict, took_ms: 9_500 }];
        let run = RunHistory { run, phases };
        insta::assert_snapshot!(text([(&run, Some(91.5))].into_iter()), @r#"
        version,run,kind,environment,started,ended,outcome,conclusion,exit,duration_ms,traffic_back_ms,score,revision,image,who,host,origin,bad,validate_ms,build_ms,deploy_ms,verify_ms,settle_ms,restore_ms
        v546,run-1,deploy,staging,2026-03-25T14:32:00.000Z,2026-03-25T14:36:12.000Z,ROLLBACK,,0,252000,900,91.5,'-2+3,,"'=HYPERLINK(""http://x"",""y"")",'@SUM(1)�[2J,,"smoke refused: one, two =cmd|' /C calc'!A0",,,,9500,,
        "#);
        insta::assert_snapshot!(text(std::iter::empty()), @"version,run,kind,environment,started,ended,outcome,conclusion,exit,duration_ms,traffic_back_ms,score,revision,image,who,host,origin,bad,validate_ms,build_ms,deploy_ms,verify_ms,settle_ms,restore_ms");
    }
}
