//! What a simulator can be told before it starts.

use std::{fmt, path::PathBuf, time::Duration};

/// Settings of a simulator; [`Default`] suits tests.
#[derive(Clone)]
pub struct SimConfig {
    /// How late the proxy learns of each change of a machine. Default: 300 ms, a fast day of the
    /// real platform; 2 to 10 s are realistic (fly.io docs: monitoring/error-codes).
    pub propagation: Duration,
    /// Interval and grace period of checks are divided by it, after the platform's bounds were
    /// applied. Default: 1.
    pub check_speed: f64,
    /// How long a machine takes to boot before its process is started, and an update or a pull
    /// to settle when there is no process to wait for. Default: 50 ms.
    pub boot: Duration,
    /// The only bearer token that is accepted.
    pub token: String,
    /// Where the output of the machines goes, one file each, named after the machine. `None`
    /// throws it away.
    pub log_dir: Option<PathBuf>,
    /// What ids, nonces and the chances of faults follow from. `None`, the default, takes another
    /// one for every simulator.
    pub seed: Option<u64>,
    /// A file for the journal: one JSON object a line, written as calls end. An older file of this
    /// name is overwritten.
    pub journal: Option<PathBuf>,
}

impl Default for SimConfig {
    fn default() -> Self {
        Self {
            propagation: Duration::from_millis(300),
            check_speed: 1.0,
            boot: Duration::from_millis(50),
            token: "sim-token".to_owned(),
            log_dir: None,
            seed: None,
            journal: None,
        }
    }
}

impl fmt::Debug for SimConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimConfig")
            .field("propagation", &self.propagation)
            .field("check_speed", &self.check_speed)
            .field("boot", &self.boot)
            .field("log_dir", &self.log_dir)
            .field("seed", &self.seed)
            .field("journal", &self.journal)
            .finish_non_exhaustive() // the token is nobody's business
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_not_shown() {
        let config = SimConfig { token: "very-secret".to_owned(), ..SimConfig::default() };
        assert!(!format!("{config:?}").contains("very-secret"));
    }
}
