//! `[[verify.smoke.checks]]`, good and bad.

use super::*;

fn checks(keys: &str) -> String {
    format!(
        "[environments.staging]\napp = \"shop-staging\"\nurl = \"https://a.example\"\n\
         [[verify.smoke.checks]]\npath = \"/health\"\n{keys}\n"
    )
}

/// The message and the hint, without the place.
fn said(keys: &str) -> String {
    let rendered = complaint(&checks(keys));
    let told = |it: &&str| it.trim_start().starts_with(['×', '│']) || it.contains("help:");
    let lines: Vec<_> = rendered.lines().filter(told).map(str::trim).collect();
    lines.join(" ")
}

#[test]
fn no_key_of_the_verifiers_is_missing_from_the_reference() {
    let raw = [include_str!("../raw/verify/smoke.rs"), include_str!("../raw/verify/watch.rs")];
    let keys = raw.iter().flat_map(|it| it.lines()).filter_map(|line| {
        line.trim().strip_prefix("pub(in crate::config) ")?.split_once(':').map(|(key, _)| key)
    });
    let keys: Vec<_> = keys.filter(|it| !it.contains(' ') && *it != "checks").collect();
    assert!(keys.len() > 20);
    let missing: Vec<_> =
        keys.iter().filter(|it| !REFERENCE.contains(&format!("{it} ="))).collect();
    assert_eq!(missing, [&""; 0]);
}

#[test]
fn the_reference_shows_checks_that_can_be_made() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("health.schema.json"), r#"{ "type": "object" }"#).unwrap();
    // All of the commented lines of a check that are keys.
    let shown = REFERENCE.lines().skip_while(|it| *it != "# [[verify.smoke.checks]]");
    let shown = shown.take_while(|it| it.starts_with('#'));
    let key = regex::Regex::new(r"^# ([a-z_]+ = |\[\[)").unwrap();
    let shown = shown.filter(|it| key.is_match(it));
    let text: Vec<_> = shown.map(|it| it.trim_start_matches("# ")).collect();
    let text = format!("{}\n{}", checks("").split("[[").next().unwrap(), text.join("\n"));
    std::fs::write(dir.path().join(FILE_NAME), text).unwrap();
    let config = Config::load(None, dir.path(), &BTreeMap::new()).unwrap();
    let check = &config.environment("staging").unwrap().verify.smoke.checks[0];
    assert_eq!((check.name.as_deref(), check.path.as_str()), (Some("health"), "/api/v1/health"));
    assert_eq!(check.expect.json_paths.len(), 3);
    assert_eq!(check.expect.headers.len(), 1);
    assert!(check.expect.json_schema.is_some() && check.echo.is_some() && check.bearer.is_some());
    assert_eq!(check.tls_expires_after, Some(Duration::from_hours(14 * 24)));
}

#[test]
fn what_is_not_said_is_usual() {
    let config = load(&checks("")).unwrap();
    let check = &config.environment("staging").unwrap().verify.smoke.checks[0];
    assert_eq!(check.expect.status, Some(vec![200]));
    assert_eq!((check.redirects, check.headers.len()), (0, 0));
    assert!(check.echo.is_none() && check.tls_expires_after.is_none());
}

#[test]
fn what_cannot_be_made_is_refused_in_words() {
    let told = [
        said("status = 42"),
        said("status = []"),
        said("status = [200, \"ok\"]"),
        said("headers = { Authorization = \"Bearer a\" }"),
        said("json_path = { status = \"ok\" }"),
        said("json_path = { \"$.a\" = { is = 1 } }"),
        said("response_headers = { x-a = 1 }"),
        said("matches = \"a(\""),
        said("not_matches = 1"),
        said("schema = \"none.json\""),
        said("tls_expires_after = \"soon\""),
        said("body_at_most = 2000000"),
        said("echoes = { what = \"moon\", header = \"x-moon\" }"),
        said("echoes = { what = \"image\" }"),
        said("echoes = { what = \"image\", json_path = \"image\" }"),
        said("redirect = 1"),
    ];
    insta::assert_snapshot!(told.join("\n"), @r#"
× a status is a number from 100 to 599 help: `pipeline config` prints every key with its meaning and how it is written
× `status` is an empty list, so no answer would do; name a status or leave it out help: `pipeline config` prints every key with its meaning and how it is written
× a status is a number from 100 to 599 help: `pipeline config` prints every key with its meaning and how it is written
× the header Authorization carries a secret, and this file holds none help: write bearer_env = "NAME" and put the token into that variable
× the JSONPath `status` cannot be read: it does not begin with `$`; it looks like `$.checks.database` help: `pipeline config` prints every key with its meaning and how it is written
× what `$.a` must find is not to be understood help: write a value, or one of { equals = … }, { matches = "…" }, { count = 2 }, { exists = true }, { absent = true }
× what the header x-a must be is not to be understood help: write a text, or one of { matches = "…" }, { exists = true }, { absent = true }
× `matches` holds the regular expression `a(`, which cannot be read: unclosed group help: `pipeline config` prints every key with its meaning and how it is written
× not_matches is a regular expression, or a list of them help: `pipeline config` prints every key with its meaning and how it is written
× the schema none.json: No such file or directory (os error 2) help: `pipeline config` prints every key with its meaning and how it is written
× `soon` is no length of time help: write it with a unit, such as "14d" or "36h"
× `body_at_most` is 2000000 bytes; no more than 1 MiB (1048576 bytes) of a body is read help: `pipeline config` prints every key with its meaning and how it is written
× no application echoes its `moon` help: what is "revision", "version" or "image"
× where the answer says its image is not told in one way help: add one of json_path = "$.revision", header = "x-revision" or regex = "…"
× the JSONPath `image` cannot be read: it does not begin with `$`; it looks like `$.checks.database` help: `pipeline config` prints every key with its meaning and how it is written
× unknown field `redirect`, expected one of `path`, `name`, `headers`, `bearer_env`, `redirects`, `status`, `json`, `json_path`, `response_headers`, `matches`, `not_matches`, `schema`, │ `took_at_most`, `body_at_most`, `tls_expires_after`, `echoes` help: did you mean `redirects`?
"#);
}
