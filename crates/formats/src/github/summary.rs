//! The page that GitHub shows for a step of a workflow.

use std::fmt::Write as _;

use pipeline_core::{
    Account, Check, Finding, PhasePass, Report, Severity, StepEnd, StepPass, Verdict,
};

use super::markdown::{html, plain};
use crate::label::{cause, labels, stepless, verdict_word};
use crate::text::{self, counted, took};

/// GitHub takes no page of a step that is larger than this, in bytes; nor any part of one that is.
pub const LARGEST_SUMMARY: usize = 1024 * 1024;

/// How many findings of one step the page has.
const MOST_FINDINGS: usize = 200;

/// What is known of a run beside its events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// How it ended, in the word of its history line.
    pub outcome: Option<String>,
    /// What the engine concluded.
    pub conclusion: Option<String>,
    /// The release, such as `v12`.
    pub version: Option<String>,
    /// The run's name for ever.
    pub run: Option<String>,
    /// The image.
    pub image: Option<String>,
    /// The exit code of the command.
    pub exit_code: u8,
    /// How long it took in all.
    pub duration_ms: Option<u64>,
    /// What is true now, in a sentence.
    pub words: Option<String>,
}

/// The page as Markdown, no larger than `room` bytes: what is true now, every step with its verdict and time, and what was
/// found. What does not fit is left out, and the page says so.
#[must_use]
pub fn summary(account: &Account, told: &Told, room: usize) -> String {
    let mut page = heading(account, told);
    let cells = labels(&account.phases);
    let rows = account.phases.iter().zip(&cells);
    page += "\n| | phase | step | verdict | time | |\n|---|---|---|---|---:|---|\n";
    page.extend(rows.map(|(pass, label)| table(pass, label)));
    for (_, failure) in stepless(account) {
        let why = cause(&failure.cause);
        let (step, phase) = (plain(&failure.step), failure.phase.name());
        let _ = writeln!(page, "\n**{step}** ({phase}): {}", plain(&why));
    }
    for warning in &account.warnings {
        let _ = writeln!(page, "\n> {}", plain(warning));
    }
    for (pass, label) in account.phases.iter().zip(&cells) {
        page.extend(pass.steps.iter().map(|step| details(step, label)));
    }
    page.push('\n');
    fitted(page, room)
}

fn heading(account: &Account, told: &Told) -> String {
    let release = account.release.as_ref().map(|it| it.version.clone());
    let version = told.version.clone().or(release).unwrap_or_else(|| "pipeline".into());
    let mut text = format!("### {} {}", sign(told.exit_code), plain(&version));
    if let Some(target) = &account.target {
        let _ = write!(text, " to {}", plain(target));
    }
    if let Some(outcome) = &told.outcome {
        let _ = write!(text, " · {}", plain(outcome));
    }
    if let Some(ms) = told.duration_ms {
        let _ = write!(text, " · {}", took(ms));
    }
    text.push('\n');
    for line in told.words.iter().flat_map(|it| it.lines()) {
        let _ = writeln!(text, "\n{}", plain(line));
    }
    text
}

fn sign(exit: u8) -> &'static str {
    match exit {
        0 => "✅",
        20..=39 => "↩️",
        _ => "❌",
    }
}

fn table(pass: &PhasePass, label: &str) -> String {
    let verdict = match pass.end {
        Some(end) => end.verdict.map_or_else(|| "none".into(), |it| it.to_string()),
        None => "open".into(),
    };
    let time = pass.end.map_or_else(String::new, |it| took(it.took_ms));
    let mut text = format!("| | **{}** | | **{verdict}** | **{time}** | |\n", plain(label));
    for step in &pass.steps {
        let time = match step.took_ms() {
            Some(_) if is_remembered(step) => "cached".into(),
            Some(ms) => took(ms),
            None => String::new(),
        };
        let _ = writeln!(
            text,
            "| {} | | {} | {} | {time} | {} |",
            mark(step),
            plain(&step.name),
            verdict_word(step),
            plain(&said(step)),
        );
    }
    text
}

fn mark(step: &StepPass) -> &'static str {
    match &step.end {
        Some(StepEnd::Done { outcome: Ok(report), .. }) => match report.verdict() {
            Verdict::Passed => "✓",
            Verdict::Alert => "!",
            Verdict::Refused => "✗",
            Verdict::Inconclusive => "?",
        },
        Some(StepEnd::Done { outcome: Err(_), .. }) | None => "?",
        Some(StepEnd::Skipped { .. }) => "-",
    }
}

fn is_remembered(step: &StepPass) -> bool {
    matches!(&step.end, Some(StepEnd::Done { remembered_from: Some(_), .. }))
}

/// What stands beside a step.
fn said(step: &StepPass) -> String {
    let mut parts = Vec::new();
    match &step.end {
        Some(StepEnd::Done { outcome: Ok(report), .. }) => parts.extend(of_report(report)),
        Some(StepEnd::Done { outcome: Err(fault), .. }) => {
            parts.push(text::headline(fault.message()).to_owned());
        }
        Some(StepEnd::Skipped { reason }) => parts.push(reason.clone()),
        None => parts.push("it did not end".into()),
    }
    if let Some(StepEnd::Done { required: false, .. }) = &step.end {
        parts.push("not required".into());
    }
    if !step.retries.is_empty() {
        parts.push(format!("tried {} times", step.retries.len() + 1));
    }
    parts.join(" · ")
}

fn of_report(report: &Report) -> Vec<String> {
    let mut parts = Vec::new();
    let checks = report.checks();
    if !checks.is_empty() {
        let passed = checks.iter().filter(|it| it.verdict == Verdict::Passed).count();
        parts.push(format!("{passed} of {} passed", counted(checks.len(), "check")));
    }
    if !report.findings().is_empty() {
        parts.push(counted(report.findings().len(), "finding"));
    }
    parts
}

/// What a step has found, why it could not look, and what it was tried for.
fn details(step: &StepPass, label: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for retry in &step.retries {
        let fault = plain(&text::fault(&retry.fault));
        lines.push(format!("- try {}: {fault}", retry.attempt));
    }
    match &step.end {
        Some(StepEnd::Done { outcome: Ok(report), .. }) => {
            let found = report.findings();
            lines.extend(found.iter().take(MOST_FINDINGS).map(finding));
            if found.len() > MOST_FINDINGS {
                lines.push(format!("- … and {} more", found.len() - MOST_FINDINGS));
            }
            lines.extend(report.checks().iter().filter_map(measured));
        }
        Some(StepEnd::Done { outcome: Err(fault), .. }) => {
            lines.push(format!("- {}", plain(&text::fault(fault))));
        }
        _ => {}
    }
    if lines.is_empty() {
        return String::new();
    }
    let open = if matches!(step.verdict(), Some(Verdict::Passed)) { "" } else { " open" };
    let title = format!("{} ({label}): {}", html(&step.name), verdict_word(step));
    format!("\n<details{open}><summary>{title}</summary>\n\n{}\n\n</details>\n", lines.join("\n"))
}

fn finding(it: &Finding) -> String {
    let severity = match it.severity {
        Severity::Error => "**error**",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let rule = it.rule.as_ref().map(|rule| format!(" \\[{}\\]", plain(rule))).unwrap_or_default();
    let place = it.place().map(|place| format!(" {}", plain(&place))).unwrap_or_default();
    let next = it.remedy.as_ref().map(|it| format!("<br>next: {}", plain(it))).unwrap_or_default();
    format!("- {severity}{rule}{place}: {}{next}", plain(&it.message))
}

/// A latency with its numbers.
fn measured(it: &Check) -> Option<String> {
    let (ratio, [low, high]) = (it.ratio?, it.interval?);
    let name = plain(&it.name);
    Some(format!("- {name}: {ratio:.2}× (from {low:.2}× to {high:.2}×), {}", it.verdict))
}

fn fitted(mut page: String, room: usize) -> String {
    const CUT: &str = "\n\n… the rest does not fit into a page of GitHub; `--junit` and `--events` have it all.\n";
    if page.len() <= room {
        return page;
    }
    let mut end = room.saturating_sub(CUT.len() + "\n\n</details>".len());
    // At the end of a line, so that nothing is cut in two.
    end = page.as_bytes()[..end.min(page.len())].iter().rposition(|it| *it == b'\n').unwrap_or(0);
    page.truncate(end);
    if page.matches("<details").count() > page.matches("</details>").count() {
        page += "\n\n</details>";
    }
    page += CUT;
    if page.len() > room { String::new() } else { page }
}

#[cfg(test)]
#[path = "summary_tests.rs"]
mod tests;
