//! What a group's machines shall be: an overlay on what they are, so that whatever this crate does not
//! know about a machine is kept.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::fly_toml::FlyToml;
use crate::group::{GroupSpec, MountSpec, TestSpec, put};
use crate::one_off::OneOff;
use crate::record::World;

/// The run that a machine was last changed by.
pub(crate) const RUN: &str = "pipeline_run";
/// The version that run deployed.
pub(crate) const VERSION: &str = "pipeline_version";
/// What a machine was created for: unique to run and place.
pub(crate) const LAUNCH: &str = "pipeline_launch";
/// The release that the keys of ours were written with: what `fly_release_id` was then.
pub(crate) const RELEASE: &str = "pipeline_release";
/// flyctl's name for the release of a machine.
pub(crate) const FLY_RELEASE: &str = "fly_release_id";
/// The group, as flyctl writes it.
pub(crate) const GROUP: &str = "fly_process_group";
/// The variable in which a stand-by machine reads for whom it stands by (flyctl: `machines_launchinput.go`).
pub(crate) const STANDBY_FOR: &str = "FLY_STANDBY_FOR";

/// How a group's machines are configured.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Template {
    /// `fly.toml` laid over what the machine has.
    Overlay(Box<GroupSpec>),
    /// What an earlier run recorded, whole.
    Exact(Value),
}

/// Everything that a deploy wants the app to be, except the image.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Desired {
    pub(crate) groups: BTreeMap<String, Template>,
    pub(crate) region: Option<String>,
    pub(crate) image: Option<String>,
    pub(crate) warnings: Vec<String>,
    /// The release command, without what belongs to one run.
    pub(crate) release: Option<OneOff>,
}

/// What a deploy leaves on every machine, beside the configuration.
#[derive(Clone, Debug)]
pub(crate) struct Stamp<'a> {
    pub(crate) run: &'a str,
    pub(crate) version: &'a str,
    pub(crate) image: &'a str,
    /// flyctl's release number: one more than any before.
    pub(crate) release: u64,
}

impl Desired {
    pub(crate) fn of(fly_toml: &FlyToml) -> Self {
        let overlay = |(name, spec): (&String, &GroupSpec)| {
            (name.clone(), Template::Overlay(Box::new(spec.clone())))
        };
        Self {
            groups: fly_toml.groups.iter().map(overlay).collect(),
            region: fly_toml.primary_region.clone(),
            image: fly_toml.build.image.clone(),
            warnings: fly_toml.warnings.clone(),
            release: fly_toml
                .release
                .as_ref()
                .map(|it| OneOff::release(it, fly_toml.primary_region.as_deref())),
        }
    }

    /// Would a deploy make machines that need volumes?
    pub(crate) fn needs_volumes(&self, world: &World) -> bool {
        let new = |name: &str| world.current().all(|it| it.group() != name);
        self.groups.iter().any(|(name, template)| template.is_mounted() && new(name))
    }

    /// The same configurations as in an earlier run.
    pub(crate) fn recorded(templates: BTreeMap<String, Value>, image: &str) -> Self {
        let exact = |(name, config)| (name, Template::Exact(config));
        Self {
            groups: templates.into_iter().map(exact).collect(),
            image: Some(image.to_owned()),
            ..Self::default()
        }
    }
}

impl Template {
    /// The whole configuration for a machine that has `existing`, or that is new.
    pub(crate) fn config(&self, existing: Option<&Value>) -> Value {
        match self {
            Self::Overlay(spec) => spec.over(existing),
            Self::Exact(recorded) => {
                let mut config = recorded.clone();
                // Volumes belong to the machine, and who stands by for whom to the machines there are.
                for key in ["mounts", "standbys"] {
                    put(&mut config, key, existing.and_then(|it| it.get(key)).cloned());
                }
                config
            }
        }
    }

    /// Does the proxy send anything to these machines?
    pub(crate) fn is_served(&self) -> bool {
        match self {
            Self::Overlay(spec) => !spec.services.is_empty(),
            Self::Exact(config) => is_served(config),
        }
    }

    /// The machine checks that they must pass.
    pub(crate) fn tests(&self) -> &[TestSpec] {
        match self {
            Self::Overlay(spec) => &spec.tests,
            Self::Exact(_) => &[],
        }
    }

    /// The volumes that each of them needs. What an earlier run recorded does not say it.
    pub(crate) fn mounts(&self) -> &[MountSpec] {
        match self {
            Self::Overlay(spec) => &spec.mounts,
            Self::Exact(_) => &[],
        }
    }

    /// Do they need volumes?
    pub(crate) fn is_mounted(&self) -> bool {
        match self {
            Self::Overlay(spec) => !spec.mounts.is_empty(),
            Self::Exact(config) => !mounts(config).is_empty(),
        }
    }

    /// Is the machine mounted as it shall be? A recorded template takes it as it is.
    pub(crate) fn fits(&self, existing: &Value) -> bool {
        match self {
            Self::Overlay(spec) => spec.mounts.iter().map(|it| &it.path).eq(&mounts(existing)),
            Self::Exact(_) => true,
        }
    }
}

impl Stamp<'_> {
    /// Writes image and metadata into a configuration: flyctl's keys, so that it and the dashboard keep
    /// working, and ours.
    pub(crate) fn put_on(&self, config: &mut Value, group: &str, launch: Option<&str>) {
        config["image"] = self.image.into();
        if !config["metadata"].is_object() {
            config["metadata"] = json!({});
        }
        let release = self.release.to_string();
        let own = [
            ("fly_platform_version", "v2"),
            (GROUP, group),
            ("fly_release_version", &*release),
            (FLY_RELEASE, self.run),
            (RUN, self.run),
            (RELEASE, self.run),
            (VERSION, self.version),
        ];
        for (key, value) in own {
            config["metadata"][key] = value.into();
        }
        put(&mut config["metadata"], LAUNCH, launch.map(Value::from));
    }
}

/// What people call the release that a configuration belongs to.
pub(crate) fn version_of(config: &Value) -> String {
    let metadata = |key: &str| config["metadata"][key].as_str().filter(|it| !it.is_empty());
    let release = metadata("fly_release_version").map(|number| format!("v{number}"));
    let version = own(config, VERSION).map(str::to_owned);
    version.or(release).unwrap_or_else(|| "unknown".to_owned())
}

/// The run that a configuration is the work of, if a run wrote it last.
pub(crate) fn run_of(config: &Value) -> Option<&str> {
    own(config, RUN)
}

/// The launch that a machine with this configuration was created for, if a run wrote it last.
pub(crate) fn launch_of(config: &Value) -> Option<&str> {
    own(config, LAUNCH)
}

/// The same configuration, for a machine that is created in the stead of one that is gone.
pub(crate) fn launched_again(config: &mut Value, launch: &str) {
    if own(config, RUN).is_none() {
        for key in [RUN, VERSION] {
            put(&mut config["metadata"], key, None);
        }
    }
    let release = config["metadata"].get(FLY_RELEASE).cloned();
    put(&mut config["metadata"], RELEASE, release);
    config["metadata"][LAUNCH] = launch.into();
}

/// What this crate wrote into a configuration. flyctl keeps the metadata that it does not know, on new machines
/// of bluegreen too, and writes a release of its own: then what is ours is not true any more (flyctl:
/// internal/command/deploy, launch inputs).
fn own<'c>(config: &'c Value, key: &str) -> Option<&'c str> {
    let metadata = |key: &str| config["metadata"][key].as_str().filter(|it| !it.is_empty());
    let release = metadata(RELEASE);
    let last = release.is_none() || release == metadata(FLY_RELEASE);
    metadata(key).filter(|_| last)
}

/// flyctl's release number.
pub(crate) fn release_of(config: &Value) -> u64 {
    let number = config["metadata"]["fly_release_version"].as_str();
    number.and_then(|it| it.parse().ok()).unwrap_or(0)
}

/// The process group, by its old key too.
pub(crate) fn group_of(config: &Value) -> String {
    let metadata = |key: &str| config["metadata"][key].as_str().filter(|it| !it.is_empty());
    metadata(GROUP).or_else(|| metadata("process_group")).unwrap_or("app").to_owned()
}

/// Does the proxy send anything to a machine with this configuration?
pub(crate) fn is_served(config: &Value) -> bool {
    config["services"].as_array().is_some_and(|services| !services.is_empty())
}

/// Can a machine with this configuration be asked over HTTP, through the proxy? One that speaks another protocol at another port
/// answers nobody there, whatever a request is pinned to.
pub(crate) fn speaks_http(config: &Value) -> bool {
    let services = config["services"].as_array().into_iter().flatten();
    let mut ports = services.filter_map(|it| it["ports"].as_array()).flatten();
    ports.any(|port| {
        let handlers = port["handlers"].as_array().into_iter().flatten();
        let handled = handlers.filter_map(Value::as_str).any(|it| it == "http");
        handled || matches!(port["port"].as_u64(), Some(80 | 443))
    })
}

/// The machines that a machine with this configuration stands by for.
pub(crate) fn standbys(config: &Value) -> impl Iterator<Item = &str> {
    config["standbys"].as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn mounts(config: &Value) -> Vec<String> {
    let mounts = config["mounts"].as_array().into_iter().flatten();
    mounts.filter_map(|mount| Some(mount["path"].as_str()?.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_speaks_another_protocol_cannot_be_asked_over_http() {
        let service = |port: Value| json!({"services": [{"internal_port": 1, "ports": [port]}]});
        for (config, speaks) in [
            (service(json!({"port": 443, "handlers": ["tls", "http"]})), true),
            (service(json!({"port": 4000, "handlers": ["http"]})), true),
            (service(json!({"port": 443})), true),
            (service(json!({"port": 8883, "handlers": ["tls"]})), false),
            (service(json!({"start_port": 1000, "end_port": 2000})), false),
            (json!({"services": [{"internal_port": 1}]}), false),
            (json!({}), false),
        ] {
            assert_eq!(speaks_http(&config), speaks, "{config}");
        }
    }

    #[test]
    fn a_recorded_configuration_comes_back_exactly_but_volumes_stay_with_their_machine() {
        let recorded = json!({"guest": {"cpus": 1}, "mounts": [{"volume": "vol_a", "path": "/d"}]});
        let existing = json!({"guest": {"cpus": 4}, "mounts": [{"volume": "vol_b", "path": "/d"}]});
        let config = Template::Exact(recorded).config(Some(&existing));
        assert_eq!(
            config,
            json!({"guest": {"cpus": 1}, "mounts": [{"volume": "vol_b", "path": "/d"}]})
        );
    }

    #[test]
    fn the_stamp_merges_metadata_and_forgets_an_older_launch() {
        let mut config = json!({"metadata": {"mine": "kept", "pipeline_launch": "run-0.app.0"}});
        let stamp = Stamp { run: "run-1", version: "v2", image: "r/shop:v2", release: 7 };
        stamp.put_on(&mut config, "web", None);
        assert_eq!(
            config,
            json!({"image": "r/shop:v2", "metadata": {
                "mine": "kept", "fly_platform_version": "v2", "fly_process_group": "web",
                "fly_release_version": "7", "fly_release_id": "run-1",
                "pipeline_run": "run-1", "pipeline_release": "run-1", "pipeline_version": "v2",
            }})
        );
        assert_eq!((version_of(&config), release_of(&config)), ("v2".to_owned(), 7));
        assert_eq!(group_of(&config), "web");
    }

    #[test]
    fn what_another_deploy_wrote_its_release_over_is_no_work_of_a_run() {
        let config = |release: &str| {
            json!({"metadata": {
                "fly_release_id": release, "fly_release_version": "44",
                "pipeline_run": "run-1", "pipeline_release": "rel_43",
                "pipeline_version": "v2", "pipeline_launch": "run-1.app.0",
            }})
        };
        let told = |config: &Value| {
            (
                run_of(config).map(str::to_owned),
                launch_of(config).map(str::to_owned),
                version_of(config),
            )
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(told(&config("rel_43")), (some("run-1"), some("run-1.app.0"), "v2".into()));
        assert_eq!(told(&config("rel_44")), (None, None, "v44".into()));
        let mut again = config("rel_44");
        launched_again(&mut again, "run-2.restore.m1");
        assert_eq!(told(&again), (None, some("run-2.restore.m1"), "v44".into()));
    }
}
