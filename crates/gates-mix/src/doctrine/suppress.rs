//! `# ZERO:OK because …`: violations that somebody decided to live with.

use elixir_syntax::Tree;

use super::files::role;
use super::rule::Violation;
use super::source::Source;

/// Comments that suppress, by line.
#[derive(Debug, Default)]
pub(super) struct Suppressions {
    marks: Vec<Mark>,
}

/// One comment that suppresses.
#[derive(Debug)]
pub(super) struct Mark {
    line: u32,
    /// A comment on a line of its own counts for the next line.
    alone: bool,
    code: String,
    /// Why, in the words of whoever wrote it.
    pub(super) reason: Option<String>,
}

impl Suppressions {
    /// Of a file that is read already.
    pub(super) fn of_source(source: &Source) -> Self {
        source
            .elixir
            .as_ref()
            .map_or_else(|| Self::of_text(source.text), |it| Self::of_elixir(it.tree))
    }

    /// Of a file, by its text.
    pub(super) fn of(text: &str, path: &str) -> Self {
        if role(path).is_elixir() {
            Self::of_elixir(&Tree::parse(text))
        } else {
            Self::of_text(text)
        }
    }

    /// Of Elixir: only comments count.
    pub(super) fn of_elixir(tree: &Tree) -> Self {
        let comments = tree.comments().filter(|it| it.raw().contains(':'));
        let marks = comments.flat_map(|it| marks(it.raw(), it.line(), it.is_alone()));
        Self { marks: marks.collect() }
    }

    /// Of any other text: what follows `#`, `//` or `<!--` is taken for a comment.
    pub(super) fn of_text(text: &str) -> Self {
        if !text.contains(":OK") {
            return Self::default();
        }
        let comment = |line: &str| {
            let starts = ["#", "//", "<!--", "--"].into_iter().filter_map(|it| line.find(it));
            starts.min()
        };
        let lines = (1..).zip(text.lines()).filter_map(|(number, line)| {
            let start = comment(line)?;
            Some(marks(&line[start..], number, line[..start].trim().is_empty()))
        });
        Self { marks: lines.flatten().collect() }
    }

    /// The comment that suppresses this one.
    pub(super) fn covers(&self, violation: &Violation) -> Option<&Mark> {
        let line = violation.line?;
        let near = |it: &&Mark| it.line == line || it.alone && it.line + 1 == line;
        let typed = |it: &&Mark| it.code == "ZERO:TYPED" && is_rescue(&violation.rule);
        let pillar = violation.pillar();
        let ok = |it: &&Mark| it.code.strip_suffix(":OK").is_some_and(|it| it == pillar);
        self.marks.iter().find(|it| near(it) && (ok(it) || typed(it)))
    }
}

/// `# ZERO:TYPED` stands on lines with a rescue.
fn is_rescue(rule: &str) -> bool {
    matches!(rule, "ZERO/bare-rescue" | "ZERO/swallowed")
}

/// The marks in one comment: `CODE:OK` or `ZERO:TYPED`, with what is said after them.
fn marks(comment: &str, line: u32, alone: bool) -> Vec<Mark> {
    let mut found = Vec::new();
    for ending in [":OK", ":TYPED"] {
        for (at, _) in comment.match_indices(ending) {
            let before = &comment[..at];
            let start = before.rfind(|it: char| !it.is_ascii_alphanumeric()).map_or(0, |it| it + 1);
            let rest = &comment[at + ending.len()..];
            let is_code = start < at
                && before[start..].chars().all(|it| it.is_ascii_uppercase() || it.is_ascii_digit());
            if !is_code || rest.starts_with(|it: char| it.is_alphanumeric()) {
                continue;
            }
            let said = rest
                .trim_end_matches("-->")
                .trim_matches(|it: char| it.is_whitespace() || "-–—:(),.".contains(it));
            let reason = (!said.is_empty()).then(|| said.to_owned());
            let code = format!("{}{ending}", &before[start..]);
            found.push(Mark { line, alone, code, reason });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use pipeline_core::Level;

    use super::*;

    fn at(rule: &'static str, line: u32) -> Violation {
        Violation {
            rule: Cow::Borrowed(rule),
            level: Level::Blocking,
            message: String::new(),
            remedy: Cow::Borrowed(""),
            path: "lib/a.ex".into(),
            line: Some(line),
            column: None,
            width: 0,
            excerpt: None,
        }
    }

    /// Whether a rule is suppressed in a line, and why.
    fn reason_of<'s>(of: &'s Suppressions, rule: &'static str, line: u32) -> Option<&'s str> {
        of.covers(&at(rule, line)).map(|it| it.reason.as_deref().unwrap_or("-"))
    }

    #[test]
    fn a_comment_suppresses_its_line_and_the_next() {
        let source = "f(x) # ZERO:OK constant set\n# SEAL:OK\ng(x)\nh(x) # ZERO:TYPED\n\"# PERF:OK\"\nk() # NOTZERO:OKAY\n";
        let of = Suppressions::of_elixir(&Tree::parse(source));
        for (rule, line, reason) in [
            ("ZERO/to-atom", 1, Some("constant set")),
            ("ZERO/to-atom", 2, None),
            ("SEAL/fragment", 2, Some("-")),
            ("SEAL/fragment", 3, Some("-")),
            ("SEAL/fragment", 4, None),
            ("ZERO/bare-rescue", 4, Some("-")),
            ("ZERO/to-atom", 4, None),
            ("PERF/length", 5, None),
            ("ZERO/to-atom", 6, None),
        ] {
            assert_eq!(reason_of(&of, rule, line), reason, "{rule} in line {line}");
        }
    }

    #[test]
    fn other_files_have_comments_of_their_own_kind() {
        let of = Suppressions::of_text(
            "<div style=\"x\"> <!-- FLLM:OK computed width -->\nRUN a # SEAL:OK\nSEAL:OK\n",
        );
        assert_eq!(reason_of(&of, "FLLM/style-attr", 1), Some("computed width"));
        assert_eq!(reason_of(&of, "SEAL/secret", 2), Some("-"));
        assert_eq!(reason_of(&of, "SEAL/secret", 3), None);
    }
}
