//! Every rule with texts that it speaks of, and texts that it does not.

use std::path::Path;

use super::*;

const GOOD: &str = "kill_signal = \"SIGTERM\"\nkill_timeout = 30\n[http_service]\ninternal_port = 4000\nforce_https = true\nmin_machines_running = 1\n[[http_service.checks]]\ngrace_period = \"10s\"\ninterval = \"15s\"\npath = \"/up\"\nheaders = { X-Forwarded-Proto = \"https\" }\n";

fn lints(text: &str, setting: &LintSetting) -> Vec<Lint> {
    FlyToml::parse(Path::new("fly.toml"), text).unwrap().lint(setting)
}

fn production() -> LintSetting {
    LintSetting { production: true, ..LintSetting::default() }
}

fn told(text: &str, setting: &LintSetting, rule: &str) -> bool {
    lints(text, setting).iter().any(|it| it.rule == rule)
}

/// A rule, the texts that it speaks of, and those that it does not.
type Rule = (&'static str, &'static [&'static str], &'static [&'static str]);

const SERVED: &str = "[http_service]\n";

const RULES: &[Rule] = &[
    (
        "kill-signal",
        &[SERVED, "kill_signal = \"SIGQUIT\"\n[[services]]\ninternal_port = 1"],
        &["kill_signal = \"SIGTERM\"\n[http_service]", "kill_signal = \"SIGINT\""],
    ),
    (
        "kill-timeout",
        &[SERVED, "kill_timeout = 29\n[http_service]"],
        &["kill_timeout = \"30s\"\n[http_service]", "kill_timeout = 1"],
    ),
    (
        "slow-stop",
        &[
            "kill_timeout = 300\n[http_service]",
            "kill_timeout = 60\n[http_service]\n[deploy]\nwait_timeout = \"1m\"",
        ],
        &[
            "kill_timeout = 299\n[http_service]",
            "kill_timeout = 60\n[http_service]\n[deploy]\nwait_timeout = \"2m\"",
        ],
    ),
    (
        "no-http-check",
        &[
            SERVED,
            "[processes]\na = \"\"\nb = \"\"\n[http_service]\nprocesses = [\"a\"]\n[checks.up]\ntype = \"tcp\"\nport = 1\nprocesses = [\"b\"]",
        ],
        &["[http_service]\n[[http_service.checks]]", "[[services]]\nprotocol = \"udp\"", ""],
    ),
    (
        "tcp-check-only",
        &["[[services]]\n[[services.tcp_checks]]", "[http_service]\n[checks.up]\ntype = \"tcp\""],
        &[
            "[[services]]\n[[services.tcp_checks]]\n[[services.http_checks]]",
            "[http_service]\n[checks.up]\ntype = \"http\"",
            SERVED,
        ],
    ),
    (
        "no-grace-period",
        &[
            "[http_service]\n[[http_service.checks]]\npath = \"/\"",
            "[http_service]\n[[http_service.checks]]\ngrace_period = \"0s\"",
            "[checks.up]\ntype = \"tcp\"\nport = 1",
        ],
        &["[http_service]\n[[http_service.checks]]\ngrace_period = \"1s\"", SERVED],
    ),
    (
        "check-bounds",
        &[
            "[[services]]\n[[services.tcp_checks]]\ninterval = 500",
            "[http_service]\n[[http_service.checks]]\ntimeout = \"2m\"",
        ],
        &[
            "[[services]]\n[[services.tcp_checks]]\ninterval = 1000\ntimeout = \"1m\"",
            "[http_service]\n[[http_service.checks]]\ngrace_period = \"0s\"",
        ],
    ),
    (
        "force-https-check",
        &[
            "[http_service]\nforce_https = true\n[[http_service.checks]]\npath = \"/up\"",
            "[[services]]\n[[services.ports]]\nport = 80\nforce_https = true\n[[services.http_checks]]\nheaders = { X-Forwarded-Proto = \"http\" }",
        ],
        &[
            "[http_service]\nforce_https = true\n[[http_service.checks]]\nheaders = { x-forwarded-proto = \"https\" }",
            "[http_service]\nforce_https = true\n[[http_service.checks]]\nprotocol = \"https\"",
            "[http_service]\n[[http_service.checks]]",
            "[[services]]\n[[services.ports]]\nport = 80\nforce_https = true\n[[services.tcp_checks]]",
        ],
    ),
    (
        "min-machines",
        &[
            "[http_service]\nauto_stop_machines = \"stop\"",
            "[[services]]\nauto_stop_machines = true\nmin_machines_running = 0",
        ],
        &["[http_service]\nauto_stop_machines = \"suspend\"\nmin_machines_running = 1", SERVED],
    ),
    (
        "one-machine",
        &[
            "[http_service]\n[mounts]\nsource = \"data\"\ndestination = \"/data\"",
            "[[services]]\ninternal_port = 1\n[[mounts]]\nsource = \"data\"\ndestination = \"/data\"",
        ],
        &[SERVED, "[mounts]\nsource = \"data\"\ndestination = \"/data\""],
    ),
    (
        "volume-strategy",
        &[
            "[mounts]\nsource = \"a\"\ndestination = \"/a\"\n[deploy]\nstrategy = \"bluegreen\"",
            "[mounts]\nsource = \"a\"\ndestination = \"/a\"\n[deploy]\nstrategy = \"canary\"",
        ],
        &[
            "[mounts]\nsource = \"a\"\ndestination = \"/a\"\n[deploy]\nstrategy = \"rolling\"",
            "[mounts]\nsource = \"a\"\ndestination = \"/a\"",
            "[deploy]\nstrategy = \"bluegreen\"",
        ],
    ),
    (
        "release-timeout",
        &[
            "[deploy]\nrelease_command = \"x\"\nrelease_command_timeout = \"none\"",
            "[deploy]\nrelease_command_timeout = \"none\"\nrelease_command = \"x y\"",
        ],
        &["[deploy]\nrelease_command = \"x\"", "[deploy]\nrelease_command_timeout = \"none\""],
    ),
    (
        "internal-port",
        &[
            "[env]\nPORT = 8080\n[http_service]\ninternal_port = 4000",
            "[env]\nPORT = \"4000\"\n[http_service]\n",
        ],
        &[
            "[env]\nPORT = \"4000\"\n[http_service]\ninternal_port = 4000",
            "[http_service]\ninternal_port = 4000",
            "[env]\nPORT = \"4000\"\n[[services]]\ninternal_port = 5000",
        ],
    ),
    (
        "auto-rollback",
        &[
            "[experimental]\nauto_rollback = true",
            "[experimental]\ncmd = \"x\"\nauto_rollback = true",
        ],
        &["[experimental]\nauto_rollback = false", "[experimental]\nenable_consul = true"],
    ),
    (
        "not-applied",
        &["speed = 9", "[http_service]\nwings = true"],
        &["app = \"shop\"", "[experimental]\nenable_etcd = true"],
    ),
    (
        "release-node",
        &[
            "[env]\nRELEASE_NODE = \"shop@127.0.0.1\"",
            "[env]\nRELEASE_NODE = \"shop@shop.internal\"",
        ],
        &["[env]\nRELEASE_NAME = \"shop\"", ""],
    ),
];

#[test]
fn every_rule_speaks_of_what_hurts_and_of_nothing_else() {
    for (rule, bad, good) in RULES {
        assert!(bad.len() >= 2 && good.len() >= 2, "{rule} needs two of each");
        for text in *bad {
            assert!(told(text, &production(), rule), "{rule} is silent of\n{text}");
        }
        for text in *good {
            assert!(!told(text, &production(), rule), "{rule} speaks of\n{text}");
        }
    }
}

#[test]
fn a_good_file_is_not_spoken_of() {
    assert_eq!(lints(GOOD, &production()), []);
}

#[test]
fn what_only_production_needs_is_not_asked_of_others() {
    let text = "[http_service]\nauto_stop_machines = \"stop\"\n[mounts]\nsource = \"a\"\ndestination = \"/a\"";
    for rule in ["min-machines", "one-machine"] {
        assert!(told(text, &production(), rule) && !told(text, &LintSetting::default(), rule));
    }
    let alone = LintSetting { ha: false, ..production() };
    assert!(told(GOOD, &alone, "one-machine"));
}

#[test]
fn only_what_cannot_be_deployed_is_an_error() {
    let volume = "[mounts]\nsource = \"a\"\ndestination = \"/a\"";
    let severity = |strategy| {
        let setting = LintSetting { strategy: Some(strategy), ..LintSetting::default() };
        lints(volume, &setting).first().map(|it| it.severity)
    };
    assert_eq!(severity(Strategy::BlueGreen), Some(Severity::Error));
    assert_eq!(severity(Strategy::Canary), Some(Severity::Warning));
    assert_eq!(severity(Strategy::Rolling), None);
}

#[test]
fn findings_stand_where_the_key_is_or_would_be() {
    let text = "app = \"shop\"\nspeed = 9\n\n[http_service]\n  force_https = true\n  [[http_service.checks]]\n    path = \"/up\"\n\n[deploy]\nrelease_command = \"x\"\nrelease_command_timeout = \"none\"\n";
    let lines: Vec<String> =
        lints(text, &production()).iter().map(|it| format!("{}  {}", it.place, it.rule)).collect();
    assert_eq!(
        lines,
        [
            "fly.toml:1:1  kill-signal",
            "fly.toml:1:1  kill-timeout",
            "fly.toml:2:9  not-applied",
            "fly.toml:6:3  no-grace-period",
            "fly.toml:6:3  force-https-check",
            "fly.toml:11:27  release-timeout",
        ]
    );
}

/// What is handed in as `rel/env.sh.eex`, and what `fly.toml` says beside it.
fn script(text: &str, toml: &str) -> Vec<String> {
    let release_envs = vec![("rel/env.sh.eex".into(), text.to_owned())];
    let setting = LintSetting { release_envs, ..LintSetting::default() };
    let found = lints(toml, &setting);
    let of_script = found.iter().filter(|it| it.place.file.ends_with("env.sh.eex"));
    of_script.map(|it| format!("{}:{} {}", it.place.line, it.place.column, it.rule)).collect()
}

/// As Fly.io's own guide has it.
const CLUSTER: &str = "#!/bin/sh\n# comment: export RELEASE_NODE=x\nexport ERL_AFLAGS=\"-proto_dist inet6_tcp\"\nexport DNS_CLUSTER_QUERY=\"${FLY_APP_NAME}.internal\"\nexport RELEASE_DISTRIBUTION=\"name\"\nexport RELEASE_NODE=\"${FLY_APP_NAME}-${FLY_IMAGE_REF##*-}@${FLY_PRIVATE_IP}\"\n";

#[test]
fn nodes_need_a_name_of_their_own_and_a_way_to_each_other() {
    let table: &[(&str, &str, &[&str])] = &[
        (CLUSTER, "", &[]),
        ("", "", &[]),
        ("export RELEASE_NODE=\"shop@127.0.0.1\"", "", &["1:1 release-node"]),
        ("\n  RELEASE_NODE=<%= @release.name %>", "", &["2:3 release-node"]),
        ("export RELEASE_NODE=shop@$FLY_APP_NAME.internal", "", &["1:1 release-node"]),
        ("export RELEASE_NODE=shop@${FLY_MACHINE_ID}", "", &[]),
        ("export RELEASE_NODE=\"shop@$(hostname)\"", "", &[]),
        ("node=shop\nexport RELEASE_NODE=$node", "", &["2:1 release-node"]),
        (
            "ip=$(grep fly-local-6pn /etc/hosts | cut -f 1)\nexport RELEASE_DISTRIBUTION=name\nexport RELEASE_NODE=$FLY_APP_NAME@$ip\nERL_AFLAGS=\"-proto_dist inet6_tcp\"",
            "[env]\nDNS_CLUSTER_QUERY = \"shop.internal\"",
            &[],
        ),
        (
            "export RELEASE_NODE=shop@${FLY_PRIVATE_IP}",
            "",
            &["1:1 release-distribution", "1:1 erl-aflags"],
        ),
        (
            "export RELEASE_NODE=shop@${FLY_PRIVATE_IP}\nexport RELEASE_DISTRIBUTION=sname",
            "[env]\nERL_AFLAGS = \"-proto_dist inet6_tcp\"",
            &["1:1 release-distribution"],
        ),
        (
            "export RELEASE_DISTRIBUTION=name\nexport RELEASE_NODE=shop@${FLY_PRIVATE_IP}",
            "",
            &["2:1 erl-aflags", "1:1 dns-cluster"],
        ),
        (
            "RELEASE_DISTRIBUTION='name'\n# ERL_AFLAGS=\"-proto_dist inet6_tcp\"",
            "[env]\nRELEASE_NODE = \"x\"",
            &["1:1 erl-aflags", "1:1 dns-cluster"],
        ),
        ("RELEASE_DISTRIBUTION=none", "", &[]),
        // A script whose variables name each other is read to its end all the same.
        ("a=$b\nb=$a\nRELEASE_NODE=$a", "", &["3:1 release-node"]),
    ];
    for (text, toml, wanted) in table {
        assert_eq!(script(text, toml), *wanted, "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn any_script_is_read_to_its_end(text in "[a-cA-Z_=$\\{}@\"'# \\né]{0,60}") {
        let _ = script(&format!("RELEASE_NODE=$A\n{text}"), "");
    }
}
