//! What a release is compared with, and what is kept of it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use pipeline_core::CancelSource;
use pipeline_core::{Control, Fault, FaultKind, Phase, RunId, Verdict, Verifier};
use pipeline_testkit::{Heard, StoppedClock, a_run};
use tokio::time::Instant;
use verify_http::{
    Bearer, History, Measure, PastRun, Performance, PerformanceConfig, Role, Sample, Series,
    judge_again,
};

use super::server::{Asked, Does, Server, around, serve};
use super::{MS, config, cx, line, performance, told, verified};

/// Takes so many milliseconds, more or less; the new machine so many times as long.
async fn taking(median: f64, times: f64) -> Server {
    serve(move |asked: &Asked<'_>| {
        let median = if asked.machine == "new" { median * times } else { median };
        Does::Answers(200, around(median, 0.3, asked))
    })
    .await
}

#[derive(Default)]
struct Kept {
    past: Vec<PastRun>,
    kept: Mutex<Vec<Series>>,
}

#[async_trait]
impl History for Kept {
    async fn healthy(&self, _endpoint: &str) -> Result<Vec<PastRun>, Fault> {
        Ok(self.past.clone())
    }

    async fn keep(&self, _run: &RunId, series: Vec<Series>) -> Result<(), Fault> {
        self.kept.lock().unwrap().extend(series);
        Ok(())
    }
}

fn past(ms: u64) -> PastRun {
    let sample = |n| Sample { at_us: n, latency_us: (ms + n % 10) * 1_000, status: Some(200) };
    PastRun { samples: (1..=60).map(sample).collect() }
}

/// Measured before the deploy, then judged, `minutes` later.
async fn before_and_after(times: f64, minutes: u64) -> String {
    let (server, clock) = (taking(50.0, times).await, StoppedClock::new());
    let verifier = Performance::new(config(), Arc::new(clock.clone())).unwrap();
    let mut old = server.machines(&["old"]);
    old.version = "v1".into();
    let began = Instant::now();
    let evidence = verifier.baseline(&old, &cx()).await.unwrap().unwrap();
    assert!(began.elapsed() <= Duration::from_secs(25), "{:?}", began.elapsed());
    clock.move_on(Duration::from_mins(minutes));
    let new = server.machines(&["new"]);
    told(&verifier.compare(&new, Some(&evidence), &cx()).await.unwrap())
}

#[tokio::test(start_paused = true)]
async fn what_was_measured_before_the_deploy_is_the_control_where_the_old_one_is_gone() {
    insta::assert_snapshot!(before_and_after(1.0, 5).await, @"Passed GET / [new]: as fast as the release before, measured just before the deploy (median 47 ms against 52 ms; between 0.5x and 1.2x, 40 requests)");
    insta::assert_snapshot!(before_and_after(3.0, 5).await, @"Alert GET / [new]: 2.9x slower than the release before, measured just before the deploy (median 140 ms against 52 ms; between 1.7x and 3.5x, 40 requests)");
    insta::assert_snapshot!(before_and_after(8.0, 5).await, @"Refused GET / [new]: 7.8x slower than the release before, measured just before the deploy (median 398 ms against 52 ms; between 3.7x and 8.5x, 400 requests); a second look, at 30 requests, confirms it: 8.5x");
    insta::assert_snapshot!(before_and_after(8.0, 25).await, @"Alert GET / [new]: 7.8x slower than the release before, measured 25 minutes ago (median 398 ms against 52 ms; between 2.9x and 8.5x, 400 requests)");
}

#[tokio::test(start_paused = true)]
async fn without_anything_to_compare_with_it_passes_and_says_so() {
    let server = taking(50.0, 1.0).await;
    let kept = Arc::new(Kept::default());
    let verifier = performance(config()).history(kept.clone());
    let report = verifier.verify(&server.public("v1"), &cx()).await.unwrap();
    insta::assert_snapshot!(told(&report), @"Passed GET / [public]: median 52 ms, 100 requests; there is nothing to compare it with yet, the next release will be compared with this one");
    assert_eq!(report.checks()[0].control, Some(Control::None));
    let kept = kept.kept.lock().unwrap();
    let roles: Vec<_> = kept.iter().map(|it| (it.role, it.samples.len() >= 20)).collect();
    assert_eq!(roles, [(Role::WarmUp, true), (Role::New, true)]);
}

#[tokio::test(start_paused = true)]
async fn earlier_healthy_releases_are_the_control_where_the_old_one_is_gone() {
    for (times, verdict) in [(1.0, Verdict::Passed), (3.0, Verdict::Alert), (8.0, Verdict::Refused)]
    {
        let server = taking(50.0, times).await;
        let kept = Kept { past: [45, 48, 50, 52, 55].map(past).into(), ..Kept::default() };
        let verifier = performance(config()).history(Arc::new(kept));
        let report = verifier.verify(&server.machines(&["new"]), &cx()).await.unwrap();
        println!("{}", told(&report));
        assert_eq!(report.verdict(), verdict);
        assert_eq!(report.checks()[0].control, Some(Control::History));
    }
}

#[tokio::test(start_paused = true)]
async fn a_configured_baseline_goes_before_all_others() {
    let server = taking(120.0, 1.0).await;
    let mut config = config();
    config.endpoints[0].baseline = Some(50 * MS);
    let (report, _) = verified(config, &server.machines(&["old", "new"])).await;
    insta::assert_snapshot!(told(&report), @"Alert GET / [new]: 2.2x slower than the configured baseline (median 112 ms against 50 ms; between 1.9x and 3.2x, 40 requests)");
}

#[tokio::test(start_paused = true)]
async fn the_application_may_say_itself_what_it_took() {
    let server = serve(|asked: &Asked<'_>| {
        let db = if asked.machine == "new" { 90.0 } else { 30.0 };
        let took = around(db, 0.3, asked).as_secs_f64() * 1_000.0;
        Does::Says("server-timing", format!("app;dur=1, db;dur={took:.3}"), 200 * MS)
    })
    .await;
    let mut config = config();
    config.endpoints[0].measure = Measure::ServerTiming(Some("db".into()));
    let machines = server.machines(&["old", "new"]);
    let (report, _) = verified(config.clone(), &machines).await;
    insta::assert_snapshot!(told(&report), @"Alert GET / [new]: 2.9x slower than the old release measured at the same time (median 83 ms against 31 ms; between 2.3x and 3.7x, 40 requests)");
    config.endpoints[0].measure = Measure::ServerTiming(Some("render".into()));
    let (report, took) = verified(config, &machines).await;
    insta::assert_snapshot!(told(&report), @"Inconclusive GET / [new]: answers without a `server-timing` header with a duration of `render`; let the application send it, or leave `measure` out");
    assert!(took <= Duration::from_secs(1), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn another_machines_answers_are_void() {
    let server = serve(|_: &Asked<'_>| Does::Says("fly-machine-id", "other".into(), 5 * MS)).await;
    let (report, _) = verified(config(), &server.machines(&["new"])).await;
    insta::assert_snapshot!(told(&report), @"Inconclusive GET / [new]: was answered by another machine, other; see that the header which pins a request is not lost on the way");
}

/// A server that time passes over, so that nobody could send meanwhile.
async fn busy(jump: Duration) -> Server {
    serve(move |asked: &Asked<'_>| match asked.number % 20 {
        7 => Does::Jumps(jump),
        _ => Does::Answers(200, 5 * MS),
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_late_concludes_nothing() {
    let server = busy(80 * MS).await;
    let kept = Arc::new(Kept::default());
    let verifier = performance(config()).history(kept.clone());
    let report = verifier.verify(&server.machines(&["old", "new"]), &cx()).await.unwrap();
    insta::assert_snapshot!(told(&report), @"Inconclusive GET / [new]: this machine was too busy to measure: 9 of 120 requests left more than 5 ms late; measure again with `pipeline verify` when less runs here");
    assert_eq!(report.verdict(), Verdict::Inconclusive);
    // It was tried twice.
    assert!(server.seen() > 200, "{}", server.seen());
    assert!(kept.kept.lock().unwrap().is_empty(), "no later release is compared with that");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_late_makes_no_control() {
    let (server, verifier) = (busy(150 * MS).await, performance(config()));
    let heard = Heard::new();
    let cx = a_run("v2").events(heard.events()).context(Phase::Deploy, "performance");
    assert!(verifier.baseline(&server.machines(&["old"]), &cx).await.unwrap().is_none());
    insta::assert_snapshot!(heard.lines().join("\n"), @r"
    performance: this machine was too busy to measure: 11 of 220 requests left more than 5 ms late; once more
    performance: this machine was too busy to measure: 11 of 220 requests left more than 5 ms late; earlier releases are the control, if there are any
    ");
    let fault = verifier.measure(&server.machines(&["old"]), &cx).await.unwrap_err();
    insta::assert_snapshot!(format!("{fault}: {}", fault.next_step().unwrap()),
        @"this machine was too busy to measure: 11 of 220 requests left more than 5 ms late: measure again when less runs here");
}

#[tokio::test(start_paused = true)]
async fn the_same_against_itself_passes() {
    let server = taking(50.0, 1.0).await;
    let verifier = performance(config());
    for deployment in [server.public("v1"), server.machines(&["a", "b"])] {
        let report = verifier.same(&deployment, &cx()).await.unwrap();
        assert_eq!(report.verdict(), Verdict::Passed);
        assert!(report.checks().iter().all(|it| it.control == Some(Control::Concurrent)));
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_kept_is_judged_again_as_it_was_and_with_other_limits() {
    let server = taking(50.0, 6.0).await;
    let kept = Arc::new(Kept::default());
    let verifier = performance(config()).history(kept.clone());
    let report = verifier.verify(&server.machines(&["old", "new"]), &cx()).await.unwrap();
    let series = kept.kept.lock().unwrap().clone();
    let again = judge_again(&series, &config());
    assert_eq!(again.iter().map(line).collect::<Vec<_>>().join("\n"), told(&report));
    let lenient = PerformanceConfig { alert: 7.0, rollback: 20.0, ..config() };
    insta::assert_snapshot!(line(&judge_again(&series, &lenient)[0]), @"Passed GET / [new]: 5.8x slower than the old release measured at the same time (median 291 ms against 53 ms; between 4.6x and 7.3x, 43 requests)");
    let server = taking(50.0, 3.0).await;
    let kept = Arc::new(Kept::default());
    let verifier = performance(config()).history(kept.clone());
    verifier.verify(&server.machines(&["old", "new"]), &cx()).await.unwrap();
    let strict = PerformanceConfig { alert: 1.5, rollback: 2.5, ..config() };
    let series = kept.kept.lock().unwrap().clone();
    insta::assert_snapshot!(line(&judge_again(&series, &strict)[0]), @"Inconclusive GET / [new]: 2.9x slower than the old release measured at the same time (median 140 ms against 52 ms; between 2.3x and 3.7x, 40 requests); the run took no second look that could confirm it");
}

#[tokio::test(start_paused = true)]
async fn it_stops_at_once_when_asked_to_and_says_what_it_cannot_do() {
    let (server, source) = (taking(50.0, 1.0).await, CancelSource::new());
    let cx = a_run("v2").cancel(source.token()).context(Phase::Verify, "performance");
    let (verifier, began) = (performance(config()), Instant::now());
    let stop = async {
        tokio::time::sleep(3 * Duration::from_secs(1)).await;
        source.cancel();
    };
    let deployment = server.public("v2");
    let (outcome, ()) = futures::future::join(verifier.verify(&deployment, &cx), stop).await;
    assert_eq!(outcome.unwrap_err().kind(), FaultKind::Cancelled);
    assert_eq!(began.elapsed(), Duration::from_secs(3));

    let mut config = config();
    config.endpoints[0].bearer = Some(Bearer::named("SHOP_TOKEN", None));
    let fault = performance(config).verify(&deployment, &super::cx()).await.unwrap_err();
    insta::assert_snapshot!(fault, @"the token `SHOP_TOKEN` for GET / is missing or empty");

    let mut hidden = server.machines(&["new"]);
    (hidden.instances[0].address, hidden.instances[0].serving) = (None, false);
    let report = performance(super::config()).verify(&hidden, &super::cx()).await.unwrap();
    insta::assert_snapshot!(report.findings()[0].message, @"nothing of v2 can be measured: users do not reach it, and no instance has an address");
}
