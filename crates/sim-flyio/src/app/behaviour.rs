//! How the bundled application behaves.

use std::{collections::BTreeMap, fmt, time::Duration};

use super::AppError;
use crate::runtime::SIMULATOR;

/// A bearer token, which no debug output shows.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Token(pub(super) String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

/// The behaviour that an environment describes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Behaviour {
    /// `PORT`: where to listen, on loopback.
    pub port: u16,
    /// `APP_VERSION`: what it calls itself.
    pub version: String,
    /// `SHOP_TOKEN`: what `/dashboard` wants as a bearer token.
    pub token: Token,
    /// `FAIL_PATH` and `FAIL_STATUS` (500): a path that always fails.
    pub fails: Option<(String, u16)>,
    /// `HEALTH_FAILS=1`: `/api/v1/health` answers 503.
    pub health_fails: bool,
    /// `BOOT_DELAY_MS`: how long until it listens.
    pub boot_delay: Duration,
    /// `LATENCY_MS`: how long every answer takes.
    pub latency: Duration,
    /// `STREAM_MS`: how long after its first half the second half of an answer comes. Zero sends
    /// it whole, and says its length.
    pub stream: Duration,
    /// `DRAIN_MS`: how long it takes, at least, to end after it was told to.
    pub drain: Duration,
    /// `IGNORE_TERM=1`: it does not end when told to.
    pub ignores_term: bool,
    /// `CRASH_AFTER_MS` and `CRASH_CODE` (1): when it ends by itself, and how.
    pub crash: Option<(Duration, u8)>,
    /// `RELEASE_COMMAND=1`: it serves nothing, takes `RELEASE_MS` (0) and ends with `RELEASE_EXIT`
    /// (0). The platform sets the first one for machines that run a release command.
    pub release: Option<(Duration, u8)>,
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
        let fails = env.get("FAIL_PATH").cloned();
        let fail_status = number(env, "FAIL_STATUS")?.unwrap_or(500);
        let crash_code = number(env, "CRASH_CODE")?.unwrap_or(1);
        let release_time = time(env, "RELEASE_MS")?.unwrap_or_default();
        let release_exit = number(env, "RELEASE_EXIT")?.unwrap_or(0);
        Ok(Self {
            port: number(env, "PORT")?.unwrap_or(8080),
            version: env.get("APP_VERSION").cloned().unwrap_or_else(|| "dev".to_owned()),
            token: Token(text("SHOP_TOKEN")),
            fails: fails.map(|path| (path, fail_status)),
            health_fails: is_on("HEALTH_FAILS"),
            boot_delay: time(env, "BOOT_DELAY_MS")?.unwrap_or_default(),
            latency: time(env, "LATENCY_MS")?.unwrap_or_default(),
            stream: time(env, "STREAM_MS")?.unwrap_or_default(),
            drain: time(env, "DRAIN_MS")?.unwrap_or_default(),
            ignores_term: is_on("IGNORE_TERM"),
            crash: time(env, "CRASH_AFTER_MS")?.map(|after| (after, crash_code)),
            release: is_on("RELEASE_COMMAND").then_some((release_time, release_exit)),
            simulator: number(env, SIMULATOR)?,
            machine: (text("FLY_MACHINE_ID"), text("FLY_MACHINE_VERSION")),
        })
    }
}

fn time(env: &BTreeMap<String, String>, key: &'static str) -> Result<Option<Duration>, AppError> {
    Ok(number(env, key)?.map(Duration::from_millis))
}

fn number<T: std::str::FromStr>(
    env: &BTreeMap<String, String>,
    key: &'static str,
) -> Result<Option<T>, AppError> {
    let bad = |value: &String| AppError::Variable { key, value: value.clone() };
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
        let wanted = Behaviour { port: 8080, version: "dev".to_owned(), ..Behaviour::default() };
        assert_eq!(read(&[]).unwrap(), wanted);
    }

    #[test]
    fn failures_and_crashes_have_defaults_and_numbers_must_be_numbers() {
        let broken = read(&[("FAIL_PATH", "/dashboard"), ("CRASH_AFTER_MS", "20")]).unwrap();
        assert_eq!(broken.fails, Some(("/dashboard".to_owned(), 500)));
        assert_eq!(broken.crash, Some((Duration::from_millis(20), 1)));
        let releasing = read(&[("RELEASE_COMMAND", "1"), ("RELEASE_EXIT", "3")]).unwrap();
        assert_eq!(releasing.release, Some((Duration::ZERO, 3)));
        assert_eq!(read(&[("RELEASE_EXIT", "3")]).unwrap().release, None);
        assert_eq!(
            read(&[("LATENCY_MS", "slow")]).unwrap_err().to_string(),
            "LATENCY_MS is 'slow', which is not a number in range"
        );
    }
}
