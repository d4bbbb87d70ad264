//! Plain lines, for logs and for terminals that can do no more: one line a change, nothing redrawn.

use std::io::Write;

use pipeline_core::{Event, EventKind, Observer};

use super::story::{Detail, Line, Story};
use super::style::paint;

/// Writes lines as they come.
pub(crate) struct Plain<W> {
    story: Story,
    out: W,
    colour: bool,
    detail: Detail,
}

impl<W: Write + Send> Plain<W> {
    pub(crate) fn new(out: W, detail: Detail, colour: bool) -> Self {
        Self { story: Story::new(detail), out, colour, detail }
    }

    fn write(&mut self, lines: Vec<Line>) {
        for line in lines {
            // A log that cannot be written must not stop a deploy.
            let _ = writeln!(self.out, "{}", painted(&line, self.colour));
        }
        let _ = self.out.flush();
    }
}

impl<W: Write + Send> Observer for Plain<W> {
    fn observe(&mut self, event: &Event) {
        let lines = self.story.tell(event);
        self.write(lines);
        if let (EventKind::StepStarted { step, .. }, true) =
            (&event.kind, self.detail > Detail::Quiet)
        {
            let _ = writeln!(self.out, "  . {step} …");
        }
    }
}

pub(super) fn painted(line: &Line, colour: bool) -> String {
    line.iter().map(|(tone, text)| paint(*tone, text, colour)).collect()
}
