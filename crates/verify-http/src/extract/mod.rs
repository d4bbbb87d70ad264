//! Takes values out of an answer.

use std::fmt;

use regex::Regex;
use reqwest::header::HeaderName;
use scraper::{Html, Selector};
use serde_json::Value;
use thiserror::Error;

use crate::expect::{JsonPath, RuleError, header_name, pattern, text_of};
use crate::response::Response;

/// Where in an answer a value stands.
#[derive(Clone, Debug)]
pub enum Extract {
    /// What a JSON path finds. A string without its quotation marks, anything else as JSON.
    JsonPath(JsonPath),
    /// The elements of a page that a CSS selector finds: an attribute of each, or its text.
    Css {
        /// Which elements.
        selector: Selector,
        /// Which attribute; the text within the element if none is named.
        attribute: Option<String>,
    },
    /// What a regular expression finds: its first group, or all of it if it has none.
    Regex(Regex),
    /// The values of a header.
    Header(HeaderName),
    /// The status.
    Status,
}

/// Why an answer could not be searched. Finding nothing is none.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExtractError {
    /// It is no JSON.
    #[error("the body is no JSON ({0})")]
    NoJson(String),
    /// Only its beginning was read, and nothing was found in that.
    #[error("the body is longer than 1 MiB, too much to tell")]
    TooLong,
}

impl Extract {
    /// What a JSON path finds.
    pub fn json_path(path: &str) -> Result<Self, RuleError> {
        JsonPath::parse(path).map(Self::JsonPath)
    }

    /// What a CSS selector finds: the attribute of that name, or the text.
    pub fn css(selector: &str, attribute: Option<&str>) -> Result<Self, RuleError> {
        let refused =
            |reason: String| RuleError::Selector { selector: selector.to_owned(), reason };
        if selector.trim().is_empty() {
            return Err(refused("it is empty".into()));
        }
        let parsed = Selector::parse(selector).map_err(|error| refused(error.to_string()))?;
        Ok(Self::Css { selector: parsed, attribute: attribute.map(str::to_owned) })
    }

    /// What a regular expression finds.
    pub fn regex(text: &str) -> Result<Self, RuleError> {
        pattern("regex", text).map(Self::Regex)
    }

    /// The values of a header, named in any case.
    pub fn header(name: &str) -> Result<Self, RuleError> {
        header_name(name).map(Self::Header)
    }

    /// Does it need the body?
    pub(crate) fn reads_body(&self) -> bool {
        !matches!(self, Self::Header(_) | Self::Status)
    }

    /// All values there are, in their order; none is no error.
    pub(crate) fn all(&self, response: &Response) -> Result<Vec<String>, ExtractError> {
        match self {
            Self::JsonPath(path) => in_json(path, response),
            Self::Css { selector, attribute } => {
                unless_cut(in_page(selector, attribute.as_deref(), response), response)
            }
            Self::Regex(regex) => unless_cut(in_text(regex, response), response),
            Self::Header(name) => {
                let values = response.headers.get_all(name).iter();
                let text =
                    values.map(|it| String::from_utf8_lossy(it.as_bytes()).trim().to_owned());
                Ok(text.collect())
            }
            Self::Status => Ok(vec![response.status.to_string()]),
        }
    }
}

/// As it is called in a sentence.
impl fmt::Display for Extract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::JsonPath(path) => write!(f, "`{path}`"),
            Self::Css { selector, attribute } => {
                use scraper::selector::ToCss;
                let selector = selector.to_css_string();
                match attribute {
                    Some(attribute) => write!(f, "the attribute `{attribute}` of `{selector}`"),
                    None => write!(f, "the text of `{selector}`"),
                }
            }
            Self::Regex(regex) => write!(f, "the match of `{regex}`"),
            Self::Header(name) => write!(f, "the header `{name}`"),
            Self::Status => f.write_str("the status"),
        }
    }
}

fn in_json(path: &JsonPath, response: &Response) -> Result<Vec<String>, ExtractError> {
    if response.cut {
        return Err(ExtractError::TooLong);
    }
    let body: Value = serde_json::from_slice(&response.body)
        .map_err(|error| ExtractError::NoJson(error.to_string()))?;
    Ok(path.find(&body).into_iter().map(text_of).collect())
}

fn in_page(selector: &Selector, attribute: Option<&str>, response: &Response) -> Vec<String> {
    let page = Html::parse_document(&String::from_utf8_lossy(&response.body));
    let found = page.select(selector).filter_map(|it| match attribute {
        Some(name) => it.attr(name).map(str::to_owned),
        None => Some(it.text().collect::<String>().trim().to_owned()),
    });
    found.collect()
}

fn in_text(regex: &Regex, response: &Response) -> Vec<String> {
    let text = String::from_utf8_lossy(&response.body);
    let found = regex.captures_iter(&text).filter_map(|it| {
        let group = if regex.captures_len() > 1 { it.get(1) } else { it.get(0) };
        group.map(|it| it.as_str().to_owned())
    });
    found.collect()
}

/// Nothing found in the beginning of a body says nothing about its end.
fn unless_cut(found: Vec<String>, response: &Response) -> Result<Vec<String>, ExtractError> {
    if found.is_empty() && response.cut { Err(ExtractError::TooLong) } else { Ok(found) }
}

#[cfg(test)]
mod tests;
