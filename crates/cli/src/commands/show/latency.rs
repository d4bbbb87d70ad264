//! What a run measured, endpoint by endpoint: the new release beside the old one. Pure.

use pipeline_stats::interpolated;
use serde::Serialize;
use store_sql::Series;
use verify_http::Role;

/// The latencies of one endpoint, over all machines and all stages.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Measured {
    /// The endpoint, such as `GET /`.
    pub(super) endpoint: String,
    /// Of the release that the run brought; warm-up and confirmation are not among them.
    pub(super) new: Option<Summary>,
    /// Of what it was compared with.
    pub(super) control: Option<Summary>,
    /// The median of the new ones over that of the control.
    pub(super) ratio: Option<f64>,
}

/// Latencies in a few numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Summary {
    /// How many there are.
    pub(super) requests: usize,
    /// How many of them had no answer.
    pub(super) unanswered: usize,
    /// The median of those that had one, in milliseconds.
    pub(super) p50_ms: f64,
    /// Nine of ten were as fast.
    pub(super) p90_ms: f64,
}

/// Sums up what was measured, in the order of the endpoints' names.
pub(super) fn measured_in(batches: Vec<Vec<Series>>) -> Vec<Measured> {
    let series: Vec<Series> = batches.into_iter().flatten().collect();
    let mut endpoints: Vec<&str> = series.iter().map(|it| it.endpoint.as_str()).collect();
    endpoints.sort_unstable();
    endpoints.dedup();
    endpoints.into_iter().map(|endpoint| of_endpoint(endpoint, &series)).collect()
}

fn of_endpoint(endpoint: &str, all: &[Series]) -> Measured {
    let of = |wanted: &[Role]| {
        let chosen = all.iter().filter(|it| {
            it.endpoint == endpoint && Role::named(&it.role).is_some_and(|it| wanted.contains(&it))
        });
        Summary::of(chosen)
    };
    let new = of(&[Role::New]);
    let control = of(&[Role::Control, Role::FreshControl, Role::HistoryControl]);
    let ratio = match (&new, &control) {
        (Some(new), Some(control)) if control.p50_ms > 0.0 => Some(new.p50_ms / control.p50_ms),
        _ => None,
    };
    Measured { endpoint: endpoint.to_owned(), new, control, ratio }
}

impl Summary {
    fn of<'s>(series: impl Iterator<Item = &'s Series>) -> Option<Self> {
        let samples: Vec<_> = series.flat_map(|it| &it.samples).collect();
        let answered = samples.iter().filter(|it| it.status.is_some());
        let mut ms: Vec<f64> = answered.map(|it| in_ms(it.latency_us)).collect();
        ms.sort_unstable_by(f64::total_cmp);
        (!samples.is_empty()).then(|| Self {
            requests: samples.len(),
            unanswered: samples.len() - ms.len(),
            p50_ms: interpolated(&ms, 0.5),
            p90_ms: interpolated(&ms, 0.9),
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn in_ms(us: u64) -> f64 {
    us as f64 / 1_000.0
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use store_sql::Sample;

    use super::*;

    fn series(role: Role, latencies: &[(u64, Option<u16>)]) -> Series {
        let sample = |(ms, status): &(u64, Option<u16>)| Sample {
            at: Timestamp::UNIX_EPOCH,
            latency_us: ms * 1_000,
            status: *status,
        };
        Series {
            verifier: "performance".into(),
            endpoint: "GET /".into(),
            instance: None,
            role: role.as_str().into(),
            samples: latencies.iter().map(sample).collect(),
        }
    }

    #[test]
    fn the_new_release_is_told_beside_the_old_one() {
        let ok = Some(200);
        let new = series(Role::New, &[(80, ok), (100, ok), (120, ok), (5_000, None)]);
        let warm_up = series(Role::WarmUp, &[(900, ok)]);
        let control = series(Role::Control, &[(50, ok), (40, ok), (60, ok)]);
        let all = measured_in(vec![vec![new, warm_up], vec![control]]);
        assert_eq!(all.len(), 1);
        let new = all[0].new.as_ref().unwrap();
        assert_eq!((new.requests, new.unanswered), (4, 1));
        assert!((all[0].ratio.unwrap() - 2.0).abs() < 1e-9, "{all:?}");
        assert_eq!(measured_in(Vec::new()), []);
    }
}
