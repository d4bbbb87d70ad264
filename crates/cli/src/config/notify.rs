//! Who is told.

use std::collections::BTreeSet;

use pipeline_notify::Topic;
use secrecy::SecretString;

/// Who is told of alerts and of ends.
#[derive(Clone, Debug)]
pub(crate) struct Notify {
    pub(crate) on: BTreeSet<Topic>,
    /// Only of these environments; of all, if empty.
    pub(crate) environments: Vec<String>,
    pub(crate) to: NotifyTo,
}

/// A secret from the environment: the variable, and its value if it is set.
pub(crate) type FromEnv = (String, Option<SecretString>);

/// Where to.
#[derive(Clone, Debug)]
pub(crate) enum NotifyTo {
    /// A webhook, signed where there is a secret.
    Webhook { url: FromEnv, secret: Option<FromEnv> },
    /// An incoming webhook of Slack, or of what takes the same.
    Slack { url: FromEnv },
    /// A command, run in the project's folder.
    Command(Vec<String>),
    /// The commit's status at GitHub.
    Github { repository: String, token: FromEnv, api: Option<String> },
}

impl Notify {
    /// All secrets it knows: addresses of webhooks are some.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &SecretString> {
        let (one, other) = match &self.to {
            NotifyTo::Webhook { url, secret } => (Some(url), secret.as_ref()),
            NotifyTo::Slack { url } => (Some(url), None),
            NotifyTo::Github { token, .. } => (Some(token), None),
            NotifyTo::Command(_) => (None, None),
        };
        one.into_iter().chain(other).filter_map(|(_, secret)| secret.as_ref())
    }

    /// Is it told of this environment?
    pub(crate) fn hears_of(&self, environment: &str) -> bool {
        self.environments.is_empty() || self.environments.iter().any(|it| it == environment)
    }
}
