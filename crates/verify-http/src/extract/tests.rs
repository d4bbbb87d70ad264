//! Where values stand, and what it means to find none.

use proptest::prelude::*;

use super::*;
use crate::response::response;

const PAGE: &str = r#"<!doctype html><form action="/login"><input name="_csrf_token" value="t&amp;1">
    <p class="hint"> Sign <b>in</b> </p></form><input name="other" value="2">"#;

fn all(extract: Result<Extract, RuleError>, response: &Response) -> String {
    match extract.unwrap().all(response) {
        Ok(found) => format!("{found:?}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn json_pages_text_headers_and_the_status_are_searched() {
    let body = response(201, r#"{"id": 7, "tags": ["a", "b"], "owner": {"name": "Ada"}}"#);
    assert_eq!(all(Extract::json_path("$.id"), &body), r#"["7"]"#);
    assert_eq!(all(Extract::json_path("$.tags[*]"), &body), r#"["a", "b"]"#);
    assert_eq!(all(Extract::json_path("$.owner"), &body), r#"["{\"name\":\"Ada\"}"]"#);
    assert_eq!(all(Extract::json_path("$.more"), &body), "[]");
    assert_eq!(all(Ok(Extract::Status), &body), r#"["201"]"#);

    let page = response(200, PAGE);
    assert_eq!(all(Extract::css("input[name=_csrf_token]", Some("value")), &page), r#"["t&1"]"#);
    assert_eq!(all(Extract::css("input", Some("value")), &page), r#"["t&1", "2"]"#);
    assert_eq!(all(Extract::css("p.hint", None), &page), r#"["Sign in"]"#);
    assert_eq!(all(Extract::css("p.hint", Some("title")), &page), "[]");
    assert_eq!(all(Extract::regex(r#"action="([^"]+)""#), &page), r#"["/login"]"#);
    assert_eq!(all(Extract::regex("<form|<input"), &page), r#"["<form", "<input", "<input"]"#);

    let mut headers = response(200, "");
    headers.headers.append("set-cookie", "a=1".parse().unwrap());
    headers.headers.append("set-cookie", "b=2".parse().unwrap());
    assert_eq!(all(Extract::header("Set-Cookie"), &headers), r#"["a=1", "b=2"]"#);
    assert_eq!(all(Extract::header("location"), &headers), "[]");
}

#[test]
fn what_cannot_be_searched_says_why() {
    let page = response(200, PAGE);
    insta::assert_snapshot!(all(Extract::json_path("$.id"), &page),
        @"the body is no JSON (expected value at line 1 column 1)");
    let cut = Response { cut: true, ..page };
    insta::assert_snapshot!(all(Extract::css("p.none", None), &cut),
        @"the body is longer than 1 MiB, too much to tell");
    // What was found is there, however long the rest is.
    assert_eq!(all(Extract::css("p.hint", None), &cut), r#"["Sign in"]"#);
}

#[test]
fn each_has_a_name_for_sentences() {
    let name = |extract: Result<Extract, RuleError>| extract.unwrap().to_string();
    let names = [
        name(Extract::json_path("$.id")),
        name(Extract::css("form input[name=a]", Some("value"))),
        name(Extract::css("p", None)),
        name(Extract::regex("a(b)")),
        name(Extract::header("X-Version")),
        name(Ok(Extract::Status)),
    ];
    insta::assert_snapshot!(names.join("\n"), @r#"
    `$.id`
    the attribute `value` of `form input[name="a"]`
    the text of `p`
    the match of `a(b)`
    the header `x-version`
    the status
    "#);
}

#[test]
fn what_is_no_selector_is_refused() {
    insta::assert_snapshot!(Extract::css("input[", None).unwrap_err(), @"`css` holds the selector `input[`, which cannot be read: Unexpected EOL");
    insta::assert_snapshot!(Extract::css("", None).unwrap_err(), @"`css` holds the selector ``, which cannot be read: it is empty");
}

#[test]
fn all_of_it_goes_from_task_to_task() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Extract>();
    shared::<crate::Expect>();
}

proptest! {
    #[test]
    fn foreign_bytes_never_panic(body: Vec<u8>, selector in "[a-c#.:>+~*\\[\\]=() -]{0,10}", tags in "[<>/abp \"=]{0,40}") {
        for body in [body, tags.into_bytes()] {
            let answer = Response { body, ..response(200, "") };
            let _ = Extract::json_path("$..*").unwrap().all(&answer);
            let _ = Extract::regex("(a)|b").unwrap().all(&answer);
            if let Ok(css) = Extract::css(&selector, Some("a")) {
                let _ = (css.all(&answer), css.to_string());
            }
        }
    }
}
