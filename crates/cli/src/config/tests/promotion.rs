//! `[environments.ENV.promotion]` and `[[environments.ENV.freeze]]`.

use super::*;

const STAGING: &str = "[environments.staging]\napp = \"a\"\n";

fn production(more: &str) -> String {
    format!("{STAGING}[environments.production]\napp = \"b\"\n{more}")
}

#[test]
fn every_rule_is_read() {
    let config = load(&production(
        r#"
        [environments.production.promotion]
        from = "staging"
        same_revision = true
        max_age = "24h"
        must_run = true
        clean_tree = true
        pushed = true
        tagged = "v*"
        branches = ["main", "release/*"]
        [[environments.production.freeze]]
        days = ["fri"]
        from = "16:00"
        zone = "Europe/Berlin"
        reason = "nobody is here on Saturday"
        [[environments.production.freeze]]
        from = "sat 00:00"
        to = "mon 08:00"
        [[environments.production.freeze]]
        from = 2026-12-20
        to = "2027-01-04T08:00:00+01:00"
        "#,
    ));
    let config = config.unwrap();
    let rules = &config.environment("production").unwrap().promotion;
    assert_eq!(rules.from.as_deref(), Some("staging"));
    assert!(rules.same_revision && rules.must_run && rules.tree.clean);
    assert_eq!(rules.max_age, Some(Duration::from_hours(24)));
    assert_eq!(rules.tree.pushed.as_deref(), Some("origin"));
    assert_eq!(rules.tree.branches.len(), 2);
    let reasons: Vec<_> = rules.freezes.iter().map(|it| it.reason.as_str()).collect();
    assert_eq!(
        reasons,
        ["nobody is here on Saturday", "pipeline.toml says so", "pipeline.toml says so"]
    );
    let staging = &config.environment("staging").unwrap().promotion;
    assert!(staging.from.is_none() && staging.tree.is_empty() && staging.freezes.is_empty());
}

#[test]
fn rules_that_cannot_be_kept_are_refused_with_what_to_write() {
    let promotion = |line: &str| production(&format!("promotion = {{ {line} }}\n"));
    let freeze = |line: &str| production(&format!("freeze = [{{ {line} }}]\n"));
    for (text, said) in [
        (promotion("from = \"stagin\""), "did you mean `staging`?"),
        (promotion("from = \"production\""), "production cannot be promoted from itself"),
        (promotion("same_revision = true"), "same_revision belongs to from"),
        (promotion("max_age = \"1h\""), "max_age belongs to from"),
        (promotion("from = \"staging\", max_age = \"soon\""), "`soon` is no length of time"),
        (promotion("tagged = \"v[\""), "`v[` is no pattern"),
        (promotion("branches = [\" \"]"), "this pattern is empty"),
        (promotion("branch = \"main\""), "did you mean `branches`?"),
        (freeze("days = []"), "it names no day"),
        (freeze("days = [\"fry\"]"), "`fry` is no day"),
        (freeze("from = \"fri 16:00\""), "does not say from when to when"),
        (freeze("from = \"fri 16:00\", to = \"08:00\""), "`08:00` is no moment of a week"),
        (freeze("from = 16, to = 17"), "this is no time"),
        (freeze("from = \"2026-12-20\", to = \"2026-12-19\""), "before it begins"),
        (freeze("days = [\"sat\"], zone = \"Europe/Berlim\""), "no time zone `Europe/Berlim`"),
        ("[gates.exec.freeze]\ncommand = [\"true\"]\n".into(), "a gate that is there already"),
    ] {
        let complaint = complaint(&text);
        assert!(complaint.contains(said), "no word of `{said}`: {complaint}");
    }
    let none = "[environments.local]\ntarget = \"none\"\nurl = \"http://127.0.0.1\"\n[environments.production]\napp = \"b\"\npromotion.from = \"local\"\n";
    assert!(complaint(none).contains("nothing is deployed to local"));
}

#[test]
fn no_key_of_a_rule_is_missing_from_the_reference() {
    let raw = include_str!("../raw/promotion.rs");
    let keys = raw.lines().filter_map(|line| {
        line.trim().strip_prefix("pub(in crate::config) ")?.split_once(':').map(|(key, _)| key)
    });
    let missing: Vec<_> =
        keys.filter(|key| !key.contains(' ') && !REFERENCE.contains(&format!("{key} ="))).collect();
    assert_eq!(missing, [""; 0]);
}

/// What is commented out is an example, and must be one that works.
#[test]
fn the_examples_of_the_reference_can_be_read() {
    let (_, rules) = REFERENCE.split_once("[environments.staging.promotion]\n").unwrap();
    let (rules, _) = rules.split_once("# Any key of gates").unwrap();
    let written = rules.lines().filter_map(|it| it.strip_prefix("# "));
    let keys = written.filter(|it| it.starts_with("[[environments") || it.contains(" = "));
    let text: String = keys.take_while(|it| !it.starts_with("[environments")).fold(
        "[environments.test]\napp = \"t\"\n[environments.staging]\napp = \"s\"\n[environments.staging.promotion]\n".into(),
        |text, line| format!("{text}{line}\n"),
    );
    let config = load(&text).unwrap_or_else(|error| panic!("{}\n{text}", error.render(false)));
    let promotion = &config.environment("staging").unwrap().promotion;
    assert_eq!(promotion.from.as_deref(), Some("test"));
    assert_eq!(promotion.freezes.len(), 3);
}
