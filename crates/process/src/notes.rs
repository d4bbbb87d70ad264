//! Lines of a running tool as notes, not more than anybody can read.

use std::time::Duration;

use pipeline_core::Context;
use tokio::time::Instant;

use crate::clean::one_line;

/// So many lines may come at once.
const BURST: u32 = 200;
/// Later, one line in so much time.
const PACE: Duration = Duration::from_millis(50);
/// Longer lines are cut, in bytes.
const LONGEST: usize = 400;

/// Tells lines to a run's observers at a bounded rate. What it leaves out, it counts.
#[derive(Debug)]
pub(crate) struct Notes<'a> {
    cx: &'a Context,
    allowed: u32,
    refilled: Instant,
    left_out: u64,
}

impl<'a> Notes<'a> {
    pub(crate) fn new(cx: &'a Context) -> Self {
        Self { cx, allowed: BURST, refilled: Instant::now(), left_out: 0 }
    }

    pub(crate) fn line(&mut self, line: &str) {
        if line.trim().is_empty() {
            return;
        }
        self.refill();
        if self.allowed == 0 {
            self.left_out += 1;
            return;
        }
        self.allowed -= 1;
        self.tell_left_out();
        self.cx.note(one_line(line, LONGEST));
    }

    /// Says at the end what was left out.
    pub(crate) fn finish(mut self) {
        self.tell_left_out();
    }

    fn tell_left_out(&mut self) {
        if self.left_out > 0 {
            let word = if self.left_out == 1 { "line" } else { "lines" };
            self.cx.note(format_args!("… {} more {word}", self.left_out));
            self.left_out = 0;
        }
    }

    fn refill(&mut self) {
        let earned = self.refilled.elapsed().as_millis() / PACE.as_millis();
        let earned = u32::try_from(earned).unwrap_or(BURST).min(BURST);
        if earned > 0 {
            self.allowed = (self.allowed + earned).min(BURST);
            self.refilled = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipeline_core::Phase;
    use pipeline_testkit::{Heard, a_run};

    #[tokio::test(start_paused = true)]
    async fn a_flood_of_lines_becomes_a_number() {
        let heard = Heard::new();
        let cx = a_run("v1").events(heard.events()).context(Phase::Validate, "step");
        let mut notes = Notes::new(&cx);
        (0..1_000).for_each(|number| notes.line(&format!("line {number}")));
        tokio::time::advance(PACE).await;
        notes.line("later");
        notes.line("lost");
        notes.finish();
        let told = heard.notes();
        assert_eq!(told.len(), 203);
        assert_eq!(told[200..], ["… 800 more lines", "later", "… 1 more line"]);
    }
}
