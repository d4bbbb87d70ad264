//! What `fly.toml` says about one process group, and how that is laid over what a machine is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// What a mount has beside its place, all of it owned by `fly.toml` (fly-go: `machine_types.go`).
const EXTENSION: [&str; 3] = ["extend_threshold_percent", "add_size_gb", "size_gb_limit"];

/// What `fly.toml` says about one group.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct GroupSpec {
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) services: Vec<Value>,
    pub(crate) checks: Map<String, Value>,
    /// `cmd`, `entrypoint`, `exec` and `swap_size_mb`, as far as they are said.
    pub(crate) init: Map<String, Value>,
    pub(crate) restart: Option<Value>,
    pub(crate) stop: Option<Value>,
    pub(crate) guest: Option<Value>,
    /// The host that new machines are made on, where the file names one beside `[[vm]]`.
    pub(crate) host: Option<String>,
    pub(crate) mounts: Vec<MountSpec>,
    /// The machine checks, which run once a machine of the group is up.
    pub(crate) tests: Vec<TestSpec>,
    pub(crate) files: Vec<Value>,
    pub(crate) statics: Vec<Value>,
    pub(crate) metrics: Option<Value>,
}

/// A volume that every machine of a group needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MountSpec {
    /// The volume's name.
    pub(crate) name: String,
    /// Where it is mounted.
    pub(crate) path: String,
    /// How large a new one is made.
    pub(crate) initial_size_gb: Option<u64>,
    /// The mount as a machine's configuration holds it, without the volume.
    pub(crate) config: Value,
}

/// A machine check: a machine of its own that asks another one how it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TestSpec {
    /// Its name in `fly.toml`, such as `http_service.machine_checks[0]`.
    pub(crate) name: String,
    /// Its configuration without `FLY_TEST_MACHINE_IP`; with an image only where the check names one.
    pub(crate) config: Value,
}

impl GroupSpec {
    /// Replaces whole what `fly.toml` owns, as flyctl does, and keeps everything else: whatever the file
    /// cannot say about a machine stays as somebody set it (flyctl: `internal/appconfig/machines.go`).
    pub(crate) fn over(&self, existing: Option<&Value>) -> Value {
        let existing = existing.filter(|it| it.is_object());
        let mut config = existing.cloned().unwrap_or_else(|| json!({}));
        config["env"] = json!(self.env);
        config["services"] = json!(self.services);
        let lists = [("files", &self.files), ("statics", &self.statics)];
        for (key, list) in lists {
            put(&mut config, key, (!list.is_empty()).then(|| json!(list)));
        }
        put(&mut config, "checks", (!self.checks.is_empty()).then(|| json!(self.checks)));
        put(&mut config, "restart", self.restart.clone());
        put(&mut config, "stop_config", self.stop.clone());
        put(&mut config, "metrics", self.metrics.clone());
        // Without a size in the file, what `fly scale` has set stays.
        if let Some(guest) = &self.guest {
            config["guest"] = guest.clone();
        }
        if let (Some(host), None, None) = (&self.host, existing, &self.guest) {
            config["guest"] = json!({"host_dedication_id": host});
        }
        // A machine that serves is nobody's standby any more (flyctl: `machines_launchinput.go`).
        if !self.services.is_empty() {
            put(&mut config, "standbys", None);
        }
        self.extend_mounts(&mut config);
        self.set_init(&mut config);
        config
    }

    fn set_init(&self, config: &mut Value) {
        if !config["init"].is_object() {
            config["init"] = json!({});
        }
        for key in ["cmd", "entrypoint", "exec", "swap_size_mb"] {
            put(&mut config["init"], key, self.init.get(key).cloned());
        }
    }

    /// A machine keeps its volumes; by how much they grow is the file's.
    fn extend_mounts(&self, config: &mut Value) {
        let Some(mounts) = config.get_mut("mounts").and_then(Value::as_array_mut) else { return };
        for mount in mounts {
            let of_path = |it: &&MountSpec| mount["path"] == *it.path;
            let Some(spec) = self.mounts.iter().find(of_path) else { continue };
            for key in EXTENSION {
                put(mount, key, spec.config.get(key).cloned());
            }
        }
    }
}

/// Sets a key, or removes it.
pub(crate) fn put(object: &mut Value, key: &str, value: Option<Value>) {
    let Some(object) = object.as_object_mut() else { return };
    match value {
        Some(value) => drop(object.insert(key.to_owned(), value)),
        None => drop(object.remove(key)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fly_toml_owns_is_replaced_whole_and_the_rest_is_kept() {
        let spec = GroupSpec {
            env: [("A".to_owned(), "new".to_owned())].into(),
            services: vec![json!({"internal_port": 4000})],
            ..GroupSpec::default()
        };
        let existing = json!({
            "env": {"A": "old", "B": "by hand"},
            "services": [{"internal_port": 1}, {"internal_port": 2}],
            "checks": {"old": {}},
            "init": {"cmd": ["old"], "entrypoint": ["old"], "exec": ["old"], "swap_size_mb": 1, "tty": true},
            "files": [{"guest_path": "/etc/x"}],
            "statics": [{"guest_path": "/x"}],
            "metrics": {"port": 1},
            "restart": {"policy": "always"},
            "stop_config": {"signal": "SIGKILL"},
            "standbys": ["other"],
            "guest": {"cpus": 2},
            "mounts": [{"volume": "vol_1", "path": "/data"}],
            "schedule": "daily",
            "auto_destroy": true,
            "dns": {"skip_registration": true},
            "metadata": {"mine": "kept"},
            "spot": {"unknown": ["to", "us"]},
        });
        assert_eq!(
            spec.over(Some(&existing)),
            json!({
                "env": {"A": "new"},
                "services": [{"internal_port": 4000}],
                "init": {"tty": true},
                "guest": {"cpus": 2},
                "mounts": [{"volume": "vol_1", "path": "/data"}],
                "schedule": "daily",
                "auto_destroy": true,
                "dns": {"skip_registration": true},
                "metadata": {"mine": "kept"},
                "spot": {"unknown": ["to", "us"]},
            })
        );
    }

    #[test]
    fn a_machine_keeps_its_volume_and_gets_the_growth_of_the_file() {
        let config = json!({"path": "/data", "name": "data", "add_size_gb": 2});
        let mount = MountSpec {
            name: "data".to_owned(),
            path: "/data".to_owned(),
            initial_size_gb: None,
            config,
        };
        let spec = GroupSpec { mounts: vec![mount], ..GroupSpec::default() };
        let old =
            json!({"volume": "vol_1", "path": "/data", "size_gb_limit": 9, "encrypted": true});
        assert_eq!(
            spec.over(Some(&json!({"mounts": [old]})))["mounts"],
            json!([{"volume": "vol_1", "path": "/data", "encrypted": true, "add_size_gb": 2}])
        );
    }

    #[test]
    fn a_host_is_for_new_machines_and_standbys_are_kept_where_nothing_serves() {
        let spec = GroupSpec { host: Some("ded-1".to_owned()), ..GroupSpec::default() };
        assert_eq!(spec.over(None)["guest"], json!({"host_dedication_id": "ded-1"}));
        let existing = json!({"standbys": ["m1"], "guest": {"cpus": 1}});
        let config = spec.over(Some(&existing));
        assert_eq!((&config["guest"], &config["standbys"]), (&json!({"cpus": 1}), &json!(["m1"])));
    }
}
