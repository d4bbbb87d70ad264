use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::security::advisories::version::version;

#[expect(clippy::needless_pass_by_value, reason = "it reads better where it is called")]
fn document(affected: Value) -> Value {
    json!({
        "schema_version": "9.9.9",
        "id": "GHSA-aaaa-bbbb-cccc",
        "modified": "2030-01-02T03:04:05Z",
        "aliases": ["CVE-2030-1", "no name"],
        "summary": "Reads\n without end",
        "affected": affected,
        "severity": [
            {"type": "CVSS_V5", "score": "x"},
            {"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"},
        ],
        "credits": [{"name": "somebody", "type": "OF_A_NEW_KIND"}],
    })
}

#[expect(clippy::needless_pass_by_value, reason = "it reads better where it is called")]
fn shop(ranges: Value, versions: Value) -> Value {
    json!([{
        "package": {"ecosystem": "Hex", "name": "shop", "purl": "pkg:hex/shop"},
        "ranges": ranges,
        "versions": versions,
    }])
}

#[expect(clippy::needless_pass_by_value, reason = "it reads better where it is called")]
fn semver(events: Value) -> Value {
    json!([{"type": "SEMVER", "events": events}, {"type": "GIT", "repo": "x", "events": [{"introduced": "0"}]}])
}

/// Events of a range, versions that are named, some that are affected, some that are not.
const AFFECTED: [[&str; 4]; 8] = [
    [r#"[{"introduced": "0"}, {"fixed": "1.2.0"}]"#, "[]", "0.0.0-a 1.1.9 1.2.0-rc.1", "1.2.0"],
    [
        r#"[{"fixed": "2.0.1"}, {"introduced": "2.0.0"}, {"introduced": "1.0.0"}, {"fixed": "1.0.5"}]"#,
        "[]",
        "1.0.0 1.0.4 2.0.0",
        "0.9.0 1.0.5 1.9.0 2.0.1",
    ],
    [r#"[{"introduced": "1.0.0"}, {"last_affected": "1.5.9"}]"#, "[]", "1.5.9", "1.5.10 0.9.0"],
    [r#"[{"introduced": "1.0.0"}, {"last_affected": "1.0.0"}]"#, "[]", "1.0.0", "1.0.1"],
    [r#"[{"introduced": "1.0.0"}]"#, "[]", "1.0.0 9.0.0", "0.9.9"],
    [
        r#"[{"introduced": "3.0.0"}, {"fixed": "3.0.1"}]"#,
        r#"["1.0.0", "1.0.1"]"#,
        "1.0.0 1.0.1 3.0.0",
        "1.0.2",
    ],
    ["[]", r#"["1.0.0"]"#, "1.0.0", "1.0.1"],
    // A limit is left out: more is affected, never less.
    [r#"[{"introduced": "1"}, {"limit": "2"}]"#, "[]", "1.0.0 2.0.0", "0.1.0"],
];

#[test]
fn events_and_lists_say_which_versions_are_affected() {
    for kind in ["SEMVER", "ECOSYSTEM"] {
        for [events, versions, affected, not] in AFFECTED {
            let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();
            let ranges = json!([{"type": kind, "events": json(events)}]);
            let text = document(shop(ranges, json(versions))).to_string();
            let advisory = &read(&text).unwrap()[0];
            let matches = |it: &str| advisory.vulnerable.matches(&version(it).unwrap());
            assert!(affected.split(' ').all(matches), "{text}");
            assert!(!not.split(' ').any(matches), "{text}");
        }
    }
}

#[test]
fn without_versions_that_can_be_compared_all_are_affected() {
    let git = json!([{"type": "GIT", "repo": "x", "events": [{"introduced": "0"}]}]);
    let advisory = &read(&document(shop(git, json!([]))).to_string()).unwrap()[0];
    assert!(advisory.vulnerable.matches(&version("0.0.1").unwrap()));
}

#[test]
fn what_is_not_about_hex_or_withdrawn_says_nothing() {
    let mut withdrawn = document(shop(json!([]), json!(["1.0.0"])));
    withdrawn["withdrawn"] = json!("2030-02-03T00:00:00Z");
    let other = json!([{"package": {"ecosystem": "A New One", "name": "shop"}}]);
    for quiet in [withdrawn, document(other), document(Value::Null)] {
        assert_eq!(read(&quiet.to_string()), Ok(Vec::new()), "{quiet}");
    }
}

#[test]
fn names_title_and_rating_are_read() {
    let ranges = semver(json!([{"introduced": "0"}, {"fixed": "1.2.0"}]));
    let mut document = document(shop(ranges, json!([])));
    let advisory = &read(&document.to_string()).unwrap()[0];
    assert_eq!(advisory.names().collect::<Vec<_>>(), ["GHSA-aaaa-bbbb-cccc", "CVE-2030-1"]);
    assert_eq!(advisory.title, "Reads without end");
    assert_eq!(advisory.changed.unwrap().to_string(), "2030-01-02T03:04:05Z");
    assert_eq!(advisory.rating, Rating::High);
    document["database_specific"] = json!({"severity": "MODERATE"});
    assert_eq!(read(&document.to_string()).unwrap()[0].rating, Rating::Medium);
    document["database_specific"] = json!({"severity": "?"});
    document["severity"] = json!([]);
    assert_eq!(read(&document.to_string()).unwrap()[0].rating, Rating::Unrated);
    let of_package =
        json!([{"type": "CVSS_V3", "score": "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"}]);
    document["affected"][0]["severity"] = of_package;
    assert_eq!(read(&document.to_string()).unwrap()[0].rating, Rating::Low);
}

#[test]
fn what_cannot_be_read_is_told() {
    let events = semver(json!([{"introduced": "one"}]));
    for (text, wanted) in [
        (document(shop(events, json!([]))).to_string(), "`one` is no version"),
        ("[]".into(), "it is no object"),
        ("{".into(), "no JSON: "),
        ("{\"id\": 1}".into(), "no OSV: "),
        (
            document(shop(json!([]), json!([]))).to_string().replace("GHSA-", "../"),
            "its id is no name",
        ),
    ] {
        let error = read(&text).unwrap_err();
        assert!(error.starts_with(wanted), "{error}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text: String) {
        let _ = read(&text);
    }

    #[test]
    fn no_order_of_events_makes_it_panic(kinds in proptest::collection::vec((0..4_usize, 0..4_u8), 0..8)) {
        let names = ["introduced", "fixed", "last_affected", "limit"];
        let events = kinds.into_iter().map(|(kind, at)| json!({names[kind]: at.to_string()}));
        let text = document(shop(semver(events.collect()), json!([]))).to_string();
        prop_assert!(read(&text).is_ok());
    }
}
