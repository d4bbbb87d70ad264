//! What a simulator can be told before it starts.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    time::Duration,
};

use jiff::Timestamp;

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
    /// Where it listens. Default: loopback, on free ports. Anything else is refused unless
    /// `exposed` says that it is meant: whoever reaches the ports can start programs on this host.
    pub listen: Listen,
    /// What all chance follows from: ids, latencies, faults. `None`: other ones in every run.
    pub seed: Option<u64>,
    /// What the clock shows at the start. `None`: the wall clock's time. With a seed, a start and
    /// tokio's clock paused, the same calls make the same history.
    pub starts_at: Option<Timestamp>,
    /// The region of the edge that all users come to. Default: `ord`.
    pub edge_region: String,
    /// How often the proxy looks for machines that it may stop. Default: five minutes (fly.io
    /// docs: fly-proxy-autostop-autostart, "every few minutes").
    pub autostop_every: Duration,
    /// How long a request waits for a machine below its hard limit before it is refused with
    /// 503. Default: five seconds; the platform names no number.
    pub queue_timeout: Duration,
    /// Where the output of the machines goes, one file each, named after the machine. With
    /// `None` there are only the last lines of each app, in its log.
    pub log_dir: Option<PathBuf>,
    /// Whether calls that come too often are refused with 429, as the platform does
    /// (fly.io docs: machines/api, rate limits). Default: no.
    pub rate_limits: bool,
    /// Whether a request that is pinned to a machine reaches it while it is cordoned. The platform says that its "services
    /// are disabled, so the Fly Proxy won't route requests to it" (Machines API description), and nothing of pins. Default:
    /// yes; a deploy must do with both.
    pub pins_pass_cordons: bool,
    /// A file for the journal: one JSON object a line, written as calls end. An older file of this
    /// name is overwritten.
    pub journal: Option<PathBuf>,
}

/// Addresses and ports of a simulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listen {
    /// The address of all ports.
    pub ip: IpAddr,
    /// The port of the Machines API, its siblings and the control API; 0 for a free one.
    pub api_port: u16,
    /// The port of the proxy; 0 for a free one.
    pub proxy_port: u16,
    /// Whether an address that other hosts can reach is meant.
    pub exposed: bool,
}

impl Default for Listen {
    fn default() -> Self {
        let ip = IpAddr::V4(Ipv4Addr::LOCALHOST);
        Self { ip, api_port: 0, proxy_port: 0, exposed: false }
    }
}

impl Default for SimConfig {
    fn default() -> Self {
        Self {
            propagation: Duration::from_millis(300),
            check_speed: 1.0,
            boot: Duration::from_millis(50),
            token: "sim-token".to_owned(),
            listen: Listen::default(),
            seed: None,
            starts_at: None,
            edge_region: "ord".to_owned(),
            autostop_every: Duration::from_mins(5),
            queue_timeout: Duration::from_secs(5),
            log_dir: None,
            rate_limits: false,
            pins_pass_cordons: true,
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
            .field("listen", &self.listen)
            .field("seed", &self.seed)
            .field("starts_at", &self.starts_at)
            .field("log_dir", &self.log_dir)
            .field("rate_limits", &self.rate_limits)
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
