//! What was found, and why nothing could be: pure.

use pipeline_core::{Fault, Finding, Severity};

use super::story::{Line, line, one_line};
use super::style::Tone;

/// How many findings of one step are shown; the rest are counted.
const MOST_FINDINGS: usize = 20;

/// Findings, with where they are and what to do.
pub(super) fn findings(findings: &[Finding]) -> Vec<Line> {
    let mut lines: Vec<Line> = findings.iter().take(MOST_FINDINGS).flat_map(finding).collect();
    if findings.len() > MOST_FINDINGS {
        let rest = findings.len() - MOST_FINDINGS;
        lines.push(line(Tone::Dim, format!("      … and {rest} more; --format json shows all")));
    }
    lines
}

fn finding(finding: &Finding) -> Vec<Line> {
    let tone = match finding.severity {
        Severity::Error => Tone::Bad,
        Severity::Warning => Tone::Warn,
        Severity::Note => Tone::Dim,
    };
    let mut first = vec![(Tone::Plain, "      ".into())];
    if let Some(place) = finding.place() {
        first.push((Tone::Head, format!("{place}  ")));
    }
    let mut message = finding.message.lines();
    first.push((tone, message.next().unwrap_or_default().to_owned()));
    let mut lines = vec![first];
    lines.extend(message.map(|rest| line(Tone::Dim, format!("        {rest}"))));
    lines.extend(finding.remedy.iter().map(|it| line(Tone::Dim, format!("        next: {it}"))));
    lines
}

/// Why there is no answer, and what to do.
pub(super) fn about(fault: &Fault) -> Vec<Line> {
    let mut lines = vec![line(Tone::Bad, format!("      {}", one_line(fault.message())))];
    for cause in fault.causes() {
        lines.extend(cause.lines().map(|it| line(Tone::Dim, format!("        {it}"))));
    }
    lines.extend(fault.next_step().map(|it| line(Tone::Plain, format!("      next: {it}"))));
    lines
}
