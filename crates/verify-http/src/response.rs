//! What came back, bounded, and the part of it that people get to see.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::HeaderMap;

/// The longest body that is read, in bytes: 1 MiB.
pub(crate) const BODY_LIMIT: usize = 1 << 20;

/// The longest part of a body that is shown, in characters.
const SNIPPET: usize = 500;

/// Headers in which an application, or the proxy before it, may say which machine answered.
pub(crate) const MACHINE_HEADERS: [&str; 3] =
    ["fly-machine-id", "x-fly-machine-id", "x-machine-id"];

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// At most [`BODY_LIMIT`] bytes.
    pub(crate) body: Vec<u8>,
    /// Was there more?
    pub(crate) cut: bool,
    /// From sending the request to the end of the body.
    pub(crate) took: Duration,
    /// The certificate it was sent under (DER); `None` without TLS.
    pub(crate) certificate: Option<Arc<[u8]>>,
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok().map(str::trim)
    }

    /// The machine that answered, if it says so.
    pub(crate) fn machine(&self) -> Option<&str> {
        MACHINE_HEADERS.iter().find_map(|name| self.header(name))
    }

    /// Does it call itself a page?
    pub(crate) fn is_html(&self) -> bool {
        self.header("content-type").is_some_and(|it| it.starts_with("text/html"))
    }

    /// The body as text that no terminal obeys.
    pub(crate) fn text(&self) -> String {
        let harmless = |it: &char| !it.is_control() || matches!(it, '\n' | '\t');
        String::from_utf8_lossy(&self.body).chars().filter(harmless).collect()
    }
}

/// The beginning of a text.
pub(crate) fn snippet(text: &str) -> String {
    match text.char_indices().nth(SNIPPET) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
pub(crate) fn response(status: u16, body: &str) -> Response {
    let (headers, took) = (HeaderMap::new(), Duration::from_millis(12));
    Response { status, headers, body: body.into(), cut: false, took, certificate: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_shown_in_part_and_cannot_move_the_cursor() {
        assert_eq!(response(200, "\x1b[2Jhello\r\n\tyou").text(), "[2Jhello\n\tyou");
        assert_eq!(snippet("short"), "short");
        assert_eq!(snippet(&"ž".repeat(600)).chars().count(), SNIPPET + 1);
    }
}
