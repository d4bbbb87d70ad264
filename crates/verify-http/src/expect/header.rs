//! What a header must be.

use std::fmt;

use regex::Regex;
use reqwest::header::HeaderName;

use super::{Difference, Part, RuleError, pattern, quoted};
use crate::response::Response;

/// What one header must be.
#[derive(Clone, Debug)]
pub struct HeaderRule {
    name: HeaderName,
    want: HeaderWant,
}

/// What is wanted of a header. Where it stands more than once, one of its values must be right.
#[derive(Clone, Debug)]
pub enum HeaderWant {
    /// It is there.
    Present,
    /// It is not there.
    Absent,
    /// Its value is this, exactly.
    Equals(String),
    /// Its value matches this.
    Matches(Regex),
}

impl HeaderRule {
    /// The header `name`, in any case, must be so.
    pub fn new(name: &str, want: HeaderWant) -> Result<Self, RuleError> {
        Ok(Self { name: header_name(name)?, want })
    }

    /// The header `name` must have this value, exactly.
    pub fn equals(name: &str, value: impl Into<String>) -> Result<Self, RuleError> {
        Self::new(name, HeaderWant::Equals(value.into()))
    }

    /// The header `name` must match this regular expression.
    pub fn matches(name: &str, text: &str) -> Result<Self, RuleError> {
        Self::new(name, HeaderWant::Matches(pattern("headers", text)?))
    }

    pub(super) fn difference(&self, response: &Response) -> Option<Difference> {
        let values: Vec<_> = response.headers.get_all(&self.name).iter().collect();
        // A value of other bytes than text is still there, and can be told to be no match.
        let values: Vec<_> =
            values.iter().map(|it| String::from_utf8_lossy(it.as_bytes())).collect();
        let fits = match &self.want {
            HeaderWant::Present => !values.is_empty(),
            HeaderWant::Absent => values.is_empty(),
            HeaderWant::Equals(wanted) => values.iter().any(|it| it.trim() == wanted),
            HeaderWant::Matches(wanted) => values.iter().any(|it| wanted.is_match(it)),
        };
        if fits {
            return None;
        }
        let values: Vec<_> = values.iter().map(|it| quoted(it)).collect();
        let got = if values.is_empty() {
            format!("the header `{}` is missing", self.name)
        } else {
            format!("the header `{}` is {}", self.name, values.join(" and "))
        };
        Some(Difference::certain(Part::Header, got, self.want.to_string()))
    }
}

impl fmt::Display for HeaderWant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Present => f.write_str("it to be there"),
            Self::Absent => f.write_str("none"),
            Self::Equals(wanted) => f.write_str(&quoted(wanted)),
            Self::Matches(wanted) => write!(f, "a match of `{wanted}`"),
        }
    }
}

/// The name of a header, in any case.
pub(crate) fn header_name(name: &str) -> Result<HeaderName, RuleError> {
    HeaderName::try_from(name).map_err(|_| RuleError::HeaderName(name.to_owned()))
}
