//! The display on a terminal: what is done stays above, what runs moves below.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressState, ProgressStyle};
use pipeline_core::{Event, EventKind, Observer};

use super::plain::painted;
use super::story::{Detail, Story, one_line};
use super::style::took;

/// Draws on standard error.
pub(crate) struct Live {
    story: Story,
    screen: MultiProgress,
    running: BTreeMap<String, ProgressBar>,
    colour: bool,
}

impl Live {
    pub(crate) fn new(detail: Detail, colour: bool) -> Self {
        let (screen, running) = (MultiProgress::new(), BTreeMap::new());
        Self { story: Story::new(detail), screen, running, colour }
    }

    fn start(&mut self, step: &str, expected_ms: Option<u64>) {
        let bar = self.screen.add(ProgressBar::no_length().with_style(spinner(expected_ms)));
        bar.set_prefix(format!("{step:<10}"));
        bar.enable_steady_tick(Duration::from_millis(120));
        self.running.insert(step.to_owned(), bar);
    }

    fn end(&mut self, step: &str) {
        if let Some(bar) = self.running.remove(step) {
            bar.finish_and_clear();
            self.screen.remove(&bar);
        }
    }
}

impl Observer for Live {
    fn observe(&mut self, event: &Event) {
        match &event.kind {
            EventKind::StepStarted { step, expected_ms, .. } => self.start(step, *expected_ms),
            EventKind::StepDone { step, .. } => self.end(step),
            EventKind::Noted { step, message } => {
                if let Some(bar) = self.running.get(step) {
                    bar.set_message(one_line(message));
                }
            }
            EventKind::Progressed { step, done, total } => {
                if let Some(bar) = self.running.get(step) {
                    let of = total.map(|total| format!(" of {total}")).unwrap_or_default();
                    bar.set_message(format!("{done}{of}"));
                }
            }
            _ => {}
        }
        for line in self.story.tell(event) {
            // A terminal that has gone away must not stop a deploy.
            let _ = self.screen.println(painted(&line, self.colour));
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        for bar in self.running.values() {
            bar.finish_and_clear();
        }
    }
}

fn spinner(expected_ms: Option<u64>) -> ProgressStyle {
    let left = move |state: &ProgressState, text: &mut dyn Write| {
        let elapsed = u64::try_from(state.elapsed().as_millis()).unwrap_or(u64::MAX);
        // A text that cannot be written is not shown.
        let _ = text.write_str(&left(expected_ms, elapsed));
    };
    let template = "  {spinner:.cyan} {prefix} {elapsed:>7.dim} {left:.dim}  {wide_msg:.dim}";
    ProgressStyle::with_template(template)
        .expect("the template is constant")
        .with_key("left", left)
        .tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ ")
}

/// How much longer a step will take, if it takes as long as last time.
fn left(expected_ms: Option<u64>, elapsed_ms: u64) -> String {
    match expected_ms.map(|expected| expected.saturating_sub(elapsed_ms)) {
        None | Some(0) => String::new(),
        Some(left) => format!("~{} left", took(left)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_is_told_where_it_is_known_and_not_over() {
        assert_eq!(left(None, 5_000), "");
        assert_eq!(left(Some(12_000), 5_000), "~7.0s left");
        assert_eq!(left(Some(12_000), 12_000), "");
        assert_eq!(left(Some(12_000), 99_000), "");
    }
}
