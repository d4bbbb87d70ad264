//! What is kept of an output in memory: its beginning and its end, and how much fell out between them.

use std::collections::VecDeque;

/// How much of the beginning is kept, in bytes.
const HEAD: usize = 512 * 1024;
/// How much of the end is kept, in bytes.
const TAIL: usize = 1024 * 1024;

/// The end of the line that stands for the others.
const LEFT_OUT: &str = " lines left out …]";

/// Did lines fall out of the middle of this text?
#[must_use]
pub fn is_cut(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("[… ") && line.ends_with(LEFT_OUT))
}

/// The lines of one stream, bounded.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    head: String,
    tail: VecDeque<String>,
    tail_bytes: usize,
    left_out: u64,
}

impl Kept {
    pub(crate) fn push(&mut self, line: &str) {
        if self.tail.is_empty() && self.head.len() + line.len() < HEAD {
            self.head.push_str(line);
            self.head.push('\n');
            return;
        }
        self.tail_bytes += line.len() + 1;
        self.tail.push_back(line.to_owned());
        while self.tail_bytes > TAIL {
            let Some(lost) = self.tail.pop_front() else { break };
            self.tail_bytes -= lost.len() + 1;
            self.left_out += 1;
        }
    }

    /// The whole, with a line that says how many are missing where they are.
    pub(crate) fn into_text(self) -> String {
        let mut text = self.head;
        if self.left_out > 0 {
            text.push_str("[… ");
            text.push_str(&self.left_out.to_string());
            text.push_str(LEFT_OUT);
            text.push('\n');
        }
        for line in self.tail {
            text.push_str(&line);
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_output_is_kept_whole() {
        let mut kept = Kept::default();
        kept.push("one");
        kept.push("two");
        assert_eq!(kept.into_text(), "one\ntwo\n");
    }

    #[test]
    fn of_an_endless_output_the_beginning_and_the_end_are_kept() {
        let mut kept = Kept::default();
        for number in 0..400_000 {
            kept.push(&format!("line {number}"));
        }
        let text = kept.into_text();
        assert!(text.len() < HEAD + TAIL + 100, "{}", text.len());
        assert!(text.starts_with("line 0\n") && text.ends_with("line 399999\n"));
        assert!(is_cut(&text) && !is_cut("line 1\n"));
    }
}
