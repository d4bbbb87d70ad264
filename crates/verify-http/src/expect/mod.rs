//! What an answer must be: rules that are parsed and checked once, then judge answers purely.

mod difference;
mod error;
mod header;
mod json;
mod json_path;
mod schema;

pub(crate) use difference::clip;
pub use difference::{Difference, Part};
pub use error::RuleError;
pub(crate) use header::header_name;
pub use header::{HeaderRule, HeaderWant};
pub(crate) use json::text_of;
pub use json::{JsonRule, JsonWant};
pub use json_path::JsonPath;
pub use schema::Schema;

use std::time::Duration;

use regex::Regex;
use serde_json::Value;

use crate::response::{BODY_LIMIT, Response};

/// What an answer must be. Whatever is not said is not looked at: the default accepts every answer.
///
/// ```
/// use verify_http::{Expect, HeaderRule, JsonRule, JsonWant, pattern};
///
/// # fn main() -> Result<(), verify_http::RuleError> {
/// let health = Expect {
///     json_paths: vec![JsonRule::new("$.checks.*.status", JsonWant::Equals("ok".into()))?],
///     headers: vec![HeaderRule::equals("cache-control", "no-store")?],
///     not_matches: vec![pattern("not_matches", "(?i)stack trace")?],
///     ..Expect::status([200])
/// };
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Expect {
    /// One of these statuses. `None`: any.
    pub status: Option<Vec<u16>>,
    /// What its headers must be.
    pub headers: Vec<HeaderRule>,
    /// Must the body be JSON? Every rule about JSON says so, too.
    pub json: bool,
    /// What must be found in a body of JSON.
    pub json_paths: Vec<JsonRule>,
    /// What the body must match, as text; all of it.
    pub matches: Vec<Regex>,
    /// What the body must not match, as text.
    pub not_matches: Vec<Regex>,
    /// The JSON Schema that the body must fit.
    pub json_schema: Option<Schema>,
    /// The longest it may take, from sending the request to the end of the body.
    pub took_at_most: Option<Duration>,
    /// The most bytes its body may have; no more than 1 MiB can be told.
    pub body_at_most: Option<usize>,
}

/// The regular expression `text` of the key `key`, which the error names.
pub fn pattern(key: &'static str, text: &str) -> Result<Regex, RuleError> {
    let refused = |reason: regex::Error| {
        // The last line says what is wrong; those before it draw the pattern.
        let reason = reason.to_string();
        let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ");
        RuleError::Pattern { key, pattern: text.to_owned(), reason: reason.to_owned() }
    };
    Regex::new(text).map_err(refused)
}

impl Expect {
    /// One of these statuses, and nothing else.
    pub fn status(status: impl IntoIterator<Item = u16>) -> Self {
        Self { status: Some(status.into_iter().collect()), ..Self::default() }
    }

    /// Does it say anything about the body? An answer to `HEAD` has none.
    #[must_use]
    pub fn reads_body(&self) -> bool {
        self.reads_json() || !self.matches.is_empty() || !self.not_matches.is_empty()
    }

    /// Refuses statuses that no server sends as a final answer, and bounds that nothing can keep.
    pub fn check(&self) -> Result<(), RuleError> {
        let statuses = self.status.as_deref();
        if statuses.is_some_and(<[u16]>::is_empty) {
            return Err(RuleError::NoStatus);
        }
        let strange = statuses.unwrap_or_default().iter().find(|it| !(200..600).contains(*it));
        if let Some(status) = strange {
            return Err(RuleError::Status(*status));
        }
        if self.took_at_most.is_some_and(|it| it.is_zero()) {
            return Err(RuleError::NoTime);
        }
        match self.body_at_most.filter(|it| *it > BODY_LIMIT) {
            Some(bytes) => Err(RuleError::Body(bytes)),
            None => Ok(()),
        }
    }

    /// All in which the answer is not what was wanted, the status first.
    pub(crate) fn differences(&self, response: &Response) -> Vec<Difference> {
        let mut found = Vec::new();
        found.extend(self.wrong_status(response));
        found.extend(self.headers.iter().filter_map(|it| it.difference(response)));
        found.extend(self.wrong_json(response));
        found.extend(self.wrong_text(response));
        found.extend(self.wrong_bounds(response));
        found
    }

    fn wrong_status(&self, response: &Response) -> Option<Difference> {
        let wanted = self.status.as_ref()?;
        if wanted.contains(&response.status) {
            return None;
        }
        let to = response.header("location").map(|to| format!(" to {to}")).unwrap_or_default();
        let wanted: Vec<_> = wanted.iter().map(u16::to_string).collect();
        let got = format!("answered {}{to}", response.status);
        Some(Difference::certain(Part::Status, got, wanted.join(" or ")))
    }

    fn reads_json(&self) -> bool {
        self.json || !self.json_paths.is_empty() || self.json_schema.is_some()
    }

    fn wrong_json(&self, response: &Response) -> Vec<Difference> {
        if !self.reads_json() {
            return Vec::new();
        }
        let body = match body_of(response) {
            Ok(body) => body,
            Err(difference) => return vec![difference],
        };
        let rules = self.json_paths.iter().filter_map(|it| it.difference(&body));
        let schema = self.json_schema.iter().filter_map(|it| it.difference(&body));
        rules.chain(schema).collect()
    }

    fn wrong_text(&self, response: &Response) -> Vec<Difference> {
        if self.matches.is_empty() && self.not_matches.is_empty() {
            return Vec::new();
        }
        let text = String::from_utf8_lossy(&response.body);
        let missing = self.matches.iter().filter(|it| !it.is_match(&text)).map(|it| {
            let wanted = format!("a match of `{it}`");
            if response.cut {
                return Difference::too_long(wanted);
            }
            Difference::certain(Part::Body, "nothing in the body matches", wanted)
        });
        let unwanted = self.not_matches.iter().filter_map(|it| {
            let wanted = format!("no match of `{it}`");
            match it.find(&text) {
                Some(found) => {
                    let got = format!("the body holds {}", quoted(found.as_str()));
                    Some(Difference::certain(Part::Body, got, wanted))
                }
                None => response.cut.then(|| Difference::too_long(wanted)),
            }
        });
        missing.chain(unwanted).collect()
    }

    fn wrong_bounds(&self, response: &Response) -> Vec<Difference> {
        let late = self.took_at_most.filter(|most| response.took > *most).map(|most| {
            Difference::certain(
                Part::Time,
                format!("it took {:?}", response.took),
                format!("at most {most:?}"),
            )
        });
        let over = |most: &usize| response.body.len() > *most || response.cut;
        let large = self.body_at_most.filter(over).map(|most| {
            let more = if response.cut { "more than " } else { "" };
            let got = format!("the body has {more}{} bytes", response.body.len());
            Difference::certain(Part::Body, got, format!("at most {most}"))
        });
        late.into_iter().chain(large).collect()
    }
}

/// The body as JSON.
fn body_of(response: &Response) -> Result<Value, Difference> {
    if response.cut {
        return Err(Difference::too_long("JSON"));
    }
    serde_json::from_slice(&response.body).map_err(|error| {
        let got = if response.body.is_empty() {
            "the body is empty".to_owned()
        } else {
            format!("the body is no JSON ({error})")
        };
        Difference::certain(Part::Body, got, "JSON")
    })
}

/// A text in quotation marks, with nothing in it that a terminal obeys.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests;
