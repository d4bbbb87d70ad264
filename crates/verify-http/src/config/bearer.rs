//! A token that is sent, and where it comes from.

use secrecy::{ExposeSecret, SecretString};

/// A token, and where it comes from, so that a missing one can be named.
#[derive(Clone, Debug)]
pub struct Bearer {
    name: String,
    secret: Option<SecretString>,
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
