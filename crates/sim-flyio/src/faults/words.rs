//! How the effects of faults are written.

use std::{fmt, str::FromStr, time::Duration};

use super::{
    FaultEffect::{self, self as E},
    FaultError,
};
use crate::{Phase, duration};

/// How long the lease of a stranger lasts if nothing is said: the platform's default.
const TTL: Duration = Duration::from_secs(30);

/// The forms without an argument, which stand for the usual one.
const PLAIN: [(&str, FaultEffect); 19] = [
    ("408-before", E::Answer { status: 408, phase: Phase::Before }),
    ("409-lease", E::LeaseHeld { ttl: TTL }),
    ("409-replacing", E::Replacing),
    ("422-capacity", E::NoCapacity),
    ("reset-before", E::Reset { phase: Phase::Before }),
    ("reset-after", E::Reset { phase: Phase::After }),
    ("empty", E::Empty),
    ("malformed", E::Malformed),
    ("lag", E::Lag { calls: 1 }),
    ("lease-lost", E::LeaseLost { after: Duration::ZERO }),
    ("host-unreachable", E::HostUnreachable { time: None }),
    ("pull-fails", E::PullFails),
    ("stuck", E::Stuck),
    ("crash", E::Crash { after: Duration::ZERO, code: 1 }),
    ("oom", E::OutOfMemory { after: Duration::ZERO }),
    ("unhealthy", E::Unhealthy),
    ("unseen", E::Unseen),
    ("autostop", E::Autostop),
    ("hangs", E::Hangs { time: None }),
];

/// The forms with an argument, or with a status for a name, each with a usual one.
const WITH_ARGUMENT: [&str; 31] = [
    "401",
    "404",
    "408-after",
    "412",
    "429",
    "500",
    "502",
    "503",
    "504",
    "401-after",
    "404-after",
    "412-after",
    "429-after",
    "500-after",
    "502-after",
    "503-after",
    "504-after",
    "409-lease:30s",
    "slow:2s",
    "slow-after:2s",
    "stale:5s",
    "skew:+30s",
    "lag:2s",
    "lease-lost:2s",
    "host-unreachable:10s",
    "crash:500ms",
    "crash:500ms:3",
    "oom:2s",
    "flap:2s",
    "traffic:503",
    "hangs:30s",
];

impl FaultEffect {
    /// How effects are written: every form without an argument, and each of the others with a
    /// usual one.
    pub fn forms() -> impl Iterator<Item = &'static str> {
        PLAIN.iter().map(|(name, _)| *name).chain(WITH_ARGUMENT)
    }
}

impl FromStr for FaultEffect {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let unknown = || FaultError::Effect { effect: text.to_owned() };
        if text == "408" {
            return Err(FaultError::Ambiguous);
        }
        let plain = PLAIN.iter().find(|(name, _)| *name == text);
        let effect = plain.map(|(_, effect)| effect.clone());
        let effect = effect.or_else(|| status(text)).or_else(|| with_argument(text));
        effect.filter(Self::is_sound).ok_or_else(unknown)
    }
}

fn status(text: &str) -> Option<FaultEffect> {
    let (number, phase) = match text.strip_suffix("-after") {
        Some(number) => (number, Phase::After),
        None => (text, Phase::Before),
    };
    Some(E::Answer { status: number.parse().ok()?, phase })
}

fn with_argument(text: &str) -> Option<FaultEffect> {
    let (name, argument) = text.split_once(':')?;
    let time = duration::parse(argument);
    let (before, after) = (Phase::Before, Phase::After);
    Some(match name {
        "409-lease" => E::LeaseHeld { ttl: time? },
        "slow" => E::Slow { time: time?, phase: before },
        "slow-after" => E::Slow { time: time?, phase: after },
        "stale" => E::Stale { age: time? },
        "skew" => E::Skew { ms: skew(argument)? },
        "lag" => match time.filter(|_| argument != "0") {
            Some(time) => E::LagFor { time },
            None => E::Lag { calls: argument.parse().ok()? },
        },
        "lease-lost" => E::LeaseLost { after: time? },
        "host-unreachable" => E::HostUnreachable { time: Some(time?) },
        "crash" => return crash(argument),
        "oom" => E::OutOfMemory { after: time? },
        "flap" => E::Flap { period: time? },
        "traffic" => E::TrafficFails { status: argument.parse().ok()? },
        "hangs" => E::Hangs { time: Some(time?) },
        _ => return None,
    })
}

fn crash(argument: &str) -> Option<FaultEffect> {
    let (after, code) = argument.split_once(':').unwrap_or((argument, "1"));
    Some(E::Crash { after: duration::parse(after)?, code: code.parse().ok()? })
}

fn skew(argument: &str) -> Option<i64> {
    let (sign, time) = match argument.split_at_checked(1)? {
        ("+", time) => (1, time),
        ("-", time) => (-1, time),
        _ => return None,
    };
    Some(sign * i64::try_from(duration::parse(time)?.as_millis()).ok()?)
}

impl fmt::Display for FaultEffect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((name, _)) = PLAIN.iter().find(|(_, effect)| effect == self) {
            return f.write_str(name);
        }
        match self {
            E::Answer { status, phase: Phase::Before } => write!(f, "{status}"),
            E::Answer { status, phase: Phase::After } => write!(f, "{status}-after"),
            E::LeaseHeld { ttl } => write!(f, "409-lease:{}", Span(*ttl)),
            E::Slow { time, phase: Phase::Before } => write!(f, "slow:{}", Span(*time)),
            E::Slow { time, phase: Phase::After } => write!(f, "slow-after:{}", Span(*time)),
            E::Stale { age } => write!(f, "stale:{}", Span(*age)),
            E::Skew { ms } => {
                let sign = if *ms < 0 { '-' } else { '+' };
                write!(f, "skew:{sign}{}", Span(Duration::from_millis(ms.unsigned_abs())))
            }
            E::Lag { calls } => write!(f, "lag:{calls}"),
            E::LagFor { time } => write!(f, "lag:{}", Span(*time)),
            E::LeaseLost { after } => write!(f, "lease-lost:{}", Span(*after)),
            E::HostUnreachable { time: Some(time) } => {
                write!(f, "host-unreachable:{}", Span(*time))
            }
            E::Crash { after, code: 1 } => write!(f, "crash:{}", Span(*after)),
            E::Crash { after, code } => write!(f, "crash:{}:{code}", Span(*after)),
            E::OutOfMemory { after } => write!(f, "oom:{}", Span(*after)),
            E::Flap { period } => write!(f, "flap:{}", Span(*period)),
            E::TrafficFails { status } => write!(f, "traffic:{status}"),
            E::Hangs { time: Some(time) } => write!(f, "hangs:{}", Span(*time)),
            _ => unreachable!("all others have a form without an argument"),
        }
    }
}

/// A duration as Go reads it, to the millisecond.
struct Span(Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_millis() {
            whole if whole % 1000 == 0 => write!(f, "{}s", whole / 1000),
            millis => write!(f, "{millis}ms"),
        }
    }
}
