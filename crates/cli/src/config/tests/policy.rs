//! `[rollback]` and `[[notify]]`.

use super::*;

#[test]
fn a_table_of_triggers_is_overridden_row_by_row() {
    let config = load(
        r#"
        [rollback]
        irreversible = "warn"
        [[rollback.triggers]]
        when = "smoke"
        action = "ask"
        [[rollback.triggers]]
        when = "error_rate"
        above = 0.02
        action = "rollback"
        [environments.staging]
        app = "a"
        [environments.production]
        app = "b"
        rollback.irreversible = "block"
        [[environments.production.rollback.triggers]]
        when = "smoke"
        action = "rollback"
        [environments.live]
        app = "c"
        confirm = true
        rollback.window = "0s"
        "#,
    )
    .unwrap();
    let rollback = |name: &str| config.environment(name).unwrap().rollback.clone();
    let told = |name: &str| {
        let rows = rollback(name).rows.into_iter();
        rows.map(|it| format!("{} {:?} {:?}", it.when, it.above, it.action)).collect::<Vec<_>>()
    };
    let errors = "error_rate Some(0.02) Rollback";
    assert_eq!(told("staging"), ["smoke None Ask", errors]);
    assert_eq!(told("production"), [errors, "smoke None Rollback"]);
    let minutes = |name: &str| rollback(name).window.as_secs() / 60;
    assert_eq!(["staging", "production", "live"].map(minutes), [0, 10, 0]);
    assert_eq!(rollback("staging").irreversible, Irreversible::Warn);
    assert_eq!(rollback("production").irreversible, Irreversible::Block);
}

#[test]
fn a_rollback_policy_says_what_is_wrong_with_it() {
    insta::assert_snapshot!(complaint("[[rollback.triggers]]\nwhen = \"smoke\"\nabove = 2\naction = \"alert\"\n"), @r#"
     × the trigger `smoke` has no threshold
      ╭─[pipeline.toml:3:9]
    2 │ when = "smoke"
    3 │ above = 2
      ·         ┬
      ·         ╰── here
    4 │ action = "alert"
      ╰────
     help: those with one are: latency_alert and latency_rollback (a ratio to the baseline, such as 2.0), health_down (seconds, such as 10) and error_rate (a share, such as 0.05)
    "#);
    for (text, said) in [
        ("when = \"smok\"\naction = \"ask\"", "did you mean `smoke`?"),
        ("when = \"moon\"\naction = \"ask\"", "triggers are: smoke, latency_rollback"),
        ("when = \"smoke\"\naction = \"panic\"", "actions are: rollback, alert, ask, ignore"),
        ("when = \"smoke\"", "missing field `action`"),
        ("when = \"error_rate\"\nabove = 5\naction = \"ask\"", "between 0 and 1"),
        ("when = \"latency_alert\"\nabove = 0.5\naction = \"ask\"", "a ratio to the baseline"),
        ("when = \"health_down\"\nabove = 0\naction = \"ask\"", "more than 0"),
        ("when = \"release_command\"\naction = \"alert\"", "no mixture of releases is left"),
        (
            "when = \"smoke\"\naction = \"ask\"\n[[rollback.triggers]]\nwhen = \"smoke\"\naction = \"alert\"",
            "`smoke` stands twice",
        ),
    ] {
        let environment = "[environments.a]\napp = \"a\"\n";
        let complaint = complaint(&format!("[[rollback.triggers]]\n{text}\n{environment}"));
        assert!(complaint.contains(said), "{text}: {complaint}");
        assert!(complaint.contains("pipeline.toml:"), "{text}: {complaint}");
    }
    for (text, said) in [
        ("window = \"soon\"", "no length of time"),
        ("irreversible = \"maybe\"", "\"block\", \"warn\" or \"ignore\""),
    ] {
        let complaint = complaint(&format!("[rollback]\n{text}\n[environments.a]\napp = \"a\"\n"));
        assert!(complaint.contains(said), "{text}: {complaint}");
    }
}

#[test]
fn a_notifier_says_whom_it_tells_and_keeps_addresses_secret() {
    let text = r#"
        [environments.staging]
        app = "a"
        [[notify]]
        webhook_env = "HOOK"
        secret_env = "HOOK_SECRET"
        environments = ["staging"]
        [[notify]]
        slack_env = "SLACK"
        on = ["stuck"]
        [[notify]]
        command = ["scripts/tell"]
        [[notify]]
        repository = "acme/shop"
        api = "https://github.acme.example/api/v3/"
    "#;
    let vars = [("HOOK", "https://hook.example/sentinel"), ("GITHUB_TOKEN", "ghs_sentinel")];
    let notify = load_with(text, &vars).unwrap().notify;
    let on = |it: &Notify| it.on.iter().map(|it| it.as_str()).collect::<Vec<_>>().join(" ");
    assert_eq!(
        notify.iter().map(on).collect::<Vec<_>>(),
        [
            "alert failure rollback stuck",
            "stuck",
            "alert failure rollback stuck",
            "failure rollback stuck success",
        ]
    );
    assert!(notify[0].hears_of("staging") && !notify[0].hears_of("production"));
    assert!(notify[1].hears_of("production"));
    let secrets: Vec<usize> = notify.iter().map(|it| it.secrets().count()).collect();
    assert_eq!(secrets, [1, 0, 0, 1], "HOOK_SECRET and SLACK are not set");
    assert!(
        matches!(&notify[3].to, NotifyTo::Github { api: Some(api), .. } if api.ends_with("/api/v3"))
    );
    assert!(!format!("{notify:?}").contains("sentinel"), "{notify:?}");
}

#[test]
fn a_notifier_says_what_is_wrong_with_it() {
    for (text, said) in [
        ("on = [\"stuck\"]", "does not say where to"),
        ("slack_env = \"A\"\ncommand = [\"x\"]", "says where to twice"),
        ("slack_env = \"A\"\nsecret_env = \"B\"", "secret_env belongs to webhook_env"),
        ("token_env = \"B\"", "token_env belongs to repository"),
        ("command = []", "this command names no program"),
        ("repository = \"acme\"", "write it as OWNER/NAME"),
        ("slack_env = \"A\"\non = [\"fire\"]", "on takes: alert, failure"),
        ("slack_env = \"A\"\nenvironments = [\"stagin\"]", "did you mean `staging`?"),
        ("slack = \"https://hooks.example\"", "unknown field `slack`"),
    ] {
        let staging = "[environments.staging]\napp = \"a\"\n";
        let complaint = complaint(&format!("{staging}[[notify]]\n{text}\n"));
        assert!(complaint.contains(said), "{text}: {complaint}");
        assert!(complaint.contains("pipeline.toml:"), "{text}: {complaint}");
    }
}
