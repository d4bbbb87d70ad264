//! From what came back to a sample, and from samples to latencies. Pure.

use std::time::{Duration, SystemTime};

use pipeline_stats::{Counts, Latencies, Latency};
use reqwest::header::HeaderMap;

use super::endpoint::{Endpoint, Measure};
use super::sender::{Answer, Missed, Shot};
use super::series::Sample;
use crate::error::Error;
use crate::response::MACHINE_HEADERS;

/// What came of a request.
#[derive(Debug)]
pub(super) enum Taken {
    /// A sample; the words say what was wrong, if it failed.
    Sample(Sample, Option<String>),
    /// It proves nothing about what was to be measured; why, and what to do about it.
    Void(String),
    /// This side could not ask.
    Blind(Error),
}

/// Reads what came back from `endpoint`, asked of `instance` if of one alone.
pub(super) fn taken(
    shot: Shot,
    endpoint: &Endpoint,
    instance: Option<&str>,
    began: SystemTime,
) -> Taken {
    let sample = |status, took| Sample {
        at_us: micros_since_epoch(began + shot.due),
        latency_us: micros(took).max(1),
        status,
    };
    let answer = match shot.answer {
        Ok(answer) => answer,
        Err(Missed::Blind(error)) => return Taken::Blind(error),
        Err(Missed::TimedOut) => {
            let words = format!("did not answer within {:?}", rounded(shot.took));
            return Taken::Sample(sample(None, shot.took), Some(words));
        }
        Err(Missed::Silent(words)) => return Taken::Sample(sample(None, shot.took), Some(words)),
    };
    if let Some(other) = elsewhere(instance, &answer) {
        return Taken::Void(format!(
            "was answered by another machine, {other}; see that the header which pins a request is not lost on the way"
        ));
    }
    let failed = (!endpoint.is_good(answer.status)).then(|| format!("answered {}", answer.status));
    match (&failed, &endpoint.measure) {
        (Some(_), _) | (None, Measure::Whole) => {
            Taken::Sample(sample(Some(answer.status), shot.took), failed)
        }
        (None, Measure::ServerTiming(name)) => {
            match server_timing(&answer.headers, name.as_deref()) {
                Some(took) => Taken::Sample(sample(Some(answer.status), took), None),
                None => Taken::Void(without_timing(name.as_deref())),
            }
        }
    }
}

/// The latencies among samples, timeouts included; other failures have none.
pub(super) fn latencies<'s>(
    samples: impl IntoIterator<Item = &'s Sample>,
    endpoint: &Endpoint,
    timeout: Duration,
) -> Latencies {
    let latency = |it: &Sample| latency(it, endpoint, timeout);
    // None of them is zero or infinite, so they are latencies.
    Latencies::new(samples.into_iter().filter_map(latency)).unwrap_or_default()
}

#[expect(clippy::cast_precision_loss, reason = "2^52 microseconds are 142 years")]
fn latency(sample: &Sample, endpoint: &Endpoint, timeout: Duration) -> Option<Latency> {
    let ms = sample.latency_us.max(1) as f64 / 1_000.0;
    match sample.status {
        Some(status) => endpoint.is_good(status).then_some(Latency::Measured(ms)),
        None => (sample.latency_us >= micros(timeout)).then_some(Latency::TimedOut(ms)),
    }
}

/// Has it a latency: was the answer good, or did it not come in time?
pub(super) fn has_latency(sample: &Sample, endpoint: &Endpoint, timeout: Duration) -> bool {
    latency(sample, endpoint, timeout).is_some()
}

/// How many of the samples failed, timeouts included.
pub(super) fn counts<'s>(
    samples: impl IntoIterator<Item = &'s Sample>,
    endpoint: &Endpoint,
) -> Counts {
    let mut counts = Counts::default();
    for sample in samples {
        counts.total += 1;
        counts.failed += u64::from(!is_good(sample, endpoint));
    }
    counts
}

pub(super) fn is_good(sample: &Sample, endpoint: &Endpoint) -> bool {
    sample.status.is_some_and(|it| endpoint.is_good(it))
}

pub(super) fn micros_since_epoch(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, micros)
}

pub(super) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// The machine that answered instead, if it said so.
fn elsewhere(instance: Option<&str>, answer: &Answer) -> Option<String> {
    let wanted = instance?;
    let named = |name: &&str| answer.headers.get(*name)?.to_str().ok().map(str::trim);
    let answered = MACHINE_HEADERS.iter().find_map(named)?;
    (answered != wanted).then(|| answered.chars().take(64).collect())
}

fn without_timing(name: Option<&str>) -> String {
    let metric = name.map(|it| format!(" with a duration of `{it}`")).unwrap_or_default();
    format!(
        "answers without a `server-timing` header{metric}; let the application send it, or leave `measure` out"
    )
}

/// What the application says it took: `db;dur=53.2, app;dur=12` in milliseconds.
fn server_timing(headers: &HeaderMap, name: Option<&str>) -> Option<Duration> {
    let lines = headers.get_all("server-timing").iter().filter_map(|it| it.to_str().ok());
    let metrics: Vec<(&str, f64)> = lines.flat_map(|it| it.split(',')).filter_map(metric).collect();
    let named = |wanted: &str| {
        let mut all = metrics.iter().filter(|(it, _)| it.eq_ignore_ascii_case(wanted));
        all.next().map(|(_, ms)| *ms)
    };
    let ms = match name {
        Some(name) => named(name)?,
        None if metrics.is_empty() => return None,
        None => named("total").unwrap_or_else(|| metrics.iter().map(|(_, ms)| ms).sum()),
    };
    Duration::try_from_secs_f64(ms / 1_000.0).ok()
}

fn metric(text: &str) -> Option<(&str, f64)> {
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next()?;
    let dur = parts.find_map(|it| {
        let (key, value) = it.split_once('=')?;
        key.trim().eq_ignore_ascii_case("dur").then(|| value.trim().trim_matches('"'))
    })?;
    let ms: f64 = dur.parse().ok()?;
    (ms.is_finite() && ms >= 0.0).then_some((name, ms))
}

/// To the millisecond, for people.
fn rounded(duration: Duration) -> Duration {
    Duration::from_millis(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shot(answer: Result<Answer, Missed>) -> Shot {
        let (due, took) = (Duration::from_secs(1), Duration::from_millis(52));
        Shot { stream: 0, number: 0, due, late: Duration::ZERO, took, answer }
    }

    fn answer(status: u16, headers: &[(&'static str, &str)]) -> Shot {
        let headers = headers.iter().map(|(name, value)| {
            (name.parse().unwrap(), reqwest::header::HeaderValue::try_from(*value).unwrap())
        });
        shot(Ok(Answer { status, headers: headers.collect() }))
    }

    fn read(shot: Shot, endpoint: &Endpoint) -> String {
        match taken(shot, endpoint, Some("148e"), SystemTime::UNIX_EPOCH) {
            Taken::Sample(sample, words) => {
                let Sample { at_us, latency_us, status } = sample;
                format!("{at_us} {latency_us} {status:?} {}", words.unwrap_or_default())
            }
            Taken::Void(why) => format!("void: {why}"),
            Taken::Blind(error) => format!("blind: {error}"),
        }
    }

    #[test]
    fn a_good_answer_is_a_latency_and_all_else_a_failure() {
        let root = Endpoint::get("/");
        insta::assert_snapshot!(read(answer(200, &[]), &root), @"1000000 52000 Some(200)");
        insta::assert_snapshot!(read(answer(302, &[]), &root), @"1000000 52000 Some(302) answered 302");
        insta::assert_snapshot!(read(shot(Err(Missed::TimedOut)), &root),
            @"1000000 52000 None did not answer within 52ms");
        let moved = Endpoint { status: Some(302), ..root };
        insta::assert_snapshot!(read(answer(302, &[]), &moved), @"1000000 52000 Some(302)");
        insta::assert_snapshot!(read(answer(200, &[]), &moved), @"1000000 52000 Some(200) answered 200");
    }

    #[test]
    fn another_machine_proves_nothing() {
        let root = Endpoint::get("/");
        insta::assert_snapshot!(read(answer(200, &[("fly-machine-id", "9080")]), &root),
            @"void: was answered by another machine, 9080; see that the header which pins a request is not lost on the way");
        insta::assert_snapshot!(read(answer(200, &[("fly-machine-id", "148e")]), &root),
            @"1000000 52000 Some(200)");
    }

    #[test]
    fn server_timing_is_read_and_missed() {
        let measure =
            |text| Endpoint { measure: Measure::named(text).unwrap(), ..Endpoint::get("/") };
        let (all, db) = (measure("server-timing"), measure("server-timing:db"));
        let header = |value| answer(200, &[("server-timing", value)]);
        insta::assert_snapshot!(read(header("cache, db;dur=3.5;desc=\"a\", app;dur=10"), &db), @"1000000 3500 Some(200)");
        insta::assert_snapshot!(read(header("db;dur=3.5, app;dur=10"), &all), @"1000000 13500 Some(200)");
        insta::assert_snapshot!(read(header("db;dur=3.5, total;dur=\"10\""), &all), @"1000000 10000 Some(200)");
        insta::assert_snapshot!(read(header("app;dur=10"), &db),
            @"void: answers without a `server-timing` header with a duration of `db`; let the application send it, or leave `measure` out");
        insta::assert_snapshot!(read(answer(200, &[]), &all),
            @"void: answers without a `server-timing` header; let the application send it, or leave `measure` out");
        insta::assert_snapshot!(read(answer(500, &[]), &db), @"1000000 52000 Some(500) answered 500");
    }

    #[test]
    fn a_reset_has_no_latency_and_a_timeout_is_the_largest() {
        let sample = |latency_us, status| Sample { at_us: 0, latency_us, status };
        let samples = [sample(900, Some(200)), sample(900, None), sample(4_000_000, None)];
        let root = Endpoint::get("/");
        let taken = latencies(&samples, &root, Duration::from_secs(4));
        assert_eq!(taken.taken(), [Latency::Measured(0.9), Latency::TimedOut(4_000.0)]);
        assert_eq!(counts(&samples, &root), Counts { failed: 2, total: 3 });
    }

    proptest! {
        #[test]
        fn foreign_headers_never_panic(value in "[ -~]{0,40}", name in "[a-z]{0,3}") {
            let mut headers = HeaderMap::new();
            headers.insert("server-timing", value.parse().unwrap());
            server_timing(&headers, Some(&name));
            server_timing(&headers, None);
        }
    }
}
