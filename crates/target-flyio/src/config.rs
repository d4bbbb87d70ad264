//! How to deploy to one app: where the API is, how fast to go, how long to wait.

use std::time::Duration;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::fly_toml::FlyToml;

/// The public Machines API (fly.io docs: machines/api).
const API: &str = "https://api.machines.dev";
/// Releases, images and logs (flyctl: internal/buildinfo, internal/uiex).
const WEB: &str = "https://api.fly.io";

/// In which order machines get the new release.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Strategy {
    /// One machine first, then a few at a time, each in place.
    #[default]
    Rolling,
    /// One machine of each group with traffic first, which must prove itself; then the rest in place.
    Canary,
    /// New machines beside the old ones, then the traffic, then the old ones go.
    BlueGreen,
    /// All machines at once, in place: users notice.
    Immediate,
}

/// What is done about machines whose host does not answer: they can be neither read nor changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unreachable {
    /// Nothing is deployed: the app could not be made one release.
    #[default]
    Abort,
    /// They are left alone, with the old release; the next deploy that reaches them brings them along.
    Skip,
}

impl Strategy {
    /// The word for it in `fly.toml`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rolling => "rolling",
            Self::Canary => "canary",
            Self::BlueGreen => "bluegreen",
            Self::Immediate => "immediate",
        }
    }

    /// Do the machines that are there get the new release, instead of new ones beside them?
    #[must_use]
    pub fn is_in_place(self) -> bool {
        self != Self::BlueGreen
    }
}

/// All that a deploy to one app goes by. Made by [`new`](Self::new), then changed where need be.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FlyConfig {
    /// The app's name at Fly.io.
    pub app: String,
    /// Where the Machines API is; `https://api.machines.dev` if not changed.
    pub api_url: String,
    /// Where GraphQL is, for images; `https://api.fly.io` if not changed (`FLY_API_BASE_URL` of flyctl).
    pub graphql_base: String,
    /// Where releases and logs are; `https://api.fly.io` if not changed (`FLY_UIEX_BASE_URL` of flyctl).
    pub uiex_base: String,
    /// A token that may deploy the app.
    pub token: SecretString,
    /// Where users reach the app.
    pub url: String,
    /// Where requests go that are pinned to one machine; [`url`](Self::url) if `None`.
    pub probe_url: Option<String>,
    /// The path that is asked to see which machine answers; `/` if not changed.
    pub probe_path: String,
    /// The answer's header in which the app names its machine; `x-machine-id` if not changed.
    pub machine_header: String,
    /// What the machines shall be.
    pub fly_toml: FlyToml,
    /// In which order; what `fly.toml` says, else rolling.
    pub strategy: Strategy,
    /// How many machines may be out at a time: a share below 1, else a number. 0.33 as in flyctl.
    pub max_unavailable: f64,
    /// How many machines are worked on at a time where none serves and rate limits are not kept by
    /// waiting. 8 as in flyctl.
    pub concurrency: usize,
    /// Are two machines made for each group with services of a new app? Yes, as in flyctl.
    pub ha: bool,
    /// How long a lease holds, in whole seconds. 13 s as in flyctl; refreshed every third of it.
    pub lease_ttl: Duration,
    /// How long a machine may take to start, and then again to become healthy; what `fly.toml` says. With
    /// `None` it is 5 min to start, as in flyctl, and for its health what its own checks need.
    pub wait_timeout: Option<Duration>,
    /// How long all stages together may take before the run goes back. 1 h.
    pub deadline: Duration,
    /// How long the first machine of a canary deploy must prove itself among the old ones. 1 min.
    pub bake: Duration,
    /// What is done about machines whose host does not answer when the run begins. Nothing is deployed.
    pub unreachable: Unreachable,
    /// How often a machine is read while it is waited for. 1 s; the platform allows five a second.
    pub poll: Duration,
    /// Are Fly.io's rate limits kept by waiting? Yes; only a platform without limits can do without.
    pub paced: bool,
    /// For how long, after a change of what serves, no answer may come from the other side. 2 s.
    pub drain: Duration,
    /// How long to wait instead where the app does not name its machine. 10 s as in flyctl.
    pub blind_drain: Duration,
}

impl FlyConfig {
    /// How long to wait for what may pass by itself: a platform that does not answer, somebody's lease. That a
    /// machine is given less time to start makes no platform come back sooner.
    pub(crate) fn endurance(&self) -> Duration {
        self.wait_timeout.unwrap_or_default().max(Duration::from_mins(5))
    }

    /// A configuration with flyctl's own defaults, and with what `fly.toml` says.
    pub fn new(
        app: impl Into<String>,
        url: impl Into<String>,
        token: impl Into<SecretString>,
        fly_toml: FlyToml,
    ) -> Self {
        Self {
            app: app.into(),
            api_url: API.to_owned(),
            graphql_base: WEB.to_owned(),
            uiex_base: WEB.to_owned(),
            token: token.into(),
            url: url.into(),
            probe_url: None,
            probe_path: "/".to_owned(),
            machine_header: "x-machine-id".to_owned(),
            strategy: fly_toml.strategy.unwrap_or_default(),
            max_unavailable: fly_toml.max_unavailable.unwrap_or(0.33),
            concurrency: 8,
            ha: true,
            lease_ttl: Duration::from_secs(13),
            wait_timeout: fly_toml.wait_timeout,
            deadline: Duration::from_hours(1),
            bake: Duration::from_mins(1),
            unreachable: Unreachable::default(),
            poll: Duration::from_secs(1),
            paced: true,
            drain: Duration::from_secs(2),
            blind_drain: Duration::from_secs(10),
            fly_toml,
        }
    }
}
