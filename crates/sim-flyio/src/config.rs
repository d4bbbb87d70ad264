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
    /// The region of the edge that all users come to. Default: `ord`.
    pub edge_region: String,
    /// How often the proxy looks for machines that it may stop. Default: five minutes (fly.io
    /// docs: fly-proxy-autostop-autostart, "every few minutes").
    pub autostop_every: Duration,
    /// How long a request waits for a machine below its hard limit before it is refused with
    /// 503. Default: five seconds; the platform names no number.
    pub queue_timeout: Duration,
    /// Where the output of the machines goes, one file each, named after the machine. `None`
    /// throws it away.
    pub log_dir: Option<PathBuf>,
}

impl Default for SimConfig {
    fn default() -> Self {
        Self {
            propagation: Duration::from_millis(300),
            check_speed: 1.0,
            boot: Duration::from_millis(50),
            token: "sim-token".to_owned(),
            edge_region: "ord".to_owned(),
            autostop_every: Duration::from_mins(5),
            queue_timeout: Duration::from_secs(5),
            log_dir: None,
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
