//! `[verify.performance]`.

use super::*;

#[test]
fn latency_is_measured_where_endpoints_are_named() {
    let text = r#"
        [verify.performance]
        rollback = 4
        [[verify.performance.endpoints]]
        path = "/"
        [[verify.performance.endpoints]]
        path = "/status"
        headers = { accept = "application/json" }
        bearer_env = "TOKEN"
        baseline = "50ms"
        measure = "server-timing:db"
        critical = false
        [environments.staging]
        app = "shop-staging"
        url = "https://a.example"
        verify.performance.rate = 20
    "#;
    let config = load_with(text, &[("TOKEN", "s3cret")]).unwrap();
    let performance = &config.environment("staging").unwrap().verify.performance;
    let limits = (performance.alert, performance.rollback, performance.rate);
    assert_eq!(format!("{limits:?}"), "(2.0, 4.0, 20.0)");
    let status = &performance.endpoints[1];
    assert_eq!(status.baseline, Some(Duration::from_millis(50)));
    assert_eq!(status.measure, verify_http::Measure::ServerTiming(Some("db".into())));
    assert_eq!(performance.secrets().count(), 1);
    assert!(!status.critical && performance.endpoints[0].critical);
}

/// What is said of a section with `line` in it.
fn with(line: &str) -> String {
    let staging = "[environments.staging]\napp = \"a\"\nurl = \"https://a.example\"";
    complaint(&format!("[verify.performance]\n{line}\n{staging}"))
}

/// What is said of an endpoint with `line` in it.
fn endpoint(line: &str) -> String {
    with(&format!("[[verify.performance.endpoints]]\npath = \"/\"\n{line}"))
}

#[test]
fn limits_that_are_none_are_refused_with_their_place() {
    insta::assert_snapshot!(with("alert = 1.0"), @r"
     × alert = 1 and rollback = 5 are no limits
      ╭─[pipeline.toml:2:9]
    1 │ [verify.performance]
    2 │ alert = 1.0
      ·         ─┬─
      ·          ╰── here
    3 │ [environments.staging]
      ╰────
     help: both are latencies over the baseline: above 1, and rollback above alert, such as 2.0 and 5.0
    ");
    insta::assert_snapshot!(with("rollback = 2.0"), @r"
     × alert = 2 and rollback = 2 are no limits
      ╭─[pipeline.toml:2:12]
    1 │ [verify.performance]
    2 │ rollback = 2.0
      ·            ─┬─
      ·             ╰── here
    3 │ [environments.staging]
      ╰────
     help: both are latencies over the baseline: above 1, and rollback above alert, such as 2.0 and 5.0
    ");
}

#[test]
fn what_is_too_much_or_too_little_is_refused_with_its_place() {
    insta::assert_snapshot!(with("rate = 100.0"), @r"
     × `100` is no rate
      ╭─[pipeline.toml:2:8]
    1 │ [verify.performance]
    2 │ rate = 100.0
      ·        ──┬──
      ·          ╰── here
    3 │ [environments.staging]
      ╰────
     help: it is the requests a second to each endpoint at each machine, at most 50
    ");
    insta::assert_snapshot!(with("warm_up = 0"), @r"
     × this number of requests must be from 1 to 60
      ╭─[pipeline.toml:2:11]
    1 │ [verify.performance]
    2 │ warm_up = 0
      ·           ┬
      ·           ╰── here
    3 │ [environments.staging]
      ╰────
     help: `pipeline config` prints every key with its meaning and how it is written
    ");
}

#[test]
fn an_endpoint_that_cannot_be_measured_is_refused_with_its_place() {
    insta::assert_snapshot!(endpoint("measure = \"db\""), @r#"
     × `db` cannot be measured
      ╭─[pipeline.toml:4:11]
    3 │ path = "/"
    4 │ measure = "db"
      ·           ──┬─
      ·             ╰── here
    5 │ [environments.staging]
      ╰────
     help: measure is "whole", "server-timing" or "server-timing:NAME"
    "#);
    insta::assert_snapshot!(endpoint("method = \"POST\""), @r#"
     × latency cannot be measured with `POST`
      ╭─[pipeline.toml:4:10]
    3 │ path = "/"
    4 │ method = "POST"
      ·          ───┬──
      ·             ╰── here
    5 │ [environments.staging]
      ╰────
     help: the method is "GET" or "HEAD": what is asked hundreds of times must change nothing
    "#);
}

#[test]
fn a_secret_or_an_unknown_word_at_an_endpoint_is_refused_with_its_place() {
    insta::assert_snapshot!(endpoint("headers = { Authorization = \"Bearer s3cret\" }"), @r#"
     × the header `Authorization` is a secret
      ╭─[pipeline.toml:4:13]
    3 │ path = "/"
    4 │ headers = { Authorization = "Bearer s3cret" }
      ·             ──────┬──────
      ·                   ╰── here
    5 │ [environments.staging]
      ╰────
     help: name the variable that holds the token with bearer_env
    "#);
    insta::assert_snapshot!(endpoint("basline = \"5ms\""), @r#"
     × unknown field `basline`, expected one of `path`, `name`, `method`, `headers`, `bearer_env`, `status`, `baseline`, `measure`, `critical`
      ╭─[pipeline.toml:4:1]
    3 │ path = "/"
    4 │ basline = "5ms"
      · ───┬───
      ·    ╰── here
    5 │ [environments.staging]
      ╰────
     help: did you mean `baseline`?
    "#);
}
