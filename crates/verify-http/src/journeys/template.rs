//! Texts with places to fill in: `/users/{{id}}`. Pure.

use thiserror::Error;

/// A text in which `{{name}}` stands for a value that a journey captured, or for one of its secrets.
///
/// ```
/// use verify_http::Template;
///
/// let path: Template = "/users/{{ id }}/orders".parse()?;
/// assert_eq!(path.names().collect::<Vec<_>>(), ["id"]);
/// assert_eq!(path.to_string(), "/users/{{id}}/orders");
/// # Ok::<(), verify_http::BadTemplate>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Value(String),
}

/// A text that cannot be filled in.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{text}` {why}; write a placeholder as {{{{name}}}}")]
pub struct BadTemplate {
    text: String,
    why: &'static str,
}

impl std::str::FromStr for Template {
    type Err = BadTemplate;

    fn from_str(text: &str) -> Result<Self, BadTemplate> {
        let bad = |why| BadTemplate { text: text.to_owned(), why };
        let (mut parts, mut rest) = (Vec::new(), text);
        while let Some((before, after)) = rest.split_once("{{") {
            let (name, after) = after.split_once("}}").ok_or(bad("has {{ without }}"))?;
            let name = name.trim();
            if name.is_empty() || !name.chars().all(is_of_a_name) {
                return Err(bad("has a placeholder that is no name"));
            }
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            parts.push(Part::Value(name.to_owned()));
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self(parts))
    }
}

impl std::fmt::Display for Template {
    /// As it was written.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.filled(|name| format!("{{{{{name}}}}}")))
    }
}

impl Template {
    /// A text without placeholders, whatever stands in it.
    #[must_use]
    pub fn literal(text: impl Into<String>) -> Self {
        Self(vec![Part::Text(text.into())])
    }

    /// The names of its placeholders, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Value(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// The text with each placeholder filled in.
    pub(super) fn filled(&self, value: impl Fn(&str) -> String) -> String {
        let parts = self.0.iter().map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Value(name) => value(name),
        });
        parts.collect()
    }
}

fn is_of_a_name(it: char) -> bool {
    it.is_alphanumeric() || matches!(it, '_' | '-' | '.')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filled(text: &str) -> Result<String, String> {
        let template: Template = text.parse().map_err(|it: BadTemplate| it.to_string())?;
        Ok(template.filled(|name| format!("<{name}>")))
    }

    #[test]
    fn placeholders_are_filled_in_and_nothing_else_is_touched() {
        assert_eq!(filled("/login"), Ok("/login".into()));
        assert_eq!(filled(""), Ok(String::new()));
        assert_eq!(filled("{{a}}{{ env.SHOP_USER }}-{b}"), Ok("<a><env.SHOP_USER>-{b}".into()));
    }

    #[test]
    fn a_placeholder_that_is_none_is_refused() {
        insta::assert_snapshot!(filled("/users/{{id").unwrap_err(),
            @"`/users/{{id` has {{ without }}; write a placeholder as {{name}}");
        insta::assert_snapshot!(filled("{{ }}").unwrap_err(),
            @"`{{ }}` has a placeholder that is no name; write a placeholder as {{name}}");
        insta::assert_snapshot!(filled("{{a b}}").unwrap_err(),
            @"`{{a b}}` has a placeholder that is no name; write a placeholder as {{name}}");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".*") {
            if let Ok(template) = text.parse::<Template>() {
                let again = template.to_string().parse::<Template>();
                prop_assert_eq!(again, Ok(template));
            }
        }
    }
}
