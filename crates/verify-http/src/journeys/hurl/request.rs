//! The request of an entry.

use reqwest::{Method, Url};

use super::lines::Lines;
use super::{Bad, Read, is_answer};
use crate::journeys::body::{Body, Json};
use crate::journeys::config::{Action, JourneyStep};
use crate::journeys::template::{BadTemplate, Template};

/// What `location: true` follows without `max-redirs`, as Hurl does.
const REDIRECTS: u32 = 50;

/// Placeholders that stand for the environment's own address.
const BASES: [&str; 3] = ["{{base_url}}", "{{host}}", "{{url}}"];

type Pairs<'t> = Vec<(usize, &'t str, &'t str)>;

/// What is read of a request before it is one.
struct Draft {
    path: String,
    query: Vec<String>,
    body: Body,
    step: JourneyStep,
}

pub(super) fn request(lines: &mut Lines<'_>) -> Read<JourneyStep> {
    let (line, first) = lines.peek().unwrap_or((1, ""));
    let (method, path) = request_line(first).map_err(|why| Bad { line, why })?;
    lines.advance();
    let mut draft = Draft {
        path,
        query: Vec::new(),
        body: Body::None,
        step: JourneyStep::get(Template::default()),
    };
    for (line, name, value) in lines.pairs()? {
        draft.step.headers.push((name.to_owned(), template(line, value)?));
    }
    while let Some((line, name)) = lines.section() {
        lines.advance();
        draft.section(line, name, lines.pairs()?)?;
    }
    if let Some((number, found)) = lines.peek()
        && !is_answer(found)
        && request_line(found).is_err()
    {
        draft.body = body(lines, number, found)?;
    }
    draft.finish(line, method)
}

/// `GET {{base_url}}/login`, as the method and the path.
fn request_line(line: &str) -> Result<(Method, String), String> {
    let words =
        || "is neither a request, such as GET {{base_url}}/login, nor part of one".to_owned();
    let (method, rest) = line.split_once(' ').ok_or_else(words)?;
    if method.is_empty() || !method.chars().all(|it| it.is_ascii_uppercase()) {
        return Err(words());
    }
    let method = method.parse::<Method>().map_err(|_| words())?;
    let address = rest.trim().split(" #").next().unwrap_or_default().trim();
    let path = BASES.iter().find_map(|it| address.strip_prefix(it)).unwrap_or(address);
    match path {
        "" => Ok((method, "/".to_owned())),
        _ if path.starts_with('/') => Ok((method, path.to_owned())),
        // One that was captured.
        _ if path.starts_with("{{") => Ok((method, path.to_owned())),
        _ => Err(format!(
            "asks for {path}; write {{{{base_url}}}} before the path: the environment says where that is"
        )),
    }
}

impl Draft {
    fn section(&mut self, line: usize, name: &str, pairs: Pairs<'_>) -> Read<()> {
        match name {
            "Options" => pairs.into_iter().try_for_each(|it| self.option(it)),
            "Query" | "QueryStringParams" => {
                self.query.extend(pairs.iter().map(|(_, name, value)| pair(name, value)));
                Ok(())
            }
            "Form" | "FormParams" => {
                let fields = pairs.into_iter().map(field).collect::<Read<_>>()?;
                self.body = Body::Form(fields);
                Ok(())
            }
            "Cookies" => {
                let cookies: Vec<_> = pairs.into_iter().map(field).collect::<Read<_>>()?;
                self.step.cookies.extend(cookies);
                Ok(())
            }
            other => {
                let why = format!(
                    "[{other}] is not supported here; [Options], [Query], [Form] and [Cookies] are"
                );
                Err(Bad { line, why })
            }
        }
    }

    fn option(&mut self, (line, name, value): (usize, &str, &str)) -> Read<()> {
        let bad = |why: &str| Bad { line, why: format!("`{name}: {value}` {why}") };
        let number = || value.parse::<u32>().map_err(|_| bad("is no whole number"));
        match (name, value) {
            ("location", "true") => self.step.redirects = REDIRECTS,
            ("location", "false") => self.step.redirects = 0,
            ("max-redirs", _) => self.step.redirects = number()?,
            ("retry", _) => self.step.retries = number()?,
            _ => return Err(bad("is not supported; location, max-redirs and retry are")),
        }
        Ok(())
    }

    fn finish(self, line: usize, method: Method) -> Read<JourneyStep> {
        let Self { mut path, query, body, step } = self;
        if !query.is_empty() {
            path.push(if path.contains('?') { '&' } else { '?' });
            path.push_str(&query.join("&"));
        }
        let action = Action::Request { method, path: template(line, &path)?, body };
        Ok(JourneyStep { action, ..step })
    }
}

fn body(lines: &mut Lines<'_>, line: usize, found: &str) -> Read<Body> {
    if found.starts_with("```") {
        return Ok(Body::Text(template(line, &lines.fenced()?)?));
    }
    if let Some(text) = found.strip_prefix('`').and_then(|it| it.strip_suffix('`')) {
        lines.advance();
        return Ok(Body::Text(template(line, text)?));
    }
    if found.starts_with(['{', '[']) {
        let json = Json::new(lines.json()?);
        return json.map(Body::Json).map_err(|error| unreadable(line, &error));
    }
    let why = format!("`{found}` is no body that is supported; JSON and text in backticks are");
    Err(Bad { line, why })
}

fn field((line, name, value): (usize, &str, &str)) -> Read<(String, Template)> {
    Ok((name.to_owned(), template(line, value)?))
}

pub(super) fn template(line: usize, text: &str) -> Read<Template> {
    text.parse().map_err(|error| unreadable(line, &error))
}

fn unreadable(line: usize, error: &BadTemplate) -> Bad {
    Bad { line, why: error.to_string() }
}

/// `name=value`, encoded unless it is a placeholder.
fn pair(name: &str, value: &str) -> String {
    if value.contains("{{") {
        return format!("{name}={value}");
    }
    let url = Url::parse_with_params("http://a/", [(name, value)]);
    url.ok().and_then(|it| it.query().map(str::to_owned)).unwrap_or_default()
}
