//! How far from its keyword a rule may match.

use memchr::memchr_iter;
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

/// The part of a text that a rule must see, when one of its keywords was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// The keyword's line, and so many lines before and after it.
    Lines(usize),
    /// All of it.
    Everything,
}

/// Beyond so many lines it is cheaper to look at all of them.
const MOST: usize = 200;

impl Reach {
    /// Of a rule with this pattern: a match that holds the keyword spans no more lines than the pattern can match newlines.
    pub(super) fn of(pattern: &str) -> Self {
        let parsed = ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern);
        match parsed.ok().and_then(|it| newlines(&it)) {
            Some(lines) if lines <= MOST => Self::Lines(lines),
            _ => Self::Everything,
        }
    }
}

/// The most newlines that it can match; `None` = no bound.
fn newlines(hir: &Hir) -> Option<usize> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Some(0),
        HirKind::Literal(literal) => Some(memchr_iter(b'\n', &literal.0).count()),
        HirKind::Class(class) => Some(usize::from(has_newline(class))),
        HirKind::Capture(group) => newlines(&group.sub),
        HirKind::Repetition(repeated) => match newlines(&repeated.sub)? {
            0 => Some(0),
            each => Some(each.saturating_mul(usize::try_from(repeated.max?).ok()?)),
        },
        HirKind::Concat(parts) => {
            parts.iter().try_fold(0, |sum: usize, it| Some(sum.saturating_add(newlines(it)?)))
        }
        HirKind::Alternation(parts) => {
            parts.iter().try_fold(0, |most: usize, it| Some(most.max(newlines(it)?)))
        }
    }
}

fn has_newline(class: &Class) -> bool {
    match class {
        Class::Unicode(class) => class.iter().any(|it| it.start() <= '\n' && '\n' <= it.end()),
        Class::Bytes(class) => class.iter().any(|it| it.start() <= b'\n' && b'\n' <= it.end()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_as_many_lines_as_the_pattern_can_span() {
        let cases = [
            ("abc.*[^\\n]+", Reach::Lines(0)),
            ("a\\s{0,3}b(\\n|cc\\n\\n)", Reach::Lines(5)),
            ("[^\"]{1,20}", Reach::Lines(20)),
            ("(?s)a.*b", Reach::Everything),
            ("a\\s*b", Reach::Everything),
            ("\\s{1,5000}", Reach::Everything),
            ("(broken", Reach::Everything),
        ];
        for (pattern, expected) in cases {
            assert_eq!(Reach::of(pattern), expected, "{pattern}");
        }
    }
}
