//! How a token is shown to each host of the platform (fly-go: tokens).

use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

/// What macaroons begin with.
const MACAROONS: [&str; 3] = ["fm1r_", "fm1a_", "fm2_"];

/// Who is shown the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// The Machines API: macaroons under `FlyV1`; without any, the rest under `Bearer`.
    Machines,
    /// GraphQL: everything, under `FlyV1` if there is a macaroon.
    GraphQl,
    /// The REST calls of the same host: everything, under `Bearer`.
    Rest,
}

/// The header of a list of tokens, which may come with a scheme of its own.
pub(crate) fn authorization(token: &SecretString, audience: Audience) -> HeaderValue {
    let token = token.expose_secret().trim();
    let bare = token.strip_prefix("FlyV1 ").or_else(|| token.strip_prefix("Bearer "));
    let parts = bare.unwrap_or(token).split(',').map(str::trim).filter(|it| !it.is_empty());
    let is_macaroon = |it: &&str| MACAROONS.iter().any(|prefix| it.starts_with(prefix));
    let (macaroons, others): (Vec<&str>, Vec<&str>) = parts.partition(is_macaroon);
    let scheme = match audience {
        Audience::Machines | Audience::GraphQl if !macaroons.is_empty() => "FlyV1",
        _ => "Bearer",
    };
    let shown = match audience {
        Audience::Machines if !macaroons.is_empty() => macaroons,
        _ => [macaroons, others].concat(),
    };
    let header = HeaderValue::from_str(&format!("{scheme} {}", shown.join(",")));
    let mut value = header.unwrap_or_else(|_| HeaderValue::from_static("Bearer unreadable"));
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_host_is_shown_what_flyctl_shows_it() {
        let table = [
            ("plain", "Bearer plain", "Bearer plain", "Bearer plain"),
            ("Bearer plain", "Bearer plain", "Bearer plain", "Bearer plain"),
            (
                "fm2_abc,fm1r_def",
                "FlyV1 fm2_abc,fm1r_def",
                "FlyV1 fm2_abc,fm1r_def",
                "Bearer fm2_abc,fm1r_def",
            ),
            ("FlyV1 fm2_abc", "FlyV1 fm2_abc", "FlyV1 fm2_abc", "Bearer fm2_abc"),
            ("old, fm2_abc", "FlyV1 fm2_abc", "FlyV1 fm2_abc,old", "Bearer fm2_abc,old"),
            ("two\nlines", "Bearer unreadable", "Bearer unreadable", "Bearer unreadable"),
        ];
        for (token, machines, graphql, rest) in table {
            let shown = |audience| authorization(&token.into(), audience);
            assert_eq!(shown(Audience::Machines), machines);
            assert_eq!(shown(Audience::GraphQl), graphql);
            assert_eq!(shown(Audience::Rest), rest);
        }
    }
}
