//! What could never fail or never pass is refused, by its key.

use secrecy::SecretString;

use super::*;
use crate::{Expect, Extract};

fn refused(config: &SmokeConfig) -> String {
    match config.check().unwrap_err() {
        ConfigError::Rule { path, source } => format!("{path}: {source}"),
        other => other.to_string(),
    }
}

fn of(checks: Vec<SmokeCheck>) -> SmokeConfig {
    SmokeConfig { checks, ..SmokeConfig::default() }
}

#[test]
fn what_could_never_fail_or_never_pass_is_refused() {
    let root = || vec![SmokeCheck::get("/")];
    assert_eq!(of(root()).check(), Ok(()));
    insta::assert_snapshot!(refused(&of(vec![])),
        @r#"`checks` is empty; name at least one path, such as "/""#);
    insta::assert_snapshot!(refused(&of(vec![SmokeCheck::get("/"), SmokeCheck::get("/")])),
        @"two checks are called `GET /`; give one of them a `name`");
    insta::assert_snapshot!(refused(&of(vec![SmokeCheck::get("dashboard")])),
        @r#"`path` is "dashboard"; begin it with a slash"#);
    insta::assert_snapshot!(refused(&of(vec![SmokeCheck::get("/").status(101)])), @"/: `status` is 101; it must be from 200 to 599");
    insta::assert_snapshot!(
        refused(&SmokeConfig { retry_every: Duration::ZERO, ..of(root()) }),
        @r#"`retry_every` is zero; give it a duration, such as "2s""#);
    insta::assert_snapshot!(
        refused(&SmokeConfig { within: Duration::from_secs(2), ..of(root()) }),
        @"`consecutive` good answers, one every 2s, need more than `within` = 2s; raise `within` or lower `consecutive`");
    let soon = SmokeCheck { tls_expires_after: Some(Duration::ZERO), ..SmokeCheck::get("/") };
    insta::assert_snapshot!(refused(&of(vec![soon])), @r#"`tls_expires_after` is zero; give it a duration, such as "2s""#);
}

#[test]
fn an_answer_to_head_has_no_body_to_read() {
    let head = |check| of(vec![SmokeCheck { method: Method::Head, ..check }]);
    assert_eq!(head(SmokeCheck::get("/")).check(), Ok(()));
    insta::assert_snapshot!(refused(&head(SmokeCheck::get("/").json())), @"the check of / reads the body, but an answer to `HEAD` has none; use `GET`");
    let matches = vec![crate::pattern("matches", "a").unwrap()];
    let expect = Expect { matches, ..Expect::status([200]) };
    insta::assert_snapshot!(refused(&head(SmokeCheck { expect, ..SmokeCheck::get("/a") })), @"the check of /a reads the body, but an answer to `HEAD` has none; use `GET`");
    let place = Extract::json_path("$.version").unwrap();
    let echo = Some(Echo { what: Echoed::Version, place });
    insta::assert_snapshot!(refused(&head(SmokeCheck { echo, ..SmokeCheck::get("/b") })), @"the check of /b reads the body, but an answer to `HEAD` has none; use `GET`");
}

#[test]
fn headers_can_be_sent_and_hold_no_secrets() {
    let sends = |name: &str, value: &str| {
        let headers = vec![(name.to_owned(), value.to_owned())];
        of(vec![SmokeCheck { headers, ..SmokeCheck::get("/") }])
    };
    assert_eq!(sends("Accept-Language", "cs").check(), Ok(()));
    insta::assert_snapshot!(refused(&sends("two words", "a")), @"`headers` of /: `two words` is no name of a header");
    insta::assert_snapshot!(refused(&sends("x-a", "a\nb")), @"`headers` of /: `x-a` has a value that cannot be sent; look for line breaks");
    insta::assert_snapshot!(refused(&sends("Authorization", "Bearer a")), @"`headers` of /: `Authorization` carries a secret, which no configuration holds; use a bearer token from a variable");
}

#[test]
fn a_token_never_shows_and_an_empty_one_is_missing() {
    let bearer = Bearer::named("SHOP_TOKEN", Some(SecretString::from("s3cret")));
    assert!(!format!("{bearer:?}").contains("s3cret"));
    assert!(Bearer::named("SHOP_TOKEN", Some("".into())).secret().is_none());
}

#[test]
fn what_is_echoed_has_one_name() {
    for what in [Echoed::Revision, Echoed::Version, Echoed::Image] {
        assert_eq!(Echoed::named(what.name()), Some(what));
    }
    assert_eq!(Echoed::named("moon"), None);
}
