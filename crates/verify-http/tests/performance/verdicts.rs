//! What a release is like, and what is said of it.

use std::time::Duration;

use pipeline_core::{Control, Trigger, Verdict};
use verify_http::{Endpoint, PerformanceConfig, Role};

use super::server::{Asked, Does, Server, around, serve};
use super::{MS, config, numbers, told, verified};

/// The old machine takes 50 ms; the new one so many times as long.
async fn slower(times: f64) -> Server {
    serve(move |asked: &Asked<'_>| {
        let median = if asked.machine.starts_with("old") { 50.0 } else { 50.0 * times };
        Does::Answers(200, around(median, 0.3, asked))
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn a_healthy_release_passes_in_ten_seconds() {
    let server = slower(1.0).await;
    let (report, took) = verified(config(), &server.machines(&["old", "new"])).await;
    insta::assert_snapshot!(told(&report), @"Passed GET / [new]: as fast as the old release measured at the same time (median 47 ms against 52 ms; between 0.8x and 1.3x, 40 requests)");
    assert_eq!(report.verdict(), Verdict::Passed);
    assert!(took <= Duration::from_secs(10), "{took:?}");
    let check = &report.checks()[0];
    assert_eq!(check.control, Some(Control::Concurrent));
    insta::assert_snapshot!(numbers(&report), @r"
    cold_start/GET //first_10_ms 49
    cold_start/GET //first_ms 44
    cold_start/GET //requests 20
    latency/GET //p50_ms 47
    latency/GET //p90_ms 73
    performance/connect_ms 0
    performance/late_share 0
    performance/requests 120
    performance/took_ms 6053
    ");
}

#[tokio::test(start_paused = true)]
async fn three_times_as_slow_is_an_alert() {
    let server = slower(3.0).await;
    let (report, took) = verified(config(), &server.machines(&["old", "new"])).await;
    insta::assert_snapshot!(told(&report), @"Alert GET / [new]: 2.9x slower than the old release measured at the same time (median 140 ms against 52 ms; between 2.3x and 3.7x, 40 requests)");
    assert_eq!(report.findings()[0].rule.as_deref(), Some("latency_alert"));
    assert!(took <= Duration::from_secs(45), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn six_times_as_slow_goes_back_within_35_seconds() {
    let server = slower(6.0).await;
    let (report, took) = verified(config(), &server.machines(&["old", "new"])).await;
    insta::assert_snapshot!(told(&report), @"Refused GET / [new]: 5.7x slower than the old release measured at the same time (median 279 ms against 52 ms; between 4.6x and 7.4x, 40 requests); a second look, at 30 requests, confirms it: 5.9x");
    assert_eq!(report.checks()[0].trigger, Some(Trigger::LatencyRollback));
    assert!(took <= Duration::from_secs(35), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn ten_times_as_slow_goes_back_sooner() {
    let server = slower(10.0).await;
    let (report, took) = verified(config(), &server.machines(&["old", "new"])).await;
    insta::assert_snapshot!(told(&report), @"Refused GET / [new]: 9.6x slower than the old release measured at the same time (median 464 ms against 52 ms; between 7.6x and 12x, 40 requests); a second look, at 30 requests, confirms it: 9.5x");
    assert!(took <= Duration::from_secs(25), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn one_slow_machine_of_four_is_found() {
    let server = serve(|asked: &Asked<'_>| {
        let median = if asked.machine == "c" { 300.0 } else { 50.0 };
        Does::Answers(200, around(median, 0.6, asked))
    })
    .await;
    let (report, took) = verified(config(), &server.machines(&["old", "a", "b", "c", "d"])).await;
    insta::assert_snapshot!(told(&report), @r"
    Passed GET / [a]: as fast as the old release measured at the same time (median 62 ms against 55 ms; between 0.6x and 1.8x, 40 requests)
    Passed GET / [b]: as fast as the old release measured at the same time (median 47 ms against 53 ms; between 0.6x and 1.6x, 40 requests)
    Refused GET / [c]: 5.6x slower than the old release measured at the same time (median 285 ms against 54 ms; between 4.1x and 7.7x, 100 requests); a second look, at 30 requests, confirms it: 6.2x
    Passed GET / [d]: as fast as the old release measured at the same time (median 47 ms against 53 ms; between 0.6x and 1.6x, 40 requests)
    ");
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
    insta::assert_snapshot!(told(&report), @"Refused GET / [public]: 20 of 20 requests failed, more than 5 %; the last of them did not answer: connection refused");
    assert!(took <= Duration::from_secs(5), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_cold_start_is_told_apart_and_refused_only_by_its_limit() {
    let server = serve(|asked: &Asked<'_>| {
        // Twenty times as slow at first.
        let cold = if asked.machine == "new" {
            20.0 * 0.5_f64.powi(i32::try_from(asked.number / 4).unwrap_or(99))
        } else {
            0.0
        };
        Does::Answers(200, around(50.0 * (1.0 + cold), 0.3, asked))
    })
    .await;
    let machines = server.machines(&["old", "new"]);
    let (report, took) = verified(config(), &machines).await;
    insta::assert_snapshot!(told(&report), @"Passed GET / [new]: 1.1x slower than the old release measured at the same time (median 54 ms against 52 ms; between 0.9x and 1.5x, 40 requests)");
    insta::assert_snapshot!(numbers(&report), @r"
    cold_start/GET //first_10_ms 547
    cold_start/GET //first_ms 887
    cold_start/GET //requests 39
    latency/GET //p50_ms 54
    latency/GET //p90_ms 85
    performance/connect_ms 0
    performance/late_share 0
    performance/requests 158
    performance/took_ms 7959
    ");
    insta::assert_snapshot!(report.all_evidence()[0].value, @r#""first good answer after 887 ms, median of the first ten 547 ms, steady after 39 requests""#);
    assert!(took <= Duration::from_secs(12), "{took:?}");
    let limited = PerformanceConfig { cold_start: Some(300 * MS), ..config() };
    let server = serve(|asked: &Asked<'_>| {
        Does::Answers(200, if asked.number < 15 { 900 * MS } else { 50 * MS })
    })
    .await;
    let (report, _) = verified(limited, &server.machines(&["new"])).await;
    insta::assert_snapshot!(told(&report), @r"
    Passed GET / [new]: median 50 ms, 100 requests; there is nothing to compare it with yet, the next release will be compared with this one
    Refused cold start of GET / [new]: the first good answer came after 901 ms, and the median of the first ten is 901 ms; the limit is 300 ms
    ");
    assert_eq!(report.findings()[0].rule.as_deref(), Some("cold_start"));
}

#[tokio::test(start_paused = true)]
async fn a_stall_is_met_by_all_who_come_in_it() {
    // Nothing is answered for two seconds.
    let server = serve(|asked: &Asked<'_>| {
        let stall = Duration::from_secs(5)..Duration::from_secs(7);
        let left = stall.end.saturating_sub(asked.at);
        let left = if stall.contains(&asked.at) { left } else { Duration::ZERO };
        Does::Answers(200, left + 5 * MS)
    })
    .await;
    let config = PerformanceConfig { rate: 20.0, baseline_requests: 160, ..config() };
    let series =
        super::performance(config).measure(&server.public("v1"), &super::cx()).await.unwrap();
    let samples = series.iter().filter(|it| it.role == Role::New).flat_map(|it| &it.samples);
    let slow = samples.filter(|it| it.latency_us > 6_000).count();
    // 20 a second for two seconds. A loop that waits for each answer would show one.
    assert!(slow >= 40, "{slow}");
}

#[tokio::test(start_paused = true)]
async fn one_reset_in_a_hundred_is_no_reason_to_go_back() {
    let server = serve(|asked: &Asked<'_>| match asked.machine {
        "new" if asked.number % 100 == 37 => Does::Drops,
        _ => Does::Answers(200, around(50.0, 0.6, asked)),
    })
    .await;
    let (report, _) = verified(config(), &server.machines(&["old", "new"])).await;
    insta::assert_snapshot!(told(&report), @"Passed GET / [new]: as fast as the old release measured at the same time (median 46 ms against 53 ms; between 0.6x and 1.6x, 40 requests); 1 of 61 requests failed");
}

#[tokio::test(start_paused = true)]
async fn one_failure_in_ten_is_never_a_pass_however_fast_the_rest_is() {
    let server = serve(|asked: &Asked<'_>| match asked.machine {
        "new" if asked.number % 10 == 3 => Does::Answers(503, 5 * MS),
        _ => Does::Answers(200, around(50.0, 0.6, asked)),
    })
    .await;
    let (report, took) = verified(config(), &server.machines(&["old", "new"])).await;
    insta::assert_snapshot!(told(&report), @"Refused GET / [new]: 25 of 247 requests failed, of the control 0 of 247, more than 5 %; the last of them answered 503");
    assert_eq!(report.checks()[0].trigger, Some(pipeline_core::Trigger::ErrorRate));
    assert!(took <= Duration::from_mins(1), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn one_failure_in_four_is_refused() {
    let server = serve(|asked: &Asked<'_>| match asked.machine {
        "new" if asked.number % 4 == 3 => Does::Answers(503, 5 * MS),
        _ => Does::Answers(200, around(50.0, 0.6, asked)),
    })
    .await;
    let (report, took) = verified(config(), &server.machines(&["old", "new"])).await;
    insta::assert_snapshot!(told(&report), @"Refused GET / [new]: 20 of 80 requests failed, of the control 0 of 79, more than 11 %; the last of them answered 503");
    assert_eq!(report.findings()[0].rule.as_deref(), Some("error_rate"));
    assert!(took <= Duration::from_secs(10), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_critical_is_told_and_what_is_slow_all_over_is_a_persons_business() {
    let server = serve(|asked: &Asked<'_>| {
        let new = asked.machine == "new";
        let times = match asked.path {
            "/a" if new => 8.0,
            "/b" | "/c" if new => 3.0,
            _ => 1.0,
        };
        Does::Answers(200, around(50.0 * times, 0.3, asked))
    })
    .await;
    let mut config = config();
    config.endpoints = ["/a", "/b", "/c", "/d"].map(Endpoint::get).into();
    config.endpoints[0].critical = false;
    let (report, _) = verified(config, &server.machines(&["old", "new"])).await;
    insta::assert_snapshot!(told(&report), @r"
    Alert GET /a [new]: 7.5x slower than the old release measured at the same time (median 373 ms against 52 ms; between 5.9x and 9.8x, 40 requests); a second look, at 30 requests, confirms it: 8.0x; told only, for it is not critical
    Alert GET /b [new]: 2.8x slower than the old release measured at the same time (median 141 ms against 52 ms; between 2.2x and 3.7x, 40 requests)
    Alert GET /c [new]: 2.9x slower than the old release measured at the same time (median 141 ms against 52 ms; between 2.2x and 3.8x, 40 requests)
    Passed GET /d [new]: as fast as the old release measured at the same time (median 47 ms against 52 ms; between 0.8x and 1.3x, 40 requests)
    Inconclusive all endpoints [public]: 3 endpoints are slower at once: GET /a, GET /b, GET /c; a person should look at the release
    ");
    assert_eq!(report.verdict(), Verdict::Inconclusive);
}

#[tokio::test(start_paused = true)]
async fn when_time_is_up_what_there_is_must_do() {
    let server = slower(6.0).await;
    let machines = server.machines(&["old", "new"]);
    let short = |seconds| PerformanceConfig { within: Duration::from_secs(seconds), ..config() };
    for (seconds, trigger) in [(3, "too few"), (8, "no time to look again")] {
        let (report, took) = verified(short(seconds), &machines).await;
        assert_eq!(report.verdict(), Verdict::Inconclusive);
        assert!(report.checks()[0].message.contains(trigger), "{}", told(&report));
        assert!(took <= Duration::from_secs(seconds + 1), "{took:?}");
    }
}
