//! Journeys, good and bad.

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
        response_headers.location = "/account"
        json_path."$.items" = { count = 3 }
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
        (format!("{step}request = \"GET /\"\nmatches = [\"(\"]"), "unclosed group"),
        (
            format!("{step}request = \"GET /\"\njson_path.\"$.a\" = {{}}"),
            "what `$.a` must find is not to be understood",
        ),
        (format!("{step}request = \"GET /\"\njson_path.a = 1"), "it does not begin with `$`"),
        (format!("{step}request = \"GET /\"\nmathces = 1"), "did you mean `matches`?"),
        (
            format!("{step}request = \"GET /\"\nheaders = {{ authorization = \"Bearer abc\" }}"),
            "carries a secret",
        ),
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
fn the_reference_shows_journeys_that_can_be_walked() {
    let shown = REFERENCE.lines().skip_while(|it| *it != "# [[verify.journeys]]");
    let shown =
        shown.take_while(|it| it.starts_with('#')).map(|it| it.trim_start_matches(['#', ' ']));
    // Either steps or a file; both are shown.
    let steps: Vec<_> = shown.filter(|it| !it.starts_with("hurl =")).collect();
    let config = load(&format!(
        "{}\n[environments.staging]\napp = \"a\"\nurl = \"https://a.example\"",
        steps.join("\n")
    ));
    let config = config.unwrap();
    let journey = &config.environment("staging").unwrap().verify.journeys[0].0;
    let steps: Vec<_> = journey.steps.iter().map(verify_http::JourneyStep::title).collect();
    assert_eq!(
        steps,
        ["the form", "POST /login", "WebSocket /socket/websocket", "LiveView /dashboard"]
    );
    assert_eq!(journey.secrets.keys().collect::<Vec<_>>(), ["env.SHOP_USER", "password"]);
    let written = include_str!("../raw/verify/journeys.rs").lines();
    let keys =
        written.filter_map(|it| it.trim().strip_prefix("pub(in crate::config) ")?.split_once(':'));
    let missing: Vec<_> = keys
        .map(|(key, _)| key)
        .filter(|it| !it.contains(' ') && *it != "steps")
        .filter(|it| {
            !REFERENCE.contains(&format!("{it} =")) && !REFERENCE.contains(&format!("{it}."))
        })
        .collect();
    assert_eq!(missing, [""; 0]);
}
