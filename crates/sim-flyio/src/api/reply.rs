//! Answers that are not what they should be: emptied, cut, or with the times of another clock.

use axum::{
    body::{Body, to_bytes},
    http::{
        HeaderValue,
        header::{CONTENT_LENGTH, DATE},
    },
    response::Response,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::clock::Millis;

/// Answers are the simulator's own, and fit into memory.
const ALL: usize = usize::MAX;

/// The same answer with another body, if it is JSON.
pub(super) async fn changed(response: Response, change: impl FnOnce(&mut Value)) -> Response {
    rewritten(response, |bytes| {
        let Ok(mut body) = serde_json::from_slice(&bytes) else { return bytes };
        change(&mut body);
        body.to_string().into_bytes()
    })
    .await
}

/// The same answer, cut in the middle.
pub(super) async fn malformed(response: Response) -> Response {
    rewritten(response, |bytes| match bytes.len() {
        0 | 1 => b"{".to_vec(),
        length => bytes[..length / 2].to_vec(),
    })
    .await
}

/// The same answer by a clock that is `ms` ahead of `now`.
pub(super) async fn skewed(response: Response, ms: i64, now: Millis) -> Response {
    let mut response = changed(response, |body| skew(body, ms)).await;
    let there = Timestamp::from_millisecond(now.saturating_add(ms)).ok();
    let date = there.map(|at| at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string());
    let date = date.and_then(|date| HeaderValue::from_str(&date).ok());
    response.headers_mut().extend(date.map(|date| (DATE, date)));
    response
}

async fn rewritten(response: Response, change: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, ALL).await.unwrap_or_default();
    parts.headers.remove(CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(change(bytes.to_vec())))
}

/// Takes everything out of every list.
pub(super) fn empty(body: &mut Value) {
    match body {
        Value::Array(list) => list.clear(),
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::Array(list) => list.clear(),
                    Value::Number(_) if key.starts_with("total_") => *value = 0.into(),
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

/// Takes these machines out of a list.
pub(super) fn hide(body: &mut Value, machines: &[String]) {
    if let Value::Array(list) = body {
        list.retain(|machine| machines.iter().all(|hidden| machine["id"] != hidden.as_str()));
    }
}

/// Moves all times: RFC 3339 anywhere, seconds in `expires_at`, milliseconds in `timestamp`.
fn skew(body: &mut Value, ms: i64) {
    match body {
        Value::Array(list) => list.iter_mut().for_each(|item| skew(item, ms)),
        Value::Object(map) => {
            for (key, value) in map {
                match (key.as_str(), value.as_i64()) {
                    ("expires_at", Some(seconds)) => {
                        *value = seconds.saturating_add(ms / 1000).into();
                    }
                    ("timestamp", Some(millis)) => *value = millis.saturating_add(ms).into(),
                    // What was sent comes back as it was sent.
                    ("config" | "user_config" | "incomplete_config", _) => {}
                    _ => skew(value, ms),
                }
            }
        }
        Value::String(text) => {
            if let Some(moved) = moved(text, ms) {
                *text = moved;
            }
        }
        _ => {}
    }
}

/// A time, or a sentence that ends with one, by the other clock.
fn moved(text: &str, ms: i64) -> Option<String> {
    let start = text.rfind(' ').map_or(0, |at| at + 1);
    let time: Timestamp = text[start..].parse().ok()?;
    let moved = time.checked_add(SignedDuration::from_millis(ms)).ok()?;
    Some(format!("{}{moved}", &text[..start]))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn all_times_are_moved_and_nothing_else() {
        let mut body = json!({
            "data": { "expires_at": 1_786_701_455, "nonce": "a", "version": "01J" },
            "events": [{ "timestamp": 1_786_701_455_120_i64, "type": "exit" }],
            "created_at": "2026-08-14T09:57:35Z",
            "config": { "env": { "BORN": "2026-08-14T09:57:35Z" } },
            "error": "aborted: lease held by a, expires at 2026-08-14T09:57:35Z",
        });
        skew(&mut body, -90_000);
        let wanted = json!({
            "data": { "expires_at": 1_786_701_365, "nonce": "a", "version": "01J" },
            "events": [{ "timestamp": 1_786_701_365_120_i64, "type": "exit" }],
            "created_at": "2026-08-14T09:56:05Z",
            "config": { "env": { "BORN": "2026-08-14T09:57:35Z" } },
            "error": "aborted: lease held by a, expires at 2026-08-14T09:56:05Z",
        });
        assert_eq!(body, wanted);
    }

    #[test]
    fn lists_are_emptied_wherever_they_are() {
        let table = [
            (json!([1, 2]), json!([])),
            (json!({ "total_apps": 1, "apps": [{}] }), json!({ "total_apps": 0, "apps": [] })),
            (json!({ "error": "no" }), json!({ "error": "no" })),
        ];
        for (mut body, wanted) in table {
            empty(&mut body);
            assert_eq!(body, wanted);
        }
    }
}
