//! The file of `--apps` as it is written: every key optional, unknown ones refused.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Deserialize;
use toml::Spanned;

/// A text with its place in the file.
pub(super) type Text = Spanned<String>;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Raw {
    pub(super) faults: Vec<Text>,
    pub(super) settings: Settings,
    pub(super) env: BTreeMap<String, String>,
    pub(super) images: Vec<RawImage>,
    pub(super) apps: BTreeMap<Text, RawApp>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Settings {
    pub(super) seed: Option<u64>,
    pub(super) starts_at: Option<Text>,
    pub(super) check_speed: Option<Spanned<f64>>,
    pub(super) propagation: Option<Text>,
    pub(super) boot: Option<Text>,
    pub(super) autostop_every: Option<Text>,
    pub(super) queue_timeout: Option<Text>,
    pub(super) rate_limits: Option<bool>,
    pub(super) pins_pass_cordons: Option<bool>,
    pub(super) edge_region: Option<String>,
    pub(super) listen: Option<IpAddr>,
    pub(super) expose_to_the_network: bool,
    pub(super) api_port: Option<u16>,
    pub(super) proxy_port: Option<u16>,
    pub(super) journal: Option<String>,
    pub(super) log_dir: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawImage {
    pub(super) reference: Text,
    #[serde(default)]
    pub(super) inside: bool,
    #[serde(default)]
    pub(super) bundled: bool,
    #[serde(default)]
    pub(super) entrypoint: Vec<String>,
    #[serde(default)]
    pub(super) command: Vec<String>,
    pub(super) workdir: Option<String>,
    #[serde(default)]
    pub(super) env: BTreeMap<String, String>,
    pub(super) pullable: Option<bool>,
    pub(super) boot_ms: Option<u64>,
    pub(super) oom_after_ms: Option<u64>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawApp {
    pub(super) machines: u32,
    pub(super) image: Option<Text>,
    pub(super) region: Option<String>,
    pub(super) regions: Option<Spanned<Vec<String>>>,
    pub(super) fly_toml: Option<Text>,
    pub(super) config: Option<Spanned<serde_json::Value>>,
}
