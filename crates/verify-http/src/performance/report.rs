//! From a trial to a report: checks, numbers, evidence. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use pipeline_core::{Check, CheckKind, Control, Evidence, Report, Trigger, Verdict};
use serde_json::json;

use super::quantile::{median, quantile};
use super::seen::{Judged, millis, ms, weighed};
use super::series::{Role, Series};
use super::stratum::{Beside, Stratum};
use super::trial::Trial;

/// So many endpoints that are told of are more than a coincidence.
const TOO_MANY_ALERTS: usize = 3;

/// Which quantiles are told, from how many requests on: below that, there is no upper bound for them at 95 %.
const QUANTILES: [(&str, f64, usize); 4] =
    [("p50_ms", 0.5, 1), ("p90_ms", 0.9, 29), ("p95_ms", 0.95, 59), ("p99_ms", 0.99, 299)];

/// What a check stands for.
pub(super) fn check(title: &str, instance: Option<&str>, endpoint: &str, judged: Judged) -> Check {
    let estimate = judged.ratio.filter(|it| it.ratio.is_finite());
    let bounds = estimate.filter(|it| it.high.is_finite()).map(|it| [it.low, it.high]);
    let check = Check::new(CheckKind::Performance, title, judged.verdict, judged.message);
    Check {
        endpoint: Some(endpoint.to_owned()),
        instance: instance.map(ToOwned::to_owned),
        ratio: estimate.map(|it| it.ratio),
        interval: bounds,
        samples: Some(judged.samples as u64),
        control: Some(judged.control),
        trigger: judged.trigger,
        ..check
    }
}

/// The checks of a trial. What a refusal elsewhere cut short is left out.
pub(super) fn checks(trial: &Trial, cold_start: Option<Duration>) -> Vec<Check> {
    let judged = trial.strata.iter().filter_map(|it| {
        let (title, request) = (it.endpoint().title(), it.endpoint().endpoint());
        Some(check(&title, it.instance.as_deref(), &request, it.judged()?.clone()))
    });
    let cold = trial.strata.iter().filter_map(|it| too_cold(it, cold_start?));
    let mut checks: Vec<Check> = judged.chain(cold).collect();
    if let Some(complaint) = trial.punctual.complaint() {
        let complaint =
            format!("{complaint}; measure again with `pipeline verify` when less runs here");
        for check in &mut checks {
            make_void(check, &complaint);
        }
    }
    checks.extend(escalated(&checks));
    checks
}

/// What a trial adds to a report.
pub(super) fn with_numbers(mut report: Report, trial: &Trial, connects: &[Duration]) -> Report {
    let mut latencies: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for stratum in &trial.strata {
        let all = stratum.tape.latencies(0, usize::MAX);
        let all = all.taken().iter().map(|it| it.ms());
        latencies.entry(stratum.endpoint().title()).or_default().extend(all);
    }
    for (title, values) in &latencies {
        for (name, share, least) in QUANTILES {
            if let Some(value) = quantile(values, share).filter(|_| values.len() >= least) {
                report = report.number(format!("latency/{title}/{name}"), value);
            }
        }
    }
    for stratum in &trial.strata {
        report = with_cold_start(report, stratum);
    }
    let connects: Vec<f64> = connects.iter().map(|it| ms(*it)).collect();
    if let Some(connect) = median(&connects) {
        report = report.number("performance/connect_ms", connect);
    }
    report
        .number("performance/requests", f64::from(trial.punctual.sent))
        .number("performance/late_share", trial.punctual.share())
}

/// All samples, for whoever keeps them.
pub(super) fn series(trial: &Trial) -> Vec<Series> {
    let mut all: Vec<Series> = trial.strata.iter().flat_map(of_stratum).collect();
    all.extend(trial.controls.iter().map(of_control));
    for stratum in &trial.strata {
        let Some((role, samples)) = stratum.reference.kept.clone() else { continue };
        let endpoint = stratum.endpoint().title();
        if !all.iter().any(|it| it.role == role && it.endpoint == endpoint) {
            all.push(Series { endpoint, instance: None, role, samples });
        }
    }
    all.retain(|it| !it.samples.is_empty());
    all
}

fn of_stratum(stratum: &Stratum) -> [Series; 3] {
    let fresh_from = stratum.fresh_from.unwrap_or(u64::MAX);
    let samples = stratum.tape.samples.iter().copied();
    let (new, fresh) = samples.partition(|it| it.at_us < fresh_from);
    let parts =
        [(Role::WarmUp, stratum.tape.cold.clone()), (Role::New, new), (Role::Confirmation, fresh)];
    parts.map(|(role, samples)| Series {
        endpoint: stratum.endpoint().title(),
        instance: stratum.instance.clone(),
        role,
        samples,
    })
}

fn of_control(control: &Beside) -> Series {
    Series {
        endpoint: control.tape.endpoint.title(),
        instance: control.instance.clone(),
        role: Role::Control,
        samples: control.tape.samples.clone(),
    }
}

/// What is said of latency when this side was late is worth nothing; what failed, failed.
fn make_void(check: &mut Check, complaint: &str) {
    if check.trigger == Some(Trigger::ErrorRate) {
        return;
    }
    check.verdict = Verdict::Inconclusive;
    check.trigger = Some(Trigger::Inconclusive);
    complaint.clone_into(&mut check.message);
    (check.ratio, check.interval) = (None, None);
}

fn too_cold(stratum: &Stratum, limit: Duration) -> Option<Check> {
    let cold = stratum.tape.cold_start().filter(|it| it.worst() > limit)?;
    let judged = Judged {
        verdict: Verdict::Refused,
        trigger: Some(Trigger::ColdStart),
        message: format!(
            "the first good answer came after {}, and the median of the first ten is {}; the limit is {}",
            millis(ms(cold.first_good)),
            millis(ms(cold.first_ten)),
            millis(ms(limit)),
        ),
        ratio: None,
        samples: cold.requests,
        control: Control::None,
    };
    let (title, request) = (stratum.endpoint().title(), stratum.endpoint().endpoint());
    let judged = weighed(judged, stratum.endpoint());
    Some(check(&format!("cold start of {title}"), stratum.instance.as_deref(), &request, judged))
}

/// Several alerts at once, or an alert beside failures, are a person's business.
fn escalated(checks: &[Check]) -> Option<Check> {
    let alerted = |trigger: Trigger| {
        let with = checks.iter().filter(move |it| it.trigger == Some(trigger));
        let mut endpoints: Vec<&str> =
            with.filter(|it| it.verdict == Verdict::Alert).map(|it| it.name.as_str()).collect();
        endpoints.sort_unstable();
        endpoints.dedup();
        endpoints
    };
    let (slow, failing) = (alerted(Trigger::LatencyAlert), alerted(Trigger::ErrorRate));
    let message = if slow.len() >= TOO_MANY_ALERTS {
        let (count, names) = (slow.len(), slow.join(", "));
        format!(
            "{count} endpoints are slower at once: {names}; a person should look at the release"
        )
    } else if !slow.is_empty() && !failing.is_empty() {
        let (slow, failing) = (slow.join(", "), failing.join(", "));
        format!("{slow} slower, and {failing} failing; a person should look at the release")
    } else {
        return None;
    };
    let check = Check::new(CheckKind::Performance, "all endpoints", Verdict::Inconclusive, message);
    Some(check.trigger(Trigger::LatencyAlert))
}

/// The worst of an endpoint's machines.
fn with_cold_start(report: Report, stratum: &Stratum) -> Report {
    let Some(cold) = stratum.tape.cold_start() else { return report };
    let title = stratum.endpoint().title();
    #[expect(clippy::cast_precision_loss, reason = "60 at most")]
    let requests = cold.requests as f64;
    let numbers = [
        ("first_ms", ms(cold.first_good)),
        ("first_10_ms", ms(cold.first_ten)),
        ("requests", requests),
    ];
    let told = numbers.into_iter().fold(report, |report, (name, value)| {
        let name = format!("cold_start/{title}/{name}");
        let worst = report.numbers().get(&name).copied().unwrap_or(value).max(value);
        report.number(name, worst)
    });
    let machine =
        stratum.instance.as_ref().map(|it| format!(" (machine {it})")).unwrap_or_default();
    let steady = if cold.steady { "steady after" } else { "not steady after" };
    let words = format!(
        "first good answer after {}, median of the first ten {}, {steady} {} requests",
        millis(ms(cold.first_good)),
        millis(ms(cold.first_ten)),
        cold.requests
    );
    told.evidence(Evidence::new(format!("cold start of {title}{machine}"), json!(words)))
}
