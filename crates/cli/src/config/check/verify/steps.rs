//! The steps of a journey.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use toml::{Spanned, Value};
use verify_http::{Action, Body, Capture, Expect, Extract, JourneyStep, Json, Template};

use super::rules::json as as_json;
use crate::config::check::{Check, Checked};
use crate::config::raw::{self, Text, Written};

/// How long one try of a step may take, if nobody says otherwise.
const TEN_SECONDS: Duration = Duration::from_secs(10);

/// The keys that say what a step does.
const ACTIONS: &str =
    "a step has one of request = \"GET /login\", websocket = \"/socket\" and live = \"/dashboard\"";

impl Check<'_> {
    pub(super) fn step(&self, raw: Spanned<raw::Step>) -> Checked<JourneyStep> {
        let (span, raw) = (raw.span(), raw.into_inner());
        let action = self.action(&raw, &span)?;
        let usual = if matches!(action, Action::WebSocket { .. }) { 101 } else { 200 };
        let expect = self.expect(raw.rules(), usual)?;
        let headers = self.headers_of(&raw)?;
        let captures = raw.capture.into_iter().map(|(name, it)| self.capture(name, it));
        Ok(JourneyStep {
            name: raw.name,
            headers,
            cookies: self.templates(&raw.cookies)?,
            csrf: raw.csrf,
            redirects: raw.redirects.unwrap_or(0),
            expect,
            captures: captures.collect::<Checked<_>>()?,
            retries: raw.retries.unwrap_or(0),
            timeout: self.duration(raw.timeout.as_ref(), TEN_SECONDS)?,
            action,
        })
    }

    fn action(&self, raw: &raw::Step, span: &Range<usize>) -> Checked<Action> {
        let bodies = [raw.form.is_some(), raw.json.is_some(), raw.body.is_some()];
        if raw.request.is_none() && bodies.contains(&true) {
            return Err(
                self.error(Some(span.clone()), "only a request carries a form, json or a body")
            );
        }
        let receive = raw.receive.iter().map(|it| self.message(it)).collect::<Checked<Vec<_>>>()?;
        match (&raw.request, &raw.websocket, &raw.live) {
            (Some(request), None, None) if receive.is_empty() && raw.send.is_empty() => {
                self.request(request, raw)
            }
            (None, Some(path), None) => {
                let send = raw.send.iter().map(|it| self.template(it)).collect::<Checked<_>>()?;
                let (path, protocols) = (self.template(path)?, raw.protocols.clone());
                Ok(Action::WebSocket { path, protocols, send, receive })
            }
            (None, None, Some(page)) if raw.send.is_empty() => {
                let socket = match &raw.socket {
                    Some(socket) => self.template(socket)?,
                    None => Template::literal("/live/websocket"),
                };
                Ok(Action::Live { page: self.template(page)?, socket, receive })
            }
            (Some(_), None, None) => {
                Err(self
                    .error(Some(span.clone()), "a request neither sends messages nor receives any"))
            }
            (None, None, Some(_)) => {
                Err(self.error(Some(span.clone()), "a LiveView is joined, and sent nothing else"))
            }
            _ => Err(self.error(Some(span.clone()), ACTIONS)),
        }
    }

    /// `"POST /login"`, and what it carries.
    fn request(&self, request: &Text, raw: &raw::Step) -> Checked<Action> {
        let bad = |message: String| {
            self.error(Some(request.span()), message).hint("write request = \"GET /login\"")
        };
        let written = request.get_ref().trim();
        let (method, path) = written
            .split_once(' ')
            .ok_or_else(|| bad(format!("`{written}` is no request: it has no method and path")))?;
        let known =
            method.parse().ok().filter(|_| method.chars().all(|it| it.is_ascii_uppercase()));
        let method = known.ok_or_else(|| bad(format!("`{method}` is no method")))?;
        let path = self.template(&Spanned::new(request.span(), path.trim().to_owned()))?;
        let body = match (&raw.form, &raw.json, &raw.body) {
            (None, None, None) => Body::None,
            (Some(form), None, None) => Body::Form(self.templates(form)?),
            (None, Some(json), None) => {
                let value = Json::new(as_json(json.get_ref()));
                Body::Json(value.map_err(|it| self.error(Some(json.span()), it.to_string()))?)
            }
            (None, None, Some(text)) => Body::Text(self.template(text)?),
            _ => return Err(bad("a request carries one of form, json and body".into())),
        };
        Ok(Action::Request { method, path, body })
    }

    /// A message that must come: what it must match, or the rules for its text.
    fn message(&self, raw: &Written) -> Checked<Expect> {
        let written = |it: &Value| Spanned::new(raw.span(), it.clone());
        let (mut rules, mut json_path) = (BTreeMap::new(), BTreeMap::new());
        match raw.get_ref() {
            Value::Table(table) => {
                rules.extend(table.iter().map(|(key, it)| (key.as_str(), written(it))));
            }
            text => drop(rules.insert("matches", written(text))),
        }
        if let Some(Value::Table(paths)) = rules.remove("json_path").map(Spanned::into_inner) {
            json_path.extend(paths.iter().map(|(path, it)| (path.clone(), written(it))));
        }
        let (matches, not_matches) = (rules.remove("matches"), rules.remove("not_matches"));
        if let Some(key) = rules.keys().next() {
            let message = format!("a message has no `{key}`");
            let hint = "write what it must match, or a table of json_path, matches and not_matches";
            return Err(self.error(Some(raw.span()), message).hint(hint));
        }
        let rules = raw::Rules {
            status: None,
            json: false,
            json_path: &json_path,
            response_headers: &BTreeMap::new(),
            matches: matches.as_ref(),
            not_matches: not_matches.as_ref(),
            schema: None,
            took_at_most: None,
            body_at_most: None,
        };
        Ok(Expect { status: None, ..self.expect(rules, 101)? })
    }

    fn capture(&self, name: String, raw: Spanned<raw::Capture>) -> Checked<Capture> {
        let (span, raw) = (Some(raw.span()), raw.into_inner());
        let made = match raw {
            raw::Capture {
                css: Some(css),
                attribute,
                json_path: None,
                regex: None,
                header: None,
            } => Extract::css(&css, attribute.as_deref()),
            raw::Capture {
                json_path: Some(path),
                css: None,
                attribute: None,
                regex: None,
                header: None,
            } => Extract::json_path(&path),
            raw::Capture {
                regex: Some(text),
                css: None,
                attribute: None,
                json_path: None,
                header: None,
            } => Extract::regex(&text),
            raw::Capture {
                header: Some(header),
                css: None,
                attribute: None,
                json_path: None,
                regex: None,
            } => Extract::header(&header),
            _ => {
                let message = format!(
                    "`{name}` is captured from one of css (and attribute), json_path, regex and header"
                );
                return Err(self.error(span, message));
            }
        };
        let from = made.map_err(|it| self.error(span, it.to_string()))?;
        Ok(Capture { name, from })
    }

    /// What is sent. What carries a secret comes from a variable, never from the file.
    fn headers_of(&self, raw: &raw::Step) -> Checked<Vec<(String, Template)>> {
        let headers = self.templates(&raw.headers)?;
        let written = |(name, value): &&(String, Template)| {
            name.eq_ignore_ascii_case("authorization") && value.names().next().is_none()
        };
        if let Some((name, _)) = headers.iter().find(written) {
            let message = format!("the header {name} carries a secret, and this file holds none");
            return Err(self
                .error(raw.headers.get(name).map(Spanned::span), message)
                .hint("write \"Bearer {{env.NAME}}\" and put the token into that variable"));
        }
        Ok(headers)
    }

    fn templates(&self, raw: &BTreeMap<String, Text>) -> Checked<Vec<(String, Template)>> {
        raw.iter().map(|(name, it)| Ok((name.clone(), self.template(it)?))).collect()
    }

    fn template(&self, raw: &Text) -> Checked<Template> {
        let parsed: Result<Template, _> = raw.get_ref().parse();
        parsed.map_err(|it| self.error(Some(raw.span()), it.to_string()))
    }
}
