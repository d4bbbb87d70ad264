//! Where in a text something stands.

use std::ops::Range;

use memchr::{memchr, memchr_iter, memrchr};

/// A line that is longer is looked at only so far on either side, in bytes: one line of a megabyte is no line.
pub(super) const LONGEST_LINE: usize = 4 * 1024;

/// Line and columns, from 1; columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) end_column: u32,
}

impl Place {
    pub(super) const FIRST: Self = Self { line: 1, column: 1, end_column: 1 };

    pub(super) fn of(range: &Range<usize>, text: &[u8]) -> Self {
        let begin = memrchr(b'\n', &text[..range.start]).map_or(0, |it| it + 1);
        let end = memchr(b'\n', &text[range.clone()]).map_or(range.end, |it| range.start + it);
        let column = 1 + characters(&text[begin..range.start]);
        let line = 1 + memchr_iter(b'\n', &text[..begin]).count();
        Self {
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column,
            end_column: column + characters(&text[range.start..end]),
        }
    }
}

fn characters(bytes: &[u8]) -> u32 {
    let text = String::from_utf8_lossy(bytes);
    u32::try_from(text.trim_end_matches('\r').chars().count()).unwrap_or(u32::MAX)
}

/// All lines that `range` touches, as far as they are no longer than [`LONGEST_LINE`] beside it.
pub(super) fn lines(range: &Range<usize>, text: &[u8]) -> Range<usize> {
    line_start(range.start, text)..line_end(range.end, text)
}

/// Where the line of this byte begins.
pub(super) fn line_start(at: usize, text: &[u8]) -> usize {
    let far = at.saturating_sub(LONGEST_LINE);
    memrchr(b'\n', &text[far..at]).map_or(far, |it| far + it + 1)
}

/// Where the line of this byte ends, after its newline.
pub(super) fn line_end(at: usize, text: &[u8]) -> usize {
    let far = text.len().min(at.saturating_add(LONGEST_LINE));
    memchr(b'\n', &text[at..far]).map_or(far, |it| at + it + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_begin_at_one_and_count_characters() {
        let text = "eins\nzwei \u{fc}ber drei\r\nvier".as_bytes();
        let cases = [
            (0..4, (1, 1, 5)),
            (5..9, (2, 1, 5)),
            (10..15, (2, 6, 10)),
            (16..25, (2, 11, 15)),
            (22..26, (3, 1, 5)),
        ];
        for (range, (line, column, end_column)) in cases {
            assert_eq!(Place::of(&range, text), Place { line, column, end_column }, "{range:?}");
        }
        assert_eq!(Place::of(&(0..0), b""), Place::FIRST);
    }

    #[test]
    fn a_long_line_is_cut_on_both_sides() {
        let text = vec![b'x'; 3 * LONGEST_LINE];
        let middle = LONGEST_LINE + 10;
        assert_eq!(lines(&(middle..middle + 1), &text), 10..middle + 1 + LONGEST_LINE);
    }
}
