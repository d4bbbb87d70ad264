use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use serde_json::Value;

use super::*;
use crate::security::advisories::{elixir, read_lock};
use crate::testing::finding_as_text;

/// Locked versions that were captured together with the answer of a real `mix deps.audit`, and harmless ones.
const LOCK: &str = r#"%{
  "cowboy": {:hex, :cowboy, "2.6.0", "00", [:rebar3], [], "hexpm", "00"},
  "decimal": {:hex, :decimal, "2.0.0", "00", [:mix], [], "hexpm", "00"},
  "jason": {:hex, :jason, "1.4.4", "00", [:mix], [], "hexpm", "00"},
  "phoenix": {:hex, :phoenix, "1.6.10", "00", [:mix], [], "hexpm", "00"},
  "plug": {:hex, :plug, "1.3.0", "00", [:mix], [], "hexpm", "00"},
  "forked": {:git, "https://example.com/forked.git", "0a1b2c", []},
  "ours": {:hex, :plug, "1.3.0", "00", [:mix], [], "acme", "00"},
}
"#;

/// Name, package, rating, title, ranges, and the first version without it, of advisories that are about these packages.
const ADVISORIES: [[&str; 6]; 9] = [
    [
        "GHSA-jfc2-q6qh-g5x8",
        "cowboy",
        "high",
        "headers of parts grow without end",
        ">= 2.0.0, < 2.15.0",
        "2.15.0",
    ],
    [
        "GHSA-rhv4-8758-jx7v",
        "decimal",
        "moderate",
        "large exponents eat memory",
        ">= 0.1.0, < 3.0.0",
        "3.0.0",
    ],
    [
        "GHSA-p8f7-22gq-m7j9",
        "phoenix",
        "high",
        "wildcards of origins match too much",
        "< 1.6.14",
        "1.6.14",
    ],
    [
        "GHSA-2q6v-32mr-8p8x",
        "plug",
        "high",
        "null bytes in static paths",
        ">= 1.3.0, < 1.3.2; >= 1.2.0, < 1.2.3; >= 1.1.0, < 1.1.7; < 1.0.4",
        "1.3.2; 1.2.3; 1.1.7; 1.0.4",
    ],
    [
        "GHSA-5v4m-c73v-c7gq",
        "plug",
        "high",
        "cookies run code",
        ">= 1.3.0, < 1.3.2; >= 1.2.0, < 1.2.3; >= 1.1.0, < 1.1.7; < 1.0.4",
        "1.3.2; 1.2.3; 1.1.7; 1.0.4",
    ],
    [
        "GHSA-9h73-w7ch-rh73",
        "plug",
        "moderate",
        "headers can be injected",
        ">= 1.3.0, < 1.3.5; >= 1.2.0, < 1.2.5; >= 1.1.0, < 1.1.9; < 1.0.6",
        "1.3.5; 1.2.5; 1.1.9; 1.0.6",
    ],
    // These are about other versions, or other packages.
    ["GHSA-0000-0000-0001", "plug", "high", "multipart headers", ">= 1.4.0, < 1.15.4", "1.15.4"],
    ["GHSA-0000-0000-0002", "jason", "critical", "all is lost", "= 1.4.3", "1.4.4"],
    ["GHSA-0000-0000-0003", "ecto", "critical", "all is lost", "< 9.0.0", "9.0.0"],
];

fn advisories() -> Vec<Advisory> {
    ADVISORIES.iter().map(|it| elixir::read(&yaml(it)).unwrap()).collect()
}

fn yaml([id, package, severity, title, ranges, first]: &[&str; 6]) -> String {
    let list = |text: &str| format!("  - '{}'\n", text.replace("; ", "'\n  - '"));
    format!(
        "id: {id}\npackage: {package}\nseverity: {severity}\ntitle: {title}\n\
         vulnerable_version_ranges:\n{}first_patched_versions:\n{}",
        list(ranges),
        list(first)
    )
}

fn today() -> Date {
    Date::new(2030, 5, 1).unwrap()
}

fn told(policy: &Policy) -> String {
    let audit = Audit::of(hits(&read_lock(LOCK).unwrap(), &advisories()), policy, today());
    let mut told = String::new();
    for (name, number) in audit.numbers.iter().filter(|(_, it)| **it > 0.0) {
        write!(told, "{name}={number} ").unwrap();
    }
    for finding in &audit.findings {
        write!(told, "\n{}", finding_as_text(finding)).unwrap();
    }
    told
}

#[test]
fn locked_versions_are_told_with_what_is_known_of_them() {
    insta::assert_snapshot!(told(&Policy::default()));
}

#[test]
fn a_real_deps_audit_says_the_same() {
    let fixture =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/deps_audit/findings_json.txt");
    let text = std::fs::read_to_string(fixture).unwrap();
    let json = text.lines().find(|line| line.starts_with('{')).unwrap();
    let json: Value = serde_json::from_str(json).unwrap();
    let theirs: BTreeSet<String> = json["vulnerabilities"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            let text = |of: &str, key: &str| it[of][key].as_str().unwrap().to_owned();
            format!(
                "{} {} {}",
                text("dependency", "package"),
                text("dependency", "version"),
                text("advisory", "id")
            )
        })
        .collect();
    let ours = hits(&read_lock(LOCK).unwrap(), &advisories());
    let ours: BTreeSet<_> = ours
        .iter()
        .map(|it| format!("{} {} {}", it.advisory.package, it.version, it.advisory.id))
        .collect();
    assert_eq!(ours, theirs);
}

#[test]
fn exceptions_are_told_and_end() {
    let ignore = |id: &str, until: Option<&str>| Ignore {
        id: id.into(),
        until: until.map(|it| it.parse().unwrap()),
        reason: "we send no cookies".into(),
    };
    let ignore = vec![
        ignore("GHSA-5v4m-c73v-c7gq", None),
        ignore("ghsa-2q6v-32mr-8p8x", Some("2030-05-01")),
        ignore("GHSA-9h73-w7ch-rh73", Some("2030-04-30")),
        ignore("CVE-1999-1", None),
    ];
    insta::assert_snapshot!(told(&Policy { ignore, block_at: Rating::Medium }));
}

#[test]
fn who_tells_of_it_twice_is_heard_once() {
    let mut twice = advisories();
    let other = Advisory {
        id: "EEF-CVE-2030-1".into(),
        aliases: ["GHSA-5v4m-c73v-c7gq".to_owned()].into(),
        rating: Rating::Critical,
        ..twice[4].clone()
    };
    twice.push(other);
    let lock = read_lock(LOCK).unwrap();
    let audit = Audit::of(hits(&lock, &twice), &Policy::default(), today());
    assert_eq!(audit.findings.len(), 6);
    assert_eq!(audit.findings[0].rule.as_deref(), Some("security/GHSA-5v4m-c73v-c7gq"));
    assert!((audit.numbers["critical"] - 1.0).abs() < f64::EPSILON);
}

#[test]
fn what_no_advisory_is_about_is_named() {
    let finding = unaudited(&read_lock(LOCK).unwrap()).unwrap();
    assert_eq!(
        finding.message,
        "advisories are about packages of hexpm, and say nothing of forked (of git), ours (of acme)"
    );
    assert_eq!(unaudited(&read_lock("%{}").unwrap()), None);
}
