//! When a call is sent again: one rule for each class of calls.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

use super::error::ApiError;

/// What a call is, as far as sending it again goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Reading: again after whatever may pass, for a minute.
    Read,
    /// Doing it twice is doing it once (start, stop, cordon, destroy, leases): as reading.
    Idempotent,
    /// Create and update: again only if it certainly was not done; else the caller looks first.
    Once,
    /// A long poll: again only if it did not begin; else the caller looks at what it waits for.
    Wait,
    /// What no deploy rests on (the state of a release, logs): twice more, within ten seconds.
    BestEffort,
    /// The same, made only once (a release): again only if it certainly was not done.
    BestEffortOnce,
}

/// What went wrong, as far as sending again goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    /// Turned away at the door by a rate limit: not done.
    Limited,
    /// There was no connection: not done.
    NotSent,
    /// 408, 5xx, a connection that broke, an answer that makes no sense: perhaps done.
    Unclear,
    /// 409 and 412: another change is under way, which is in no reader's way for long.
    InTheWay,
    /// An answer, and the same one next time.
    Settled,
}

/// How often a call may be sent again, and until when after it was first sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bounds {
    times: u32,
    within: Duration,
}

/// What may pass: the pauses of six times add up to about ten seconds.
const PASSING: Bounds = Bounds { times: 6, within: Duration::from_mins(1) };
/// A rate limit passes for certain. The budget never needs it; another deployer of this app may.
const LIMITED: Bounds = Bounds { times: u32::MAX, within: Duration::from_mins(2) };
/// Three times in all (flyctl: updates of a release).
const LITTLE: Bounds = Bounds { times: 2, within: Duration::from_secs(10) };

/// What a call has been through.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SoFar {
    /// How often it was sent.
    pub(crate) sent: u32,
    /// The time since it was first sent.
    pub(crate) spent: Duration,
}

impl Class {
    /// Whether the call is sent again, and if so, after which time at least.
    pub(crate) fn again(self, error: &ApiError, so_far: SoFar) -> Option<Duration> {
        let least = match error {
            ApiError::RateLimited { after, .. } => after.unwrap_or_default(),
            _ => Duration::ZERO,
        };
        let bounds = self.bounds(Trouble::of(error))?;
        let allowed = so_far.sent <= bounds.times && so_far.spent + least <= bounds.within;
        allowed.then_some(least)
    }

    fn bounds(self, trouble: Trouble) -> Option<Bounds> {
        match (self, trouble) {
            (Self::Read, Trouble::InTheWay) => Some(PASSING),
            (_, Trouble::Settled | Trouble::InTheWay)
            | (Self::Once | Self::Wait | Self::BestEffortOnce, Trouble::Unclear) => None,
            (Self::BestEffort | Self::BestEffortOnce, _) => Some(LITTLE),
            (_, Trouble::Limited) => Some(LIMITED),
            (_, Trouble::NotSent | Trouble::Unclear) => Some(PASSING),
        }
    }
}

impl Trouble {
    fn of(error: &ApiError) -> Self {
        match error {
            ApiError::RateLimited { .. } => Self::Limited,
            ApiError::Connect { source, .. } if source.is_connect() => Self::NotSent,
            error if error.is_transient() => Self::Unclear,
            error if error.wants_a_second_look() => Self::InTheWay,
            _ => Self::Settled,
        }
    }
}

/// The pauses between tries: they double, with jitter, up to about five seconds.
pub(crate) fn pauses() -> impl Iterator<Item = Duration> + Send {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(200))
        .with_max_delay(Duration::from_secs(5))
        .without_max_times()
        .with_jitter()
        .build()
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;

    use super::*;
    use crate::api::error::Reply;

    const CLASSES: [Class; 6] = [
        Class::Read,
        Class::Idempotent,
        Class::Once,
        Class::Wait,
        Class::BestEffort,
        Class::BestEffortOnce,
    ];

    fn answer(status: u16, retry_after: Option<&str>) -> ApiError {
        let status = StatusCode::from_u16(status).unwrap();
        ApiError::of("x", &Reply { status, retry_after, ..Reply::default() })
    }

    fn again(class: Class, error: &ApiError, sent: u32, secs: u64) -> Option<u64> {
        let so_far = SoFar { sent, spent: Duration::from_secs(secs) };
        class.again(error, so_far).map(|least| least.as_secs())
    }

    /// A connection that is refused, and one that breaks before the answer.
    async fn connections() -> [ApiError; 2] {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let get = async || {
            let client = reqwest::Client::builder().no_proxy().build().unwrap();
            let source = client.get(&url).send().await.unwrap_err();
            ApiError::Connect { call: "x".into(), host: url.clone(), source }
        };
        let (broken, ()) = tokio::join!(get(), async {
            drop(listener.accept().await.unwrap());
            drop(listener);
        });
        [get().await, broken]
    }

    #[tokio::test]
    async fn each_class_is_sent_again_after_what_its_rule_names() {
        let [refused, broken] = connections().await;
        let nonsense = serde_json::from_str::<u8>("x").unwrap_err();
        let nonsense = ApiError::Decode { call: "x".into(), source: nonsense };
        // Columns as in CLASSES: Read, Idempotent, Once, Wait, BestEffort, BestEffortOnce.
        let all = [true; 6];
        let repeatable = [true, true, false, false, true, false];
        let reading = [true, false, false, false, false, false];
        let none = [false; 6];
        let table = [
            ("429", answer(429, None), all),
            ("refused", refused, all),
            ("broken", broken, repeatable),
            ("408", answer(408, None), repeatable),
            ("500", answer(500, None), repeatable),
            ("503", answer(503, None), repeatable),
            ("nonsense", nonsense, repeatable),
            ("400", answer(400, None), none),
            ("401", answer(401, None), none),
            ("404", answer(404, None), none),
            ("409", answer(409, None), reading),
            ("412", answer(412, None), reading),
            ("422", answer(422, None), none),
        ];
        for (what, error, wanted) in table {
            let told = CLASSES.map(|class| again(class, &error, 1, 0).is_some());
            assert_eq!(told, wanted, "{what}");
        }
    }

    #[test]
    fn how_often_and_for_how_long_is_bounded() {
        let table = [
            (Class::Read, 500, 6, 60, true),
            (Class::Read, 500, 7, 10, false),
            (Class::Read, 500, 2, 61, false),
            (Class::Once, 429, 100, 120, true),
            (Class::Once, 429, 2, 121, false),
            (Class::BestEffort, 500, 2, 10, true),
            (Class::BestEffort, 500, 3, 1, false),
            (Class::BestEffort, 429, 2, 11, false),
        ];
        for (class, status, sent, secs, wanted) in table {
            let told = again(class, &answer(status, None), sent, secs).is_some();
            assert_eq!(told, wanted, "{class:?} after {status}, {sent} times, {secs} s");
        }
    }

    #[test]
    fn a_time_that_fly_io_names_is_kept_unless_it_is_too_long() {
        let table = [
            (Class::Once, "7", 0, Some(7)),
            (Class::Once, "7", 114, None),
            (Class::Read, "3600", 0, None),
            (Class::BestEffort, "30", 0, None),
            (Class::Read, "soon", 0, Some(0)),
        ];
        for (class, after, spent, wanted) in table {
            assert_eq!(again(class, &answer(429, Some(after)), 1, spent), wanted, "{after}");
        }
    }

    #[test]
    fn pauses_double_and_do_not_grow_beyond_bounds() {
        let pauses: Vec<Duration> = pauses().take(20).collect();
        assert_eq!(pauses.len(), 20);
        for (pause, least) in pauses.iter().zip([200, 400, 800, 1_600, 3_200, 5_000, 5_000]) {
            let least = Duration::from_millis(least);
            assert!(*pause >= least && *pause <= 2 * least, "{pause:?}");
        }
    }
}
