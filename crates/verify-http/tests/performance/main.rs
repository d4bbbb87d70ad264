//! The performance verifier against a server whose latency is known, over real sockets, in time that does not pass
//! by itself: verdicts, their numbers, and how long they take.

mod server;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use pipeline_core::{
    Check, Context, Control, Deployment, Fault, Outcome, Phase, Report, RunId, Trigger, Verdict, Verifier,
};
use pipeline_testkit::{StoppedClock, a_run};
use tokio::time::Instant;
use verify_http::{Endpoint, History, PastRun, Performance, PerformanceConfig, Role, Series};

use self::server::{Asked, Does, Server, around, serve};

const MS: Duration = Duration::from_millis(1);

fn config() -> PerformanceConfig {
    PerformanceConfig { endpoints: vec![Endpoint::get("/")], ..PerformanceConfig::default() }
}

fn performance(config: PerformanceConfig) -> Performance {
    Performance::new(config, Arc::new(StoppedClock::new())).expect("the configuration is good")
}

fn cx() -> Context {
    a_run("v2").context(Phase::Verify, "performance")
}

/// The verdict, and how long it took.
async fn verified(config: PerformanceConfig, deployment: &Deployment) -> (Report, Duration) {
    let began = Instant::now();
    let report = performance(config).verify(deployment, &cx()).await.expect("it could look");
    (report, began.elapsed())
}

fn told(report: &Report) -> String {
    let told = |it: &Check| {
        let machine = it.instance.as_deref().unwrap_or("public");
        format!("{:?} {} [{machine}]: {}", it.verdict, it.name, it.message)
    };
    report.checks().iter().map(told).collect::<Vec<_>>().join("\n")
}

/// The old machine takes 50 ms; the new one so many times as long.
async fn slower(times: f64) -> Server {
    serve(move |asked| {
        let median = if asked.machine.starts_with("old") { 50.0 } else { 50.0 * times };
        Does::Answers(200, around(median, 0.3, asked.number))
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn a_healthy_release_passes_in_ten_seconds() {
    let server = slower(1.0).await;
    let (report, took) = verified(config(), &server.machines(&["old", "new"])).await;
    insta::assert_snapshot!(told(&report), @"");
    assert_eq!(report.verdict(), Verdict::Passed);
    assert!(took <= Duration::from_secs(10), "{took:?}");
    let check = &report.checks()[0];
    assert_eq!(check.control, Some(Control::Concurrent));
    insta::assert_debug_snapshot!(report.numbers(), @"");
}

#[tokio::test(start_paused = true)]
async fn three_times_as_slow_is_an_alert() {
    let server = slower(3.0).await;
    let (report, took) = verified(config(), &server.machines(&["old", "new"])).await;
    insta::assert_snapshot!(told(&report), @"");
    assert_eq!(report.findings()[0].rule.as_deref(), Some("latency_alert"));
    assert!(took <= Duration::from_secs(45), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn six_times_as_slow_goes_back_within_35_seconds() {
    let server = slower(6.0).await;
    let (report, took) = verified(config(), &server.machines(&["old", "new"])).await;
    insta::assert_snapshot!(told(&report), @"");
    assert_eq!(report.checks()[0].trigger, Some(Trigger::LatencyRollback));
    assert!(took <= Duration::from_secs(35), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn ten_times_as_slow_goes_back_sooner() {
    let server = slower(10.0).await;
    let (report, took) = verified(config(), &server.machines(&["old", "new"])).await;
    insta::assert_snapshot!(told(&report), @"");
    assert!(took <= Duration::from_secs(25), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn one_slow_machine_of_four_is_found() {
    let server = serve(|asked: &Asked<'_>| {
        let median = if asked.machine == "c" { 300.0 } else { 50.0 };
        Does::Answers(200, around(median, 0.6, asked.number))
    })
    .await;
    let (report, took) = verified(config(), &server.machines(&["old", "a", "b", "c", "d"])).await;
    insta::assert_snapshot!(told(&report), @"");
    assert!(took <= Duration::from_secs(35), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_release_that_is_down_is_refused_within_five_seconds() {
    let server = serve(|asked: &Asked<'_>| match asked.machine {
        "old" => Does::Answers(200, 50 * MS),
        "drops" => Does::Drops,
        "ill" => Does::Answers(500, 50 * MS),
        _ => Does::Hangs,
    })
    .await;
    for machine in ["drops", "ill", "hangs"] {
        let (report, took) = verified(config(), &server.machines(&[machine])).await;
        assert_eq!(report.verdict(), Verdict::Refused);
        assert!(took <= Duration::from_secs(5), "{machine}: {took:?}");
        println!("{machine}: {took:?} {}", told(&report));
        let (report, took) = verified(config(), &server.machines(&["old", machine])).await;
        assert_eq!(report.verdict(), Verdict::Refused);
        println!("{machine}: {took:?} {}", told(&report));
    }
    let gone = server.public("v2");
    drop(server);
    let (report, took) = verified(config(), &gone).await;
    insta::assert_snapshot!(told(&report), @"");
    assert!(took <= Duration::from_secs(5), "{took:?}");
}
