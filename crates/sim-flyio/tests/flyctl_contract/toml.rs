//! What flyctl makes of a `fly.toml` with one HTTP service and one check.

use serde_json::{Value, json};

use crate::deploy::Release;

/// The configuration of a machine of the default group.
pub(crate) fn config(release: &Release) -> Value {
    json!({
        "env": { "FLY_PROCESS_GROUP": "app", "PRIMARY_REGION": "ord" },
        "init": {},
        "guest": { "cpu_kind": "shared", "cpus": 1, "memory_mb": 256 },
        "metadata": metadata(release, "app"),
        "services": [{
            "protocol": "tcp",
            "internal_port": 8080,
            "ports": [
                { "port": 80, "handlers": ["http"], "force_https": true },
                { "port": 443, "handlers": ["http", "tls"] },
            ],
            "checks": [{
                "type": "http",
                "interval": "2s",
                "timeout": "60s",
                "grace_period": "1s",
                "method": "GET",
                "path": "/api/v1/health",
            }],
            "force_instance_key": null,
        }],
        "image": release.image,
    })
}

/// The configuration of the machine of a release command.
pub(crate) fn release_command(release: &Release) -> Value {
    json!({
        "env": {
            "FLY_PROCESS_GROUP": "fly_app_release_command",
            "PRIMARY_REGION": "ord",
            "RELEASE_COMMAND": "1",
        },
        "init": { "cmd": ["migrate", "--all"] },
        "guest": { "cpu_kind": "shared", "cpus": 1, "memory_mb": 256 },
        "metadata": metadata(release, "fly_app_release_command"),
        "image": release.image,
        "auto_destroy": true,
        "restart": { "policy": "no" },
        "dns": { "skip_registration": true },
    })
}

/// The same configuration with one more key in its metadata.
pub(crate) fn tagged(mut config: Value, key: &str, value: &str) -> Value {
    config["metadata"][key] = json!(value);
    config
}

fn metadata(release: &Release, group: &str) -> Value {
    json!({
        "fly_flyctl_version": "1.0.0",
        "fly_platform_version": "v2",
        "fly_process_group": group,
        "fly_release_id": release.id,
        "fly_release_version": release.version.to_string(),
    })
}
