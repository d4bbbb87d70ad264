//! What a run came to: its end, alerts, decisions, latencies, and where its logs are.

use std::path::PathBuf;

use pipeline_core::{Account, Decision, StepEnd, Verdict};

use super::Shown;
use super::latency::{Measured, Summary};
use crate::render::{Table, one_line, why_left, wrapped};

pub(super) fn text(shown: &Shown<'_>) -> String {
    let width = shown.app.width();
    let mut parts = Vec::new();
    if let Some(ending) = &shown.ending {
        let words = ending.words(&shown.row.version, &shown.row.begun.environment);
        parts.push(words.lines().flat_map(|it| wrapped(it, width)).collect());
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

fn titled(title: &str, texts: Vec<String>, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for text in texts {
        let wrapped = wrapped(&text, width.saturating_sub(4)).into_iter();
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
        let mut row = vec![it.endpoint.clone()];
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
