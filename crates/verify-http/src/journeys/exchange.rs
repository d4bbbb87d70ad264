//! What went to and fro in a step, as people may see it: bounded, and without secrets.

use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::page::visible;
use crate::expect::{Difference, clip};
use crate::redact::Secrets;
use crate::response::{Response, snippet};

/// So many headers are shown.
const HEADERS: usize = 20;
/// So many messages of a WebSocket are shown; the last ones.
const MESSAGES: usize = 5;

/// Headers whose values nobody may see, on either side.
const HIDDEN: [&str; 7] = [
    "authorization",
    "cookie",
    "proxy-authorization",
    "set-cookie",
    "x-csrf-token",
    "x-api-key",
    "sec-websocket-key",
];

/// A request as it is shown: secrets stand in it as placeholders.
#[derive(Clone, Debug, Default)]
pub(super) struct Shown {
    pub(super) line: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<String>,
}

impl Shown {
    /// Does it change something, without a token that proves that its page was seen?
    pub(super) fn is_forgeable(&self) -> bool {
        let safe = ["GET ", "HEAD ", "OPTIONS "].iter().any(|it| self.line.starts_with(it));
        let in_body = self.body.as_deref().is_some_and(|it| it.contains("_csrf_token"));
        let in_header =
            self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("x-csrf-token"));
        !safe && !in_body && !in_header
    }
}

/// A request, and what came of it so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Exchange {
    pub(super) request: Shown,
    pub(super) response: Option<Response>,
    /// What a WebSocket brought, the last ones.
    messages: Vec<String>,
    /// How many it brought.
    pub(super) brought: usize,
}

impl Exchange {
    pub(super) fn of(request: Shown) -> Self {
        Self { request, ..Self::default() }
    }

    /// What came, and each message of a WebSocket that is shown as if it had come so.
    pub(super) fn responses(&self) -> Vec<Response> {
        let Some(first) = &self.response else { return Vec::new() };
        let message = |it: &String| Response { body: it.clone().into_bytes(), ..first.clone() };
        std::iter::once(first.clone()).chain(self.messages.iter().map(message)).collect()
    }

    pub(super) fn message(&mut self, text: String) {
        self.brought += 1;
        if self.messages.len() == MESSAGES {
            self.messages.remove(0);
        }
        self.messages.push(text);
    }

    /// All of it in one sentence: what was sent, and what came.
    pub(super) fn in_words(&self, secrets: &Secrets) -> Option<String> {
        let show = |text: &str| clip(secrets.strike(text).trim());
        let Shown { line, body, .. } = &self.request;
        if line.is_empty() {
            return None;
        }
        let with =
            |text: &str| if text.is_empty() { String::new() } else { format!(" with {text}") };
        let sent =
            format!("sent {}{}", show(line), with(&show(body.as_deref().unwrap_or_default())));
        let got = match &self.response {
            None => "got no answer".to_owned(),
            Some(it) if it.is_html() => {
                format!("got {}{}", it.status, with(&show(&visible(&it.text()))))
            }
            Some(it) => format!("got {}{}", it.status, with(&show(&it.text()))),
        };
        let heard = self.messages.last().map(|it| format!(", and last heard {}", show(it)));
        Some(format!("{sent}; {got}{}", heard.unwrap_or_default()))
    }

    /// All of it, to look at.
    pub(super) fn evidence(&self, differences: &[Difference], secrets: &Secrets) -> Value {
        let show = |text: &str| snippet(&secrets.strike(text));
        let Shown { line, headers, body } = &self.request;
        let headers: Vec<_> = headers.iter().map(|it| show(&header(it))).collect();
        let differences = differences
            .iter()
            .map(|it| json!({ "wanted": it.wanted(secrets), "got": it.got(secrets) }));
        let mut value = json!({
            "request": {
                "line": show(line),
                "headers": headers,
                "body": body.as_deref().map(show),
            },
            "response": self.response.as_ref().map(|it| response(it, secrets)),
            "differences": differences.collect::<Vec<_>>(),
        });
        if self.brought > 0 {
            let messages = self.messages.iter().map(|it| show(it));
            value["messages"] = messages.collect();
        }
        value
    }
}

fn response(response: &Response, secrets: &Secrets) -> Value {
    let headers: Vec<_> = shown(&response.headers).iter().map(header).collect();
    let headers: Vec<_> = headers.iter().map(|it| snippet(&secrets.strike(it))).collect();
    json!({
        "status": response.status,
        "headers": headers,
        // Struck out before it is cut: half a secret is one too.
        "body": snippet(&secrets.strike(&response.text())),
        "cut": response.cut,
        "took_ms": response.took.as_secs_f64() * 1_000.0,
    })
}

/// Headers as they are shown.
pub(super) fn shown(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = headers.iter().map(|(name, value)| {
        (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    text.take(HEADERS).collect()
}

fn header((name, value): &(String, String)) -> String {
    let value = match name.to_ascii_lowercase().as_str() {
        "set-cookie" => hidden_cookie(value),
        name if HIDDEN.contains(&name) => "[secret]".to_owned(),
        _ => value.clone(),
    };
    format!("{name}: {value}")
}

/// A cookie's name and attributes say much; its value is for nobody.
fn hidden_cookie(value: &str) -> String {
    let (name, rest) = value.split_once('=').unwrap_or(("", value));
    let attributes = rest.split_once(';').map(|(_, it)| format!(";{it}")).unwrap_or_default();
    format!("{name}=[secret]{attributes}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::response as answer;

    #[test]
    fn nothing_secret_is_shown_and_the_rest_is_bounded() {
        let mut response = answer(403, &format!("wrong s3cret! {}", "x".repeat(2_000)));
        let cookie = "_shop_key=SFMyNTY.g3QAAA; path=/; HttpOnly";
        response.headers.insert("set-cookie", cookie.parse().unwrap());
        let mut exchange = Exchange::of(Shown {
            line: "POST http://a/login".into(),
            headers: vec![
                ("Authorization".into(), "Basic abc".into()),
                ("accept".into(), "*/*".into()),
            ],
            body: Some("password={{password}}".into()),
        });
        exchange.response = Some(response);
        (0..9).for_each(|number| exchange.message(format!("message {number}")));
        let value = exchange.evidence(&[], &Secrets::of(&["s3cret".into()]));
        let text = value.to_string();
        assert!(!text.contains("s3cret") && !text.contains("SFMyNTY") && !text.contains("Basic"));
        assert!(text.len() < 1_500, "{text}");
        let words = exchange.in_words(&Secrets::of(&["s3cret".into()])).unwrap();
        assert!(words.starts_with("sent POST http://a/login with password={{password}}; got 403 with wrong [secret]! xxx"), "{words}");
        assert!(words.ends_with("…, and last heard message 8"), "{words}");
        assert_eq!(Exchange::default().in_words(&Secrets::default()), None);
        assert_eq!(value["request"]["headers"][0], "Authorization: [secret]");
        assert_eq!(
            value["response"]["headers"][0],
            "set-cookie: _shop_key=[secret]; path=/; HttpOnly"
        );
        assert_eq!(value["messages"].as_array().map(Vec::len), Some(MESSAGES));
    }
}
