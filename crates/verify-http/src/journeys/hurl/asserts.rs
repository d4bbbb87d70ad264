//! The answer of an entry: its status, its headers, what is captured and asserted.

use std::time::Duration;

use regex::Regex;
use serde_json::Value;

use super::captures::capture;
use super::lines::Lines;
use super::words::{Word, words};
use super::{Bad, Read};
use crate::expect::{Expect, HeaderRule, HeaderWant, JsonRule, JsonWant, RuleError, pattern};
use crate::journeys::config::JourneyStep;

pub(super) fn answer(lines: &mut Lines<'_>, step: &mut JourneyStep) -> Read<()> {
    let (line, first) = lines.peek().unwrap_or((1, ""));
    step.expect.status = status(first).map_err(|why| Bad { line, why })?;
    lines.advance();
    for (line, name, value) in lines.pairs()? {
        let rule = HeaderRule::equals(name, value);
        step.expect.headers.push(rule.map_err(|error| Bad { line, why: error.to_string() })?);
    }
    while let Some((line, name)) = lines.section() {
        lines.advance();
        match name {
            "Captures" => {
                while let Some((line, text)) = lines.peek().filter(|(_, it)| is_capture(it)) {
                    step.captures.push(capture(line, text)?);
                    lines.advance();
                }
            }
            "Asserts" => {
                while let Some((line, text)) = lines.peek().filter(|(_, it)| is_assert(it)) {
                    let told = assertion(&mut step.expect, text);
                    told.map_err(|why| Bad { line, why })?;
                    lines.advance();
                }
            }
            other => {
                let why = format!("[{other}] is not supported here; [Captures] and [Asserts] are");
                return Err(Bad { line, why });
            }
        }
    }
    Ok(())
}

/// `HTTP 200`, `HTTP/1.1 200` or `HTTP *`.
fn status(line: &str) -> Result<Option<Vec<u16>>, String> {
    let line = line.split('#').next().unwrap_or_default();
    match line.split_whitespace().nth(1) {
        Some("*") => Ok(None),
        Some(number) => match number.parse() {
            Ok(status) => Ok(Some(vec![status])),
            Err(_) => Err(format!("`{number}` is no status")),
        },
        None => Err("has no status; write HTTP 200, or HTTP * for any".into()),
    }
}

fn is_capture(line: &str) -> bool {
    line.split_once(": ").is_some_and(|(name, _)| !name.contains([' ', '[', '{', '"']))
}

/// Asserts begin with a small word; a request with a large one, a section or a body with a sign.
fn is_assert(line: &str) -> bool {
    line.starts_with(char::is_lowercase)
}

fn assertion(expect: &mut Expect, text: &str) -> Result<(), String> {
    let words = words(text)?;
    let unsupported = || format!("`{text}` is not supported");
    let Some((Word::Bare(query), rest)) = words.split_first() else { return Err(unsupported()) };
    match (query.as_str(), rest) {
        ("status", [Word::Bare(equals), Word::Bare(number)]) if equals == "==" => {
            let status = number.parse().map_err(|_| format!("`{number}` is no status"))?;
            expect.status = Some(vec![status]);
        }
        ("duration", [Word::Bare(less), Word::Bare(number)]) if less == "<" || less == "<=" => {
            let millis =
                number.parse().map_err(|_| format!("`{number}` is no time in milliseconds"))?;
            expect.took_at_most = Some(Duration::from_millis(millis));
        }
        ("header", [Word::Text(name), rest @ ..]) => {
            let want = header_want(rest)?.ok_or_else(unsupported)?;
            expect.headers.push(HeaderRule::new(name, want).map_err(said)?);
        }
        ("jsonpath", [Word::Text(path), rest @ ..]) => {
            let rule = json_rule(path, rest)?.ok_or_else(unsupported)?;
            expect.json_paths.push(rule);
        }
        ("body", [Word::Bare(not), rest @ ..]) if not == "not" => {
            expect.not_matches.push(matching(rest)?.ok_or_else(unsupported)?);
        }
        ("body", rest) => expect.matches.push(matching(rest)?.ok_or_else(unsupported)?),
        ("status" | "duration" | "header" | "jsonpath", _) => return Err(unsupported()),
        (other, _) => {
            return Err(format!(
                "asserts on `{other}` are not supported; status, header, jsonpath, body and duration are"
            ));
        }
    }
    Ok(())
}

fn header_want(words: &[Word]) -> Result<Option<HeaderWant>, String> {
    Ok(match words {
        [Word::Bare(exists)] if exists == "exists" => Some(HeaderWant::Present),
        [Word::Bare(not), Word::Bare(exists)] if not == "not" && exists == "exists" => {
            Some(HeaderWant::Absent)
        }
        [Word::Bare(equals), Word::Text(text)] if equals == "==" => {
            Some(HeaderWant::Equals(text.clone()))
        }
        other => matching(other)?.map(HeaderWant::Matches),
    })
}

fn json_rule(path: &str, words: &[Word]) -> Result<Option<JsonRule>, String> {
    let (path, want) = match words {
        [Word::Bare(exists)] if exists == "exists" => (path.to_owned(), JsonWant::Exists),
        [Word::Bare(not), Word::Bare(exists)] if not == "not" && exists == "exists" => {
            (path.to_owned(), JsonWant::Absent)
        }
        [Word::Bare(count), Word::Bare(equals), Word::Bare(number)]
            if count == "count" && equals == "==" =>
        {
            let count = number.parse().map_err(|_| format!("`{number}` is no count"))?;
            // Hurl counts what is in the array, a JSONPath what it finds.
            let each = if path.ends_with("[*]") { path.to_owned() } else { format!("{path}[*]") };
            (each, JsonWant::Count(count))
        }
        [Word::Bare(equals), Word::Text(text)] if equals == "==" => {
            (path.to_owned(), JsonWant::Equals(text.clone().into()))
        }
        [Word::Bare(equals), Word::Bare(value)] if equals == "==" => {
            let value: Value = serde_json::from_str(value).map_err(|_| {
                format!("`{value}` is no value; placeholders cannot stand in asserts")
            })?;
            (path.to_owned(), JsonWant::Equals(value))
        }
        other => match matching(other)? {
            Some(regex) => (path.to_owned(), JsonWant::Matches(regex)),
            None => return Ok(None),
        },
    };
    JsonRule::new(&path, want).map(Some).map_err(said)
}

/// Predicates of texts, as what the text must match.
fn matching(words: &[Word]) -> Result<Option<Regex>, String> {
    let (predicate, text) = match words {
        [Word::Bare(predicate), Word::Text(text)] => (predicate.as_str(), text),
        [Word::Bare(predicate), Word::Regex(text)] if predicate == "matches" => ("matches", text),
        _ => return Ok(None),
    };
    if text.contains("{{") {
        return Err("placeholders cannot stand in asserts".into());
    }
    let escaped = regex::escape(text);
    let form = match predicate {
        "==" => format!(r"\A{escaped}\z"),
        "contains" => escaped,
        "startsWith" => format!(r"\A{escaped}"),
        "endsWith" => format!(r"{escaped}\z"),
        "matches" => text.clone(),
        _ => return Ok(None),
    };
    pattern("matches", &form).map(Some).map_err(said)
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn said(error: RuleError) -> String {
    error.to_string()
}
