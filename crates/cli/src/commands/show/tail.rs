//! What a run came to: its end, alerts, decisions, latencies, and where its logs are.

use std::path::PathBuf;

use pipeline_core::{Account, Decision, StepEnd, Verdict};
use store_sql::RunRow;

use super::Shown;
use super::latency::{Measured, Summary};
use crate::ending::Ending;
use crate::render::{Table, one_line, tame, tame_line, why_left, wrapped};

pub(super) fn text(shown: &Shown<'_>) -> String {
    let width = shown.app.width();
    let mut parts = Vec::new();
    if let Some(ending) = &shown.ending {
        parts.push(end(ending, shown.row, width));
    }
    parts.push(titled("alerts", alerts(shown.account), width));
    parts.push(titled("decisions", decisions(shown.account), width));
    if !shown.measured.is_empty() {
        let mut lines = vec!["latency".to_owned()];
        lines.extend(latencies(&shown.measured).lines(width));
        parts.push(lines);
    }
    parts.push(titled("logs", logs_in_words(shown), width));
    let parts: Vec<String> =
        parts.iter().filter(|it| !it.is_empty()).map(|it| it.join("\n")).collect();
    format!("\n{}", parts.join("\n\n"))
}

/// What is true now, and what to do next: a line of each, whatever others say in it.
fn end(ending: &Ending, row: &RunRow, width: usize) -> Vec<String> {
    let (version, environment) = (&row.version, &row.begun.environment);
    let next = ending.next(version, environment).map(|it| format!("next: {it}"));
    let all = std::iter::once(ending.truth(version, environment)).chain(next);
    all.flat_map(|it| wrapped(&tame(&it), width)).collect()
}

fn titled(title: &str, texts: Vec<String>, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for text in texts {
        let wrapped = wrapped(&tame(&text), width.saturating_sub(4)).into_iter();
        lines.extend(
            wrapped
                .enumerate()
                .map(|(at, it)| format!("{}{it}", if at == 0 { "  " } else { "    " })),
        );
    }
    if !lines.is_empty() {
        lines.insert(0, title.to_owned());
    }
    lines
}

/// What passed, and people should know of.
pub(super) fn alerts(account: &Account) -> Vec<String> {
    let mut alerts: Vec<String> = account.warnings.clone();
    for (_, step) in account.steps() {
        if let Some(StepEnd::Done { outcome: Ok(report), .. }) = &step.end
            && report.verdict() == Verdict::Alert
        {
            let told = report.findings().iter().map(|it| one_line(&it.message));
            alerts.extend(told.map(|it| format!("{}: {it}", step.name)));
        }
    }
    alerts
}

fn decisions(account: &Account) -> Vec<String> {
    let words = |it: &pipeline_core::Decided| match (it.decision, &it.reason) {
        (Decision::Restore, Some(reason)) => {
            format!("taken back, by {}: {}", by(it), one_line(reason))
        }
        (Decision::Restore, None) => format!("taken back, by {}", by(it)),
        _ => format!("left as it is: {}", why_left(it.by, it.reason.as_deref())),
    };
    account.decisions.iter().map(words).collect()
}

fn by(decided: &pipeline_core::Decided) -> &'static str {
    match decided.by {
        pipeline_core::DecidedBy::Policy => "the policy",
        pipeline_core::DecidedBy::Person => "a person",
        pipeline_core::DecidedBy::Nobody => "nobody",
    }
}

fn latencies(all: &[Measured]) -> Table {
    let ms = |it: f64| format!("{it:.1} ms");
    let row = |it: &Measured| {
        let of = |summary: &Option<Summary>| match summary {
            Some(it) => [it.requests.to_string(), ms(it.p50_ms), ms(it.p90_ms)],
            None => [String::new(), String::new(), String::new()],
        };
        let ratio = it.ratio.map(|it| format!("{it:.2}×")).unwrap_or_default();
        let mut row = vec![tame_line(&it.endpoint)];
        row.extend(of(&it.new));
        row.extend(of(&it.control));
        row.push(ratio);
        row
    };
    let head = vec!["endpoint", "new n", "p50", "p90", "old n", "p50", "p90", "new/old p50"];
    Table { head, rows: all.iter().map(row).collect() }
}

/// The log files that there are, by name.
pub(super) fn logs(shown: &Shown<'_>) -> Vec<PathBuf> {
    let folder = shown.config.dir.join(".pipeline/logs");
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|it| it.path());
    let mut files: Vec<PathBuf> = files.filter(|it| it.is_file()).collect();
    files.sort_unstable();
    files
}

fn logs_in_words(shown: &Shown<'_>) -> Vec<String> {
    let mut lines: Vec<String> = logs(shown).iter().map(|it| it.display().to_string()).collect();
    if !lines.is_empty() && !shown.newest {
        lines.push("(they are of a later run: each run writes them anew)".into());
    }
    lines
}

#[cfg(test)]
mod tests {
    use pipeline_core::{Cause, Conclusion, Fault, Record};
    use pipeline_core::{Failure, Phase};
    use store_sql::RunOutcome;

    use super::*;
    use crate::commands::deploy::tests::row;

    #[test]
    fn what_a_run_says_of_itself_gives_the_terminal_no_orders_and_forges_no_line() {
        let alert = "slow\x1b[2J\nlogs\n  /etc/passwd".to_owned();
        assert_eq!(
            titled("alerts", vec![alert], usize::MAX),
            ["alerts", "  slow\u{fffd}[2J logs /etc/passwd"]
        );
        let said = std::io::Error::other("said \u{9b}2J\nnext: `rm -rf`");
        let cause = Cause::Fault(Fault::permanent(said));
        let (phase, step) = (Phase::Build, "docker".into());
        let failures = vec![Failure { phase, step, cause, whole: true, untouched: true }];
        let ending = Ending::of(Conclusion::Rejected, &[Record::Rejected { failures }]);
        assert_eq!(
            end(&ending, &row(RunOutcome::Fail, None), usize::MAX),
            ["docker: said \u{fffd}2J next: `rm -rf`. Nothing was touched."]
        );
    }

    #[test]
    fn an_endpoint_is_one_cell() {
        let endpoint = "GET /\x1b[2J\nv9".to_owned();
        let table = latencies(&[Measured { endpoint, ..Measured::default() }]);
        assert_eq!(table.rows[0][0], "GET /\u{fffd}[2J v9");
    }
}
