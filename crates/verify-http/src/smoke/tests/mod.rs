//! The window, the pace and the report, with answers from a script and time that stands still.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::Mutex;
use std::time::Duration;

use pipeline_core::{Address, CancelSource, FaultKind, Instance, Phase, Side, Verdict};
use pipeline_testkit::{Heard, a_run};
use tokio::time::sleep;

use super::*;
use crate::SmokeCheck;
use crate::client::{Asked, Unanswered};
use crate::place::Request;
use crate::response::response;

/// What a server does at a try of a path, counted from 1.
enum Does {
    Answers(u16, &'static str),
    Refuses,
    Hangs,
    Unresolved,
}

struct Server<F> {
    does: F,
    tries: Mutex<BTreeMap<String, usize>>,
    log: Mutex<Vec<String>>,
    began: Instant,
}

#[async_trait]
impl<F: Fn(&str, usize) -> Does + Send + Sync> Ask for Server<F> {
    async fn ask(&self, request: &Request) -> Asked {
        let key = match request.headers.get("fly-force-instance-id") {
            Some(id) => format!("{} on {}", request.url.path(), id.to_str().unwrap()),
            None => request.url.path().to_owned(),
        };
        self.log.lock().unwrap().push(format!("{:?} {key}", self.began.elapsed()));
        let number = {
            let mut tries = self.tries.lock().unwrap();
            *tries.entry(key.clone()).and_modify(|it| *it += 1).or_insert(1)
        };
        match (self.does)(&key, number) {
            Does::Answers(status, body) => Ok(response(status, body)),
            Does::Refuses => Err(Unanswered::Silent("did not answer: connection refused".into())),
            Does::Hangs => pending().await,
            Does::Unresolved => {
                let source = std::io::Error::other("no such host");
                Err(Unanswered::Blind(Error::Dns { host: "shop.test".into(), source }))
            }
        }
    }
}

fn server<F: Fn(&str, usize) -> Does + Send + Sync>(does: F) -> Arc<Server<F>> {
    let (tries, log) = (Mutex::default(), Mutex::default());
    Arc::new(Server { does, tries, log, began: Instant::now() })
}

fn config(paths: &[&str]) -> SmokeConfig {
    let checks = paths.iter().map(|path| SmokeCheck::get(*path)).collect();
    SmokeConfig { checks, ..SmokeConfig::default() }
}

fn shop(machines: &[&str]) -> Deployment {
    let instance = |id: &&str| Instance {
        id: (*id).into(),
        side: Side::New,
        region: None,
        serving: true,
        address: Some(Address {
            url: "https://shop.test".into(),
            headers: [("fly-force-instance-id".to_owned(), (*id).to_owned())].into(),
        }),
    };
    Deployment {
        version: "v2".into(),
        url: Some("https://shop.test".into()),
        instances: machines.iter().map(instance).collect(),
        ..Deployment::default()
    }
}

async fn verify(config: SmokeConfig, asker: Arc<dyn Ask>, machines: &[&str]) -> Outcome {
    let smoke = Smoke::with(config, asker).expect("the checks are good");
    smoke.verify(&shop(machines), &a_run("v2").context(Phase::Verify, "smoke")).await
}

#[tokio::test(start_paused = true)]
async fn enough_bad_answers_end_the_window_of_a_release_and_not_that_of_what_is_brought_back() {
    for (phase, seconds) in [(Phase::Verify, 4), (Phase::Restore, 58)] {
        let server = server(|path, _| {
            Does::Answers(if path.starts_with("/dashboard") { 503 } else { 200 }, "")
        });
        let consecutive_bad = std::num::NonZeroU32::new(3);
        let config = SmokeConfig { consecutive_bad, ..config(&["/", "/dashboard"]) };
        let smoke = Smoke::with(config, server).expect("the checks are good");
        let began = Instant::now();
        let cx = a_run("v2").context(phase, "smoke");
        let report = smoke.verify(&shop(&["148e"]), &cx).await.unwrap();
        assert_eq!(began.elapsed(), Duration::from_secs(seconds));
        assert_eq!(report.verdict(), Verdict::Refused);
        insta::allow_duplicates! {
            insta::assert_snapshot!(lines(&report), @r"
            Passed GET / [public]: answered 200, 2 times in a row
            Refused GET /dashboard [public]: answered 503, wanted 200
            Passed GET / [148e]: answered 200, 2 times in a row
            Refused GET /dashboard [148e]: answered 503, wanted 200
            ");
        }
    }
}

fn lines(report: &Report) -> String {
    let checks = report.checks().iter().map(|it| {
        let machine = it.instance.as_deref().unwrap_or("public");
        format!("{:?} {} [{machine}]: {}", it.verdict, it.name, it.message)
    });
    checks.collect::<Vec<_>>().join("\n")
}

#[tokio::test(start_paused = true)]
async fn each_check_is_asked_of_users_way_and_of_each_machine() {
    let server = server(|_, _| Does::Answers(200, ""));
    let report = verify(config(&["/", "/health"]), server, &["148e", "9080"]).await.unwrap();
    insta::assert_snapshot!(lines(&report), @r"
    Passed GET / [public]: answered 200, 2 times in a row
    Passed GET /health [public]: answered 200, 2 times in a row
    Passed GET / [148e]: answered 200, 2 times in a row
    Passed GET /health [148e]: answered 200, 2 times in a row
    Passed GET / [9080]: answered 200, 2 times in a row
    Passed GET /health [9080]: answered 200, 2 times in a row
    ");
    assert_eq!(report.verdict(), Verdict::Passed);
    assert_eq!(report.numbers()["smoke/tries"].to_string(), "12");
    assert_eq!(report.numbers()["smoke/latency_ms"].to_string(), "12");
    assert_eq!(report.numbers()["smoke/took_ms"].to_string(), "2000");
}

#[tokio::test(start_paused = true)]
async fn only_what_has_not_passed_is_asked_again_at_a_fixed_pace() {
    let server = server(|path, number| match (path, number) {
        ("/slow", ..4) => Does::Refuses,
        _ => Does::Answers(200, ""),
    });
    let report = verify(config(&["/", "/slow"]), server.clone(), &[]).await.unwrap();
    assert_eq!(report.verdict(), Verdict::Passed);
    insta::assert_snapshot!(server.log.lock().unwrap().join("\n"), @r"
    0ns /
    0ns /slow
    2s /
    2s /slow
    4s /slow
    6s /slow
    8s /slow
    ");
}

#[tokio::test(start_paused = true)]
async fn after_the_window_the_last_answer_is_the_finding() {
    let server = server(|path, _| match path {
        "/dashboard on 148e" => Does::Answers(500, "no route to the database"),
        _ => Does::Answers(200, ""),
    });
    let began = Instant::now();
    let report = verify(config(&["/dashboard"]), server, &["148e"]).await.unwrap();
    assert_eq!(began.elapsed(), Duration::from_secs(58));
    assert_eq!(report.verdict(), Verdict::Refused);
    insta::assert_snapshot!(report.findings()[0].message,
        @"GET /dashboard: answered 500, wanted 200 (machine 148e)");
    let evidence = &report.all_evidence()[0];
    insta::assert_snapshot!(format!("{}: {}", evidence.name, evidence.value),
        @r#"GET /dashboard (machine 148e): {"body":"no route to the database","cut":false,"status":500,"took_ms":12.0}"#);
    assert_eq!(report.checks()[1].samples, Some(30));
}

#[tokio::test(start_paused = true)]
async fn a_check_with_a_name_says_its_request_too() {
    let mut config = config(&[]);
    config.checks.push(SmokeCheck::get("/login").named("sign in"));
    let report = verify(config, server(|_, _| Does::Answers(404, "")), &[]).await.unwrap();
    insta::assert_snapshot!(report.findings()[0].message,
        @"sign in: GET /login answered 404, wanted 200");
}

#[tokio::test(start_paused = true)]
async fn what_never_answers_is_given_up_try_by_try_and_refused() {
    let server = server(|_, _| Does::Hangs);
    let began = Instant::now();
    let report = verify(config(&["/"]), server.clone(), &[]).await.unwrap();
    assert_eq!(began.elapsed(), Duration::from_mins(1));
    insta::assert_snapshot!(lines(&report), @"Refused GET / [public]: did not answer within 5s");
    assert_eq!(server.log.lock().unwrap().len(), 9);
}

#[tokio::test(start_paused = true)]
async fn waiting_probes_never_starve_and_never_crowd() {
    let server = server(|path, _| match path {
        "/bad" => Does::Hangs,
        _ => Does::Answers(200, ""),
    });
    let mut config = config(&["/bad", "/", "/health"]);
    config.at_once = 1.try_into().unwrap();
    let report = verify(config, server.clone(), &[]).await.unwrap();
    insta::assert_snapshot!(lines(&report), @r"
    Refused GET /bad [public]: did not answer within 5s
    Passed GET / [public]: answered 200, 2 times in a row
    Passed GET /health [public]: answered 200, 2 times in a row
    ");
}

#[tokio::test(start_paused = true)]
async fn not_being_able_to_look_is_a_fault_with_a_hint() {
    let report = verify(config(&["/"]), server(|_, _| Does::Unresolved), &[]).await;
    let fault = report.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Transient);
    insta::assert_snapshot!(fault, @"the name `shop.test` could not be resolved: no such host");
    insta::assert_snapshot!(fault.next_step().unwrap(),
        @"check the spelling of `shop.test` and the name servers of this machine");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_was_seen_outweighs_not_having_looked_everywhere() {
    let server = server(|path, _| match path {
        "/" => Does::Unresolved,
        _ => Does::Answers(500, ""),
    });
    let report = verify(config(&["/", "/health"]), server, &[]).await.unwrap();
    assert_eq!(report.verdict(), Verdict::Refused);
    insta::assert_snapshot!(lines(&report), @r"
    Inconclusive GET / [public]: could not be asked: the name `shop.test` could not be resolved
    Refused GET /health [public]: answered 500, wanted 200
    ");
}

#[tokio::test]
async fn a_missing_token_is_a_fault_before_anything_is_asked() {
    let server = server(|_, _| Does::Answers(200, ""));
    let mut config = config(&[]);
    let bearer = Bearer::named("SHOP_TOKEN", None);
    config.checks.push(SmokeCheck::get("/dashboard").bearer(bearer));
    let fault = verify(config, server.clone(), &[]).await.unwrap_err();
    insta::assert_snapshot!(fault, @"the token `SHOP_TOKEN` for GET /dashboard is missing or empty");
    insta::assert_snapshot!(fault.next_step().unwrap(), @"set `SHOP_TOKEN` and run again");
    assert!(server.log.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_token_that_comes_back_is_struck_out_of_all_that_is_told() {
    let heard = Heard::new();
    let mut config = config(&[]);
    let bearer = Bearer::named("SHOP_TOKEN", Some("s3cret".into()));
    config.checks.push(SmokeCheck::get("/").bearer(bearer));
    let server = server(|_, _| Does::Answers(401, "bad token s3cret"));
    let smoke = Smoke::with(config, server).unwrap();
    let cx = a_run("v2").events(heard.events()).context(Phase::Verify, "smoke");
    let report = smoke.verify(&shop(&[]), &cx).await.unwrap();
    assert!(!format!("{report:?} {} {smoke:?}", heard.text()).contains("s3cret"));
    assert_eq!(report.all_evidence()[0].value["body"], "bad token [secret]");
    assert_eq!(heard.lines(), ["  smoke: GET / answered 401, wanted 200", "  smoke: 1 of 1"]);
}

#[tokio::test(start_paused = true)]
async fn it_stops_at_once_when_asked_to() {
    let source = CancelSource::new();
    let smoke = Smoke::with(config(&["/"]), server(|_, _| Does::Hangs)).unwrap();
    let cx = a_run("v2").cancel(source.token()).context(Phase::Verify, "smoke");
    let began = Instant::now();
    let asked_to_stop = async {
        sleep(Duration::from_secs(3)).await;
        source.cancel();
    };
    let deployment = shop(&[]);
    let (outcome, ()) = futures::future::join(smoke.verify(&deployment, &cx), asked_to_stop).await;
    assert_eq!(outcome, Err(Fault::cancelled()));
    assert_eq!(began.elapsed(), Duration::from_secs(3));
}

#[tokio::test]
async fn where_nothing_can_be_asked_nothing_is_known() {
    let smoke = Smoke::with(config(&["/"]), server(|_, _| Does::Hangs)).unwrap();
    let mut deployment = shop(&["148e"]);
    (deployment.instances[0].address, deployment.instances[0].serving) = (None, false);
    let cx = a_run("v2").context(Phase::Verify, "smoke");
    let report = smoke.verify(&deployment, &cx).await.unwrap();
    assert_eq!(report.verdict(), Verdict::Inconclusive);
    insta::assert_snapshot!(report.findings()[0].message,
        @"nothing of v2 can be asked: users do not reach it, and no instance has an address");
    // A later stage lets users in: it is asked then.
    deployment.awaits_users = true;
    let report = smoke.verify(&deployment, &cx).await.unwrap();
    assert_eq!(report.verdict(), Verdict::Passed);
}

#[tokio::test(start_paused = true)]
async fn what_a_canary_is_refused_for_an_old_machine_is_asked_too() {
    let server = server(|key, _| match key {
        "/ on new" => Does::Answers(500, ""),
        "/health on new" | "/health on old" => Does::Answers(503, ""),
        _ => Does::Answers(200, ""),
    });
    let mut beside = shop(&["new", "old"]);
    beside.instances[1].side = Side::Old;
    let smoke = Smoke::with(config(&["/", "/health", "/ok"]), server).unwrap();
    let report = smoke.verify(&beside, &a_run("v2").context(Phase::Verify, "smoke")).await.unwrap();
    insta::assert_snapshot!(lines(&report), @r"
    Passed GET / [public]: answered 200, 2 times in a row
    Passed GET /health [public]: answered 200, 2 times in a row
    Passed GET /ok [public]: answered 200, 2 times in a row
    Refused GET / [new]: answered 500, wanted 200; the old machine old answered 200
    Refused GET /health [new]: answered 503, wanted 200; the old machine old answered 503, wanted 200
    Passed GET /ok [new]: answered 200, 2 times in a row
    ");
}
