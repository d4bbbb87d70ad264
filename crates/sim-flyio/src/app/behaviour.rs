//! How the bundled application behaves.

use std::{collections::BTreeMap, fmt, time::Duration};

use super::{AppError, HealthScript};
use crate::runtime::{SEED, SIMULATOR};

/// A bearer token, which no debug output shows.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Token(pub(super) String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

/// The behaviour that an environment describes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Behaviour {
    /// `PORT`: where to listen, on loopback.
    pub port: u16,
    /// `APP_VERSION`: what it calls itself.
    pub version: String,
    /// `SHOP_TOKEN`: what `/dashboard` wants as a bearer token.
    pub token: Token,
    /// `PAGES`: a JSON object of paths and statuses. Where it is set, it is no shop but answers every path with
    /// 200 and some JSON, except these with their statuses: a stand-in for any application.
    pub pages: Option<BTreeMap<String, u16>>,
    /// `FAIL_PATH`: a path that always fails.
    pub fails: Option<String>,
    /// `HEALTH_SCRIPT`, or `HEALTH_FAILS=1` for one that never passes: when `/api/v1/health` answers
    /// 200 and when 503.
    pub health: HealthScript,
    /// `BOOT_DELAY_MS`: how long until it listens.
    pub boot_delay: Duration,
    /// `LATENCY_MS`: how long an answer takes, in the median.
    pub latency: Duration,
    /// `LATENCY_SPREAD`: the standard deviation of the logarithm of the latency; 0.5 makes one
    /// answer of ten take almost twice the median. Zero: every answer takes the same time.
    pub latency_spread: f64,
    /// `COLD_FACTOR` and `COLD_REQUESTS` (8): the first answer of a life takes so many times as long, and what is
    /// too much of it falls to a third with every so many answers. Zero: it is never cold.
    pub cold: (f64, f64),
    /// `HEALTH_STATUS` (`ok`): what `/api/v1/health` calls itself while it answers 200, such as `degraded`.
    pub health_status: Option<String>,
    /// `DATABASE`: what `/api/v1/health` says of its database, such as `ok` or `error`; nothing if not said.
    pub database: Option<String>,
    /// `ERROR_RATE`: the share of requests, 0 to 1, that are answered with `FAIL_STATUS` (500).
    pub error_rate: f64,
    /// `FAIL_STATUS` (500): with which status requests fail.
    pub fail_status: u16,
    /// `STREAM_MS`: how long after its first half the second half of an answer comes. Zero sends
    /// it whole, and says its length.
    pub stream: Duration,
    /// `DRAIN_MS`: how long it takes, at least, to end after it was told to.
    pub drain: Duration,
    /// `IGNORE_TERM=1`: it does not end when told to.
    pub ignores_term: bool,
    /// `CRASH_AFTER_MS` and `CRASH_CODE` (1): when it ends by itself, and how.
    pub crash: Option<(Duration, u8)>,
    /// `RELEASE_COMMAND=1`, which the platform sets: it is no server but a release command, which
    /// takes `RELEASE_MS` (0) and ends with `RELEASE_EXIT` (0).
    pub release: Option<(Duration, u8)>,
    /// `MEMORY_MB`: how much memory it takes at its start, in MiB.
    pub memory_mb: u64,
    /// `MEMORY_GROWTH_MB_S`: how much more it takes every second, in MiB.
    pub memory_growth_mb_s: u64,
    /// `SIM_FLYIO_SEED`: what its chance follows from, as a process.
    pub seed: Option<u64>,
    /// `SIM_FLYIO_PID`: the process that has to live for this one to live, besides its parent.
    pub simulator: Option<i32>,
    /// `FLY_MACHINE_ID` and `FLY_MACHINE_VERSION`: where it runs.
    pub machine: (String, String),
}

impl Behaviour {
    /// Reads an environment; a number that is none is an error that names its variable.
    pub fn read(env: &BTreeMap<String, String>) -> Result<Self, AppError> {
        let text = |key: &str| env.get(key).cloned().unwrap_or_default();
        let is_on = |key: &str| env.get(key).is_some_and(|value| value == "1");
        let failing = is_on("HEALTH_FAILS").then(HealthScript::failing);
        let script = value(env, "HEALTH_SCRIPT", "a script such as pass:5000,fail:2000,pass")?;
        let release = (time(env, "RELEASE_MS")?.unwrap_or_default(), number(env, "RELEASE_EXIT")?);
        let crash_code = number(env, "CRASH_CODE")?.unwrap_or(1);
        Ok(Self {
            port: number(env, "PORT")?.unwrap_or(8080),
            version: env.get("APP_VERSION").cloned().unwrap_or_else(|| "dev".to_owned()),
            token: Token(text("SHOP_TOKEN")),
            pages: pages(env)?,
            fails: env.get("FAIL_PATH").cloned(),
            fail_status: number(env, "FAIL_STATUS")?.unwrap_or(500),
            error_rate: number(env, "ERROR_RATE")?.unwrap_or_default(),
            health: failing.or(script).unwrap_or_default(),
            boot_delay: time(env, "BOOT_DELAY_MS")?.unwrap_or_default(),
            latency: time(env, "LATENCY_MS")?.unwrap_or_default(),
            stream: time(env, "STREAM_MS")?.unwrap_or_default(),
            drain: time(env, "DRAIN_MS")?.unwrap_or_default(),
            ignores_term: is_on("IGNORE_TERM"),
            crash: time(env, "CRASH_AFTER_MS")?.map(|after| (after, crash_code)),
            latency_spread: number(env, "LATENCY_SPREAD")?.unwrap_or_default(),
            cold: (
                number(env, "COLD_FACTOR")?.unwrap_or_default(),
                number(env, "COLD_REQUESTS")?.unwrap_or(8.0),
            ),
            health_status: env.get("HEALTH_STATUS").cloned(),
            database: env.get("DATABASE").cloned(),
            release: is_on("RELEASE_COMMAND").then(|| (release.0, release.1.unwrap_or(0))),
            memory_mb: number(env, "MEMORY_MB")?.unwrap_or_default(),
            memory_growth_mb_s: number(env, "MEMORY_GROWTH_MB_S")?.unwrap_or_default(),
            seed: number(env, SEED)?,
            simulator: env.get(SIMULATOR).and_then(|name| name.split(':').next()?.parse().ok()),
            machine: (text("FLY_MACHINE_ID"), text("FLY_MACHINE_VERSION")),
        })
    }
}

impl Behaviour {
    /// After how long it has more than `limit_mb` MiB, counting only what it takes on purpose.
    pub(crate) fn outgrows(&self, limit_mb: u64) -> Option<Duration> {
        if self.memory_mb > limit_mb {
            return Some(Duration::ZERO);
        }
        let room = Duration::from_secs(limit_mb - self.memory_mb);
        let growth = u32::try_from(self.memory_growth_mb_s).unwrap_or(u32::MAX);
        room.checked_div(growth)
    }
}

fn pages(env: &BTreeMap<String, String>) -> Result<Option<BTreeMap<String, u16>>, AppError> {
    let wanted = "a JSON object of paths and statuses";
    let bad = |value: &String| AppError::Variable { key: "PAGES", value: value.clone(), wanted };
    env.get("PAGES").map(|it| serde_json::from_str(it).map_err(|_| bad(it))).transpose()
}

fn time(env: &BTreeMap<String, String>, key: &'static str) -> Result<Option<Duration>, AppError> {
    Ok(number(env, key)?.map(Duration::from_millis))
}

fn number<T: std::str::FromStr>(
    env: &BTreeMap<String, String>,
    key: &'static str,
) -> Result<Option<T>, AppError> {
    value(env, key, "a number in range")
}

fn value<T: std::str::FromStr>(
    env: &BTreeMap<String, String>,
    key: &'static str,
    wanted: &'static str,
) -> Result<Option<T>, AppError> {
    let bad = |value: &String| AppError::Variable { key, value: value.clone(), wanted };
    env.get(key).map(|value| value.parse().map_err(|_| bad(value))).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Behaviour, AppError> {
        let env = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Behaviour::read(&env.collect())
    }

    #[test]
    fn an_empty_environment_is_a_good_application() {
        let wanted = Behaviour {
            port: 8080,
            version: "dev".to_owned(),
            fail_status: 500,
            cold: (0.0, 8.0),
            ..Behaviour::default()
        };
        assert_eq!(read(&[]).unwrap(), wanted);
    }

    #[test]
    fn failures_and_crashes_have_defaults_and_numbers_must_be_numbers() {
        let broken = read(&[("FAIL_PATH", "/dashboard"), ("CRASH_AFTER_MS", "20")]).unwrap();
        assert_eq!((broken.fails.as_deref(), broken.fail_status), (Some("/dashboard"), 500));
        assert_eq!(broken.crash, Some((Duration::from_millis(20), 1)));
        assert_eq!(
            read(&[("LATENCY_MS", "slow")]).unwrap_err().to_string(),
            "LATENCY_MS is 'slow', which is not a number in range"
        );
    }

    #[test]
    fn memory_that_grows_is_too_much_some_day() {
        let app = read(&[("MEMORY_MB", "100"), ("MEMORY_GROWTH_MB_S", "50")]).unwrap();
        assert_eq!(app.outgrows(256), Some(Duration::from_millis(3120)));
        assert_eq!(app.outgrows(99), Some(Duration::ZERO));
        assert_eq!(read(&[]).unwrap().outgrows(256), None);
    }

    #[test]
    fn a_release_command_is_known_by_what_the_platform_sets() {
        let app = read(&[("RELEASE_COMMAND", "1"), ("RELEASE_EXIT", "3")]).unwrap();
        assert_eq!(app.release, Some((Duration::ZERO, 3)));
        assert_eq!(read(&[("RELEASE_EXIT", "3")]).unwrap().release, None);
    }
}
