//! The display on a terminal: what is done stays above, what runs moves below.

use std::collections::BTreeMap;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use pipeline_core::{Event, EventKind, Observer};

use super::plain::painted;
use super::story::{Detail, Story, one_line};

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

    fn start(&mut self, step: &str) {
        let bar = self.screen.add(ProgressBar::no_length().with_style(spinner()));
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
            EventKind::StepStarted { step, .. } => self.start(step),
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

fn spinner() -> ProgressStyle {
    ProgressStyle::with_template("  {spinner:.cyan} {prefix} {elapsed:>7.dim}   {wide_msg:.dim}")
        .expect("the template is constant")
        .tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ ")
}
