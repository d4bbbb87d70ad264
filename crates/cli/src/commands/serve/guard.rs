//! Whom the pages are for: whoever asks this machine by a name that only this machine has. Pure.

use axum::http::header::{ALLOW, HOST, HeaderValue};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};

/// What a page may do: nothing but have a style. See `crates/report/templates/page.html` for the same within the page.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

const SEALS: [(&str, &str); 7] = [
    ("content-security-policy", POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cache-control", "no-store"),
];

/// Why a request is not answered, if it is not.
///
/// A page of somebody else's can make a browser look up a name of its own as 127.0.0.1 and so ask us (DNS rebinding);
/// it cannot make the browser say that it asks for `localhost`.
pub(super) fn refused(method: &Method, headers: &HeaderMap) -> Option<Response> {
    let mut hosts = headers.get_all(HOST).iter();
    let host = hosts.next().and_then(|it| it.to_str().ok());
    if hosts.next().is_some() || !host.is_some_and(is_here) {
        let text =
            "these pages are for this machine alone: ask for 127.0.0.1, [::1] or localhost\n";
        return Some((StatusCode::MISDIRECTED_REQUEST, text).into_response());
    }
    if method == Method::GET || method == Method::HEAD {
        return None;
    }
    let mut response =
        (StatusCode::METHOD_NOT_ALLOWED, "nothing can be changed here\n").into_response();
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    Some(response)
}

/// Is this a name of this machine alone, with any port? A port may be forwarded from another one.
fn is_here(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.chars().all(|it| it.is_ascii_digit()) => name,
        _ => host,
    };
    let plain = name.strip_prefix('[').and_then(|it| it.strip_suffix(']')).unwrap_or(name);
    let loopback = plain.parse::<std::net::IpAddr>().is_ok_and(|it| it.is_loopback());
    loopback || name.eq_ignore_ascii_case("localhost")
}

/// The response with everything said that a browser should keep to.
pub(super) fn sealed(mut response: Response) -> Response {
    for (name, value) in SEALS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_answered() {
        let table = [
            ("127.0.0.1:4600", true),
            ("localhost", true),
            ("LOCALHOST:9", true),
            ("[::1]:4600", true),
            ("127.8.8.8", true),
            ("evil.example:4600", false),
            ("localhost.evil.example", false),
            ("127.0.0.1.evil.example:4600", false),
            ("192.168.1.2:4600", false),
            ("localhost:4600@evil.example", false),
            ("", false),
        ];
        for (host, good) in table {
            assert_eq!(is_here(host), good, "{host}");
        }
    }

    #[test]
    fn nothing_but_looking_is_allowed_and_one_host_must_be_named() {
        let status = |method, hosts: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for host in hosts {
                headers.append(HOST, HeaderValue::from_static(host));
            }
            refused(&method, &headers).map(|it| it.status().as_u16())
        };
        assert_eq!(status(Method::GET, &["localhost"]), None);
        assert_eq!(status(Method::HEAD, &["localhost"]), None);
        assert_eq!(status(Method::POST, &["localhost"]), Some(405));
        assert_eq!(status(Method::GET, &["evil.example"]), Some(421));
        assert_eq!(status(Method::GET, &[]), Some(421));
        assert_eq!(status(Method::GET, &["localhost", "evil.example"]), Some(421));
    }
}
