//! Time that stands still, answers from a script.

mod extent;
mod tables;

use std::future::pending;
use std::sync::Mutex;

use pipeline_core::{Address, CancelSource, Instance, Report, Verdict};
use pipeline_testkit::{Heard, a_run};
use tokio::time::sleep;

use super::*;
use crate::client::Asked;
use crate::response::response;

/// What a server does at a second of the watch.
enum Does {
    Answers(u16, &'static str),
    Resets,
    Hangs,
    Slow(u64),
    Unresolved,
}

struct Server<F> {
    does: F,
    began: Instant,
    log: Mutex<Vec<String>>,
}

#[async_trait]
impl<F: Fn(&str, u64) -> Does + Send + Sync> Ask for Server<F> {
    async fn ask(&self, request: &Request) -> Asked {
        let key = match request.headers.get("fly-force-instance-id") {
            Some(id) => format!("{} on {}", request.url.path(), id.to_str().unwrap()),
            None => request.url.path().to_owned(),
        };
        let second = self.began.elapsed().as_secs();
        self.log.lock().unwrap().push(format!("{second} {key}"));
        match (self.does)(&key, second) {
            Does::Answers(status, body) => Ok(response(status, body)),
            Does::Resets => Err(Unanswered::Silent("did not answer: connection reset".into())),
            Does::Hangs => pending().await,
            Does::Slow(seconds) => {
                let took = Duration::from_secs(seconds);
                sleep(took).await;
                Ok(crate::response::Response { took, ..response(200, "") })
            }
            Does::Unresolved => {
                let source = std::io::Error::other("no such host");
                Err(Unanswered::Blind(Error::Dns { host: "shop.test".into(), source }))
            }
        }
    }
}

fn server<F: Fn(&str, u64) -> Does + Send + Sync>(does: F) -> Arc<Server<F>> {
    Arc::new(Server { does, began: Instant::now(), log: Mutex::default() })
}

fn instance(id: &str, side: Side, serving: bool) -> Instance {
    let headers = [("fly-force-instance-id".to_owned(), id.to_owned())].into();
    let address = Some(Address { url: "https://shop.test".into(), headers });
    Instance { id: id.into(), side, region: None, serving, address }
}

fn shop(instances: Vec<Instance>) -> Deployment {
    let url = Some("https://shop.test".into());
    Deployment { version: "v2".into(), url, instances, ..Deployment::default() }
}

async fn watched<F>(does: F, deployment: &Deployment, phase: Phase) -> Outcome
where
    F: Fn(&str, u64) -> Does + Send + Sync + 'static,
{
    let watch = Watch::with(WatchConfig::new("/health"), server(does)).unwrap();
    watch.verify(deployment, &a_run("v2").context(phase, "watch")).await
}

/// A watch of what users reach, and how long it took.
async fn public<F>(does: F) -> (String, u64)
where
    F: Fn(&str, u64) -> Does + Send + Sync + 'static,
{
    let began = Instant::now();
    let report = watched(does, &shop(vec![]), Phase::Verify).await.unwrap();
    (lines(&report), began.elapsed().as_secs())
}

fn lines(report: &Report) -> String {
    let checks = report.checks().iter().map(|it| {
        let machine = it.instance.as_ref().map(|it| format!(" on {it}")).unwrap_or_default();
        let trigger = it.trigger.map(|it| format!(" [{it}]")).unwrap_or_default();
        format!("{:?}{trigger} {}{machine}: {}", it.verdict, it.name, it.message)
    });
    let numbers = report.numbers().iter().map(|(name, value)| format!("{name} = {value}"));
    checks.chain(numbers).collect::<Vec<_>>().join("\n")
}

#[tokio::test(start_paused = true)]
async fn all_is_well_for_the_whole_window() {
    let (told, took) = public(|_, _| Does::Answers(200, "")).await;
    assert_eq!(took, 55);
    insta::assert_snapshot!(told, @r"
    Passed GET /health: 20 of 20 probes were answered well, 12ms in the median
    Passed error rate: 0 of 20 requests failed (0.0 %)
    watch/error_rate = 0
    watch/longest_gap_ms = 0
    watch/lost = 0
    watch/requests = 20
    ");
}

#[tokio::test(start_paused = true)]
async fn what_is_down_is_refused_as_soon_as_it_is_certain() {
    let (told, took) = public(|_, second| match second {
        2..14 => Does::Answers(503, ""),
        _ => Does::Answers(200, ""),
    })
    .await;
    assert_eq!(took, 5);
    insta::assert_snapshot!(told, @r"
    Refused [health_down] GET /health: is down: 4 probes in a row failed (more than 3), sent 2 s to 5 s into the watch; the last one answered 503, wanted 200
    Alert [error_rate] error rate: 4 of 6 requests failed (66.7 %), too few to be sure
    watch/error_rate = 0.6666666666666666
    watch/longest_gap_ms = 4000
    watch/lost = 4
    watch/requests = 6
    ");
}

#[tokio::test(start_paused = true)]
async fn what_hangs_is_refused_when_its_probes_have_run_out() {
    let (told, took) = public(|_, _| Does::Hangs).await;
    assert_eq!(took, 8);
    insta::assert_snapshot!(told, @r"
    Refused [health_down] GET /health: is down: 4 probes in a row failed (more than 3), sent 0 s to 3 s into the watch; the last one did not answer within 5s
    Alert [error_rate] error rate: 4 of 4 requests failed (100.0 %), too few to be sure
    watch/error_rate = 1
    watch/longest_gap_ms = 8000
    watch/lost = 4
    watch/requests = 4
    ");
}

#[tokio::test(start_paused = true)]
async fn a_slow_answer_delays_no_other_probe() {
    let server =
        server(|_, second| if second == 1 { Does::Slow(4) } else { Does::Answers(200, "") });
    let watch = Watch::with(WatchConfig::new("/health"), server.clone()).unwrap();
    let cx = a_run("v2").context(Phase::Verify, "watch");
    let report = watch.verify(&shop(vec![]), &cx).await.unwrap();
    assert_eq!(report.verdict(), Verdict::Passed);
    let asked: Vec<_> =
        server.log.lock().unwrap().iter().map(|it| it.replace(" /health", "")).collect();
    assert_eq!(asked[..11], ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);
    assert_eq!(asked[11..], ["15", "20", "25", "30", "35", "40", "45", "50", "55"]);
}

#[tokio::test(start_paused = true)]
async fn what_fails_now_and_then_is_an_error_rate() {
    // Two of twenty are 10 %, known with the twentieth request.
    let (told, took) = public(|_, second| match second {
        3 | 20 => Does::Resets,
        _ => Does::Answers(200, ""),
    })
    .await;
    assert_eq!(took, 55);
    insta::assert_snapshot!(told, @r"
    Passed GET /health: 18 of 20 probes were answered well, 12ms in the median; longest time without a good answer 10 s; last, it did not answer: connection reset
    Refused [error_rate] error rate: 2 of 20 requests failed (10.0 %), more than 5.0 %
    watch/error_rate = 0.1
    watch/longest_gap_ms = 10000
    watch/lost = 2
    watch/requests = 20
    ");
    // One of twenty is not more than 5 %.
    let (told, _) = public(|_, second| match second {
        3 => Does::Resets,
        _ => Does::Answers(200, ""),
    })
    .await;
    insta::assert_snapshot!(told, @r"
    Passed GET /health: 19 of 20 probes were answered well, 12ms in the median; longest time without a good answer 2 s; last, it did not answer: connection reset
    Passed error rate: 1 of 20 requests failed (5.0 %)
    watch/error_rate = 0.05
    watch/longest_gap_ms = 2000
    watch/lost = 1
    watch/requests = 20
    ");
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_is_down_alone_is_found_alone() {
    let deployment = shop(vec![instance("a", Side::New, true), instance("b", Side::New, true)]);
    let began = Instant::now();
    let one_down = |key: &str, _| match key {
        "/health on b" => Does::Answers(500, ""),
        _ => Does::Answers(200, ""),
    };
    let report = watched(one_down, &deployment, Phase::Verify).await.unwrap();
    assert_eq!(began.elapsed().as_secs(), 3);
    insta::assert_snapshot!(lines(&report), @r"
    Passed GET /health: 4 of 4 probes were answered well, 12ms in the median
    Passed GET /health on a: 4 of 4 probes were answered well, 12ms in the median
    Refused [health_down] GET /health on b: is down: 4 probes in a row failed (more than 3), sent 0 s to 3 s into the watch; the last one answered 500, wanted 200
    Alert [error_rate] error rate: 4 of 12 requests failed (33.3 %), too few to be sure
    watch/error_rate = 0.3333333333333333
    watch/longest_gap_ms = 3000
    watch/lost = 4
    watch/requests = 12
    ");
}

#[tokio::test(start_paused = true)]
async fn a_database_that_is_down_is_refused_after_two_answers() {
    let down = r#"{"status": "degraded", "checks": {"database": "error"}}"#;
    let (told, took) = public(move |_, _| Does::Answers(200, down)).await;
    assert_eq!(took, 1);
    insta::assert_snapshot!(told, @r#"
    Refused [database] GET /health: 2 times in a row, 1 s into the watch, it answered 200 and says that its database is down ("database": "error")
    Alert [error_rate] error rate: 2 of 2 requests failed (100.0 %), too few to be sure
    watch/error_rate = 1
    watch/longest_gap_ms = 1000
    watch/lost = 2
    watch/requests = 2
    "#);
    let (told, _) = public(move |_, second| match second {
        7 => Does::Answers(200, down),
        _ => Does::Answers(200, "{}"),
    })
    .await;
    insta::assert_snapshot!(told, @r#"
    Alert [database] GET /health: said in 1 of 20 answers, never twice in a row, that its database is down; 19 of 20 probes were answered well, 12ms in the median; longest time without a good answer 2 s; last, it answered 200 and says that its database is down ("database": "error")
    Passed error rate: 1 of 20 requests failed (5.0 %)
    watch/error_rate = 0.05
    watch/longest_gap_ms = 2000
    watch/lost = 1
    watch/requests = 20
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_degraded_application_is_an_alert() {
    let (told, took) = public(|_, second| match second {
        ..10 => Does::Answers(200, r#"{"status": "degraded"}"#),
        _ => Does::Answers(200, r#"{"status": "healthy"}"#),
    })
    .await;
    assert_eq!(took, 55);
    insta::assert_snapshot!(told, @r"
    Alert [degraded] GET /health: called itself degraded in 10 of 20 answers
    Passed error rate: 0 of 20 requests failed (0.0 %)
    watch/error_rate = 0
    watch/longest_gap_ms = 0
    watch/lost = 0
    watch/requests = 20
    ");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_asked_is_no_verdict() {
    let fault = watched(|_, _| Does::Unresolved, &shop(vec![]), Phase::Verify).await.unwrap_err();
    insta::assert_snapshot!(fault, @"what was to be watched could not be asked once: the name `shop.test` could not be resolved");
    insta::assert_snapshot!(fault.next_step().unwrap(), @"check the spelling of `shop.test` and the name servers of this machine");
    let (told, _) = public(|_, second| match second {
        ..30 => Does::Unresolved,
        _ => Does::Answers(200, ""),
    })
    .await;
    insta::assert_snapshot!(told, @r"
    Inconclusive [inconclusive] GET /health: could not be asked 14 of 20 times: the name `shop.test` could not be resolved
    Passed error rate: 0 of 6 requests failed (0.0 %)
    watch/error_rate = 0
    watch/longest_gap_ms = 0
    watch/lost = 0
    watch/requests = 6
    ");
}

#[tokio::test(start_paused = true)]
async fn slow_answers_are_an_alert_where_a_limit_is_set() {
    let mut config = WatchConfig { also: vec!["/".into()], ..WatchConfig::new("/health") };
    config.limits.latency = Some(Duration::from_millis(500));
    let slow = |path: &str, _| if path == "/" { Does::Answers(404, "") } else { Does::Slow(2) };
    let watch = Watch::with(config, server(slow)).unwrap();
    let cx = a_run("v2").context(Phase::Verify, "watch");
    let report = watch.verify(&shop(vec![]), &cx).await.unwrap();
    insta::assert_snapshot!(lines(&report), @r"
    Alert [latency_alert] GET /health: took 2s in the median of 20 probes, more than 500ms
    Passed GET /: 20 of 20 probes were answered well, 12ms in the median
    Passed error rate: 0 of 40 requests failed (0.0 %)
    watch/error_rate = 0
    watch/longest_gap_ms = 0
    watch/lost = 0
    watch/requests = 40
    ");
}

#[tokio::test(start_paused = true)]
async fn it_stops_at_once_when_asked_to() {
    let source = CancelSource::new();
    let watch = Watch::with(WatchConfig::new("/health"), server(|_, _| Does::Hangs)).unwrap();
    let cx = a_run("v2").cancel(source.token()).context(Phase::Verify, "watch");
    let (began, deployment) = (Instant::now(), shop(vec![]));
    let asked_to_stop = async {
        sleep(Duration::from_secs(3)).await;
        source.cancel();
    };
    let (outcome, ()) = futures::future::join(watch.verify(&deployment, &cx), asked_to_stop).await;
    assert_eq!(outcome, Err(Fault::cancelled()));
    assert_eq!(began.elapsed(), Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn a_token_is_sent_and_never_shown() {
    let heard = Heard::new();
    let bearer = Some(Bearer::named("SHOP_TOKEN", Some("s3cret".into())));
    let config = WatchConfig { bearer, ..WatchConfig::new("/health") };
    let body = r#"{"database": {"error": "bad token s3cret"}}"#;
    let watch = Watch::with(config, server(move |_, _| Does::Answers(401, body))).unwrap();
    let cx = a_run("v2").events(heard.events()).context(Phase::Verify, "watch");
    let report = watch.verify(&shop(vec![]), &cx).await.unwrap();
    assert_eq!(report.verdict(), Verdict::Refused);
    assert!(!format!("{report:?} {} {watch:?}", heard.text()).contains("s3cret"));
}
