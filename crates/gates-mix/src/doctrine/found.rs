//! Where a pillar tells what it found.

use std::ops::Range;

use elixir_syntax::Node;

use super::rule::{Rule, Violation};
use super::source::Source;

/// Collects violations; it knows the file that is looked at.
#[derive(Debug)]
pub struct Found<'a> {
    source: Option<&'a Source<'a>>,
    violations: Vec<Violation>,
}

impl<'a> Found<'a> {
    /// For one file.
    #[must_use]
    pub fn in_file(source: &'a Source<'a>) -> Self {
        Self { source: Some(source), violations: Vec::new() }
    }

    /// For the project as a whole.
    #[must_use]
    pub fn in_project() -> Self {
        Self { source: None, violations: Vec::new() }
    }

    /// A piece of code is not as it should be.
    pub fn node(&mut self, rule: &Rule, node: Node, message: impl Into<String>) -> &mut Violation {
        self.span(rule, node.span(), message)
    }

    /// These bytes of the file are not as they should be.
    pub fn span(
        &mut self,
        rule: &Rule,
        span: Range<usize>,
        message: impl Into<String>,
    ) -> &mut Violation {
        let text = self.source.map_or("", |it| it.text);
        let before = text.get(..span.start).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |it| it + 1);
        let column = before[line_start..].chars().count() + 1;
        let first_line = text.get(span).unwrap_or_default().lines().next().unwrap_or_default();
        let width = first_line.trim_end().chars().count().max(1);
        let line = self.line_of(before);
        let excerpt = text[line_start..].lines().next().map(ToOwned::to_owned);
        let path = self.source.map_or("", |it| it.path).to_owned();
        let violation = self.path(rule, path, Some(line), message);
        violation.excerpt = excerpt;
        (violation.column, violation.width) = (Some(number(column)), number(width));
        violation
    }

    /// A line of the file is not as it should be.
    pub fn line(&mut self, rule: &Rule, line: u32, message: impl Into<String>) -> &mut Violation {
        let source = self.source;
        let lines = source.map(|it| it.text.lines());
        let excerpt = lines.and_then(|mut it| it.nth(line.saturating_sub(1) as usize));
        let violation = self.path(rule, source.map_or("", |it| it.path), Some(line), message);
        violation.excerpt = excerpt.map(ToOwned::to_owned);
        violation
    }

    /// The file as a whole is not as it should be.
    pub fn file(&mut self, rule: &Rule, message: impl Into<String>) -> &mut Violation {
        let path = self.source.map_or("", |it| it.path).to_owned();
        self.path(rule, path, None, message)
    }

    /// Any file, or none where `path` is empty.
    #[expect(clippy::too_many_arguments, reason = "a place is a path and a line")]
    pub fn path(
        &mut self,
        rule: &Rule,
        path: impl Into<String>,
        line: Option<u32>,
        message: impl Into<String>,
    ) -> &mut Violation {
        self.violations.push(Violation {
            rule: rule.code.clone(),
            level: rule.level,
            message: message.into(),
            remedy: rule.remedy.clone(),
            path: path.into(),
            line,
            column: None,
            width: 0,
            excerpt: None,
        });
        let last = self.violations.len() - 1;
        &mut self.violations[last]
    }

    pub(crate) fn into_violations(self) -> Vec<Violation> {
        self.violations
    }

    fn line_of(&self, before: &str) -> u32 {
        match self.source.and_then(|it| it.elixir.as_ref()) {
            Some(elixir) => elixir.tree.line_at(before.len()),
            None => number(before.bytes().filter(|it| *it == b'\n').count() + 1),
        }
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
