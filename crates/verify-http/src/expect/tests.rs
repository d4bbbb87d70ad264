//! Rules and answers as tables, and what is wrong with rules.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::redact::Secrets;
use crate::response::response;

fn words(expect: &Expect, response: &Response) -> String {
    let found = expect.differences(response);
    let words = found.iter().map(|it| {
        let words = it.words(&Secrets::of(&["s3cret".into()]));
        if it.is_certain() { words } else { format!("({words})") }
    });
    words.collect::<Vec<_>>().join("; ")
}

fn of_json(path: &str, want: JsonWant, body: &str) -> String {
    let json_paths = vec![JsonRule::new(path, want).unwrap()];
    words(&Expect { json_paths, ..Expect::default() }, &response(200, body))
}

fn of_header(want: HeaderWant, values: &[&str]) -> String {
    let headers = vec![HeaderRule::new("X-Version", want).unwrap()];
    let mut answer = response(200, "");
    for value in values {
        answer.headers.append("x-version", value.parse().unwrap());
    }
    words(&Expect { headers, ..Expect::default() }, &answer)
}

#[test]
fn nothing_wanted_is_never_missed() {
    assert_eq!(words(&Expect::default(), &response(500, "oops")), "");
}

#[test]
fn one_of_the_statuses_is_wanted() {
    assert_eq!(words(&Expect::status([200, 204]), &response(204, "")), "");
    insta::assert_snapshot!(words(&Expect::status([200, 204]), &response(500, "")),
        @"answered 500, wanted 200 or 204");
    let mut login = response(302, "");
    login.headers.insert("location", "/login".parse().unwrap());
    insta::assert_snapshot!(words(&Expect::status([200]), &login),
        @"answered 302 to /login, wanted 200");
}

#[test]
fn what_a_path_finds_must_be_right_all_of_it() {
    let equals = |wanted: Value, body| of_json("$.db.status", JsonWant::Equals(wanted), body);
    assert_eq!(equals(json!("ok"), r#"{"db": {"status": "ok"}}"#), "");
    assert_eq!(equals(json!(1), r#"{"db": {"status": 1.0}}"#), "");
    assert_eq!(equals(json!([1.0, {"a": 2}]), r#"{"db": {"status": [1, {"a": 2.0}]}}"#), "");
    insta::assert_snapshot!(equals(json!("ok"), r#"{"db": {"status": "down"}}"#),
        @r#"`$.db.status` is "down", wanted "ok""#);
    insta::assert_snapshot!(equals(json!("1"), r#"{"db": {"status": 1}}"#),
        @r#"`$.db.status` is 1, wanted "1""#);
    insta::assert_snapshot!(equals(json!("ok"), "{}"), @r#"`$.db.status` finds nothing, wanted "ok""#);

    let all = |body| of_json("$.checks.*.status", JsonWant::Equals(json!("ok")), body);
    assert_eq!(all(r#"{"checks": {"db": {"status": "ok"}, "mail": {"status": "ok"}}}"#), "");
    insta::assert_snapshot!(all(r#"{"checks": {"db": {"status": "ok"}, "mail": {"status": null}}}"#),
        @r#"`$.checks.*.status` finds 2 values, among them null, wanted "ok""#);
    insta::assert_snapshot!(of_json("$[*]", JsonWant::Equals(json!(0)), "[0, 1, 2, 3, 4, 5]"),
        @"`$[*]` finds 6 values, among them 1, 2, 3, 2 more, wanted 0");
}

#[test]
fn paths_can_find_count_match_or_miss() {
    let body = r#"{"items": [1, 2], "name": "shop 2.1", "none": null}"#;
    assert_eq!(of_json("$.none", JsonWant::Exists, body), "");
    assert_eq!(of_json("$.more", JsonWant::Absent, body), "");
    assert_eq!(of_json("$.items[*]", JsonWant::Count(2), body), "");
    assert_eq!(of_json("$.more[*]", JsonWant::Count(0), body), "");
    let matches =
        |path, text| of_json(path, JsonWant::Matches(pattern("json_path", text).unwrap()), body);
    assert_eq!(matches("$.name", r"^shop \d"), "");
    assert_eq!(matches("$.items[*]", r"^\d$"), "");
    insta::assert_snapshot!(matches("$.name", "^market"),
        @r#"`$.name` is "shop 2.1", wanted a match of `^market`"#);
    insta::assert_snapshot!(of_json("$.more", JsonWant::Exists, body),
        @"`$.more` finds nothing, wanted it to be there");
    insta::assert_snapshot!(of_json("$.name", JsonWant::Absent, body),
        @r#"`$.name` is "shop 2.1", wanted nothing"#);
    insta::assert_snapshot!(of_json("$.items[*]", JsonWant::Count(3), body),
        @"`$.items[*]` finds 2 values, wanted 3");
    insta::assert_snapshot!(of_json("$.items", JsonWant::Count(2), body),
        @"`$.items` finds 1 value, an array of 2 (`$.items[*]` counts those), wanted 2");
}

#[test]
fn a_body_that_is_no_json_is_told_once() {
    let both = Expect {
        json: true,
        json_paths: vec![JsonRule::new("$.a", JsonWant::Exists).unwrap()],
        ..Expect::default()
    };
    insta::assert_snapshot!(words(&both, &response(200, "<html>")),
        @"the body is no JSON (expected value at line 1 column 1), wanted JSON");
    insta::assert_snapshot!(words(&both, &response(200, "")), @"the body is empty, wanted JSON");
    insta::assert_snapshot!(words(&both, &Response { cut: true, ..response(200, "{}") }),
        @"(the body is longer than 1 MiB, too much to tell, wanted JSON)");
}

#[test]
fn headers_are_wanted_missed_or_compared() {
    let equals = |value: &str| HeaderWant::Equals(value.into());
    let matches = |text| HeaderWant::Matches(pattern("headers", text).unwrap());
    assert_eq!(of_header(HeaderWant::Present, &["v2"]), "");
    assert_eq!(of_header(HeaderWant::Absent, &[]), "");
    assert_eq!(of_header(equals("v2"), &["v1", "v2"]), "");
    assert_eq!(of_header(matches("^v"), &["v1"]), "");
    insta::assert_snapshot!(of_header(HeaderWant::Present, &[]),
        @"the header `x-version` is missing, wanted it to be there");
    insta::assert_snapshot!(of_header(HeaderWant::Absent, &["v2"]),
        @r#"the header `x-version` is "v2", wanted none"#);
    insta::assert_snapshot!(of_header(equals("v2"), &["v1", "v3"]),
        @r#"the header `x-version` is "v1" and "v3", wanted "v2""#);
    insta::assert_snapshot!(of_header(matches("^v"), &["2"]),
        @r#"the header `x-version` is "2", wanted a match of `^v`"#);
}

#[test]
fn text_must_match_or_must_not() {
    let expect = Expect {
        matches: vec![pattern("matches", "Welcome").unwrap()],
        not_matches: vec![pattern("not_matches", "(?i)exception").unwrap()],
        ..Expect::default()
    };
    assert_eq!(words(&expect, &response(200, "Welcome!")), "");
    insta::assert_snapshot!(words(&expect, &response(200, "An Exception")),
        @"nothing in the body matches, wanted a match of `Welcome`; the body holds \"Exception\", wanted no match of `(?i)exception`");
    let cut = |body| Response { cut: true, ..response(200, body) };
    insta::assert_snapshot!(words(&expect, &cut("Welcome!")),
        @"(the body is longer than 1 MiB, too much to tell, wanted no match of `(?i)exception`)");
    insta::assert_snapshot!(words(&expect, &cut("an exception")),
        @"(the body is longer than 1 MiB, too much to tell, wanted a match of `Welcome`); the body holds \"exception\", wanted no match of `(?i)exception`");
}

#[test]
fn time_and_size_have_bounds() {
    let expect = Expect {
        took_at_most: Some(Duration::from_millis(10)),
        body_at_most: Some(3),
        ..Expect::default()
    };
    insta::assert_snapshot!(words(&expect, &response(200, "four")),
        @"it took 12ms, wanted at most 10ms; the body has 4 bytes, wanted at most 3");
    insta::assert_snapshot!(words(&expect, &Response { cut: true, ..response(200, "four") }),
        @"it took 12ms, wanted at most 10ms; the body has more than 4 bytes, wanted at most 3");
}

#[test]
fn secrets_are_struck_out_before_anything_is_cut() {
    let long = format!(r#"{{"a": "{}s3cret"}}"#, "x".repeat(185));
    let told = of_json("$.a", JsonWant::Equals(json!("s3cret")), &long);
    assert!(!told.contains("s3c"), "{told}");
    assert!(told.ends_with(r#"wanted "[secret]""#), "{told}");
    assert!(told.chars().count() < 260, "{told}");
    let moves = of_json("$.a", JsonWant::Equals(json!(1)), "{\"a\": \"\u{1b}[2J\"}");
    assert!(!moves.contains('\u{1b}'));
}

#[test]
fn what_is_wrong_with_a_rule_names_its_key() {
    let path = |text| JsonPath::parse(text).unwrap_err().to_string();
    insta::assert_snapshot!(path("status"),
        @"the JSONPath `status` cannot be read: it does not begin with `$`; it looks like `$.checks.database`");
    insta::assert_snapshot!(path("$.a["), @"the JSONPath `$.a[` cannot be read: expected selector; it looks like `$.checks.database`");
    insta::assert_snapshot!(pattern("matches", "a(b").unwrap_err(),
        @"`matches` holds the regular expression `a(b`, which cannot be read: unclosed group");
    insta::assert_snapshot!(HeaderRule::new("two words", HeaderWant::Present).unwrap_err(),
        @r#"`headers` names "two words", which is no name of a header: letters, digits and dashes"#);
    let refused = |expect: Expect| expect.check().unwrap_err().to_string();
    insta::assert_snapshot!(refused(Expect::status([])),
        @"`status` is an empty list, so no answer would do; name a status or leave it out");
    insta::assert_snapshot!(refused(Expect::status([200, 101])),
        @"`status` is 101; it must be from 200 to 599");
    insta::assert_snapshot!(
        refused(Expect { took_at_most: Some(Duration::ZERO), ..Expect::default() }),
        @r#"`took_at_most` is zero; give it a duration, such as "2s""#);
    insta::assert_snapshot!(refused(Expect { body_at_most: Some(2 << 20), ..Expect::default() }),
        @"`body_at_most` is 2097152 bytes; no more than 1 MiB (1048576 bytes) of a body is read");
    assert_eq!(Expect::status([200]).check(), Ok(()));
}

#[cfg(feature = "json-schema")]
#[test]
fn a_body_must_fit_its_schema() {
    let schema = json!({
        "type": "object",
        "required": ["status"],
        "properties": { "status": { "enum": ["ok"] }, "uptime": { "type": "integer" } },
    });
    let json_schema = Some(Schema::new("health.schema.json", &schema).unwrap());
    let expect = Expect { json_schema, ..Expect::default() };
    assert_eq!(words(&expect, &response(200, r#"{"status": "ok"}"#)), "");
    insta::assert_snapshot!(words(&expect, &response(200, r#"{"status": "down", "uptime": 1.5}"#)), @r#"`/status` of the body is wrong: "down" is not one of "ok", and 1 more, wanted what fits health.schema.json"#);
    insta::assert_snapshot!(words(&expect, &response(200, "[]")), @r#"the body is wrong: [] is not of type "object", wanted what fits health.schema.json"#);
}

#[cfg(feature = "json-schema")]
#[test]
fn a_schema_must_be_one_and_stand_alone() {
    let refused = |schema| Schema::new("s.json", &schema).unwrap_err().to_string();
    insta::assert_snapshot!(refused(json!({ "type": "moon" })), @r#"the JSON Schema `s.json` cannot be used: at `/type`, "moon" is not valid under any of the schemas listed in the 'anyOf' keyword"#);
    insta::assert_snapshot!(refused(json!({ "$ref": "https://shop.test/s.json" })), @"the JSON Schema `s.json` cannot be used: Resource 'https://shop.test/s.json' is not present in a registry and retrieving it failed: Retrieval is disabled, cannot fetch https://shop.test/s.json");
    insta::assert_snapshot!(refused(json!({ "$ref": "file:///etc/passwd" })), @"the JSON Schema `s.json` cannot be used: Resource 'file:///etc/passwd' is not present in a registry and retrieving it failed: Retrieval is disabled, cannot fetch file:///etc/passwd");
    insta::assert_snapshot!(refused(json!({ "pattern": "(?=a)b" })), @r#"the JSON Schema `s.json` cannot be used: at `/pattern`, "(?=a)b" is not a "regex""#);
}

#[cfg(not(feature = "json-schema"))]
#[test]
fn without_schemas_a_schema_is_refused() {
    insta::assert_snapshot!(Schema::new("health.schema.json", &json!({})).unwrap_err(),
        @"the JSON Schema `health.schema.json` cannot be used: this program was built without them; build it with the feature `json-schema`, or use `json_path`");
}

proptest! {
    #[test]
    fn foreign_bytes_never_panic(body: Vec<u8>, path in r"\$[.\[\]*a-c0-9:?@'<>()-]{0,12}", text in ".{0,8}") {
        let found = |want| JsonRule::new(&path, want).ok();
        let expect = Expect {
            json: true,
            json_paths: [found(JsonWant::Exists), found(JsonWant::Count(1))].into_iter().flatten().collect(),
            matches: pattern("matches", &text).into_iter().collect(),
            ..Expect::default()
        };
        let answer = Response { body, ..response(200, "") };
        words(&expect, &answer);
        let known = response(200, r#"{"a": [{"b": "c"}, [1, 2, 3]], "b": null, "c": "c"}"#);
        words(&expect, &known);
    }
}
