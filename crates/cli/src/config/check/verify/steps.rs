//! The steps of a journey.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;
use verify_http::{Action, Body, Capture, Expect, Extract, JourneyStep, Json, Template};

use crate::config::check::{Check, Checked};
use crate::config::raw::{self, Text};

/// How long one try of a step may take, if nobody says otherwise.
const TEN_SECONDS: Duration = Duration::from_secs(10);

/// The keys that say what a step does.
const ACTIONS: &str =
    "a step has one of request = \"GET /login\", websocket = \"/socket\" and live = \"/dashboard\"";

impl Check<'_> {
    pub(super) fn step(&self, raw: Spanned<raw::Step>) -> Checked<JourneyStep> {
        let (span, raw) = (raw.span(), raw.into_inner());
        let action = self.action(&raw, &span)?;
        let mut expect = match raw.expect {
            Some(it) => {
                let span = Some(it.span());
                self.expect(it.into_inner(), &span)?
            }
            None => Expect::default(),
        };
        let usual = if matches!(action, Action::WebSocket { .. }) { 101 } else { 200 };
        expect.status = Some(self.statuses(raw.status.as_ref(), usual)?);
        let captures = raw.capture.into_iter().map(|(name, it)| self.capture(name, it));
        Ok(JourneyStep {
            name: raw.name,
            headers: self.templates(&raw.headers)?,
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
                let span = Some(json.span());
                let value = Json::new(self.value(json.get_ref(), &span)?);
                Body::Json(value.map_err(|it| self.error(span, it.to_string()))?)
            }
            (None, None, Some(text)) => Body::Text(self.template(text)?),
            _ => return Err(bad("a request carries one of form, json and body".into())),
        };
        Ok(Action::Request { method, path, body })
    }

    /// A message that must come: what it must match, or rules as for an answer.
    fn message(&self, raw: &Spanned<toml::Value>) -> Checked<Expect> {
        let span = Some(raw.span());
        let rules = match raw.get_ref() {
            toml::Value::String(text) => {
                raw::Expect { matches: vec![text.clone()], ..raw::Expect::default() }
            }
            other => raw::Expect::deserialize(other.clone())
                .map_err(|it| self.error(span.clone(), it.message().to_owned()))?,
        };
        self.expect(rules, &span)
    }

    /// One status, or a list of them.
    fn statuses(&self, raw: Option<&Spanned<toml::Value>>, usual: u16) -> Checked<Vec<u16>> {
        let Some(raw) = raw else { return Ok(vec![usual]) };
        let one = |it: &toml::Value| {
            let number = it.as_integer().and_then(|it| u16::try_from(it).ok());
            number.filter(|it| (100..600).contains(it))
        };
        let all = match raw.get_ref() {
            toml::Value::Array(items) => items.iter().map(one).collect::<Option<Vec<_>>>(),
            other => one(other).map(|it| vec![it]),
        };
        all.filter(|it| !it.is_empty()).ok_or_else(|| {
            self.error(Some(raw.span()), "a status is a number from 100 to 599, or a list of them")
        })
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

    fn templates(&self, raw: &BTreeMap<String, Text>) -> Checked<Vec<(String, Template)>> {
        raw.iter().map(|(name, it)| Ok((name.clone(), self.template(it)?))).collect()
    }

    fn template(&self, raw: &Text) -> Checked<Template> {
        let parsed: Result<Template, _> = raw.get_ref().parse();
        parsed.map_err(|it| self.error(Some(raw.span()), it.to_string()))
    }
}
