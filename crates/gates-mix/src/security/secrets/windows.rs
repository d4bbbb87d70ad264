//! The parts of a text that a rule is tried on: around its keywords, and none of them twice.

use std::ops::Range;

use super::keywords::Keywords;
use super::place::{line_end, line_start};
use super::reach::Reach;
use super::rule::Rule;

/// Calls `each` with the number of a rule and a part of the text, for all rules and in the text's order for each of them.
pub(super) fn windows(
    rules: &[Rule],
    keywords: &Keywords,
    text: &[u8],
    mut each: impl FnMut(usize, Range<usize>),
) {
    let mut open: Vec<Option<Range<usize>>> = vec![None; rules.len()];
    for (number, rule) in rules.iter().enumerate() {
        if rule.keywords.is_empty() && rule.regex.is_some() {
            open[number] = Some(0..text.len());
        }
    }
    keywords.find(text, |start, end, numbers| {
        for &number in numbers {
            let before = open[number].take();
            open[number] = Some(match before {
                Some(window) if reaches(&window, rules[number].reach, end) => window,
                before => {
                    let window = around(start..end, rules[number].reach, text);
                    match before {
                        Some(before) if before.end >= window.start => {
                            before.start.min(window.start)..window.end.max(before.end)
                        }
                        Some(before) => {
                            each(number, before);
                            window
                        }
                        None => window,
                    }
                }
            });
        }
    });
    for (number, window) in open.into_iter().enumerate() {
        if let Some(window) = window {
            each(number, window);
        }
    }
}

/// Does the window hold all that a keyword which ends here would open?
fn reaches(window: &Range<usize>, reach: Reach, end: usize) -> bool {
    match reach {
        Reach::Lines(0) => end < window.end,
        Reach::Lines(_) => false,
        Reach::Everything => true,
    }
}

fn around(keyword: Range<usize>, reach: Reach, text: &[u8]) -> Range<usize> {
    let Reach::Lines(lines) = reach else { return 0..text.len() };
    let mut window = line_start(keyword.start, text)..line_end(keyword.end, text);
    for _ in 0..lines {
        window = line_start(window.start.saturating_sub(1), text)..line_end(window.end, text);
    }
    window
}
