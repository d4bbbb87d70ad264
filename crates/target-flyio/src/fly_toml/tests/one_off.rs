//! Machines that run one command and go: the release command's, and those of machine checks.

use std::time::Duration;

use serde_json::Value;

use super::*;

const RELEASE: &str = r#"
primary_region = "mia"
kill_signal = "SIGTERM"
kill_timeout = "10s"
swap_size_mb = 512
[env]
FOO = "BAR"
[deploy]
release_command = "bin/shop eval 'Shop.migrate()'"
release_command_timeout = "3m"
release_command_vm.size = "performance-2x"
release_command_vm.memory = "4G"
[processes]
web = "bin/web"
[http_service]
processes = ["web"]
[mounts]
source = "data"
destination = "/data"
[[files]]
guest_path = "/x"
raw_value = "foo"
processes = ["web"]
[experimental]
entrypoint = ["/first"]
exec = ["not", "here"]
"#;

#[test]
fn the_release_command_has_a_machine_of_its_own() {
    let release = parse(RELEASE).unwrap().release.unwrap();
    assert_eq!(release.command, ["bin/shop", "eval", "Shop.migrate()"]);
    assert_eq!(release.line, "bin/shop eval 'Shop.migrate()'");
    assert_eq!(release.timeout, Some(Duration::from_mins(3)));
    assert_eq!(
        release.config,
        json!({
            "init": {"cmd": ["bin/shop", "eval", "Shop.migrate()"], "entrypoint": ["/first"], "swap_size_mb": 512},
            "env": {"FOO": "BAR", "PRIMARY_REGION": "mia", "RELEASE_COMMAND": "1", "FLY_PROCESS_GROUP": "fly_app_release_command"},
            "restart": {"policy": "no"},
            "auto_destroy": true,
            "dns": {"skip_registration": true},
            "metadata": {"fly_platform_version": "v2", "fly_process_group": "fly_app_release_command"},
            "stop_config": {"signal": "SIGTERM", "timeout": "10s"},
            "files": [{"guest_path": "/x", "raw_value": "Zm9v"}],
            "guest": {"cpu_kind": "performance", "cpus": 2, "memory_mb": 4096},
        })
    );
    let read: ReleaseSpec =
        serde_json::from_value(serde_json::to_value(&release).unwrap()).unwrap();
    assert_eq!(read, release);
}

#[test]
fn a_release_command_may_run_for_five_minutes_unless_the_file_says_otherwise() {
    let minutes = |count| Some(Some(Duration::from_mins(count)));
    let table = [
        ("[deploy]\nrelease_command = \"x\"", minutes(5)),
        ("[deploy]\nrelease_command = \"x\"\nrelease_command_timeout = \"20m\"", minutes(20)),
        ("[deploy]\nrelease_command = \"x\"\nrelease_command_timeout = 120", minutes(2)),
        ("[deploy]\nrelease_command = \"x\"\nrelease_command_timeout = \"none\"", Some(None)),
        ("[deploy]\nrelease_command = \"\"", None),
        ("[deploy]\nrelease_command_timeout = \"1m\"", None),
    ];
    for (text, wanted) in table {
        assert_eq!(parse(text).unwrap().release.map(|it| it.timeout), wanted, "{text}");
    }
}

const CHECKED: &str = r#"
kill_signal = "SIGTERM"
kill_timeout = "60s"
[env]
FOO = "BAR"
[processes]
web = "x"
mail = "y"
[http_service]
processes = ["web"]
[[http_service.machine_checks]]
command = ["curl", "http://there"]
image = "curlimages/curl"
entrypoint = ["/bin/sh"]
[[machine_checks]]
command = ["bin/ask"]
kill_timeout = "5s"
[[vm]]
cpus = 2
"#;

#[test]
fn machine_checks_are_machines_of_their_own() {
    let read = parse(CHECKED).unwrap();
    let names =
        |group: &str| read.groups[group].tests.iter().map(|it| it.name.clone()).collect::<Vec<_>>();
    assert_eq!(names("web"), ["http_service.machine_checks[0]", "machine_checks[0]"]);
    assert_eq!(names("mail"), ["machine_checks[0]"]);
    // Another image stops in its own way; the same one as the app's machines do.
    let first = test_machine(&json!({
        "init": {"cmd": ["curl", "http://there"], "entrypoint": ["/bin/sh"]},
        "image": "curlimages/curl",
    }));
    let second = test_machine(&json!({
        "init": {"cmd": ["bin/ask"]},
        "stop_config": {"signal": "SIGTERM", "timeout": "5s"},
    }));
    assert_eq!(read.groups["web"].tests[0].config, first);
    assert_eq!(read.groups["mail"].tests[0].config, second);
}

fn test_machine(rest: &Value) -> Value {
    let mut config = json!({
        "env": {"FOO": "BAR", "FLY_TEST_COMMAND": "1", "FLY_PROCESS_GROUP": "fly_app_test_machine_command"},
        "restart": {"policy": "no"},
        "auto_destroy": true,
        "dns": {"skip_registration": true},
        "metadata": {"fly_platform_version": "v2", "fly_process_group": "fly_app_test_machine_command"},
        "guest": {"cpu_kind": "shared", "cpus": 2, "memory_mb": 256},
    });
    for (key, value) in rest.as_object().unwrap() {
        config[key] = value.clone();
    }
    config
}
