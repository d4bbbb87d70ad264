//! What single steps do: captures, redirects, tokens, JSON.

use super::super::*;
use super::form::sign_in;
use super::server::*;
use crate::expect::{Expect, pattern};
use crate::extract::Extract;
use crate::response::response;

#[tokio::test(start_paused = true)]
async fn what_is_captured_is_sent_later_and_what_cannot_be_captured_is_no() {
    let server = server(|asks: &Asks| {
        Ok(match asks.line.as_str() {
            "GET /users" => response(200, r#"{"users": [{"id": 42}]}"#),
            "GET /users/42" => response(200, "ok"),
            _ => response(404, ""),
        })
    });
    let capture = |path: &str| {
        let from = Extract::json_path(path).unwrap();
        JourneyStep { captures: vec![Capture { name: "id".into(), from }], ..get("/users") }
    };
    let user = || get("/users/{{id}}");
    let good = Journey::new("good", vec![capture("$.users[0].id"), user()]);
    let bad = Journey::new("bad", vec![capture("$.user.id"), user()]);
    let report = walk(vec![good, bad], server).await.unwrap();
    insta::assert_snapshot!(lines(&report), @r"
    Passed good [public]: 2 steps in 0 ms, the slowest GET /users/{{id}} with 0 ms
    Refused bad [public]: step 1 of 2, GET /users: answered 200 without `$.user.id`, which `id` captures
    ");
}

#[tokio::test(start_paused = true)]
async fn redirects_are_followed_as_far_as_asked_and_never_to_another_host() {
    let server = server(|asks: &Asks| {
        Ok(match asks.line.as_str() {
            "GET /a" => to("/b"),
            "GET /b" => to("/c"),
            "GET /c" => response(200, "end"),
            _ => to("https://evil.test/?steal=1"),
        })
    });
    let follow = |path: &str, redirects| JourneyStep { redirects, ..get(path) };
    let journeys = vec![
        Journey::new("two", vec![follow("/a", 2)]),
        Journey::new("one", vec![follow("/a", 1)]),
        Journey::new("away", vec![follow("/x", 5)]),
    ];
    let report = walk(journeys, server.clone()).await.unwrap();
    insta::assert_snapshot!(lines(&report), @r"
    Passed two [public]: 1 step in 0 ms
    Refused one [public]: step 1 of 1, GET /a: answered 302 to /c, wanted 200
    Refused away [public]: step 1 of 1, GET /x: answered 302 and leads to another host, evil.test
    ");
}

#[tokio::test(start_paused = true)]
async fn what_a_failed_step_would_have_captured_is_not_seen() {
    let server = server(|_: &Asks| Ok(response(201, r#"{"token":"eyJhbGciOi.abcdefgh","n":1}"#)));
    let session = JourneyStep {
        captures: vec![Capture {
            name: "token".into(),
            from: Extract::json_path("$.token").unwrap(),
        }],
        ..get("/api/session")
    };
    let report = walk(vec![Journey::new("session", vec![session])], server).await.unwrap();
    insta::assert_snapshot!(report.findings()[1].message, @r#"session: sent GET https://shop.test/api/session; got 201 with {"token":"[secret]","n":1}"#);
    assert!(!format!("{report:?}").contains("eyJhbGciOi"));
}

#[tokio::test(start_paused = true)]
async fn a_page_without_a_token_cannot_be_posted_from() {
    let server = server(|_: &Asks| Ok(html("<p>maintenance</p>")));
    let post = || JourneyStep { csrf: true, ..JourneyStep::post(text("/login"), vec![]) };
    let journeys = vec![
        Journey::new("no token", vec![get("/login"), post()]),
        Journey::new("no page", vec![post()]),
    ];
    let report = walk(journeys, server).await.unwrap();
    insta::assert_snapshot!(lines(&report), @r"
    Refused no token [public]: step 2 of 2, POST /login: needs a CSRF token, but the page of GET /login has none: neither input[name=_csrf_token] nor meta[name=csrf-token]
    Refused no page [public]: step 1 of 1, POST /login: needs the CSRF token of a page, but no step before it got one
    ");
}

#[tokio::test(start_paused = true)]
async fn json_is_sent_with_its_placeholders_and_what_differs_is_told() {
    let server = server(|asks: &Asks| {
        Ok(response(201, &format!("{} {}", asks.header("content-type"), asks.body)))
    });
    let json =
        Json::new(serde_json::json!({ "user": "{{env.SHOP_USER}}", "tags": ["a", 1] })).unwrap();
    let action = Action::Request {
        method: reqwest::Method::POST,
        path: text("/api"),
        body: Body::Json(json),
    };
    let expect =
        Expect { matches: vec![pattern("matches", "^done").unwrap()], ..Expect::status([201]) };
    let step = JourneyStep { expect, ..JourneyStep::of(action, 201) };
    let journey = Journey { steps: vec![step], ..sign_in() };
    let report = walk(vec![journey], server).await.unwrap();
    insta::assert_snapshot!(lines(&report),
        @"Refused sign in [public]: step 1 of 1, POST /api: nothing in the body matches, wanted a match of `^done`");
    let exchange = &report.all_evidence()[0].value["failed"]["exchange"];
    assert_eq!(
        exchange["response"]["body"],
        r#"application/json {"tags":["a",1],"user":"[secret]"}"#
    );
    assert_eq!(exchange["request"]["body"], r#"{"tags":["a",1],"user":"{{env.SHOP_USER}}"}"#);
}
