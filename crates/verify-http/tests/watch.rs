//! A watch over real loopback HTTP, with time that runs as fast as it can.

use std::time::Duration;

use pipeline_core::{
    Deployment, Instance, Outcome, Phase, Report, Side, Trigger, Verdict, Verifier,
};
use pipeline_testkit::a_run;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use verify_http::{Client, Connections, Watch, WatchConfig};

/// What the server does with a request.
#[derive(Clone, Copy)]
enum Does {
    Answers(u16, &'static str),
    Resets,
}

const WELL: Does = Does::Answers(200, r#"{"status": "healthy"}"#);

/// Does this with each request, told by its number and the second it comes in.
async fn serve(listener: TcpListener, does: impl Fn(usize, u64) -> Does) {
    let began = Instant::now();
    for number in 0.. {
        let (stream, _) = listener.accept().await.expect("somebody connects");
        answer(stream, does(number, began.elapsed().as_secs())).await;
    }
}

async fn answer(mut stream: TcpStream, does: Does) {
    let mut buffer = [0; 4096];
    let _ = stream.read(&mut buffer).await;
    let _ = match does {
        Does::Resets => stream.set_zero_linger(),
        Does::Answers(status, body) => {
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status} Said\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            );
            stream.write_all(head.as_bytes()).await
        }
    };
}

async fn watched(phase: Phase, side: Side, does: impl Fn(usize, u64) -> Does) -> Outcome {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has free ports");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    let instance = |id: &str, side| Instance {
        id: id.into(),
        side,
        region: None,
        serving: true,
        address: None,
    };
    let instances = vec![instance("a", Side::New), instance("b", side)];
    let deployment =
        Deployment { version: "v2".into(), url: Some(url), instances, ..Deployment::default() };
    let client = Client::new(Connections::Fresh).expect("a provider is installed");
    let watch = Watch::new(WatchConfig::new("/health"), client).expect("it is a good watch");
    let cx = a_run("v2").context(phase, "watch");
    tokio::select! {
        () = serve(listener, does) => unreachable!("it serves for ever"),
        outcome = watch.verify(&deployment, &cx) => outcome,
    }
}

async fn new(does: impl Fn(usize, u64) -> Does) -> (Report, u64) {
    let began = Instant::now();
    let report = watched(Phase::Verify, Side::New, does).await.expect("it could look");
    (report, began.elapsed().as_secs())
}

fn seen(report: &Report) -> (Verdict, Option<Trigger>) {
    let worst = report.checks().iter().max_by_key(|it| it.verdict).expect("there are checks");
    (worst.verdict, worst.trigger)
}

fn number(report: &Report, name: &str) -> f64 {
    report.numbers()[name]
}

#[tokio::test(start_paused = true)]
async fn a_good_release_passes_and_loses_nothing() {
    let (report, took) = new(|_, _| WELL).await;
    assert_eq!((seen(&report), took), ((Verdict::Passed, None), 55));
    assert_eq!(number(&report, "watch/requests").to_string(), "20");
    assert_eq!(number(&report, "watch/lost").to_string(), "0");
    assert_eq!(number(&report, "watch/longest_gap_ms").to_string(), "0");
}

#[tokio::test(start_paused = true)]
async fn down_for_twelve_seconds_is_refused_long_before() {
    let (report, took) = new(|_, second| match second {
        3..15 => Does::Answers(503, "restarting"),
        _ => WELL,
    })
    .await;
    assert_eq!((seen(&report), took), ((Verdict::Refused, Some(Trigger::HealthDown)), 6));
    assert_eq!(number(&report, "watch/lost").to_string(), "4");
    insta::assert_snapshot!(report.findings()[0].message, @"GET /health: is down: 4 probes in a row failed (more than 3), sent 3 s to 6 s into the watch; the last one answered 503, wanted 200");
    assert_eq!(report.findings()[0].rule.as_deref(), Some("health_down"));
}

#[tokio::test(start_paused = true)]
async fn a_restart_of_two_seconds_passes_and_is_measured() {
    let (report, _) =
        new(|_, second| if (3..5).contains(&second) { Does::Resets } else { WELL }).await;
    // Two of twenty are too many; the gap is told all the same.
    assert_eq!(seen(&report), (Verdict::Refused, Some(Trigger::ErrorRate)));
    let gap = number(&report, "watch/longest_gap_ms");
    assert!((2_900.0..3_100.0).contains(&gap), "{gap}");
}

#[tokio::test(start_paused = true)]
async fn one_reset_of_twenty_is_not_more_than_five_per_cent() {
    let (report, _) = new(|number, _| if number % 20 == 7 { Does::Resets } else { WELL }).await;
    assert_eq!(seen(&report), (Verdict::Passed, None));
    assert_eq!(number(&report, "watch/lost").to_string(), "1");
    assert_eq!(number(&report, "watch/error_rate").to_string(), "0.05");
    insta::assert_snapshot!(report.checks()[1].message, @"1 of 20 requests failed (5.0 %)");
}

#[tokio::test(start_paused = true)]
async fn what_flaps_is_an_error_rate() {
    let (report, took) = new(|number, _| match number % 2 {
        0 => Does::Answers(500, ""),
        _ => WELL,
    })
    .await;
    assert_eq!((seen(&report), took), ((Verdict::Refused, Some(Trigger::ErrorRate)), 55));
    insta::assert_snapshot!(report.findings()[0].message, @"error rate: 10 of 20 requests failed (50.0 %), more than 5.0 %");
}

#[tokio::test(start_paused = true)]
async fn what_flaps_beside_old_machines_is_an_alert_after_ten_seconds() {
    let began = Instant::now();
    let does = |number, _| if number % 2 == 0 { Does::Answers(500, "") } else { WELL };
    let report = watched(Phase::Verify, Side::Old, does).await.unwrap();
    assert_eq!(began.elapsed(), Duration::from_secs(9));
    assert_eq!(seen(&report), (Verdict::Alert, Some(Trigger::ErrorRate)));
    insta::assert_snapshot!(report.findings()[0].message, @"error rate: 5 of 10 requests failed (50.0 %), too few to be sure (only the first 10 s: old machines still serve)");
}

#[tokio::test(start_paused = true)]
async fn health_in_the_body_counts() {
    let (report, _) = new(|_, _| Does::Answers(200, r#"{"status": "degraded"}"#)).await;
    assert_eq!(seen(&report), (Verdict::Alert, Some(Trigger::Degraded)));
    let body = r#"{"status": "degraded", "checks": {"database": {"status": "down"}}}"#;
    let (report, took) =
        new(move |_, second| if second < 5 { WELL } else { Does::Answers(503, body) }).await;
    assert_eq!((seen(&report), took), ((Verdict::Refused, Some(Trigger::Database)), 6));
    insta::assert_snapshot!(report.findings()[0].message, @r#"GET /health: 2 times in a row, 6 s into the watch, it answered 503 and says that its database is down ("database": {"status":"down"})"#);
}

#[tokio::test(start_paused = true)]
async fn after_a_restore_it_looks_for_ten_seconds() {
    let began = Instant::now();
    let report = watched(Phase::Restore, Side::New, |_, _| WELL).await.unwrap();
    assert_eq!(began.elapsed(), Duration::from_secs(9));
    assert_eq!(seen(&report), (Verdict::Passed, None));
}
