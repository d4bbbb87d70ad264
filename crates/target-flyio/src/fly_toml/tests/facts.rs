//! What flyctl makes of the same keys (flyctl: `internal/appconfig/*_test.go`), with examples of our own.

use serde_json::Value;

use super::*;

/// A file, a group, a pointer into its machines' configuration, and what is there.
type Fact = (&'static str, &'static str, &'static str, Value);

fn hold(facts: &[Fact]) {
    for (text, group, pointer, wanted) in facts {
        let config = config(text, group);
        let found = config.pointer(pointer).unwrap_or(&Value::Null);
        assert_eq!(found, wanted, "{pointer} of {group} in\n{text}\n{config:#}");
    }
}

const GROUPS: &str = "[processes]\nweb = \"bin/web\"\nmail = \"bin/mail --all\"\n";

#[test]
fn sections_without_groups_are_for_the_default_group() {
    let with = |rest: &str| -> &'static str { Box::leak(format!("{GROUPS}{rest}").into()) };
    let restart = with("[[restart]]\npolicy = \"always\"\nretries = 3\n");
    let metrics = with(
        "[[metrics]]\nport = 9\n[[metrics]]\nport = 8\n[[metrics]]\nport = 7\nprocesses = [\"web\"]\n",
    );
    let checks = with("[checks.up]\ntype = \"tcp\"\nport = 1\nprocesses = [\"web\", \"mail\"]\n");
    hold(&[
        // Without `app` it is the first by name.
        (restart, "mail", "/restart", json!({"policy": "always", "max_retries": 3})),
        (restart, "web", "/restart", Value::Null),
        (metrics, "mail", "/metrics", json!({"port": 9})),
        (metrics, "web", "/metrics", json!({"port": 7})),
        (checks, "web", "/checks/up", json!({"type": "tcp", "port": 1})),
        (checks, "mail", "/checks/up/port", json!(1)),
        (
            "[processes]\na = \"x\"\napp = \"y\"\n[[restart]]\npolicy = \"no\"",
            "app",
            "/restart/policy",
            json!("no"),
        ),
        (
            "[processes]\na = \"x\"\napp = \"y\"\n[[restart]]\npolicy = \"no\"",
            "a",
            "/restart",
            Value::Null,
        ),
        (
            "[[processes]]\nname = \"web\"\ncommand = \"run it\"\n[[processes]]\nname = \"idle\"",
            "web",
            "/init/cmd",
            json!(["run", "it"]),
        ),
        (
            "[[processes]]\nname = \"web\"\ncommand = \"run it\"\n[[processes]]\nname = \"idle\"",
            "idle",
            "/init",
            json!({}),
        ),
    ]);
}

#[test]
fn a_named_check_takes_the_port_of_its_groups_http_service() {
    let text = "[processes]\na = \"x\"\nb = \"y\"\n[http_service]\ninternal_port = 4000\nprocesses = [\"a\"]\n[checks.up]\ntype = \"tcp\"\nprocesses = [\"a\"]\n";
    hold(&[(text, "a", "/checks/up/port", json!(4000)), (text, "b", "/checks", Value::Null)]);
    let error =
        parse(&text.replace("processes = [\"a\"]\n[checks", "processes = [\"b\"]\n[checks"));
    let error = error.unwrap_err().to_string();
    assert!(error.contains("the group a has no http_service"), "{error}");
}

const OLDER: &str = r#"
[[env]]
A = "x"
[[env]]
B = true
[[services]]
internal_port = "8080"
concurrency = "12,23"
auto_stop_machines = false
[[services.ports]]
port = "80"
handlers = ["http"]
[[services.http_checks]]
interval = 30000
grace_period = ""
headers = [{ name = "origin", value = "http://localhost" }]
[[services]]
[checks.pg]
type = "http"
port = 5500
headers = []
[experimental]
cmd = "one"
exec = ["two", "three"]
entrypoint = "four"
kill_timeout = 3
metrics_port = 9000
metrics_path = "/foo"
"#;

#[test]
fn older_spellings_are_read() {
    assert_eq!(parse(OLDER).unwrap().warnings, Vec::<String>::new());
    hold(&[(OLDER, "app", "/env", json!({"A": "x", "B": "true", "FLY_PROCESS_GROUP": "app"}))]);
}

#[test]
fn older_spellings_of_services_are_read() {
    hold(&[
        (
            OLDER,
            "app",
            "/init",
            json!({"cmd": ["one"], "exec": ["two", "three"], "entrypoint": ["four"]}),
        ),
        (OLDER, "app", "/stop_config", json!({"timeout": "3s"})),
        (OLDER, "app", "/metrics", json!({"port": 9000, "path": "/foo"})),
        (OLDER, "app", "/checks/pg", json!({"type": "http", "port": 5500})),
        (
            OLDER,
            "app",
            "/services",
            json!([{
                "protocol": "tcp", "internal_port": 8080, "autostart": true, "autostop": "off",
                "concurrency": {"type": "requests", "soft_limit": 12, "hard_limit": 23},
                "ports": [{"port": 80, "handlers": ["http"]}],
                "checks": [{
                    "type": "http", "interval": "30s",
                    "headers": [{"name": "origin", "values": ["http://localhost"]}],
                }],
            }]),
        ),
    ]);
}

#[test]
fn bare_numbers_are_milliseconds_for_checks_and_seconds_for_stopping() {
    let text = "kill_timeout = 120\n[http_service]\n[[http_service.checks]]\ninterval = 10000\ntimeout = 1500\ngrace_period = 90000\n";
    hold(&[
        (text, "app", "/stop_config/timeout", json!("2m0s")),
        (text, "app", "/services/0/internal_port", json!(8080)),
        (
            text,
            "app",
            "/services/0/checks/0",
            json!({"type": "http", "interval": "10s", "timeout": "1.5s", "grace_period": "1m30s"}),
        ),
    ]);
}

#[test]
fn the_size_of_a_machine_is_a_preset_and_what_changes_it() {
    let guest = |text: &str| config(text, "app")["guest"].clone();
    let table = [
        ("[vm]\nmemory = 512", json!({"cpu_kind": "shared", "cpus": 1, "memory_mb": 512})),
        // More CPUs alone leave the memory of the preset.
        ("[[vm]]\ncpus = 2", json!({"cpu_kind": "shared", "cpus": 2, "memory_mb": 256})),
        (
            "[[compute]]\nsize = \"performance-4x\"",
            json!({"cpu_kind": "performance", "cpus": 4, "memory_mb": 8192}),
        ),
        (
            "[[vm]]\nmemory = \"64gb\"\ngpu_kind = \"a10\"",
            json!({"cpu_kind": "performance", "cpus": 8, "memory_mb": 65536, "gpu_kind": "a10"}),
        ),
        (
            "[[vm]]\nsize = \"l40s\"",
            json!({"cpu_kind": "performance", "cpus": 8, "memory_mb": 32768, "gpu_kind": "l40s", "gpus": 1}),
        ),
        (
            "[[vm]]\nmemory = \"1gb\"\nmemory_mb = 300",
            json!({"cpu_kind": "shared", "cpus": 1, "memory_mb": 300}),
        ),
        (
            "host_dedication_id = \"top\"\n[[vm]]\nkernel_args = [\"quiet\"]\npersist_rootfs = \"always\"\nmax_memory_mb = 4096",
            json!({"cpu_kind": "shared", "cpus": 1, "memory_mb": 256, "host_dedication_id": "top", "kernel_args": ["quiet"], "persist_rootfs": "always", "max_memory_mb": 4096}),
        ),
        (
            "host_dedication_id = \"top\"\n[[vm]]\nhost_dedication_id = \"own\"",
            json!({"cpu_kind": "shared", "cpus": 1, "memory_mb": 256, "host_dedication_id": "own"}),
        ),
        ("host_dedication_id = \"top\"", json!({"host_dedication_id": "top"})),
        ("", Value::Null),
    ];
    for (text, wanted) in table {
        assert_eq!(guest(text), wanted, "{text}");
    }
    let several = "[processes]\na = \"\"\nb = \"\"\n[[vm]]\ncpus = 2\nprocesses = [\"b\"]\n[[vm]]\ncpus = 4\n[[vm]]\ncpus = 8\n";
    hold(&[(several, "a", "/guest/cpus", json!(4)), (several, "b", "/guest/cpus", json!(2))]);
}

#[test]
fn mounts_have_a_name_a_path_and_how_they_grow() {
    let text = "[processes]\napp = \"\"\nback = \"x\"\n[mount]\nsource = \"data\"\ndestination = \"/data\"\ninitial_size = 200\nsnapshot_retention = 10\n[[mounts]]\nsource = \"bin\"\ndestination = \"/bin\"\ninitial_size = \"30gb\"\nscheduled_snapshots = true\nauto_extend_size_threshold = 80\nauto_extend_size_increment = \"2gb\"\nauto_extend_size_limit = \"50GB\"\nprocesses = [\"back\"]\n";
    let read = parse(text).unwrap();
    let mount = |group: &str| read.groups[group].mounts[0].clone();
    assert_eq!(read.warnings, Vec::<String>::new());
    assert_eq!(
        (mount("app").name, mount("app").path, mount("app").initial_size_gb),
        ("data".into(), "/data".into(), Some(200))
    );
    assert_eq!(mount("app").config, json!({"path": "/data", "name": "data"}));
    assert_eq!(mount("back").initial_size_gb, Some(30));
    assert_eq!(
        mount("back").config,
        json!({"path": "/bin", "name": "bin", "extend_threshold_percent": 80, "add_size_gb": 2, "size_gb_limit": 50})
    );
    // A new machine's volume is somebody else's to choose.
    assert_eq!(config(text, "app").get("mounts"), None);
}

#[test]
fn files_statics_and_swap_reach_the_machines() {
    let folder = std::env::temp_dir().join(format!("fly-toml-files-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("conf")).unwrap();
    std::fs::write(folder.join("conf/a.yaml"), "hello").unwrap();
    let text = "swap_size_mb = 512\n[processes]\nweb = \"x\"\nmail = \"y\"\n[[files]]\nguest_path = \"/a\"\nlocal_path = \"conf/a.yaml\"\n[[files]]\nguest_path = \"/b\"\nsecret_name = \"B\"\nprocesses = [\"web\"]\n[[files]]\nguest_path = \"/c\"\nraw_value = \"raw\"\n[[statics]]\nguest_path = \"/s\"\nurl_prefix = \"/static\"\ntigris_bucket = \"b\"\nindex_document = \"i.html\"\n";
    let read = FlyToml::parse(&folder.join("fly.toml"), text).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let config = |group: &str| read.groups[group].over(None);
    let (a, b) = (
        json!({"guest_path": "/a", "raw_value": "aGVsbG8="}),
        json!({"guest_path": "/b", "secret_name": "B"}),
    );
    let c = json!({"guest_path": "/c", "raw_value": "cmF3"});
    assert_eq!(config("web")["files"], json!([a, b, c]));
    assert_eq!(config("mail")["files"], json!([a, c]));
    assert_eq!(config("mail")["init"]["swap_size_mb"], 512);
    assert_eq!(
        config("web")["statics"],
        json!([{"guest_path": "/s", "url_prefix": "/static", "tigris_bucket": "b", "index_document": "i.html"}])
    );
}

#[test]
fn what_builds_the_image_is_kept_as_data() {
    let text = "[build]\ndockerfile = \"ops/Dockerfile\"\nignorefile = \".ignore\"\nbuild_target = \"release\"\nbuilder = \"b\"\nbuildpacks = [\"p\"]\nbuiltin = \"node\"\ncompression = \"zstd\"\ncompression_level = 3\n[build.args]\nA = 1\n[build.settings]\nx = true\n";
    let read = parse(text).unwrap();
    assert_eq!(read.warnings, Vec::<String>::new());
    assert_eq!(
        read.build,
        BuildSpec {
            image: None,
            dockerfile: Some("ops/Dockerfile".into()),
            target: Some("release".into()),
            args: [("A".to_owned(), "1".to_owned())].into(),
            ignorefile: Some(".ignore".into()),
            builder: Some("b".into()),
            buildpacks: vec!["p".into()],
            builtin: Some("node".into()),
            settings: Some(json!({"x": true})),
            compression: Some("zstd".into()),
            compression_level: Some(3),
        }
    );
}

#[test]
fn every_strategy_is_known() {
    let table = [
        ("rolling", Strategy::Rolling),
        ("bluegreen", Strategy::BlueGreen),
        ("canary", Strategy::Canary),
        ("immediate", Strategy::Immediate),
    ];
    for (name, strategy) in table {
        let read = parse(&format!("[deploy]\nstrategy = \"{name}\"")).unwrap();
        assert_eq!((read.strategy, read.warnings.len()), (Some(strategy), 0));
    }
}
