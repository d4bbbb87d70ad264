//! Bytes into lines of bounded length.

use std::mem;

/// Longer lines are cut: nobody reads them, and memory is finite.
pub(crate) const LONGEST: usize = 64 * 1024;

/// Collects bytes and gives back whole lines.
#[derive(Debug)]
pub(crate) struct Lines {
    begun: Vec<u8>,
    /// The bytes of a line that are held. More than [`LONGEST`], so that a secret which begins before the cut
    /// is whole when it is looked for.
    held: usize,
}

impl Lines {
    pub(crate) fn new(longest_secret: usize) -> Self {
        Self { begun: Vec::new(), held: LONGEST + longest_secret }
    }

    /// Takes bytes and gives each line that they complete.
    pub(crate) fn push(&mut self, bytes: &[u8], mut line: impl FnMut(&[u8])) {
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            self.hold(&rest[..end]);
            line(&mem::take(&mut self.begun));
            rest = &rest[end + 1..];
        }
        self.hold(rest);
    }

    /// Gives the last line, when it did not end.
    pub(crate) fn finish(self, mut line: impl FnMut(&[u8])) {
        if !self.begun.is_empty() {
            line(&self.begun);
        }
    }

    fn hold(&mut self, bytes: &[u8]) {
        let room = self.held.saturating_sub(self.begun.len());
        self.begun.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(chunks: &[&[u8]]) -> Vec<String> {
        let (mut lines, mut seen) = (Lines::new(0), Vec::new());
        let mut see = |line: &[u8]| seen.push(String::from_utf8_lossy(line).into_owned());
        for chunk in chunks {
            lines.push(chunk, &mut see);
        }
        lines.finish(&mut see);
        seen
    }

    #[test]
    fn lines_are_whole_wherever_the_chunks_are_cut() {
        assert_eq!(lines(&[b"on", b"e\ntw", b"o\n\nthree"]), ["one", "two", "", "three"]);
    }

    #[test]
    fn a_line_without_end_takes_bounded_memory() {
        let mut lines = Lines::new(10);
        (0..1_000).for_each(|_| lines.push(&[b'x'; 4096], |_| ()));
        assert_eq!(lines.begun.len(), LONGEST + 10);
    }

    proptest! {
        #[test]
        fn chunks_do_not_matter(text in "[a-z\n]{0,200}", at in 0usize..200) {
            let (one, two) = text.as_bytes().split_at(at.min(text.len()));
            prop_assert_eq!(lines(&[one, two]), text.lines().collect::<Vec<_>>());
        }
    }
}
