//! `[verify]`.

use super::*;

/// The steps of a journey, and what is wrong with them.
fn journey(text: &str) -> String {
    let text = format!(
        "[[verify.journeys]]\nname = \"sign in\"\n{text}\n[environments.staging]\napp = \"a\"\nurl = \"https://a.example\"\n"
    );
    match load_with(&text, &[("SHOP_USER", "anna")]) {
        Ok(config) => {
            let journeys = &config.environment("staging").unwrap().verify.journeys;
            format!("{:?}", journeys[0].0)
        }
        Err(error) => error.render(false),
    }
}

#[test]
fn a_journey_is_read_with_its_defaults_and_its_secrets() {
    let read = journey(
        r#"
        secrets = { password = "SHOP_PASSWORD" }
        [[verify.journeys.steps]]
        request = "GET /login"
        capture.id = { json_path = "$.id" }
        [[verify.journeys.steps]]
        request = "POST /login"
        form = { user = "{{env.SHOP_USER}}", password = "{{password}}", id = "{{id}}" }
        status = [302, 303]
        expect.headers.location = "/account"
        expect.json_path."$.items" = { count = 3 }
        [[verify.journeys.steps]]
        websocket = "/socket"
        receive = ["hello", { json_path."$.a" = 1 }]
        "#,
    );
    for part in [
        "required: true",
        "per_instance: false",
        "status: Some([200])",
        "status: Some([302, 303])",
        "status: Some([101])",
        "timeout: 10s",
        "Count(3)",
        "\"env.SHOP_USER\": Variable { name: \"SHOP_USER\", value: Some(",
        "\"password\": Variable { name: \"SHOP_PASSWORD\", value: None }",
    ] {
        assert!(read.contains(part), "no {part} in {read}");
    }
    assert!(!read.contains("anna"), "{read}");
}

#[test]
fn a_journey_that_cannot_be_walked_is_refused_with_its_place() {
    let step = "[[verify.journeys.steps]]\n";
    for (text, said) in [
        (String::new(), "the journey `sign in` has no steps"),
        (step.into(), "a step has one of request"),
        (format!("{step}request = \"/login\""), "`/login` is no request"),
        (format!("{step}request = \"get /login\""), "`get` is no method"),
        (format!("{step}request = \"GET login\""), "its path does not begin with a slash"),
        (format!("{step}request = \"GET /{{{{id}}}}\""), "nothing before it captures `id`"),
        (format!("{step}request = \"GET /\"\nstatus = 99"), "a status is a number from 100 to 599"),
        (format!("{step}request = \"GET /\"\nsend = [\"a\"]"), "a request neither sends messages"),
        (format!("{step}live = \"/\"\njson = 1"), "only a request carries"),
        (
            format!("{step}request = \"GET /\"\ncapture.a = {{ css = \"a\", regex = \"a\" }}"),
            "`a` is captured from one of",
        ),
        (format!("{step}request = \"GET /\"\nexpect.matches = [\"(\"]"), "unclosed group"),
        (
            format!("{step}request = \"GET /\"\nexpect.json_path.\"$.a\" = {{}}"),
            "the rule for `$.a` is none",
        ),
        (
            format!("{step}request = \"GET /\"\nexpect.json_path.a = 1"),
            "it does not begin with `$`",
        ),
        (format!("{step}request = \"GET /\"\nexepct = 1"), "did you mean `expect`?"),
        ("hurl = \"no.hurl\"".into(), "no.hurl cannot be read"),
        (
            format!("hurl = \"no.hurl\"\n{step}request = \"GET /\""),
            "either steps or a file of Hurl",
        ),
    ] {
        let complaint = journey(&text);
        assert!(complaint.contains(said), "{text}: {complaint}");
        assert!(complaint.contains("pipeline.toml:"), "{text}: {complaint}");
    }
}

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

#[test]
fn latency_that_cannot_be_measured_is_refused_with_its_place() {
    let staging = "[environments.staging]\napp = \"a\"\nurl = \"https://a.example\"";
    let with = |line: &str| complaint(&format!("[verify.performance]\n{line}\n{staging}"));
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
    ");
    let endpoint =
        |line: &str| with(&format!("[[verify.performance.endpoints]]\npath = \"/\"\n{line}"));
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
