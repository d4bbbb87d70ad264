//! What an entry captures.

use regex::Regex;

use super::words::{Word, words};
use super::{Bad, Read};
use crate::expect::RuleError;
use crate::extract::Extract;
use crate::journeys::config::Capture;

/// `name: query "…"`.
pub(super) fn capture(line: usize, text: &str) -> Read<Capture> {
    let bad = |why: String| Bad { line, why };
    let (name, query) = text
        .split_once(':')
        .ok_or_else(|| bad("is no capture, such as id: jsonpath \"$.id\"".into()))?;
    let from = match &words(query).map_err(bad)?[..] {
        [Word::Bare(kind), Word::Text(of)] => from(kind, of).map_err(bad)?,
        [Word::Bare(kind), Word::Regex(of)] if kind == "regex" => from(kind, of).map_err(bad)?,
        [Word::Bare(kind)] if kind == "status" => Extract::Status,
        _ => {
            let why = format!(
                "captures by {}, which is not supported; jsonpath, regex, header, status and xpath of an attribute are, without filters",
                query.trim()
            );
            return Err(bad(why));
        }
    };
    Ok(Capture { name: name.trim().to_owned(), from })
}

fn from(kind: &str, of: &str) -> Result<Extract, String> {
    let said = |error: RuleError| error.to_string();
    match kind {
        "jsonpath" => Extract::json_path(of).map_err(said),
        "regex" => Extract::regex(of).map_err(said),
        "header" => Extract::header(of).map_err(said),
        "xpath" => match selector(of) {
            Some((css, attribute)) => Extract::css(&css, Some(&attribute)).map_err(said),
            None => Err(format!(
                "the XPath {of} is not supported; such as string(//meta[@name='csrf-token']/@content) are"
            )),
        },
        other => Err(format!("captures by `{other}` are not supported")),
    }
}

/// The `XPath` of one attribute of one element, as a CSS selector and the attribute.
fn selector(xpath: &str) -> Option<(String, String)> {
    let form = r#"^\s*(?:string\()?//([A-Za-z][\w-]*)((?:\[@[\w-]+=(?:'[^'"\\]*'|"[^'"\\]*")\])*)/@([\w-]+)\)?\s*$"#;
    let found = Regex::new(form).ok()?.captures(xpath)?;
    let css = format!("{}{}", &found[1], found[2].replace("[@", "["));
    Some((css, found[3].to_owned()))
}
