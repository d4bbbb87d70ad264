//! One run from beginning to end: its phases and steps as bars, what was tried again, what was skipped, and what
//! waited for what.

use std::time::SystemTime;

use pipeline_core::{Account, PhasePass, StepEnd, StepPass, Verdict};

use crate::scale::{Scale, time_tick, time_ticks};
use crate::svg::{Drawing, Figure, NARROW, Table, WIDE};
use crate::words::{cut, float, many, timestamp, took};

/// A step that begins so soon after another has ended was waiting for that.
const SOON_MS: u64 = 60;

/// One line of the picture. Times are milliseconds after the run began.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    name: String,
    head: bool,
    from: u64,
    to: u64,
    /// Since when it could have run, where it waited.
    ready: Option<u64>,
    waited_for: Option<String>,
    class: &'static str,
    sign: &'static str,
    answer: String,
    /// What is said instead of a bar.
    instead: Option<String>,
    tries: usize,
}

/// The picture of a run as far as it is known at `now`; nothing where nothing has begun.
pub(crate) fn figure(account: &Account, now: SystemTime) -> Option<Figure> {
    let rows = rows(account, now);
    let last = rows.iter().map(|it| it.to).max()?;
    let steps = rows.iter().filter(|it| !it.head).count();
    Some(Figure {
        id: "timeline".into(),
        title: "Timeline".into(),
        lead: "Thin lines are waiting. Point at a bar for what it waited for.".into(),
        desc: format!("{} in {}. The table below has every step.", many(steps, "step"), took(last)),
        half: false,
        wide: draw(&rows, last, Shape::WIDE),
        narrow: draw(&rows, last, Shape::NARROW),
        table: table(&rows),
    })
}

fn rows(account: &Account, now: SystemTime) -> Vec<Row> {
    let Some(began) = account.began else { return Vec::new() };
    let end = if account.conclusion.is_some() { account.last.unwrap_or(now) } else { now };
    let after = |at: SystemTime| {
        let passed = timestamp(at).as_millisecond() - timestamp(began).as_millisecond();
        u64::try_from(passed).unwrap_or(0)
    };
    let mut rows = Vec::new();
    // A phase that goes on right after itself is one: the look at the target and the first stage, say.
    for passes in account.phases.chunk_by(|one, other| one.phase == other.phase) {
        let heads = passes.iter().map(|it| head(it, after(it.started), after(end)));
        let Some(head) = heads.reduce(|first, last| Row { from: first.from, ..last }) else {
            continue;
        };
        let steps = passes.iter().flat_map(|it| &it.steps);
        let steps: Vec<Row> = steps.map(|it| step(it, after(it.started), head.to)).collect();
        let from = head.from;
        rows.push(head);
        rows.extend((0..steps.len()).map(|place| waiting(&steps, place, from)));
    }
    rows
}

fn head(pass: &PhasePass, from: u64, end: u64) -> Row {
    let verdict = pass.end.map(|it| it.verdict);
    let (class, sign, answer) = match verdict {
        None => ("running", "open", "runs".to_owned()),
        Some(verdict) => of_verdict(verdict),
    };
    Row {
        name: pass.phase.name().to_owned(),
        head: true,
        from,
        to: pass.end.map_or(end, |it| from + it.took_ms).max(from),
        ready: None,
        waited_for: None,
        class,
        sign,
        answer,
        instead: None,
        tries: 0,
    }
}

fn step(step: &StepPass, from: u64, end: u64) -> Row {
    let mut row = Row {
        name: step.name.clone(),
        head: false,
        from,
        to: from,
        ready: None,
        waited_for: None,
        class: "running",
        sign: "open",
        answer: "runs".into(),
        instead: None,
        tries: step.retries.len(),
    };
    match &step.end {
        None => row.to = end.max(from),
        Some(StepEnd::Skipped { reason }) => {
            (row.class, row.sign, row.answer) = ("skipped", "abort", "skipped".into());
            row.instead = Some(reason.clone());
        }
        Some(StepEnd::Done { outcome, took_ms, remembered_from, required }) => {
            row.to = from + took_ms;
            let verdict = outcome.as_ref().ok().map(pipeline_core::Report::verdict);
            (row.class, row.sign, row.answer) = of_verdict(verdict);
            if !required && verdict.is_none_or(|it| it > Verdict::Alert) {
                row.answer += ", not required";
            }
            if remembered_from.is_some() {
                row.instead = Some("cached: nothing that it reads has changed".into());
            }
        }
    }
    row
}

fn of_verdict(verdict: Option<Verdict>) -> (&'static str, &'static str, String) {
    let (class, sign) = match verdict {
        Some(Verdict::Passed) => ("passed", "pass"),
        Some(Verdict::Alert) => ("alert", "alert"),
        Some(Verdict::Inconclusive) => ("unsure", "unsure"),
        Some(Verdict::Refused) => ("refused", "fail"),
        None => ("refused", "fault"),
    };
    (class, sign, verdict.map_or_else(|| "no answer".to_owned(), |it| it.to_string()))
}

/// The step with what it waited for: whichever other had ended just before it began.
fn waiting(steps: &[Row], place: usize, phase: u64) -> Row {
    let mut row = steps[place].clone();
    if row.instead.is_some() || row.from <= phase + SOON_MS {
        return row;
    }
    row.ready = Some(phase);
    let before = steps.iter().filter(|it| it.instead.is_none() && it.name != row.name);
    let ended = before.filter(|it| it.to <= row.from + 1 && row.from <= it.to + SOON_MS);
    row.waited_for = ended.max_by_key(|it| it.to).map(|it| it.name.clone());
    row
}

/// Where things are on a wide page and on a narrow one.
#[derive(Clone, Copy)]
struct Shape {
    width: f64,
    row: f64,
    left: f64,
    right: f64,
    /// Are names above their bars?
    above: bool,
}

impl Shape {
    const WIDE: Self =
        Self { width: WIDE, row: 24.0, left: 190.0, right: WIDE - 96.0, above: false };
    const NARROW: Self =
        Self { width: NARROW, row: 36.0, left: 0.0, right: NARROW - 4.0, above: true };
}

fn draw(rows: &[Row], last: u64, shape: Shape) -> Drawing {
    const TOP: f64 = 24.0;
    let bottom = TOP + float(rows.len() as u64) * shape.row + 4.0;
    let mut drawing = Drawing::new(shape.width, bottom);
    let most = float(last.max(1));
    let scale = Scale::linear((0.0, most), (shape.left, shape.right));
    for tick in time_ticks(most, if shape.above { 4 } else { 8 }) {
        if tick > last {
            continue;
        }
        let x = scale.at(float(tick));
        drawing.line(
            (x, TOP - 6.0),
            (x, bottom),
            if tick == 0 && !shape.above { "axis" } else { "grid" },
        );
        let anchor = if tick == 0 && shape.above { "start" } else { "middle" };
        drawing.text((x, 12.0), time_tick(tick), ("tick", anchor));
    }
    for (place, row) in rows.iter().enumerate() {
        let top = TOP + float(place as u64) * shape.row;
        line(&mut drawing, row, (top, shape), &scale);
    }
    drawing
}

fn line(drawing: &mut Drawing, row: &Row, (top, shape): (f64, Shape), scale: &Scale) {
    let (words, bar) =
        if shape.above { (top + 13.0, top + 24.0) } else { (top + 16.0, top + 12.0) };
    let indent = if row.head { 16.0 } else { 30.0 };
    drawing.sign((indent - 9.0, words - 4.0), row.sign);
    let name = cut(&row.name, if shape.above { 30 } else { 24 });
    drawing.text((indent, words), name, (if row.head { "name" } else { "label" }, "start"));
    if let Some(ready) = row.ready {
        drawing.line((scale.at(float(ready)), bar), (scale.at(float(row.from)), bar), "wait");
    }
    let (from, to) = (scale.at(float(row.from)), scale.at(float(row.to)));
    if let Some(instead) = &row.instead {
        let room = if shape.above { 44 } else { 90 };
        let at =
            if shape.above { (indent, bar + 6.0) } else { (from.max(shape.left) + 6.0, words) };
        drawing.text(at, cut(instead, room), ("note", "start"));
    } else {
        let height = if row.head { 5.0 } else { 12.0 };
        let class = format!("bar {}{}", row.class, if row.head { " phase" } else { "" });
        drawing.rect((from, bar - height / 2.0), ((to - from).max(2.0), height), class);
    }
    let length = if row.instead.is_some() { String::new() } else { took(row.to - row.from) };
    let tries = if row.tries > 0 { format!(" · {}", retries(row.tries)) } else { String::new() };
    drawing.text((shape.width - 2.0, words), length + &tries, ("value", "end"));
    let hit = (shape.width, shape.row);
    drawing.told((0.0, top), hit, ("hit".into(), Some(told(row))));
}

fn told(row: &Row) -> String {
    let first = match &row.instead {
        Some(_) => format!("{}: {}", row.name, row.answer),
        None => format!("{}: {}, {}", row.name, row.answer, took(row.to - row.from)),
    };
    let tries = (row.tries > 0).then(|| format!("tried again: {}", retries(row.tries)));
    let lines = [Some(first), row.instead.clone(), waited(row), tries];
    lines.into_iter().flatten().collect::<Vec<_>>().join("\n")
}

fn retries(count: usize) -> String {
    if count == 1 { "1 retry".into() } else { format!("{count} retries") }
}

fn waited(row: &Row) -> Option<String> {
    let waited = row.from - row.ready?;
    let why = row.waited_for.as_ref().map(|it| format!(", until {it} had ended"));
    Some(format!("waited {}{}", took(waited), why.unwrap_or_default()))
}

fn table(rows: &[Row]) -> Table {
    let mut phase = "";
    let mut cells = Vec::new();
    for row in rows {
        if row.head {
            phase = &row.name;
            continue;
        }
        cells.push(vec![
            phase.to_owned(),
            row.name.clone(),
            row.answer.clone(),
            took(row.from),
            if row.instead.is_some() { "–".into() } else { took(row.to - row.from) },
            if row.tries == 0 { "–".into() } else { row.tries.to_string() },
            row.instead.clone().or_else(|| waited(row)).unwrap_or_else(|| "–".into()),
        ]);
    }
    let head = vec!["Phase", "Step", "Answer", "Began after", "Took", "Tried again", "Waited"];
    Table { head, rows: cells }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use pipeline_core::{Event, EventKind, Phase, Report};

    use super::*;

    fn at(ms: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(ms)
    }

    fn begun(step: &str) -> EventKind {
        EventKind::StepStarted { phase: Phase::Validate, step: step.into(), expected_ms: None }
    }

    fn done(step: &str, took_ms: u64) -> EventKind {
        let (phase, step, outcome) = (Phase::Validate, step.into(), Ok(Report::passed()));
        EventKind::StepDone { phase, step, outcome, required: true, took_ms, remembered_from: None }
    }

    #[test]
    fn what_waited_says_for_what_and_what_was_skipped_says_why() {
        let reason = "format was not good".to_owned();
        let skipped =
            EventKind::StepSkipped { phase: Phase::Validate, step: "credo".into(), reason };
        let told = [
            (0, EventKind::PhaseStarted { phase: Phase::Validate }),
            (1, begun("format")),
            (2, begun("compile")),
            (500, done("format", 499)),
            (2_000, done("compile", 1_998)),
            (2_004, begun("test")),
            (2_010, skipped),
        ];
        let events = told.map(|(ms, kind)| Event { seq: ms + 1, at: at(ms), kind });
        let rows = rows(&Account::of(&events), at(5_000));
        let lines: Vec<String> =
            rows.iter().map(|it| super::told(it).replace('\n', "; ")).collect();
        assert_eq!(
            lines,
            [
                "validate: runs, 5.0s",
                "format: passed, 499 ms",
                "compile: passed, 1.9s",
                "test: runs, 2.9s; waited 2.0s, until compile had ended",
                "credo: skipped; format was not good",
            ]
        );
    }
}
