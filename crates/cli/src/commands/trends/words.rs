//! The answers for a terminal: sentences first, then a small table of what they rest on. Pure.

use jiff::Timestamp;
use pipeline_history::{Change, PartPace, Rank, Trend};

use super::Answers;
use crate::render::{Table, sparkline, took, wrapped};

/// How many phases, and how many steps, are shown; JSON has all of them.
const MOST_RANKS: usize = 6;

pub(super) fn text(answers: &Answers, width: usize) -> String {
    let Answers { environment, slower, rising, most, dora } = answers;
    let mut lines = wrapped(&heading(answers), width);
    for sentence in [&slower.sentence, &rising.sentence, &most.sentence] {
        lines.extend(paragraph(sentence, width));
    }
    let pace = &slower.numbers;
    if !pace.durations_ms.is_empty() {
        lines.push(String::new());
        let room = width.saturating_sub(14);
        lines.push(format!("  durations  {}", sparkline(&pace.durations_ms, room)));
    }
    if !pace.parts.is_empty() {
        lines.push(String::new());
        lines.extend(paces(&pace.parts).lines(width));
    }
    let ranks: Vec<&Rank> = [&most.numbers.phases, &most.numbers.steps]
        .into_iter()
        .flat_map(|it| it.iter().filter(|it| !it.times.words().is_empty()).take(MOST_RANKS))
        .collect();
    if !ranks.is_empty() {
        lines.push(String::new());
        lines.extend(failures(&ranks).lines(width));
    }
    lines.push(String::new());
    let title = format!("DORA, {environment}, {} to {}", day(dora.from), day(dora.to));
    lines.extend(paragraph(&title, width));
    for sentence in [
        &dora.deployment_frequency.sentence,
        &dora.change_lead_time.sentence,
        &dora.change_fail_rate.sentence,
        &dora.failed_deployment_recovery_time.sentence,
        &dora.deployment_rework_rate.sentence,
    ] {
        lines.extend(paragraph(sentence, width));
    }
    lines.join("\n")
}

fn heading(answers: &Answers) -> String {
    let Answers { environment, slower, .. } = answers;
    let pace = &slower.numbers;
    match (pace.from, pace.to) {
        (Some(from), Some(to)) => format!(
            "{environment}: {} that passed, {} to {}",
            if pace.deploys == 1 { "1 deploy".into() } else { format!("{} deploys", pace.deploys) },
            day(from),
            day(to)
        ),
        _ => format!("{environment}: no deploy has passed yet"),
    }
}

fn paragraph(sentence: &str, width: usize) -> Vec<String> {
    let lines = wrapped(sentence, width.saturating_sub(2));
    lines.into_iter().map(|it| format!("  {it}")).collect()
}

fn paces(parts: &[PartPace]) -> Table {
    let row = |it: &PartPace| {
        let word = match it.trend {
            Trend::Slower => "slower",
            Trend::Faster => "faster",
            Trend::Steady | Trend::NotEnough => "",
        };
        vec![
            it.part.to_owned(),
            took(it.median_ms),
            changed(&it.per_deploy),
            it.per_week.as_ref().map(|it| signed(it.change)).unwrap_or_default(),
            signed(it.over_window),
            if it.p < 0.001 { "<0.001".into() } else { format!("{:.3}", it.p) },
            word.to_owned(),
        ]
    };
    let head = vec!["phase", "median", "per deploy (95 %)", "per week", "in all", "p", ""];
    Table { head, rows: parts.iter().map(row).collect() }
}

fn changed(change: &Change) -> String {
    match (change.low, change.high) {
        (Some(low), Some(high)) => {
            format!("{} ({} to {})", signed(change.change), signed(low), signed(high))
        }
        _ => signed(change.change),
    }
}

fn failures(ranks: &[&Rank]) -> Table {
    let row = |it: &&Rank| {
        let name = match &it.step {
            Some(step) => format!("{} · {step}", it.phase.name()),
            None => it.phase.name().to_owned(),
        };
        let share = format!("{} of {}", it.failed, it.of);
        let between = format!("{:.0} to {:.0} %", it.low * 100.0, it.high * 100.0);
        let tie = if it.tied_with.is_empty() { "" } else { ", tied" };
        vec![name, share, between, it.times.words() + tie]
    };
    let head = vec!["fails", "times", "rate (95 %)", "how"];
    Table { head, rows: ranks.iter().map(row).collect() }
}

fn signed(change: f64) -> String {
    // What rounds to nothing has no sign of less.
    format!("{:+.1} %", (change * 1_000.0).round() / 10.0 + 0.0)
}

fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}
