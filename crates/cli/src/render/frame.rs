//! The moving part of the display: a pure function of what runs, the moment and the size of the terminal.

use std::time::Instant;

use console::{Alignment, measure_text_width, pad_str, truncate_str};
use pipeline_core::Phase;

use super::board::{Board, Row, WayOut, millis};
use super::screen::Size;
use super::story::{Line, one_line};
use super::style::Tone;
use super::took;

/// The turning mark of what runs.
const TURNS: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/// How wide a bar is.
const BAR: usize = 12;

/// Narrower terminals get no bars.
const ROOM_FOR_BARS: usize = 72;

/// Narrower terminals get fewer words.
const NARROW: usize = 60;

/// Lower terminals get no empty row.
const ROOM_FOR_AIR: usize = 10;

/// What a frame needs beside the board.
#[derive(Clone, Copy, Debug)]
pub(super) struct View {
    pub(super) now: Instant,
    pub(super) size: Size,
    /// How wide names are.
    pub(super) names: usize,
    /// Counts up with each frame.
    pub(super) turn: usize,
}

/// The rows, never more than the terminal has, and never wider.
pub(super) fn frame(board: &Board, view: View) -> Vec<Line> {
    let Some((phase, since)) = board.phase else { return before(board, view) };
    let view = View { names: view.names.min(view.size.columns / 3), ..view };
    let bottom = bottom(board, view);
    let most = (view.size.rows * 2 / 3).min(view.size.rows.saturating_sub(1)).max(1);
    let air = usize::from(view.size.rows >= ROOM_FOR_AIR);
    let mut rows = steps(board, view);
    if rows.is_empty() {
        let aside = || (phase.name().to_owned(), at_first(phase).to_owned());
        let (name, says) = board.aside.clone().unwrap_or_else(aside);
        let row = Row { step: name, since: Some(since), expected_ms: None, done: None, says };
        rows.push(running(&row, view));
    }
    let room = most.saturating_sub(bottom.len() + air);
    if rows.len() > room {
        let shown = room.saturating_sub(1);
        let left_out = left_out(&board.rows[shown.min(board.rows.len())..]);
        rows.truncate(shown);
        rows.extend((room > 0).then(|| vec![(Tone::Dim, format!("  … {left_out}"))]));
    }
    let air = std::iter::repeat_n(Vec::new(), air);
    let all = air.chain(rows).chain(bottom).take(most.max(1));
    all.map(|row| cut(row, view.size.columns.saturating_sub(1))).collect()
}

/// What is waited for before there is a run.
fn before(board: &Board, view: View) -> Vec<Line> {
    let Some((what, since)) = &board.before else { return Vec::new() };
    let turn = TURNS[view.turn % TURNS.len()];
    let elapsed = so_far(millis(*since, view.now));
    let line = vec![
        (Tone::Plain, "  ".into()),
        (Tone::Live, turn.into()),
        (Tone::Plain, format!(" {what}")),
        (Tone::Dim, format!("   {elapsed} · Ctrl-C stops, nothing is touched")),
    ];
    vec![cut(line, view.size.columns.saturating_sub(1))]
}

/// What a phase is at while none of its steps runs.
fn at_first(phase: Phase) -> &'static str {
    match phase {
        Phase::Validate => "what is known already?",
        Phase::Deploy => "looking at what runs",
        Phase::Build | Phase::Verify | Phase::Settle | Phase::Restore => "",
    }
}

fn steps(board: &Board, view: View) -> Vec<Line> {
    let row = |row: &Row| if row.since.is_some() { running(row, view) } else { waiting(row, view) };
    board.rows.iter().map(row).collect()
}

fn running(row: &Row, view: View) -> Line {
    let elapsed = row.since.map_or(0, |since| millis(since, view.now));
    let turn = TURNS[view.turn % TURNS.len()];
    let mut line = vec![
        (Tone::Plain, "  ".into()),
        (Tone::Live, turn.into()),
        (Tone::Plain, format!(" {}", name(&row.step, view.names))),
        (Tone::Dim, format!(" {:>7}", took(elapsed))),
    ];
    let mut say = |tone, text: String| {
        if !text.is_empty() {
            line.push((tone, format!("   {text}")));
        }
    };
    if let Some((done, total)) = row.done {
        if let Some(total) = total.filter(|_| view.size.columns >= ROOM_FOR_BARS) {
            say(Tone::Live, bar(done, total));
        }
        say(
            Tone::Plain,
            total.map_or_else(|| done.to_string(), |total| format!("{done} of {total}")),
        );
    }
    say(Tone::Dim, left(row.expected_ms, elapsed));
    say(Tone::Dim, row.says.clone());
    line
}

fn waiting(row: &Row, view: View) -> Line {
    let text = format!("  · {} {:>7}   {}", name(&row.step, view.names), "", row.says);
    vec![(Tone::Dim, text)]
}

/// A name in its column, cut where it is wider.
fn name(step: &str, names: usize) -> String {
    pad_str(&one_line(step), names, Alignment::Left, Some("…")).into_owned()
}

fn left_out(rows: &[Row]) -> String {
    let running = rows.iter().filter(|it| it.since.is_some()).count();
    let waiting = rows.len() - running;
    let mut words = Vec::new();
    if running > 0 {
        words.push(format!("{running} more run{}", if running == 1 { "s" } else { "" }));
    }
    if waiting > 0 {
        words.push(format!("{waiting} more wait{}", if waiting == 1 { "s" } else { "" }));
    }
    words.join(", ")
}

/// `━━━━━━──────`
fn bar(done: u64, total: u64) -> String {
    let parts = done.min(total).saturating_mul(BAR as u64) / total.max(1);
    let full = usize::try_from(parts).unwrap_or(BAR);
    format!("{}{}", "━".repeat(full), "─".repeat(BAR - full))
}

/// How much longer a step takes, if it takes as long as otherwise; and once it has taken much longer, that.
fn left(expected_ms: Option<u64>, elapsed_ms: u64) -> String {
    match expected_ms {
        Some(expected) if elapsed_ms < expected => {
            format!("~{} left", about(expected - elapsed_ms))
        }
        Some(expected) if is_slow(elapsed_ms, expected) => format!("usually {}", took(expected)),
        _ => String::new(),
    }
}

/// Did something take so much longer than usual that people want to know?
pub(crate) fn is_slow(took_ms: u64, usual_ms: u64) -> bool {
    took_ms > usual_ms + usual_ms / 2 && took_ms > usual_ms + 5_000
}

/// A length of time that nobody knows exactly: never none.
fn about(ms: u64) -> String {
    in_seconds(ms.div_ceil(1000).max(1))
}

/// A length of time that is not over.
fn so_far(ms: u64) -> String {
    in_seconds(ms / 1000)
}

fn in_seconds(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m", seconds / 3600, seconds % 3600 / 60),
    }
}

/// The whole run in a row; in two where the terminal is narrow, and not at all low.
fn bottom(board: &Board, view: View) -> Vec<Line> {
    let width = view.size.columns.saturating_sub(4);
    let most = if view.size.rows >= ROOM_FOR_AIR { 2 } else { 1 };
    let mut rows: Vec<String> = Vec::new();
    for piece in pieces(board, view) {
        let fits = |row: &String| measure_text_width(row) + 3 + measure_text_width(&piece) <= width;
        let full = rows.len() == most;
        match rows.last_mut().filter(|row| fits(row)) {
            Some(row) => *row = format!("{row} · {piece}"),
            None if full => break,
            None => rows.push(piece),
        }
    }
    rows.into_iter().map(|row| vec![(Tone::Dim, format!("  {row}"))]).collect()
}

fn pieces(board: &Board, view: View) -> Vec<String> {
    let now = view.now;
    let Some((phase, _)) = board.phase else { return Vec::new() };
    let spent = board.spent_in(phase, now);
    let slow = board.usual(phase).filter(|usual| is_slow(spent, *usual));
    let slow = slow.map(|usual| format!(", usually {}", took(usual))).unwrap_or_default();
    let mut pieces = vec![format!("{} {}{slow}", phase.name(), so_far(spent))];
    if board.whole {
        let run = board.began.map_or(0, |began| millis(began, now));
        pieces.push(format!("run {}", so_far(run)));
        match board.rest(now) {
            Some(0) => pieces.push("longer than usual".into()),
            Some(rest) => pieces.push(format!("about {} left", about(rest))),
            None => {}
        }
    }
    let way_out = if view.size.columns < NARROW { briefly } else { way_out };
    pieces.push(way_out(board.way_out, phase).into());
    pieces
}

fn way_out(way: WayOut, phase: Phase) -> &'static str {
    match way {
        WayOut::Stops if phase == Phase::Verify => "Ctrl-C stops",
        WayOut::Stops => "Ctrl-C stops, nothing is touched",
        WayOut::GoesBack => "Ctrl-C goes back to what was",
        WayOut::EndsFirst => "Ctrl-C waits for this to end",
        WayOut::Stopping => "stopping · Ctrl-C leaves at once, `pipeline resume` goes on",
    }
}

/// The same where there is little room.
fn briefly(way: WayOut, _: Phase) -> &'static str {
    match way {
        WayOut::Stops => "^C stops",
        WayOut::GoesBack => "^C goes back",
        WayOut::EndsFirst => "^C waits",
        WayOut::Stopping => "stopping · ^C leaves",
    }
}

/// A line that is no wider than this.
fn cut(line: Line, width: usize) -> Line {
    let mut room = width;
    let mut kept = Line::new();
    for (tone, text) in line {
        let wide = measure_text_width(&text);
        if wide <= room {
            room -= wide;
            kept.push((tone, text));
        } else if room > 0 {
            kept.push((tone, truncate_str(&text, room, "…").into_owned()));
            break;
        } else {
            break;
        }
    }
    kept
}

#[cfg(test)]
#[path = "frame_tests.rs"]
mod tests;
