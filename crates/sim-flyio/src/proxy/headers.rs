//! Headers: what the proxy reads, adds and takes away
//! (fly.io docs: networking/request-headers).

use std::net::IpAddr;

use hyper::{
    HeaderMap,
    header::{CONNECTION, HOST, HeaderName, HeaderValue, SERVER, VIA},
};

/// Pins a request to one machine.
const FORCE_INSTANCE: &str = "fly-force-instance-id";
/// Headers that concern one connection only (RFC 9110, section 7.6.1).
const HOP_BY_HOP: [&str; 8] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Where a request came from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Client {
    pub(super) address: IpAddr,
    /// The port of the proxy that it came to.
    pub(super) port: u16,
}

pub(super) fn forced_instance(headers: &HeaderMap) -> Option<String> {
    Some(headers.get(FORCE_INSTANCE)?.to_str().ok()?.trim().to_owned())
}

/// The app that a host header names: `shop.fly.dev`, `shop.localhost` or `shop`, with or without
/// a port.
pub(super) fn app_of(headers: &HeaderMap) -> Option<&str> {
    let host = headers.get(HOST)?.to_str().ok()?;
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let stripped = name.strip_suffix(".fly.dev").or_else(|| name.strip_suffix(".localhost"));
    Some(stripped.unwrap_or(name))
}

/// What the app gets to see.
pub(super) fn towards_app(headers: &mut HeaderMap, client: Client, request_id: &HeaderValue) {
    strip(headers);
    let address = client.address.to_string();
    let forwarded = match headers.get("x-forwarded-for").and_then(|value| value.to_str().ok()) {
        Some(before) => format!("{before}, {address}"),
        None => address.clone(),
    };
    let port = client.port.to_string();
    let added = [
        ("x-forwarded-for", forwarded.as_str()),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-port", &port),
        ("x-forwarded-ssl", "off"),
        ("fly-client-ip", &address),
        ("fly-forwarded-port", &port),
        ("fly-region", "ord"),
    ];
    for (name, value) in added {
        let value = HeaderValue::from_str(value).expect("addresses and ports are plain text");
        headers.insert(HeaderName::from_static(name), value);
    }
    headers.insert("fly-request-id", request_id.clone());
    headers.insert(VIA, HeaderValue::from_static("1.1 fly.io"));
}

/// What the client gets to see.
pub(super) fn towards_client(headers: &mut HeaderMap, request_id: HeaderValue) {
    strip(headers);
    headers.insert("fly-request-id", request_id);
    headers.insert(SERVER, HeaderValue::from_static("Fly/simulated"));
    headers.insert(VIA, HeaderValue::from_static("1.1 fly.io"));
}

fn strip(headers: &mut HeaderMap) {
    let named = headers.get(CONNECTION).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let named = named.unwrap_or_default();
    for name in named.split(',').map(str::trim).chain(HOP_BY_HOP) {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
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
        let client = Client { address: [127, 0, 0, 1].into(), port: 4000 };
        towards_app(&mut seen, client, &HeaderValue::from_static("01J-ord"));
        let mut seen: Vec<String> = seen
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        seen.sort();
        insta::assert_snapshot!(seen.join("\n"), @r"
        fly-client-ip: 127.0.0.1
        fly-forwarded-port: 4000
        fly-region: ord
        fly-request-id: 01J-ord
        host: shop.fly.dev
        via: 1.1 fly.io
        x-forwarded-for: 10.0.0.1, 127.0.0.1
        x-forwarded-port: 4000
        x-forwarded-proto: http
        x-forwarded-ssl: off
        ");
    }
}
