//! The file read as flyctl would, and its mistakes told with their place.

use serde_json::json;

use super::*;
use crate::desired::Template;

fn parse(text: &str) -> Result<FlyToml, FlyTomlError> {
    FlyToml::parse(Path::new("fly.toml"), text)
}

fn config(text: &str, group: &str) -> serde_json::Value {
    let read = parse(text).unwrap();
    Template::Overlay(Box::new(read.groups[group].clone())).config(None)
}

const PHOENIX: &str = r#"
app = "shop"
primary_region = "fra"
kill_signal = "SIGTERM"
kill_timeout = 30

[build]
dockerfile = "Dockerfile"

[deploy]
strategy = "bluegreen"
max_unavailable = 0.5
wait_timeout = "2m"

[env]
PHX_HOST = "shop.fly.dev"
PORT = 4000

[processes]
app = ""
worker = "bin/shop eval 'Shop.work()'"

[http_service]
internal_port = 4000
force_https = true
auto_stop_machines = "stop"
min_machines_running = 1
processes = ["app"]
[http_service.concurrency]
type = "requests"
soft_limit = 100
[http_service.tls_options]
alpn = ["h2"]
[[http_service.checks]]
interval = "10s"
timeout = 2000
grace_period = "1m30s"
method = "get"
path = "/health"
headers = { X-Forwarded-Proto = "https" }

[checks.alive]
type = "tcp"
interval = "15s"

[[vm]]
memory = "1gb"
cpu_kind = "shared"
cpus = 1
[[vm]]
size = "performance-2x"
processes = ["worker"]

[[restart]]
policy = "never"
"#;

#[test]
fn a_phoenix_app_becomes_machine_configurations() {
    let read = parse(PHOENIX).unwrap();
    assert_eq!((read.app.as_deref(), read.strategy), (Some("shop"), Some(Strategy::BlueGreen)));
    assert_eq!(read.wait_timeout, Some(Duration::from_mins(2)));
    assert_eq!(read.warnings, Vec::<String>::new());
    assert_eq!(
        config(PHOENIX, "app"),
        json!({
            "init": {},
            "env": {"PHX_HOST": "shop.fly.dev", "PORT": "4000", "PRIMARY_REGION": "fra", "FLY_PROCESS_GROUP": "app"},
            "guest": {"cpu_kind": "shared", "cpus": 1, "memory_mb": 1024},
            "restart": {"policy": "no"},
            "stop_config": {"signal": "SIGTERM", "timeout": "30s"},
            "checks": {"alive": {"type": "tcp", "interval": "15s", "port": 4000}},
            "services": [{
                "protocol": "tcp", "internal_port": 4000, "autostart": true, "autostop": "stop",
                "min_machines_running": 1,
                "concurrency": {"type": "requests", "soft_limit": 100},
                "ports": [
                    {"port": 80, "handlers": ["http"], "force_https": true},
                    {"port": 443, "handlers": ["http", "tls"], "tls_options": {"alpn": ["h2"]}},
                ],
                "checks": [{
                    "type": "http", "interval": "10s", "timeout": "2s", "grace_period": "1m30s",
                    "method": "GET", "path": "/health",
                    "headers": [{"name": "X-Forwarded-Proto", "values": ["https"]}],
                }],
            }],
        })
    );
    assert_eq!(
        config(PHOENIX, "worker"),
        json!({
            "init": {"cmd": ["bin/shop", "eval", "Shop.work()"]},
            "env": {"PHX_HOST": "shop.fly.dev", "PORT": "4000", "PRIMARY_REGION": "fra", "FLY_PROCESS_GROUP": "worker"},
            "guest": {"cpu_kind": "performance", "cpus": 2, "memory_mb": 4096},
            "stop_config": {"signal": "SIGTERM", "timeout": "30s"},
            "services": [],
        })
    );
}

#[test]
fn services_have_ports_and_checks_of_both_kinds() {
    let text = r#"
[[services]]
protocol = "tcp"
internal_port = 9000
auto_stop_machines = true
[[services.ports]]
port = 443
handlers = ["tls", "http"]
[[services.ports]]
start_port = 1000
end_port = 1010
[[services.tcp_checks]]
interval = 500
[[services.http_checks]]
path = "/up"
"#;
    assert_eq!(
        config(text, "app")["services"],
        json!([{
            "protocol": "tcp", "internal_port": 9000, "autostart": true, "autostop": "stop",
            "ports": [{"port": 443, "handlers": ["tls", "http"]}, {"start_port": 1000, "end_port": 1010}],
            "checks": [{"type": "tcp", "interval": "500ms"}, {"type": "http", "path": "/up"}],
        }])
    );
}

#[test]
fn unknown_keys_are_warnings_with_their_place() {
    let text = "app = \"shop\"\nspeed = 9\n[http_service]\ninternal_port = 1\n  wings = true\n[deploy]\nrelease_command = \"migrate\"\nstrategy = \"canary\"\n";
    insta::assert_snapshot!(parse(text).unwrap().warnings.join("\n"), @r"
    fly.toml:8:12: `deploy.strategy` is canary, which is not applied; choose rolling or bluegreen
    fly.toml:7:19: `deploy.release_command` is not run by a deploy of this version
    fly.toml:5:11: `http_service.wings` is not applied; what the machines have is kept
    fly.toml:2:9: `speed` is not applied; what the machines have is kept
    ");
}

/// A file, and what is told of it.
const MISTAKES: &[(&str, &str)] = &[
    ("app = 1", "fly.toml:1:7: `app` must be a text"),
    ("app = ", "fly.toml:1:7: "),
    ("kill_signal = \"SIGWINCH\"", "fly.toml:1:15: `kill_signal` must be one of SIGINT, SIGTERM"),
    ("kill_timeout = 301", "fly.toml:1:16: `kill_timeout` must be at most 5 minutes"),
    ("\n[env]\nFLY_X = \"1\"", "fly.toml:2:1: `env` sets FLY_X; names may not start with FLY_"),
    (
        "[http_service]\ninternal_port = 70000",
        "fly.toml:2:17: `http_service.internal_port` must be a port",
    ),
    (
        "[http_service]\n[[http_service.checks]]\npath = \"up\"",
        "fly.toml:3:8: `http_service.checks[0].path` must start with a slash",
    ),
    (
        "[[services]]\n[[services.ports]]\nhandlers = \"tls\"",
        "fly.toml:3:1: `services[0].ports[0].port` is missing",
    ),
    ("[checks.up]\nport = 1", "fly.toml:2:1: `checks.up.type` is missing: http or tcp"),
    (
        "[checks.up]\ntype = \"tcp\"",
        "fly.toml:2:1: `checks.up.port` is missing: the group has no service",
    ),
    (
        "[checks.up]\ntype = \"tcp\"\nport = 1\ninterval = \"1s\"",
        "fly.toml:4:12: `checks.up.interval` must be at least 2 seconds",
    ),
    ("[deploy]\nstrategy = \"yolo\"", "fly.toml:2:12: `deploy.strategy` must be one of rolling"),
    (
        "[deploy]\nmax_unavailable = 0",
        "fly.toml:2:19: `deploy.max_unavailable` must be greater than 0",
    ),
    (
        "[deploy]\nwait_timeout = \"soon\"",
        "fly.toml:2:16: `deploy.wait_timeout` must be a duration",
    ),
    ("[[vm]]\nsize = \"huge\"", "fly.toml:2:8: `vm[0].size` must be a size such as"),
    ("[[vm]]\nmemory = \"lots\"", "fly.toml:2:10: `vm[0].memory` must be megabytes"),
    ("[[restart]]\nretries = 1", "fly.toml:2:1: `restart[0].policy` is missing"),
    (
        "[processes]\nweb = \"'open\"",
        "fly.toml:1:1: `processes` web has a quote that is not closed",
    ),
    (
        "[processes]\na = \"\"\nb = \"\"\n[http_service]\ninternal_port = 1",
        "`http_service.processes` is missing: say which group serves it",
    ),
    (
        "[http_service]\nprocesses = [\"web\"]",
        "fly.toml:2:13: `http_service.processes` names the group web; there are app",
    ),
    ("[[mounts]]\nsource = \"data\"", "fly.toml:2:1: `mounts[0].destination` is missing"),
];

#[test]
fn known_keys_with_a_wrong_value_are_errors_with_their_place() {
    for (text, wanted) in MISTAKES {
        let error = parse(text).unwrap_err().to_string();
        assert!(error.contains(wanted), "{text:?}\n  wanted {wanted}\n  got    {error}");
    }
}

#[test]
fn a_missing_file_is_named() {
    let error = FlyToml::read(Path::new("nowhere/fly.toml")).unwrap_err().to_string();
    assert!(error.starts_with("nowhere/fly.toml could not be read"), "{error}");
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "[ \\[\\]a-z_=\"'0-9.\\n{}é]{0,60}") {
        let _ = parse(&text);
    }
}

#[test]
fn what_a_build_goes_by_is_read_and_the_rest_of_it_is_flyctls_own() {
    let read = parse(
        "[build]\ndockerfile = \"Dockerfile.prod\"\nbuild-target = \"release\"\nignorefile = \"x\"\n\
         [build.args]\nELIXIR = \"1.18\"\nJOBS = 4\n",
    )
    .unwrap();
    assert_eq!(read.dockerfile.as_deref(), Some("Dockerfile.prod"));
    assert_eq!(read.build_target.as_deref(), Some("release"));
    let args: Vec<_> = read.build_args.iter().map(|(name, it)| format!("{name}={it}")).collect();
    assert_eq!(args, ["ELIXIR=1.18", "JOBS=4"]);
    assert_eq!(read.warnings, [""; 0]);
}
