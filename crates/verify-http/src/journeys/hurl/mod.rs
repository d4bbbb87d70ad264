//! Reads files of Hurl, as far as their entries are steps of a journey. <https://hurl.dev/docs/grammar.html>
//!
//! Understood are the request with its headers, `[Options]` (`location`, `max-redirs`, `retry`), `[Query]`, `[Form]`,
//! `[Cookies]` and a body of JSON or text; and of the answer `HTTP` with its status and headers, `[Captures]` and
//! `[Asserts]` on `status`, `header`, `jsonpath`, `body` and `duration`. Whatever else stands in a file is refused with its line:
//! what was not looked at must not pass.

mod asserts;
mod captures;
mod lines;
mod request;
mod words;

use thiserror::Error;

use self::lines::Lines;
use super::config::JourneyStep;

/// A file of Hurl that cannot be walked as a journey.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{file}:{line}: {why}")]
pub struct HurlError {
    /// The file, as it was named.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it, or not supported.
    pub why: String,
}

/// The steps in the text of a file of Hurl, which errors call `file`.
///
/// Addresses begin with `{{base_url}}`, `{{host}}` or `{{url}}`, or with a slash: the environment says where that is.
///
/// ```
/// let text = "GET {{base_url}}/login\nHTTP 200\n[Captures]\ncsrf: xpath \"string(//meta[@name='csrf-token']/@content)\"\n";
/// let steps = verify_http::read_hurl("login.hurl", text)?;
/// assert_eq!(steps[0].endpoint(), "GET /login");
///
/// let refused = verify_http::read_hurl("login.hurl", "GET /\nHTTP 200\n[Asserts]\nsha256 == hex,aa;\n").unwrap_err();
/// assert_eq!(refused.to_string(), "login.hurl:4: asserts on `sha256` are not supported; status, header, jsonpath, body and duration are");
/// # Ok::<(), verify_http::HurlError>(())
/// ```
pub fn read_hurl(file: &str, text: &str) -> Result<Vec<JourneyStep>, HurlError> {
    let mut lines = Lines::new(text);
    let mut steps = Vec::new();
    while lines.peek().is_some() {
        let step = entry(&mut lines);
        steps.push(step.map_err(|Bad { line, why }| HurlError { file: file.into(), line, why })?);
    }
    if steps.is_empty() {
        let why = "has no entry; the first line of one is such as GET {{base_url}}/login".into();
        return Err(HurlError { file: file.into(), line: 1, why });
    }
    Ok(steps)
}

/// What is wrong with a line.
#[derive(Debug)]
struct Bad {
    line: usize,
    why: String,
}

type Read<T> = Result<T, Bad>;

fn entry(lines: &mut Lines<'_>) -> Read<JourneyStep> {
    let mut step = request::request(lines)?;
    step.expect.status = None;
    if let Some((_, line)) = lines.peek()
        && is_answer(line)
    {
        asserts::answer(lines, &mut step)?;
    }
    Ok(step)
}

/// Is it the first line of an answer?
fn is_answer(line: &str) -> bool {
    line.split_whitespace().next().is_some_and(|it| it == "HTTP" || it.starts_with("HTTP/"))
}

#[cfg(test)]
mod tests;
