//! Secrets of a journey.

use secrecy::{ExposeSecret, SecretString};

/// A secret, and the environment variable it comes from, so that a missing one can be named.
#[derive(Clone, Debug)]
pub struct Variable {
    name: String,
    value: Option<SecretString>,
}

impl Variable {
    /// The variable called `name`; `None` where it is not set.
    pub fn named(name: impl Into<String>, value: Option<SecretString>) -> Self {
        Self { name: name.into(), value }
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its value, unless it is missing or empty.
    #[must_use]
    pub fn secret(&self) -> Option<&SecretString> {
        self.value.as_ref().filter(|it| !it.expose_secret().is_empty())
    }
}
