//! Where runs, journals and locks are kept.

use std::fmt;

use secrecy::SecretString;

use crate::error::CliError;

/// The address of the store. What it shows is never a password.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum StoreUrl {
    /// It is this.
    Known(String),
    /// It should stand in this variable, and does not.
    Unset(String),
}

impl StoreUrl {
    /// The address as it is opened.
    pub(crate) fn get(&self) -> Result<&str, CliError> {
        match self {
            Self::Known(url) => Ok(url),
            Self::Unset(variable) => Err(CliError::usage(format!(
                "the store's address is not known: the variable {variable} is not set"
            ))
            .hint(format!("set {variable} to postgres://USER:PASSWORD@HOST/DATABASE"))),
        }
    }

    /// What in it must never be seen.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = SecretString> {
        let all = match self {
            Self::Known(url) => store_sql::secrets_of(url),
            Self::Unset(_) => Vec::new(),
        };
        all.into_iter().map(SecretString::from)
    }
}

impl From<String> for StoreUrl {
    fn from(url: String) -> Self {
        Self::Known(url)
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(url) => match store_sql::place_of(url) {
                Ok(place) => write!(f, "{place}"),
                Err(_) => f.write_str("?"),
            },
            Self::Unset(variable) => write!(f, "${variable}"),
        }
    }
}
