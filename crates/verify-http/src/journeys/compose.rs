//! From a step to the request that it sends, and to what of that is shown.

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue};

use super::body::Body;
use super::browser::Browser;
use super::config::JourneyStep;
use super::exchange::Shown;
use super::template::Template;
use super::wrong::Wrong;
use crate::error::Error;
use crate::place::Request;

/// The field and the header in which Phoenix looks for the token: `Plug.CSRFProtection`.
const CSRF_FIELD: &str = "_csrf_token";
const CSRF_HEADER: &str = "x-csrf-token";

impl Browser<'_> {
    /// A request of this step, with its headers and without a body.
    pub(super) fn compose(
        &mut self,
        step: &JourneyStep,
        method: &Method,
        path: &Template,
    ) -> Result<(Request, Shown), Wrong> {
        let mut request = self.request(method.clone(), &self.values.fill(path))?;
        let mut headers = Vec::new();
        for (name, value) in &step.headers {
            set(&mut request, name, &self.values.fill(value))?;
            headers.push((name.clone(), self.values.show(value)));
        }
        for (name, value) in &step.cookies {
            let value = self.values.fill(value);
            self.set_cookie(&request.url, name, &value);
        }
        let shown_path = self.values.show(path);
        let line = if shown_path.starts_with('/') {
            format!("{method} {}{shown_path}", self.route.base.origin().ascii_serialization())
        } else {
            format!("{method} {shown_path}")
        };
        Ok((request, Shown { line, headers, body: None }))
    }

    /// The same, with its body and its CSRF token.
    pub(super) fn compose_whole(
        &mut self,
        step: &JourneyStep,
        method: &Method,
        (path, body): (&Template, &Body),
    ) -> Result<(Request, Shown), Wrong> {
        let token = if step.csrf { Some(self.csrf()?) } else { None };
        let (mut request, mut shown) = self.compose(step, method, path)?;
        if let Some(token) = &token {
            set(&mut request, CSRF_HEADER, token)?;
            shown.headers.push((CSRF_HEADER.into(), "[secret]".into()));
        }
        let bodiless = matches!(*method, Method::GET | Method::HEAD);
        match body {
            // What only sends a token is a form with nothing else in it, such as a button to sign out.
            Body::None if token.is_none() || bodiless => {}
            Body::None => self.form(&mut request, &mut shown, (&[], token)),
            Body::Form(fields) => self.form(&mut request, &mut shown, (fields, token)),
            Body::Json(json) => {
                let sent = json.filled(&|it| self.values.fill(it));
                let told = json.filled(&|it| self.values.show(it));
                carry(&mut request, "application/json", sent.to_string());
                shown.body = Some(told.to_string());
            }
            Body::Text(text) => {
                carry(&mut request, "text/plain; charset=utf-8", self.values.fill(text));
                shown.body = Some(self.values.show(text));
            }
        }
        Ok((request, shown))
    }

    fn form(
        &self,
        request: &mut Request,
        shown: &mut Shown,
        (fields, token): (&[(String, Template)], Option<String>),
    ) {
        let sent = fields.iter().map(|(name, value)| (name.clone(), self.values.fill(value)));
        let told = fields.iter().map(|(name, value)| format!("{name}={}", self.values.show(value)));
        let hidden = token.as_ref().map(|_| format!("{CSRF_FIELD}=[secret]"));
        shown.body = Some(told.chain(hidden).collect::<Vec<_>>().join("&"));
        let token = token.map(|it| (CSRF_FIELD.to_owned(), it));
        let mut url = self.route.base.clone();
        url.set_query(None);
        url.query_pairs_mut().extend_pairs(sent.chain(token));
        let body = url.query().unwrap_or_default().to_owned();
        carry(request, "application/x-www-form-urlencoded", body);
    }
}

/// Gives it a body, whose type the step's own headers may have said.
fn carry(request: &mut Request, content_type: &'static str, body: String) {
    request.headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static(content_type));
    request.body = Some(body.into_bytes());
}

pub(super) fn set(request: &mut Request, name: &str, value: &str) -> Result<(), Wrong> {
    // The host alone: a path may hold a secret.
    let url = request.url.origin().ascii_serialization();
    let refused = || Error::Header { name: name.to_owned(), url: url.clone() };
    let known = HeaderName::try_from(name).map_err(|_| refused())?;
    let mut value = HeaderValue::try_from(value).map_err(|_| refused())?;
    value.set_sensitive(true);
    request.headers.insert(known, value);
    Ok(())
}
