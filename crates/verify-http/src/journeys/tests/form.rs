//! A login as Phoenix does it: a page with a token, a form, a cookie, a redirect.

use pipeline_core::{Trigger, Verdict};

use super::super::*;
use super::server::*;
use crate::expect::Expect;
use crate::response::response;

const PAGE: &str = r#"<meta name="csrf-token" content="of-the-page-0000">
    <form><input type="hidden" name="_csrf_token" value="of-the-form-1111"></form>"#;

pub(super) fn sign_in() -> Journey {
    let form = vec![
        ("user".to_owned(), text("{{env.SHOP_USER}}")),
        ("password".to_owned(), text("{{password}}")),
    ];
    let steps = vec![
        get("/login"),
        JourneyStep {
            csrf: true,
            redirects: 1,
            expect: Expect::status([200]),
            ..JourneyStep::post(text("/login"), form)
        },
        get("/account"),
    ];
    Journey::new("sign in", steps)
        .secret("env.SHOP_USER", Variable::named("SHOP_USER", Some("anna".into())))
        .secret("password", Variable::named("SHOP_PASSWORD", Some("oo&long".into())))
}

/// The shop.
#[expect(clippy::unnecessary_wraps, reason = "it is what a script answers")]
pub(super) fn phoenix(asks: &Asks) -> Answer {
    let signed_in = asks.cookie.contains("_shop_key=signed-in");
    Ok(match asks.line.as_str() {
        "GET /login" => {
            with(html(PAGE), "set-cookie", "_shop_key=anonymous-2222; path=/; HttpOnly; Secure")
        }
        "POST /login"
            if asks.csrf != "of-the-form-1111" || !asks.cookie.contains("anonymous-2222") =>
        {
            response(403, "invalid CSRF token")
        }
        "POST /login"
            if asks.body == "user=anna&password=oo%26long&_csrf_token=of-the-form-1111" =>
        {
            with(to("https://shop.test/account"), "set-cookie", "_shop_key=signed-in-3333; path=/")
        }
        "GET /account" if signed_in => html("Hello anna"),
        "GET /account" => to("/login"),
        _ => response(404, &format!("{} with {}", asks.line, asks.body)),
    })
}

#[tokio::test(start_paused = true)]
async fn a_login_passes_with_its_token_cookie_and_redirect() {
    let server = server(phoenix);
    let report = walk(vec![sign_in()], server.clone()).await.unwrap();
    insta::assert_snapshot!(lines(&report), @"Passed sign in [public]: 3 steps in 0 ms, the slowest GET /account with 0 ms");
    assert_eq!(server.lines(), ["GET /login", "POST /login", "GET /account", "GET /account"]);
    let numbers: Vec<_> =
        report.numbers().iter().map(|(name, it)| format!("{name}={it}")).collect();
    assert_eq!(
        numbers,
        [
            "journeys/sign in/steps=3",
            "journeys/sign in/took_ms=0",
            "journeys/steps=3",
            "journeys/took_ms=0"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_step_that_fails_twice_shows_what_went_to_and_fro_without_secrets() {
    let server = server(|asks: &Asks| match asks.line.as_str() {
        "POST /login" => {
            let body = format!("denied: {} of {}", asks.body, asks.cookie);
            Ok(with(response(403, &body), "x-request-id", "F1"))
        }
        _ => phoenix(asks),
    });
    let (outcome, heard) = walk_at(vec![sign_in()], server, &[]).await;
    let report = outcome.unwrap();
    insta::assert_snapshot!(lines(&report),
        @"Refused sign in [public]: step 2 of 3, POST /login: answered 403, wanted 200");
    insta::assert_snapshot!(heard,
        @"  journeys: sign in: step 2 of 3, POST /login: answered 403, wanted 200; once more from its start");
    assert_eq!(report.findings()[0].rule.as_deref(), Some(Trigger::Journey.as_str()));
    insta::assert_snapshot!(report.findings()[1].message,
        @"sign in: sent POST https://shop.test/login with user={{env.SHOP_USER}}&password={{password}}&_csrf_token=[secret]; got 403 with denied: user=[secret]&password=[secret]&_csrf_token=[secret] of _shop_key=[secret]");
    let evidence = &report.all_evidence()[0];
    assert_eq!(evidence.name, "sign in");
    let exchange = &evidence.value["failed"]["exchange"];
    insta::assert_snapshot!(exchange["request"], @r#"{"body":"user={{env.SHOP_USER}}&password={{password}}&_csrf_token=[secret]","headers":["x-csrf-token: [secret]"],"line":"POST https://shop.test/login"}"#);
    insta::assert_snapshot!(exchange["response"], @r#"{"body":"denied: user=[secret]&password=[secret]&_csrf_token=[secret] of _shop_key=[secret]","cut":false,"headers":["x-request-id: F1"],"status":403,"took_ms":12.0}"#);
    insta::assert_snapshot!(exchange["differences"], @r#"[{"got":"answered 403","wanted":"200"}]"#);
    for secret in ["oo&long", "oo%26long", "of-the-form", "anonymous-2222"] {
        assert!(!format!("{report:?} {heard}").contains(secret), "{secret}");
    }
}

#[tokio::test(start_paused = true)]
async fn of_a_page_its_text_is_shown_and_no_token_of_it_is_seen() {
    let server = server(|asks: &Asks| match asks.line.as_str() {
        "POST /login" => {
            let again = r#"<head><title>Shop</title></head><p>Invalid name or password</p>
                <input name="_csrf_token" value="of-another-form-4444">
                <div data-phx-session="session-5555" data-phx-static="static-6666"></div>"#;
            Ok(with(response(401, again), "content-type", "text/html"))
        }
        _ => phoenix(asks),
    });
    let report = walk(vec![sign_in()], server).await.unwrap();
    insta::assert_snapshot!(report.findings()[1].message, @"sign in: sent POST https://shop.test/login with user={{env.SHOP_USER}}&password={{password}}&_csrf_token=[secret]; got 401 with Invalid name or password");
    for token in ["of-another-form", "session-5555", "static-6666"] {
        assert!(!format!("{report:?}").contains(token), "{token}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_form_without_its_token_is_told_of_the_one_that_its_page_has() {
    let mut journey = sign_in();
    journey.steps[1].csrf = false;
    let report = walk(vec![journey], server(phoenix)).await.unwrap();
    insta::assert_snapshot!(lines(&report),
        @"Refused sign in [public]: step 2 of 3, POST /login: answered 403, wanted 200 (the page of GET /login has a CSRF token; `csrf = true` sends it)");
}

#[tokio::test(start_paused = true)]
async fn a_second_walk_begins_with_nothing_and_passing_then_is_an_alert() {
    let server = server(|asks: &Asks| match (asks.line.as_str(), asks.before) {
        ("POST /login", 0) => Ok(response(502, "")),
        // A cookie of the first walk would show here.
        ("GET /login", _) if !asks.cookie.is_empty() => Ok(response(500, "")),
        _ => phoenix(asks),
    });
    let report = walk(vec![sign_in()], server).await.unwrap();
    insta::assert_snapshot!(lines(&report),
        @"Alert sign in [public]: 3 steps in 0 ms, the slowest GET /account with 0 ms, but only in the second walk; in the first, step 2 of 3, POST /login: answered 502, wanted 200");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_required_is_an_alert() {
    let journey = Journey { required: false, ..Journey::new("search", vec![get("/search")]) };
    let report = walk(vec![journey, Journey::new("home", vec![get("/login")])], server(phoenix))
        .await
        .unwrap();
    insta::assert_snapshot!(lines(&report), @r"
    Alert search [public]: step 1 of 1, GET /search: answered 404, wanted 200; it is not required
    Passed home [public]: 1 step in 0 ms
    ");
    assert_eq!(report.verdict(), Verdict::Alert);
}

#[tokio::test(start_paused = true)]
async fn a_journey_without_its_secret_is_skipped_and_everybody_sees_it() {
    let server = server(phoenix);
    let mut journey = sign_in();
    journey.secrets.insert("password".into(), Variable::named("SHOP_PASSWORD", None));
    let report = walk(vec![journey], server.clone()).await.unwrap();
    insta::assert_snapshot!(lines(&report),
        @"Alert sign in [public]: skipped: the variable SHOP_PASSWORD is not set; set it and verify again");
    assert!(server.lines().is_empty());
    assert_eq!(report.numbers().get("journeys/sign in/steps"), None);
}
