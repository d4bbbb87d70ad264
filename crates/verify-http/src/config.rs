//! What the smoke verifier asks for, and how patiently.

use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The smoke checks of an environment. All of them must pass, everywhere, within one window.
#[derive(Clone, Debug)]
pub struct SmokeConfig {
    /// The window: how long all checks have together, tries included.
    pub within: Duration,
    /// How long one try may take, its body included.
    pub attempt_timeout: Duration,
    /// How long to wait between two tries, and between two good answers.
    pub retry_every: Duration,
    /// How many good answers in a row a check needs: one may be luck.
    pub consecutive: NonZeroU32,
    /// How many requests may be under way at once.
    pub at_once: NonZeroUsize,
    /// Ask each instance that has an address, not only what users reach?
    pub per_instance: bool,
    /// What to ask.
    pub checks: Vec<SmokeCheck>,
}

/// One request and what it should bring. Redirects are not followed: a way to a login page is no `200`.
#[derive(Clone, Debug)]
pub struct SmokeCheck {
    /// What people call it; its request if nobody says.
    pub name: Option<String>,
    /// How to ask.
    pub method: Method,
    /// What to ask for, from the root, with its query if it has one.
    pub path: String,
    /// The status it must have, exactly.
    pub status: u16,
    /// The token to send with it.
    pub bearer: Option<Bearer>,
    /// Must the body be JSON?
    pub json: bool,
}

/// A token, and where it comes from, so that a missing one can be named.
#[derive(Clone, Debug)]
pub struct Bearer {
    name: String,
    secret: Option<SecretString>,
}

/// How to ask. Smoke checks only look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Headers and body.
    #[default]
    Get,
    /// Headers alone.
    Head,
}

/// Why smoke checks cannot be made so. The key is the one of `[verify.smoke]`.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// Nothing would be asked, and that would pass.
    #[error("`checks` is empty; name at least one path, such as \"/\"")]
    NoChecks,
    /// Two checks could not be told apart.
    #[error("two checks are called `{0}`; give one of them a `name`")]
    SameName(String),
    /// A path that is none.
    #[error("`path` is \"{0}\"; begin it with a slash")]
    Path(String),
    /// A status that no server sends as a final answer.
    #[error("`status` of {path} is {status}; it must be from 200 to 599")]
    Status {
        /// The check's path.
        path: String,
        /// The status.
        status: u16,
    },
    /// A body that never comes.
    #[error("{0} must be JSON, but an answer to `HEAD` has no body; use `GET`")]
    JsonOfHead(String),
    /// A duration of nothing.
    #[error("`{0}` is zero; give it a duration, such as \"2s\"")]
    Zero(&'static str),
    /// Good answers in a row that cannot come in time.
    #[error(
        "`consecutive` good answers, one every {every:?}, need more than `within` = {within:?}; \
         raise `within` or lower `consecutive`"
    )]
    WindowTooShort {
        /// `retry_every`.
        every: Duration,
        /// `within`.
        within: Duration,
    },
}

impl Default for SmokeConfig {
    /// 60 s in all, 5 s a try, a try every 2 s, two good answers in a row, 8 requests at once, no checks.
    fn default() -> Self {
        Self {
            within: Duration::from_mins(1),
            attempt_timeout: Duration::from_secs(5),
            retry_every: Duration::from_secs(2),
            consecutive: NonZeroU32::new(2).expect("2 is not 0"),
            at_once: NonZeroUsize::new(8).expect("8 is not 0"),
            per_instance: true,
            checks: Vec::new(),
        }
    }
}

impl SmokeConfig {
    /// Refuses what could never pass, and what could never fail.
    pub fn check(&self) -> Result<(), ConfigError> {
        let durations = [
            ("within", self.within),
            ("attempt_timeout", self.attempt_timeout),
            ("retry_every", self.retry_every),
        ];
        if let Some((key, _)) = durations.iter().find(|(_, duration)| duration.is_zero()) {
            return Err(ConfigError::Zero(key));
        }
        if self.retry_every.saturating_mul(self.consecutive.get() - 1) >= self.within {
            let (every, within) = (self.retry_every, self.within);
            return Err(ConfigError::WindowTooShort { every, within });
        }
        if self.checks.is_empty() {
            return Err(ConfigError::NoChecks);
        }
        for (number, check) in self.checks.iter().enumerate() {
            check.check()?;
            let title = check.title();
            if self.checks[..number].iter().any(|it| it.title() == title) {
                return Err(ConfigError::SameName(title));
            }
        }
        Ok(())
    }
}

impl SmokeCheck {
    /// `GET path` must answer `200`.
    pub fn get(path: impl Into<String>) -> Self {
        Self {
            name: None,
            method: Method::Get,
            path: path.into(),
            status: 200,
            bearer: None,
            json: false,
        }
    }

    /// Gives it a name.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Says which status it must have.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Says that the body must be JSON.
    #[must_use]
    pub fn json(mut self) -> Self {
        self.json = true;
        self
    }

    /// Says which token to send.
    #[must_use]
    pub fn bearer(mut self, bearer: Bearer) -> Self {
        self.bearer = Some(bearer);
        self
    }

    /// The request in words, such as `GET /api/v1/health`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("{} {}", self.method.as_str(), self.path)
    }

    /// Its name, or its request.
    #[must_use]
    pub fn title(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.endpoint())
    }

    fn check(&self) -> Result<(), ConfigError> {
        if !self.path.starts_with('/') {
            return Err(ConfigError::Path(self.path.clone()));
        }
        if !(200..600).contains(&self.status) {
            let (path, status) = (self.path.clone(), self.status);
            return Err(ConfigError::Status { path, status });
        }
        if self.json && self.method == Method::Head {
            return Err(ConfigError::JsonOfHead(self.path.clone()));
        }
        Ok(())
    }
}

impl Bearer {
    /// The token called `name`, such as the environment variable `SHOP_TOKEN`; `None` where it is not set.
    pub fn named(name: impl Into<String>, secret: Option<SecretString>) -> Self {
        Self { name: name.into(), secret }
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The token, unless it is missing or empty.
    pub(crate) fn secret(&self) -> Option<&SecretString> {
        self.secret.as_ref().filter(|it| !it.expose_secret().is_empty())
    }
}

impl Method {
    /// As it stands in a request.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
        }
    }
}

impl From<Method> for reqwest::Method {
    fn from(method: Method) -> Self {
        match method {
            Method::Get => Self::GET,
            Method::Head => Self::HEAD,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(config: &SmokeConfig) -> String {
        config.check().unwrap_err().to_string()
    }

    fn of(checks: Vec<SmokeCheck>) -> SmokeConfig {
        SmokeConfig { checks, ..SmokeConfig::default() }
    }

    #[test]
    fn what_could_never_fail_or_never_pass_is_refused() {
        let root = || vec![SmokeCheck::get("/")];
        assert_eq!(of(root()).check(), Ok(()));
        insta::assert_snapshot!(refused(&of(vec![])),
            @r#"`checks` is empty; name at least one path, such as "/""#);
        insta::assert_snapshot!(refused(&of(vec![SmokeCheck::get("/"), SmokeCheck::get("/")])),
            @"two checks are called `GET /`; give one of them a `name`");
        insta::assert_snapshot!(refused(&of(vec![SmokeCheck::get("dashboard")])),
            @r#"`path` is "dashboard"; begin it with a slash"#);
        insta::assert_snapshot!(refused(&of(vec![SmokeCheck::get("/").status(101)])),
            @"`status` of / is 101; it must be from 200 to 599");
        let head = SmokeCheck { method: Method::Head, ..SmokeCheck::get("/").json() };
        insta::assert_snapshot!(refused(&of(vec![head])),
            @"/ must be JSON, but an answer to `HEAD` has no body; use `GET`");
        insta::assert_snapshot!(
            refused(&SmokeConfig { retry_every: Duration::ZERO, ..of(root()) }),
            @r#"`retry_every` is zero; give it a duration, such as "2s""#);
        insta::assert_snapshot!(
            refused(&SmokeConfig { within: Duration::from_secs(2), ..of(root()) }),
            @"`consecutive` good answers, one every 2s, need more than `within` = 2s; raise `within` or lower `consecutive`");
    }

    #[test]
    fn a_token_never_shows_and_an_empty_one_is_missing() {
        let bearer = Bearer::named("SHOP_TOKEN", Some("s3cret".into()));
        assert!(!format!("{bearer:?}").contains("s3cret"));
        assert!(Bearer::named("SHOP_TOKEN", Some("".into())).secret().is_none());
    }
}
