//! A WebSocket (RFC 6455) as a client: the request that opens it, and its messages.

use futures::{SinkExt, StreamExt};
use reqwest::header::{CONNECTION, HeaderMap, HeaderValue, UPGRADE};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};

use crate::client::Upgraded;
use crate::response::Response;

/// The longest message that is read, in bytes: 4 MiB. A `LiveView` sends its page whole when it is joined.
const LONGEST: usize = 4 << 20;

/// A WebSocket that is open.
pub(super) struct Socket(WebSocketStream<Upgraded>);

/// The headers that ask for a WebSocket, and the key that the answer must prove to have read.
pub(super) fn ask_for(headers: &mut HeaderMap, protocols: &[String]) -> String {
    let key = generate_key();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert("sec-websocket-version", HeaderValue::from_static("13"));
    // Base64, so it is text that a header may hold.
    if let Ok(value) = HeaderValue::from_str(&key) {
        headers.insert("sec-websocket-key", value);
    }
    if let Ok(value) = HeaderValue::from_str(&protocols.join(", "))
        && !protocols.is_empty()
    {
        headers.insert("sec-websocket-protocol", value);
    }
    key
}

/// Whether an answer of `101` is one to this key; if not, why.
pub(super) fn proven(response: &Response, key: &str) -> Result<(), String> {
    let upgrade = response.header("upgrade").unwrap_or_default();
    if !upgrade.eq_ignore_ascii_case("websocket") {
        return Err(format!("answered 101, but upgrades to `{upgrade}`, wanted a WebSocket"));
    }
    match response.header("sec-websocket-accept") {
        Some(accept) if accept == derive_accept_key(key.as_bytes()) => Ok(()),
        _ => Err("answered 101 with a `sec-websocket-accept` of another request".into()),
    }
}

impl Socket {
    pub(super) async fn over(stream: Upgraded) -> Self {
        let config = WebSocketConfig::default()
            .max_message_size(Some(LONGEST))
            .max_frame_size(Some(LONGEST));
        Self(WebSocketStream::from_raw_socket(stream, Role::Client, Some(config)).await)
    }

    /// Sends a text.
    pub(super) async fn send(&mut self, text: String) -> Result<(), String> {
        self.0.send(Message::text(text)).await.map_err(|error| lost(&error))
    }

    /// The next text; pings are answered on the way.
    pub(super) async fn receive(&mut self) -> Result<Bytes, String> {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => return Ok(text.into()),
                Some(Ok(Message::Binary(bytes))) => return Ok(bytes),
                Some(Ok(Message::Close(Some(close)))) if close.reason.is_empty() => {
                    return Err(format!("closed the WebSocket with code {}", close.code));
                }
                Some(Ok(Message::Close(Some(close)))) => {
                    let (code, reason) = (close.code, close.reason);
                    return Err(format!("closed the WebSocket with code {code}: {reason}"));
                }
                Some(Ok(Message::Close(None))) | None => {
                    return Err("closed the WebSocket without a word".into());
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(lost(&error)),
            }
        }
    }

    /// Says goodbye; nobody waits for the answer.
    pub(super) async fn close(mut self) {
        let _ = self.0.close(None).await;
    }
}

fn lost(error: &Error) -> String {
    match error {
        Error::Io(error) => format!("broke the WebSocket off: {}", error.kind()),
        other => format!("broke the WebSocket off: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::response;

    #[test]
    fn an_upgrade_must_prove_that_it_read_the_request() {
        // The key and its answer of RFC 6455, 1.3.
        let key = "dGhlIHNhbXBsZSBub25jZQ==";
        let mut answer = response(101, "");
        let mut said = |name: &'static str, value: &str| {
            answer.headers.insert(name, value.parse().unwrap());
            proven(&answer, key)
        };
        insta::assert_snapshot!(said("upgrade", "h2c").unwrap_err(),
            @"answered 101, but upgrades to `h2c`, wanted a WebSocket");
        insta::assert_snapshot!(said("upgrade", "WebSocket").unwrap_err(),
            @"answered 101 with a `sec-websocket-accept` of another request");
        assert_eq!(said("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), Ok(()));
    }

    #[test]
    fn the_request_offers_its_protocols() {
        let mut headers = HeaderMap::new();
        ask_for(&mut headers, &[]);
        assert!(!headers.contains_key("sec-websocket-protocol"));
        ask_for(&mut headers, &["a".into(), "b".into()]);
        assert_eq!(headers["sec-websocket-protocol"], "a, b");
    }
}
