//! The report that Credo writes as JSON: `{"issues": [{…}, …]}`, the same since 1.6.

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

/// One issue. Fields may be null, and Credo lets some be of any type.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Issue {
    category: Value,
    check: Value,
    filename: Value,
    line_no: Value,
    column: Value,
    message: Value,
    scope: Value,
}

impl Issue {
    /// Such as `readability`.
    pub(super) fn category(&self) -> &str {
        text(&self.category)
    }

    /// The module of the check, such as `Credo.Check.Readability.ModuleDoc`.
    pub(super) fn check(&self) -> &str {
        let check = text(&self.check);
        check.strip_prefix("Elixir.").unwrap_or(check)
    }

    /// Relative to where Credo ran.
    pub(super) fn file(&self) -> &str {
        text(&self.filename)
    }

    pub(super) fn line(&self) -> Option<u32> {
        number(&self.line_no)
    }

    pub(super) fn column(&self) -> Option<u32> {
        number(&self.column)
    }

    pub(super) fn message(&self) -> &str {
        text(&self.message)
    }

    /// The module or function it is in, such as `Shop.Cart.total`.
    pub(super) fn scope(&self) -> &str {
        text(&self.scope)
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn number(value: &Value) -> Option<u32> {
    value.as_u64().and_then(|it| it.try_into().ok()).filter(|it| *it > 0)
}

/// The issues of an answer, as far as they could be read.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Issues {
    pub(super) found: Vec<Issue>,
    /// Did every report come to its end?
    pub(super) whole: bool,
}

/// Reads all reports in the text, whatever stands around them; `None` when there is none.
pub(super) fn read(text: &str) -> Option<Issues> {
    let mut issues = Issues { whole: true, ..Issues::default() };
    let mut rest = &text[start(text)?..];
    loop {
        let (found, list_whole) = list(rest);
        issues.found.extend(found);
        let end = json::<IgnoredAny>(rest).filter(|_| list_whole);
        let Some((_, after)) = end else { return Some(Issues { whole: false, ..issues }) };
        let Some(next) = start(after) else { return Some(issues) };
        rest = &after[next..];
    }
}

/// Where a report begins. In a string its quotes would have backslashes before them.
fn start(text: &str) -> Option<usize> {
    text.match_indices(r#""issues""#).find_map(|(at, _)| {
        let before = text[..at].trim_end();
        before.ends_with('{').then(|| before.len() - 1)
    })
}

/// The issues of the report that the text begins with, one by one, and whether their list ends.
fn list(text: &str) -> (Vec<Issue>, bool) {
    let mut found = Vec::new();
    let Some((_, mut rest)) = text.split_once('[') else { return (found, false) };
    while let Some((issue, after)) = json(rest) {
        found.push(issue);
        rest = after.trim_start();
        rest = rest.strip_prefix(',').unwrap_or(rest);
    }
    (found, rest.trim_start().starts_with(']'))
}

/// The value that the text begins with, and what follows it.
fn json<T: DeserializeOwned>(text: &str) -> Option<(T, &str)> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter();
    let value = values.next()?.ok()?;
    Some((value, &text[values.byte_offset()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = r#"{"issues": [{"check": "Credo.Check.A", "line_no": 3, "column": null}]}"#;

    #[test]
    fn a_report_is_found_whatever_stands_around_it() {
        for (text, found) in [
            (ONE.to_owned(), 1),
            (format!("==> a {{\nCompiling 1 file (.ex)\n{ONE}\n{{late}}\n"), 1),
            (format!("[debug] {ONE}{ONE}"), 2),
            ("{\n  \"issues\": []\n}\n".to_owned(), 0),
            (r#"{"issues":[{"message":"{\"issues\": []}"}],"more":1}"#.to_owned(), 1),
        ] {
            let issues = read(&text).unwrap();
            assert_eq!((issues.found.len(), issues.whole), (found, true), "{text}");
        }
        for text in ["", "{}", "issues: []", r#"{"runs": []}"#, r#"["issues"]"#] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_report_without_its_end_is_not_whole() {
        for end in 10..ONE.len() {
            let issues = read(&ONE[..end]).unwrap();
            assert!(!issues.whole && issues.found.len() <= 1, "{}", &ONE[..end]);
        }
        for text in [r#"{"issues": 1}"#, r#"{"issues": [1]}"#, r#"{"issues": [{}] [}"#] {
            assert!(!read(text).unwrap().whole, "{text}");
        }
        assert!(!read(&format!("{ONE}\n{}", &ONE[..40])).unwrap().whole);
    }

    #[test]
    fn fields_of_other_types_are_absent() {
        let text = r#"{"issues": [{"check": "Elixir.Shop.Check", "message": ["no"], "line_no": 0, "column": -1, "trigger": ["__no_trigger__"]}]}"#;
        let issue = &read(text).unwrap().found[0];
        assert_eq!((issue.check(), issue.message()), ("Shop.Check", ""));
        assert_eq!((issue.line(), issue.column()), (None, None));
    }
}
