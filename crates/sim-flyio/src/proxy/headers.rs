//! Headers: what the proxy reads, adds and takes away
//! (fly.io docs: networking/request-headers).

use std::net::IpAddr;

use hyper::{
    HeaderMap, Uri,
    header::{CONNECTION, HOST, HeaderValue, SERVER, UPGRADE, VIA},
};

use crate::request_id::REQUEST_ID;

/// Headers that concern one connection only (RFC 9110, section 7.6.1).
const HOP_BY_HOP: [&str; 7] = [
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The connection that requests come from, as the app is told of it.
#[derive(Clone, Debug)]
pub(super) struct Client {
    address: HeaderValue,
    /// The port of the proxy that it came to.
    port: HeaderValue,
    /// The region of the edge.
    region: HeaderValue,
}

impl Client {
    pub(super) fn new(address: IpAddr, port: u16, region: &str) -> Self {
        let text = |text: String| {
            HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static("unknown"))
        };
        Self {
            address: text(address.to_string()),
            port: text(port.to_string()),
            region: text(region.to_owned()),
        }
    }
}

/// The app that a host header names: `shop.fly.dev`, `shop.localhost` or `shop`, with or without
/// a port.
pub(super) fn app_of(headers: &HeaderMap) -> Option<&str> {
    let host = headers.get(HOST)?.to_str().ok()?;
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let stripped = name.strip_suffix(".fly.dev").or_else(|| name.strip_suffix(".localhost"));
    Some(stripped.unwrap_or(name))
}

/// The target of a request as a server gets it: without scheme and authority, and never without a
/// path.
pub(super) fn origin_form(uri: &Uri) -> Uri {
    let root = || Uri::from_static("/");
    match uri.path_and_query() {
        None => root(),
        Some(query) if query.as_str().starts_with('?') => {
            format!("/{}", query.as_str()).parse().unwrap_or_else(|_| root())
        }
        Some(target) => target.clone().into(),
    }
}

/// What the app gets to see.
pub(super) fn towards_app(headers: &mut HeaderMap, client: &Client, request_id: &HeaderValue) {
    let upgrade = wants_upgrade(headers);
    strip(headers);
    let Client { address, port, region } = client;
    let forwarded = headers.get("x-forwarded-for").map(|before| {
        let both = [before.as_bytes(), b", ", address.as_bytes()].concat();
        HeaderValue::from_bytes(&both).expect("joined from two that are values")
    });
    headers.insert("x-forwarded-for", forwarded.unwrap_or_else(|| address.clone()));
    headers.insert("x-forwarded-proto", HeaderValue::from_static("http"));
    headers.insert("x-forwarded-port", port.clone());
    headers.insert("x-forwarded-ssl", HeaderValue::from_static("off"));
    headers.insert("fly-client-ip", address.clone());
    headers.insert("fly-forwarded-port", port.clone());
    headers.insert("fly-region", region.clone());
    headers.insert(REQUEST_ID, request_id.clone());
    headers.append(VIA, HeaderValue::from_static("1.1 fly.io"));
    if let Some(protocol) = upgrade {
        upgrades_to(headers, protocol);
    }
}

/// The protocol that a client wants to go on with, if it does.
pub(super) fn wants_upgrade(headers: &HeaderMap) -> Option<HeaderValue> {
    let options = headers.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok());
    let mut options = options.flat_map(|value| value.split(',')).map(str::trim);
    options.any(|option| option.eq_ignore_ascii_case("upgrade")).then_some(())?;
    headers.get(UPGRADE).cloned()
}

/// Names the protocol that a connection goes on with.
pub(super) fn upgrades_to(headers: &mut HeaderMap, protocol: HeaderValue) {
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, protocol);
}

/// What the client gets to see.
pub(super) fn towards_client(headers: &mut HeaderMap, request_id: HeaderValue) {
    strip(headers);
    headers.insert(REQUEST_ID, request_id);
    headers.insert(SERVER, HeaderValue::from_static("Fly/simulated"));
    headers.append(VIA, HeaderValue::from_static("1.1 fly.io"));
}

fn strip(headers: &mut HeaderMap) {
    if let Some(named) = headers.remove(CONNECTION) {
        let named = named.to_str().unwrap_or_default();
        for name in named.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            headers.remove(name);
        }
    }
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderName;

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn the_host_names_the_app_in_any_of_its_forms() {
        let table = [
            ("shop.fly.dev", "shop"),
            ("shop.fly.dev:8443", "shop"),
            ("shop.localhost:4000", "shop"),
            ("shop", "shop"),
            ("shop:80", "shop"),
            ("127.0.0.1:4000", "127.0.0.1"),
        ];
        for (host, app) in table {
            assert_eq!(app_of(&headers(&[("host", host)])), Some(app), "{host}");
        }
        assert_eq!(app_of(&HeaderMap::new()), None);
    }

    #[test]
    fn the_app_learns_who_asks_and_nothing_of_the_connection() {
        let mut seen = headers(&[
            ("host", "shop.fly.dev"),
            ("connection", "keep-alive, x-private"),
            ("x-private", "1"),
            ("transfer-encoding", "chunked"),
            ("x-forwarded-for", "10.0.0.1"),
            ("fly-client-ip", "6.6.6.6"),
        ]);
        let client = Client::new([127, 0, 0, 1].into(), 4000, "fra");
        towards_app(&mut seen, &client, &HeaderValue::from_static("01J-fra"));
        let mut seen: Vec<String> = seen
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        seen.sort();
        insta::assert_snapshot!(seen.join("\n"), @r"
        fly-client-ip: 127.0.0.1
        fly-forwarded-port: 4000
        fly-region: fra
        fly-request-id: 01J-fra
        host: shop.fly.dev
        via: 1.1 fly.io
        x-forwarded-for: 10.0.0.1, 127.0.0.1
        x-forwarded-port: 4000
        x-forwarded-proto: http
        x-forwarded-ssl: off
        ");
    }

    #[test]
    fn an_upgrade_is_passed_on_when_the_connection_says_so() {
        let client = Client::new([127, 0, 0, 1].into(), 4000, "ord");
        let mut asked = headers(&[("connection", "keep-alive, Upgrade"), ("upgrade", "websocket")]);
        towards_app(&mut asked, &client, &HeaderValue::from_static("1"));
        assert_eq!([&asked["connection"], &asked["upgrade"]], ["upgrade", "websocket"]);
        let mut alone = headers(&[("upgrade", "websocket")]);
        towards_app(&mut alone, &client, &HeaderValue::from_static("1"));
        assert!(!alone.contains_key("upgrade") && !alone.contains_key("connection"));
    }

    #[test]
    fn proxies_before_this_one_stay_named() {
        let mut seen = headers(&[("via", "1.0 other")]);
        towards_client(&mut seen, HeaderValue::from_static("1"));
        let via: Vec<_> = seen.get_all("via").iter().collect();
        assert_eq!(via, ["1.0 other", "1.1 fly.io"]);
    }

    #[test]
    fn a_target_has_a_path_whatever_the_request_line_says() {
        let table = [
            ("/a?b", "/a?b"),
            ("//a", "//a"),
            ("*", "*"),
            ("http://shop/a", "/a"),
            ("http://shop", "/"),
            ("http://shop?x=1", "/?x=1"),
            ("shop:80", "/"),
        ];
        for (asked, wanted) in table {
            assert_eq!(origin_form(&asked.parse().unwrap()).to_string(), wanted, "{asked}");
        }
    }
}
