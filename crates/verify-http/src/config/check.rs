//! One request, and what it should bring.

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, COOKIE, HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};

use super::{Bearer, ConfigError, Echo};
use crate::expect::{Expect, header_name};

/// One request and what it should bring.
#[derive(Clone, Debug)]
pub struct SmokeCheck {
    /// What people call it; its request if nobody says.
    pub name: Option<String>,
    /// How to ask.
    pub method: Method,
    /// What to ask for, from the root, with its query if it has one.
    pub path: String,
    /// What to send with it.
    pub headers: Vec<(String, String)>,
    /// The token to send with it.
    pub bearer: Option<Bearer>,
    /// How many redirects to follow on the same site; with none, a way to a login page is no `200`.
    pub redirects: u32,
    /// What the answer must be: the one after the redirects.
    pub expect: Expect,
    /// Where the answer says which build it comes from.
    pub echo: Option<Echo>,
    /// How long the certificate of the site must be good for, at least. If it is not, that is an alert: it is no fault
    /// of the release, and taking that back would mend nothing.
    pub tls_expires_after: Option<Duration>,
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

impl SmokeCheck {
    /// `GET path` must answer `200`.
    pub fn get(path: impl Into<String>) -> Self {
        Self {
            name: None,
            method: Method::Get,
            path: path.into(),
            headers: Vec::new(),
            bearer: None,
            redirects: 0,
            expect: Expect::status([200]),
            echo: None,
            tls_expires_after: None,
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
        self.expect.status = Some(vec![status]);
        self
    }

    /// Says that the body must be JSON.
    #[must_use]
    pub fn json(mut self) -> Self {
        self.expect.json = true;
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

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if !self.path.starts_with('/') {
            return Err(ConfigError::Path(self.path.clone()));
        }
        let rule = |source| ConfigError::Rule { path: self.path.clone(), source };
        self.expect.check().map_err(rule)?;
        let echoed = self.echo.as_ref().is_some_and(|it| it.place.reads_body());
        if self.method == Method::Head && (self.expect.reads_body() || echoed) {
            return Err(ConfigError::BodyOfHead(self.path.clone()));
        }
        if self.tls_expires_after.is_some_and(|it| it.is_zero()) {
            return Err(ConfigError::Zero("tls_expires_after"));
        }
        self.sent().map(drop)
    }

    /// The headers to send, but for the token.
    pub(crate) fn sent(&self) -> Result<HeaderMap, ConfigError> {
        let mut sent = HeaderMap::new();
        for (name, value) in &self.headers {
            let refused = |reason| {
                let (path, name) = (self.path.clone(), name.clone());
                ConfigError::Header { path, name, reason }
            };
            let known = header_name(name).map_err(|_| refused("is no name of a header"))?;
            if [AUTHORIZATION, COOKIE].contains(&known) {
                return Err(refused(
                    "carries a secret, which no configuration holds; use a bearer token from a variable",
                ));
            }
            let value = HeaderValue::try_from(value)
                .map_err(|_| refused("has a value that cannot be sent; look for line breaks"))?;
            sent.append(known, value);
        }
        Ok(sent)
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
