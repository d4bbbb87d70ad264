//! Probes over a window of time after the switch.

use secrecy::SecretString;
use verify_http::WatchConfig;

/// Probes over a window of time after the switch.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watch {
    /// What is watched, but for the token; nothing where no path is set.
    pub(crate) config: Option<WatchConfig>,
    /// The variable of the bearer token, and the token if it is set.
    pub(crate) bearer: Option<(String, Option<SecretString>)>,
}

impl Watch {
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &SecretString> {
        self.bearer.iter().filter_map(|it| it.1.as_ref())
    }

    /// Is there anything to look at?
    pub(crate) fn looks(&self) -> bool {
        self.config.is_some()
    }
}
