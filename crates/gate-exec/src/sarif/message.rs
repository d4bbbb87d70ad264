//! The words of a result.

use std::borrow::Cow;

use super::log::{Message, Rule, Run, SarifResult};

/// Its own text, else the one that its rule or its tool has under its name, else what the rule is about.
pub(super) fn of_result<'a>(
    result: &'a SarifResult,
    rule: Option<&'a Rule>,
    run: &'a Run,
) -> String {
    let own = result.message.as_ref();
    let arguments = own.and_then(|it| it.arguments.as_deref()).unwrap_or_default();
    let named = || {
        let id = own?.id.as_deref()?;
        let of_rule = rule.and_then(|it| it.message_strings.as_ref()?.get(id));
        let of_tool = || run.tool.driver.global_message_strings.as_ref()?.get(id);
        text(of_rule.or_else(of_tool))
    };
    let about = || text(rule?.short_description.as_ref());
    let text = text(own).or_else(named).or_else(about);
    without_links(&filled(text.unwrap_or_default(), arguments))
}

/// Its text, else the same with marks.
pub(super) fn text(message: Option<&Message>) -> Option<&str> {
    let said = |it: &'_ &str| !it.trim().is_empty();
    let message = message?;
    message.text.as_deref().filter(said).or_else(|| message.markdown.as_deref().filter(said))
}

/// With `{0}` and so on replaced. Doubled braces stand for themselves; a text without arguments is left as it is.
fn filled<'a>(text: &'a str, arguments: &[String]) -> Cow<'a, str> {
    if arguments.is_empty() {
        return text.into();
    }
    let (mut filled, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find(['{', '}']) {
        filled.push_str(&rest[..at]);
        let (put, taken) = placeholder(&rest[at..], arguments);
        filled.push_str(put);
        rest = &rest[at + taken..];
    }
    filled.push_str(rest);
    filled.into()
}

/// What the brace at the beginning stands for, and how long it is.
fn placeholder<'a>(text: &'a str, arguments: &'a [String]) -> (&'a str, usize) {
    if text.starts_with("{{") || text.starts_with("}}") {
        return (&text[..1], 2);
    }
    let number = text.strip_prefix('{').and_then(|it| it.split_once('}')).map(|it| it.0);
    let argument =
        number.and_then(|number| Some((number, arguments.get(number.parse::<usize>().ok()?)?)));
    argument.map_or((&text[..1], 1), |(number, argument)| (argument, number.len() + 2))
}

/// With `[here](1)`, which points to another place of the report, as `here`.
fn without_links(text: &str) -> String {
    let (mut told, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find('[') {
        told.push_str(&rest[..at]);
        rest = &rest[at..];
        let (label, taken) = link(rest).unwrap_or(("[", 1));
        told.push_str(label);
        rest = &rest[taken..];
    }
    told.push_str(rest);
    told
}

fn link(text: &str) -> Option<(&str, usize)> {
    let close = text.find(']')?;
    let after = text[close..].strip_prefix("](")?;
    let end = after.find(')')?;
    let is_number = end > 0 && after[..end].bytes().all(|it| it.is_ascii_digit());
    is_number.then_some((&text[1..close], close + 2 + end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_fill_a_text() {
        let arguments = ["count".to_owned(), "{1}".to_owned()];
        for (text, told) in [
            ("'{0}' is unused", "'count' is unused"),
            ("{1} {0}{0}", "{1} countcount"),
            ("{{0}} is {0}", "{0} is count"),
            ("{2} {x} { } {", "{2} {x} { } {"),
            ("{0", "{0"),
            ("ż{0}ż}}", "żcountż}"),
        ] {
            assert_eq!(filled(text, &arguments), told, "{text}");
        }
        assert_eq!(filled("{{0}}", &[]), "{{0}}");
    }

    #[test]
    fn links_to_other_places_of_the_report_lose_their_number() {
        for (text, told) in [
            ("from [user input](1) to [a query](23).", "from user input to a query."),
            ("see [the docs](https://example.com)", "see [the docs](https://example.com)"),
            ("a[1](x) [open", "a[1](x) [open"),
            ("[]() [](1)", "[]() "),
        ] {
            assert_eq!(without_links(text), told, "{text}");
        }
    }
}
