//! What stands in lines: rests of merges, and blanks at their ends.

use super::{CONFLICT, WHITESPACE, is_fixture};
use crate::doctrine::{Codebase, Found, Source};

/// Only the outer marks of git count: a line of `=` may be anything.
pub(super) fn conflicts(source: &Source, found: &mut Found) {
    for mark in ["<<<<<<< ", ">>>>>>> "] {
        for (at, _) in source.text.match_indices(mark) {
            if at == 0 || source.text.as_bytes()[at - 1] == b'\n' {
                let rest = source.text[at..].lines().next().unwrap_or_default();
                let message = format!("a conflict was never resolved: `{}`", rest.trim_end());
                found.span(&CONFLICT, at..at + mark.len() - 1, message);
            }
        }
    }
}

/// Blanks at the ends of lines that were added or changed.
pub(super) fn blanks(source: &Source, codebase: &Codebase, found: &mut Found) {
    let lines = codebase.git.as_ref().and_then(|it| it.lines.get(source.path));
    let Some(lines) = lines.filter(|it| !it.is_empty()) else { return };
    // There they mean something: a line break, or a line that did not change.
    let mean_something = [".md", ".diff", ".patch"].iter().any(|it| source.path.ends_with(it));
    if mean_something || is_fixture(source.path) {
        return;
    }
    for (number, line) in (1..).zip(source.text.split_inclusive('\n')) {
        let said = line.trim_end_matches(['\n', '\r']);
        let kept = said.trim_end_matches([' ', '\t']);
        if kept.len() < said.len() && lines.contains(&number) {
            let message = "this line ends in blanks that nobody sees";
            let violation = found.line(&WHITESPACE, number, message);
            let column = kept.chars().count() + 1;
            violation.column = u32::try_from(column).ok();
            violation.width = u32::try_from(said.len() - kept.len()).unwrap_or(1);
        }
    }
}
