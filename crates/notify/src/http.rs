//! How channels send over HTTP: no redirects, little of an answer, and errors without addresses, because those are secrets.

use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, StatusCode};
use thiserror::Error;

use crate::channel::NotDelivered;

/// No client could be made.
#[derive(Debug, Error)]
#[error("no HTTP client could be made")]
pub struct ClientError(#[from] reqwest::Error);

/// A client for one channel. To be made once a TLS provider is installed.
pub(crate) fn client() -> Result<Client, ClientError> {
    let agent = concat!("pipeline/", env!("CARGO_PKG_VERSION"));
    Ok(Client::builder().redirect(Policy::none()).user_agent(agent).build()?)
}

/// Sends a request once.
pub(crate) async fn send(request: RequestBuilder) -> Result<(), NotDelivered> {
    let answer = request.send().await.map_err(|error| unsent(&error))?;
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    let said = said(answer).await;
    Err(refused(status, &said))
}

/// Why nothing came of it. `reqwest` tells addresses, and its sources may: only their kind is told.
fn unsent(error: &reqwest::Error) -> NotDelivered {
    if error.is_builder() {
        return NotDelivered::ForGood("its address is none".into());
    }
    let what = if error.is_connect() { "it cannot be reached" } else { "the connection broke" };
    NotDelivered::ForNow(what.into())
}

fn refused(status: StatusCode, said: &str) -> NotDelivered {
    let said = if said.is_empty() { String::new() } else { format!(", {said}") };
    let text = format!("it answered {}{said}", status.as_u16());
    match status.as_u16() {
        408 | 425 | 429 | 500..=599 => NotDelivered::ForNow(text),
        _ => NotDelivered::ForGood(text),
    }
}

/// The beginning of an answer, in one line.
async fn said(mut answer: reqwest::Response) -> String {
    let mut bytes = Vec::new();
    while let Ok(Some(chunk)) = answer.chunk().await {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > 200 {
            break;
        }
    }
    let text: String =
        String::from_utf8_lossy(&bytes).chars().filter(|it| !it.is_control()).take(100).collect();
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_told_from_what_will_not() {
        let said = |code| refused(StatusCode::from_u16(code).unwrap(), "no_service");
        let text = || "it answered 429, no_service".to_owned();
        assert_eq!(said(429), NotDelivered::ForNow(text()));
        assert!(matches!(said(503), NotDelivered::ForNow(_)));
        assert!(matches!(said(302), NotDelivered::ForGood(_)));
        assert!(matches!(said(404), NotDelivered::ForGood(_)));
    }
}
