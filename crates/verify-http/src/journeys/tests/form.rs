//! A login as Phoenix does it: a page with a token, a form, a cookie, a redirect.

use pipeline_core::{CancelSource, FaultKind, Phase, Trigger, Verdict};
use pipeline_testkit::a_run;
use tokio::time::Instant;

use super::super::*;
use super::server::*;
use crate::client::Unanswered;
use crate::error::Error;
use crate::expect::{Expect, pattern};
use crate::extract::Extract;
use crate::response::response;

const PAGE: &str = r#"<meta name="csrf-token" content="of-the-page-0000">
    <form><input type="hidden" name="_csrf_token" value="of-the-form-1111"></form>"#;

fn sign_in() -> Journey {
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

/// The shop: `worse` goes before what it would answer.
fn phoenix(asks: &Asks) -> Answer {
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
    let evidence = &report.all_evidence()[0];
    assert_eq!(evidence.name, "sign in");
    insta::assert_json_snapshot!(evidence.value["failed"], @r#"
    {
      "exchange": {
        "differences": [
          {
            "got": "answered 403",
            "wanted": "200"
          }
        ],
        "request": {
          "body": "user={{env.SHOP_USER}}&password={{password}}&_csrf_token=[secret]",
          "headers": [
            "x-csrf-token: [secret]"
          ],
          "line": "POST https://shop.test/login"
        },
        "response": {
          "body": "denied: user=[secret]&password=[secret]&_csrf_token=[secret] of _shop_key=[secret]",
          "cut": false,
          "headers": [
            "x-request-id: F1"
          ],
          "status": 403,
          "took_ms": 12.0
        }
      },
      "of": 3,
      "step": 2,
      "title": "POST /login"
    }
    "#);
    for secret in ["oo&long", "oo%26long", "of-the-form", "anonymous-2222"] {
        assert!(!format!("{report:?} {heard}").contains(secret), "{secret}");
    }
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
async fn each_machine_is_walked_only_where_asked_for_and_answers_for_itself() {
    let journey = Journey { per_instance: true, ..Journey::new("home", vec![get("/")]) };
    let server = server(|asks: &Asks| {
        Ok(match asks.machine.as_str() {
            "bad" => response(500, ""),
            "other" => with(response(200, ""), "fly-machine-id", "148e"),
            _ => response(200, ""),
        })
    });
    let journeys = vec![journey, Journey::new("public only", vec![get("/")])];
    let (outcome, _) = walk_at(journeys, server, &["148e", "bad", "other"]).await;
    insta::assert_snapshot!(lines(&outcome.unwrap()), @r"
    Passed home [public]: 1 step in 0 ms
    Passed public only [public]: 1 step in 0 ms
    Passed home [148e]: 1 step in 0 ms
    Refused home [bad]: step 1 of 1, GET /: answered 500, wanted 200
    Inconclusive home [other]: step 1 of 1, GET /: was answered by another machine, 148e
    ");
}

#[tokio::test(start_paused = true)]
async fn a_step_is_tried_again_as_often_as_it_says() {
    let server = server(|asks: &Asks| Ok(response(if asks.before < 2 { 503 } else { 200 }, "")));
    let began = Instant::now();
    let step = JourneyStep { retries: 2, ..get("/search") };
    let report = walk(vec![Journey::new("search", vec![step])], server).await.unwrap();
    insta::assert_snapshot!(lines(&report), @"Passed search [public]: 1 step in 2000 ms");
    assert_eq!(began.elapsed(), Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn what_does_not_answer_is_refused_after_two_walks_within_the_longest() {
    struct Hangs;
    #[async_trait]
    impl crate::client::Ask for Hangs {
        async fn ask(&self, _: &crate::place::Request) -> crate::client::Asked {
            std::future::pending().await
        }
    }
    #[async_trait]
    impl Connect for Hangs {
        async fn connect(
            &self,
            _: &crate::place::Request,
        ) -> Result<(crate::response::Response, Option<crate::client::Upgraded>), Unanswered>
        {
            std::future::pending().await
        }
    }
    let began = Instant::now();
    let journey = Journey::new("home", vec![JourneyStep { retries: 1, ..get("/") }]);
    let longest = journey.longest();
    let report = walk(vec![journey], Arc::new(Hangs)).await.unwrap();
    insta::assert_snapshot!(lines(&report),
        @"Refused home [public]: step 1 of 1, GET /: did not answer within 10s");
    assert_eq!(began.elapsed(), Duration::from_secs(2 * (10 + 1 + 10) + 1));
    assert_eq!(began.elapsed(), longest);
}

#[tokio::test(start_paused = true)]
async fn not_being_able_to_ask_is_a_fault_unless_something_was_seen_to_be_wrong() {
    fn unresolved() -> Answer {
        let source = std::io::Error::other("no such host");
        Err(Unanswered::Blind(Error::Dns { host: "shop.test".into(), source }))
    }
    let home = || Journey::new("home", vec![get("/")]);
    let fault = walk(vec![home()], server(|_: &Asks| unresolved())).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Transient);
    let half = server(|asks: &Asks| match asks.line.as_str() {
        "GET /" => unresolved(),
        _ => Ok(response(500, "")),
    });
    let journeys = vec![home(), Journey::new("search", vec![get("/search")])];
    let report = walk(journeys, half).await.unwrap();
    insta::assert_snapshot!(lines(&report), @r"
    Inconclusive home [public]: step 1 of 1, GET /: could not be asked: the name `shop.test` could not be resolved
    Refused search [public]: step 1 of 1, GET /search: answered 500, wanted 200
    ");
    assert_eq!(report.findings()[0].rule.as_deref(), Some("inconclusive"));
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

#[tokio::test(start_paused = true)]
async fn it_stops_at_once_when_asked_to() {
    let source = CancelSource::new();
    let journeys =
        Journeys::with(vec![sign_in()], server(|_: &Asks| Ok(response(500, "")))).unwrap();
    let cx = a_run("v2").cancel(source.token()).context(Phase::Verify, "journeys");
    let deployment = shop(&[]);
    let stop = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        source.cancel();
    };
    let (outcome, ()) = futures::future::join(journeys.verify(&deployment, &cx), stop).await;
    assert_eq!(outcome, Err(Fault::cancelled()));
}

#[tokio::test]
async fn where_nothing_can_be_walked_nothing_is_known() {
    let journeys = Journeys::with(vec![sign_in()], server(phoenix)).unwrap();
    let mut deployment = shop(&["148e"]);
    (deployment.instances[0].address, deployment.instances[0].serving) = (None, false);
    let cx = a_run("v2").context(Phase::Verify, "journeys");
    let report = journeys.verify(&deployment, &cx).await.unwrap();
    assert_eq!(report.verdict(), Verdict::Inconclusive);
    insta::assert_snapshot!(report.findings()[0].message,
        @"no journey of v2 can be walked: users do not reach it, and no instance has an address");
}
