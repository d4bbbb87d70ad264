//! Answers and what they are worth, as tables.

use std::time::Duration;

use pipeline_core::{Address, Deployment, Instance, Phase, Release, Side};
use pipeline_testkit::a_run;
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use serde_json::json;

use super::*;
use crate::expect::{HeaderRule, JsonRule, JsonWant};
use crate::response::response;
use crate::{Echo, Echoed, Expect, Extract};

fn judged(
    standard: impl FnOnce(&mut Standard<'_>),
    check: &SmokeCheck,
    response: &Response,
) -> String {
    let secrets = Secrets::of(&["s3cret".into()]);
    let instance = Some("148e".to_owned());
    let mut made = Standard { check, instance, build: None, now: None, secrets: &secrets };
    standard(&mut made);
    let judged = made.judge(&Answer::at_once(response.clone()));
    let trigger = judged.trigger.map(|it| format!(" [{it}]")).unwrap_or_default();
    format!("{:?}{trigger}: {}", judged.verdict, judged.message)
}

fn words(check: &SmokeCheck, response: &Response) -> String {
    judged(|_| (), check, response)
}

fn with(mut response: Response, name: &'static str, value: &str) -> Response {
    response.headers.insert(name, value.parse().unwrap());
    response
}

#[test]
fn the_status_is_wanted_exactly() {
    let root = SmokeCheck::get("/");
    insta::assert_snapshot!(words(&root, &response(200, "<html>")), @"Passed: answered 200");
    insta::assert_snapshot!(words(&root, &response(500, "")),
        @"Refused [smoke]: answered 500, wanted 200");
    insta::assert_snapshot!(words(&root, &response(204, "")),
        @"Refused [smoke]: answered 204, wanted 200");
    insta::assert_snapshot!(words(&root, &with(response(302, ""), "location", "/login")),
        @"Refused [smoke]: answered 302 to /login, wanted 200");
    let moved = root.clone().status(302);
    insta::assert_snapshot!(words(&moved, &response(302, "")), @"Passed: answered 302");
    insta::assert_snapshot!(words(&moved, &response(200, "")),
        @"Refused [smoke]: answered 200, wanted 302");
}

#[test]
fn json_is_wanted_only_where_asked_for() {
    let (any, json) = (SmokeCheck::get("/"), SmokeCheck::get("/").json());
    insta::assert_snapshot!(words(&any, &response(200, "{")), @"Passed: answered 200");
    insta::assert_snapshot!(words(&json, &response(200, "[1]")), @"Passed: answered 200");
    insta::assert_snapshot!(words(&json, &response(200, "<html>")),
        @"Refused [smoke]: answered 200, but the body is no JSON (expected value at line 1 column 1), wanted JSON");
    insta::assert_snapshot!(words(&json, &response(200, "")),
        @"Refused [smoke]: answered 200, but the body is empty, wanted JSON");
    let huge = Response { cut: true, ..response(200, "[1,") };
    insta::assert_snapshot!(words(&json, &huge),
        @"Inconclusive [inconclusive]: answered 200, but the body is longer than 1 MiB, too much to tell, wanted JSON");
    insta::assert_snapshot!(words(&any, &huge), @"Passed: answered 200");
}

#[test]
fn a_body_that_says_it_is_unwell_is_believed() {
    let health = SmokeCheck::get("/health");
    let says = |status: &str| response(200, &format!(r#"{{"status": "{status}"}}"#));
    insta::assert_snapshot!(words(&health, &says("healthy")), @"Passed: answered 200");
    insta::assert_snapshot!(words(&health, &says("Degraded")),
        @"Alert [degraded]: answered 200, but calls itself degraded");
    insta::assert_snapshot!(words(&health, &says("unhealthy")),
        @"Refused [smoke]: answered 200, but calls itself unhealthy");
    let page = health.status(503);
    let down = Response { status: 503, ..says("unhealthy") };
    insta::assert_snapshot!(words(&page, &down), @"Passed: answered 503");
}

#[test]
fn another_machines_answer_proves_nothing() {
    let root = SmokeCheck::get("/");
    let answered = |id| with(response(500, ""), "fly-machine-id", id);
    insta::assert_snapshot!(words(&root, &answered("9080")),
        @"Inconclusive [inconclusive]: was answered by another machine, 9080");
    insta::assert_snapshot!(words(&root, &answered("148e")),
        @"Refused [smoke]: answered 500, wanted 200");
    // Where users' requests go, any machine may answer.
    insta::assert_snapshot!(judged(|it| it.instance = None, &root, &answered("9080")), @"Refused [smoke]: answered 500, wanted 200");
}

#[test]
fn a_database_that_is_down_is_told_by_its_name() {
    let health = SmokeCheck::get("/health");
    let body = r#"{"status": "degraded", "checks": {"database": "error"}}"#;
    insta::assert_snapshot!(words(&health, &response(200, body)), @r#"Refused [database]: answered 200, but says that its database is down ("database": "error")"#);
    insta::assert_snapshot!(words(&health, &response(503, body)), @r#"Refused [database]: answered 503, wanted 200; it says that its database is down ("database": "error")"#);
    insta::assert_snapshot!(words(&health, &response(503, r#"{"status": "degraded"}"#)), @"Refused [smoke]: answered 503, wanted 200; it calls itself degraded");
    insta::assert_snapshot!(words(&health.status(503), &response(503, body)), @"Passed: answered 503");
}

#[test]
fn all_that_is_wrong_is_told_and_the_worst_decides() {
    let mut check = SmokeCheck::get("/health");
    check.expect.json_paths = vec![JsonRule::new("$.db", JsonWant::Equals(json!("ok"))).unwrap()];
    check.expect.headers = vec![HeaderRule::equals("x-app", "shop").unwrap()];
    insta::assert_snapshot!(words(&check, &response(200, r#"{"status": "degraded", "db": "s3cret"}"#)), @r#"Refused [smoke]: answered 200, but the header `x-app` is missing, wanted "shop"; `$.db` is "[secret]", wanted "ok"; calls itself degraded"#);
    insta::assert_snapshot!(words(&check, &response(404, "not found")), @"Refused [smoke]: answered 404, wanted 200");
    let huge = with(Response { cut: true, ..response(200, "[1,") }, "x-app", "shop");
    insta::assert_snapshot!(words(&check, &huge), @"Inconclusive [inconclusive]: answered 200, but the body is longer than 1 MiB, too much to tell, wanted JSON");
    check.expect.json_paths =
        (0..9).map(|n| JsonRule::new(&format!("$.a{n}"), JsonWant::Exists).unwrap()).collect();
    insta::assert_snapshot!(words(&check, &response(200, "{}")), @r#"Refused [smoke]: answered 200, but the header `x-app` is missing, wanted "shop"; `$.a0` finds nothing, wanted it to be there; `$.a1` finds nothing, wanted it to be there; `$.a2` finds nothing, wanted it to be there; and 6 more"#);
}

#[test]
fn a_certificate_must_be_good_for_long_enough() {
    let mut params = CertificateParams::new(["shop.test".to_owned()]).unwrap();
    params.not_after = date_time_ymd(2026, 4, 7);
    let der = params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec();
    // 2026-03-25 00:00 UTC.
    let now = Some(SystemTime::UNIX_EPOCH + Duration::from_hours(24 * 20_537));
    let wants = |days: u64| SmokeCheck {
        tls_expires_after: Some(Duration::from_hours(24 * days)),
        ..SmokeCheck::get("/")
    };
    let timed = |check: &SmokeCheck, response: &Response| {
        judged(|it| (it.now, it.instance) = (now, None), check, response)
    };
    let under = |der: &[u8]| Response { certificate: Some(der.into()), ..response(200, "") };
    insta::assert_snapshot!(timed(&wants(13), &under(&der)), @"Passed: answered 200");
    insta::assert_snapshot!(timed(&wants(14), &under(&der)), @"Alert [smoke]: answered 200, but its certificate expires in 13 days, wanted at least 14 days; renew it");
    insta::assert_snapshot!(timed(&wants(14), &under(b"moon")), @"Inconclusive [inconclusive]: answered 200, but its certificate cannot be read (Parsing Error: NomError(Eof))");
    insta::assert_snapshot!(timed(&wants(14), &response(200, "")), @"Inconclusive [inconclusive]: answered 200, but it came over plain HTTP, so there is no certificate to look at; give the environment's `url` https, or leave `tls_expires_after` out");
    // A machine behind the site has no certificate of its own.
    insta::assert_snapshot!(judged(|it| it.now = now, &wants(14), &response(200, "")), @"Passed: answered 200");
}

fn instance(id: &str, side: Side, serving: bool) -> Instance {
    let address = Some(Address { url: "https://shop.test".into(), headers: [].into() });
    Instance { id: id.into(), side, region: None, serving, address }
}

fn deployment(instances: Vec<Instance>) -> Deployment {
    let artifact = Some("r/shop:v545".to_owned());
    Deployment { version: "v545".into(), artifact, instances, ..Deployment::default() }
}

/// The build that must answer: `one` instance or the public address of a deployment in a phase.
fn build(
    what: Echoed,
    one: bool,
    (deployment, phase): (&Deployment, Phase),
    release: Release,
) -> String {
    let mut run = a_run("v546");
    run.release = release;
    format!("{:?}", wanted(what, one, deployment, &run.context(phase, "smoke")))
}

#[test]
fn the_build_that_must_answer_is_the_one_that_was_deployed() {
    let release = || Release::new("v546").revision("3ab1c2d4e5");
    let (old, new) = (Side::Old, Side::New);
    let (verify, restore) = (Phase::Verify, Phase::Restore);
    let switched = deployment(vec![instance("a", old, false), instance("b", new, true)]);
    let canary = deployment(vec![instance("a", old, true), instance("b", new, true)]);
    let table = [
        build(Echoed::Revision, false, (&switched, verify), release()),
        build(Echoed::Version, true, (&canary, verify), release()),
        build(Echoed::Version, false, (&canary, verify), release()),
        build(Echoed::Revision, true, (&switched, verify), Release::new("v546")),
        build(Echoed::Image, true, (&switched, verify), release()),
        build(Echoed::Version, false, (&deployment(vec![]), verify), Release::new("v545")),
    ];
    insta::assert_snapshot!(table.join("\n"), @r#"
    This("3ab1c2d4e5")
    This("v546")
    Any("old machines answer there, too")
    Unknown("the commit of this release is not known; deploy from a git checkout")
    This("r/shop:v545")
    This("v545")
    "#);
    let before = deployment(vec![instance("a", old, true)]);
    let unknown = Deployment { version: "unknown".into(), ..before.clone() };
    let table = [
        build(Echoed::Version, true, (&before, restore), release()),
        build(Echoed::Image, true, (&before, restore), release()),
        build(Echoed::Revision, true, (&before, restore), release()),
        build(Echoed::Version, false, (&unknown, verify), release()),
    ];
    insta::assert_snapshot!(table.join("\n"), @r#"
    This("v545")
    This("r/shop:v545")
    Any("the target does not say what the running build is")
    Any("the target does not say what the running build is")
    "#);
}

#[test]
fn an_answer_says_which_build_it_comes_from() {
    let place = Extract::json_path("$.revision").unwrap();
    let echo = Some(Echo { what: Echoed::Revision, place });
    let check = SmokeCheck { echo, expect: Expect::status([200]), ..SmokeCheck::get("/version") };
    let by = |wanted: &Wanted, body| {
        judged(|it| it.build = Some(wanted.clone()), &check, &response(200, body))
    };
    let (ours, theirs) = (r#"{"revision": "3ab1c2d"}"#, r#"{"revision": "9fd1c2e"}"#);
    let this = Wanted::This("3ab1c2d4e5".into());
    insta::assert_snapshot!(by(&this, ours), @"Passed: answered 200 from revision 3ab1c2d");
    insta::assert_snapshot!(by(&this, theirs), @"Refused [smoke]: answered 200, but another build answers: its revision (`$.revision`) is 9fd1c2e, wanted 3ab1c2d4e5");
    insta::assert_snapshot!(by(&this, "{}"), @"Inconclusive [inconclusive]: answered 200, but it does not say its revision (`$.revision` is not there), so which build answered cannot be told; let the application say it, or leave `echoes` out");
    insta::assert_snapshot!(by(&this, "<html>"), @"Inconclusive [inconclusive]: answered 200, but it does not say its revision (the body is no JSON (expected value at line 1 column 1)), so which build answered cannot be told; let the application say it, or leave `echoes` out");
    insta::assert_snapshot!(by(&Wanted::Any("old machines answer there, too"), theirs), @"Passed: answered 200 from revision 9fd1c2e (not compared: old machines answer there, too)");
    insta::assert_snapshot!(by(&Wanted::Unknown("the commit of this release is not known"), ours), @"Inconclusive [inconclusive]: answered 200, but which build answered cannot be told: the commit of this release is not known");
}
