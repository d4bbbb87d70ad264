//! The last rows of a terminal, drawn again and again. What is printed above them stays where it is.
//!
//! Nothing of the terminal's own state is changed: the cursor stays visible, nothing is switched off. So there is nothing
//! that a process that is killed could leave behind. What scrolls out of a terminal that became so small that its rows do not fit is
//! out of anybody's reach, and stays; so may rows that are drawn after a terminal broke its rows anew and before it tells of its
//! new size, which takes tmux a quarter of a second. What was printed is never lost.

use std::io::{self, Write};

use console::measure_text_width;

/// How large a terminal is, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
}

/// A terminal, and what was drawn on it last.
#[derive(Debug)]
pub(crate) struct Screen<W> {
    out: W,
    /// The widths of the rows that are drawn just now; the cursor is at the end of the last one.
    drawn: Vec<usize>,
    /// Does this terminal break rows anew that are longer than it is wide by now? All do but xterm itself, which cuts them.
    reflows: bool,
}

impl<W: Write> Screen<W> {
    pub(crate) fn new(out: W, reflows: bool) -> Self {
        Self { out, drawn: Vec::new(), reflows }
    }

    /// Prints lines for good, and draws rows below them in place of those that were drawn before. No row may be wider
    /// than the terminal.
    pub(crate) fn draw(&mut self, above: &[String], rows: &[String], size: Size) -> io::Result<()> {
        if above.is_empty() && rows.is_empty() && self.drawn.is_empty() {
            return Ok(());
        }
        // Where nothing is printed above, rows are drawn over rows, and nothing flickers.
        let erase = !above.is_empty() || rows.is_empty();
        let mut text = self.back_to_the_top(size, erase);
        for line in above {
            text += line;
            text += "\r\n";
        }
        for (number, row) in rows.iter().enumerate() {
            text += if number == 0 { "\x1b[2K" } else { "\r\n\x1b[2K" };
            text += row;
        }
        if !rows.is_empty() {
            text += "\x1b[J";
        }
        self.drawn = rows.iter().map(|row| measure_text_width(row)).collect();
        // In one piece: nothing of anybody else comes between, and nothing flickers.
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    /// Somebody else has written: what is drawn stays as it is, and the next rows are drawn below.
    pub(crate) fn forget(&mut self) {
        self.drawn.clear();
    }

    /// Writes something that does not end its line, such as a question.
    pub(crate) fn write(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    /// Takes the cursor to the first row that is drawn; erases all of them on the way, if that is wanted.
    ///
    /// Row by row: tmux keeps what is erased from the top of the screen on in one go, as if it had scrolled away.
    fn back_to_the_top(&self, size: Size, erase: bool) -> String {
        let columns = size.columns.max(1);
        let height = |width: &usize| if self.reflows { width.div_ceil(columns).max(1) } else { 1 };
        let rows: usize = self.drawn.iter().map(height).sum();
        let erased = if erase { "\x1b[2K" } else { "" };
        let mut text = String::new();
        for row in 0..rows {
            text += if row == 0 { "\r" } else { "\x1b[A" };
            text += erased;
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(reflows: bool, steps: &[(&[&str], &[&str], usize)]) -> String {
        let mut bytes = Vec::new();
        let mut screen = Screen::new(&mut bytes, reflows);
        for (above, rows, columns) in steps {
            let [above, rows] =
                [above, rows].map(|it| it.iter().map(ToString::to_string).collect::<Vec<_>>());
            screen.draw(&above, &rows, Size { rows: 24, columns: *columns }).unwrap();
        }
        String::from_utf8(bytes)
            .unwrap()
            .replace('\x1b', "^")
            .replace('\r', "<")
            .replace('\n', "\\n")
    }

    #[test]
    fn what_is_printed_above_is_never_touched_again() {
        let text =
            drawn(true, &[(&[], &["one", "two"], 80), (&["done"], &["two"], 80), (&[], &[], 80)]);
        assert_eq!(text, r"^[2Kone<\n^[2Ktwo^[J<^[2K^[A^[2Kdone<\n^[2Ktwo^[J<^[2K");
        assert_eq!(drawn(true, &[(&[], &[], 80)]), "", "nothing drawn is nothing written");
    }

    #[test]
    fn a_terminal_that_became_narrower_has_broken_the_rows_anew_unless_it_is_one_that_cuts_them() {
        let wide = "x".repeat(60);
        let steps: [(&[&str], &[&str], usize); 2] = [(&[], &["a", &wide], 80), (&[], &["b"], 40)];
        assert!(drawn(true, &steps).ends_with(r"<^[A^[A^[2Kb^[J"));
        assert!(drawn(false, &steps).ends_with(r"<^[A^[2Kb^[J"));
    }
}
