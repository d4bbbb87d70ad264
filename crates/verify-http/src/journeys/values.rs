//! What a journey knows: its secrets, what it captured, and what of that nobody may see.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use super::template::Template;
use super::variable::Variable;
use crate::redact::Secrets;

/// A value of so many characters that the other side gave may be a token. A shorter one is a number or a name,
/// and struck out it would take half of the page with it.
const LOOKS_LIKE_A_TOKEN: usize = 8;

/// The values of one walk through a journey.
#[derive(Clone, Default)]
pub(super) struct Values {
    captured: BTreeMap<String, String>,
    secrets: BTreeMap<String, SecretString>,
    /// Tokens and cookies that the other side gave.
    tokens: BTreeSet<Token>,
}

/// A value that must not be seen.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Token(String);

impl Values {
    /// The secrets, or the first one that is missing.
    pub(super) fn of(secrets: &BTreeMap<String, Variable>) -> Result<Self, &Variable> {
        let known = |(name, it): (&String, &Variable)| Some((name.clone(), it.secret()?.clone()));
        match secrets.values().find(|it| it.secret().is_none()) {
            Some(missing) => Err(missing),
            None => {
                Ok(Self { secrets: secrets.iter().filter_map(known).collect(), ..Self::default() })
            }
        }
    }

    pub(super) fn capture(&mut self, name: &str, value: String) {
        self.hide(&value);
        self.captured.insert(name.to_owned(), value);
    }

    /// Takes a value for a secret from now on, if it may be one.
    pub(super) fn hide(&mut self, value: &str) {
        if value.chars().count() >= LOOKS_LIKE_A_TOKEN {
            self.tokens.insert(Token(value.to_owned()));
        }
    }

    /// The text to send.
    pub(super) fn fill(&self, template: &Template) -> String {
        template.filled(|name| match (self.captured.get(name), self.secrets.get(name)) {
            (Some(value), _) => value.clone(),
            (None, Some(secret)) => secret.expose_secret().to_owned(),
            // Refused when the journey was made.
            (None, None) => String::new(),
        })
    }

    /// The text to show: a secret stays the placeholder that it was.
    pub(super) fn show(&self, template: &Template) -> String {
        let shown = |name: &str| match self.captured.get(name) {
            Some(value) if !self.tokens.contains(&Token(value.clone())) => value.clone(),
            _ => format!("{{{{{name}}}}}"),
        };
        self.secrets().strike(&template.filled(shown))
    }

    /// All that must not be seen, in each spelling in which it may come back.
    pub(super) fn secrets(&self) -> Secrets {
        let given = self.secrets.values().map(|it| it.expose_secret().to_owned());
        let tokens = self.tokens.iter().map(|Token(it)| it.clone());
        let spelled = given.chain(tokens).flat_map(|it| spellings(&it));
        let spelled: BTreeSet<Token> = spelled.map(Token).collect();
        let spelled: Vec<_> = spelled.into_iter().map(|Token(it)| SecretString::from(it)).collect();
        Secrets::of(&spelled)
    }
}

/// The names alone.
impl std::fmt::Debug for Values {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (captured, secrets) = (self.captured.keys(), self.secrets.keys());
        f.debug_set().entries(captured.chain(secrets)).finish()
    }
}

/// As it is, as in a form, in an address, in JSON, in HTML, and in HTML as in JSON or as Elixir's `inspect` has it.
fn spellings(value: &str) -> Vec<String> {
    let mut url = Url::parse("http://a/").expect("this is a URL");
    url.query_pairs_mut().append_pair("", value);
    let form = url.query().unwrap_or_default().trim_start_matches('=').to_owned();
    let json = serde_json::Value::from(value).to_string();
    let json = json[1..json.len() - 1].to_owned();
    let html = |text: &str| {
        let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        text.replace('"', "&quot;").replace('\'', "&#39;")
    };
    let (plain, quoted) = (html(value), html(&json));
    let mut all = vec![value.to_owned(), form.replace('+', "%20"), form, json, plain, quoted];
    all.retain(|it| !it.is_empty());
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> Values {
        let secret = Variable::named("SHOP_PASSWORD", Some("p&ss \"word\"".into()));
        let mut values = Values::of(&[("password".to_owned(), secret)].into()).unwrap();
        values.capture("id", "42".into());
        values.capture("token", "tok3n-of-the-page".into());
        values
    }

    #[test]
    fn what_is_sent_has_the_values_and_what_is_shown_has_no_secret() {
        let template = "/a/{{id}}?t={{token}}&p={{password}}".parse().unwrap();
        let values = values();
        assert_eq!(values.fill(&template), "/a/42?t=tok3n-of-the-page&p=p&ss \"word\"");
        assert_eq!(values.show(&template), "/a/42?t={{token}}&p={{password}}");
        assert!(!format!("{values:?}").contains("tok3n"));
        let literal = Template::literal("t=tok3n-of-the-page");
        assert_eq!(values.show(&literal), "t=[secret]");
    }

    #[test]
    fn a_secret_is_struck_out_in_every_spelling() {
        let secrets = values().secrets();
        for text in [
            "p&ss \"word\"",
            "p%26ss+%22word%22",
            "p%26ss%20%22word%22",
            r#"p&ss \"word\""#,
            "p&amp;ss &quot;word&quot;",
        ] {
            assert_eq!(secrets.strike(&format!("<{text}>")), "<[secret]>");
        }
        assert_eq!(secrets.strike("order 42 stays"), "order 42 stays");
    }

    #[test]
    fn a_missing_or_empty_secret_is_named() {
        for value in [None, Some("".into())] {
            let secrets = [("p".to_owned(), Variable::named("SHOP_PASSWORD", value))].into();
            assert_eq!(Values::of(&secrets).unwrap_err().name(), "SHOP_PASSWORD");
        }
    }
}
