//! Files that are read, and files that are refused with their line.

use proptest::prelude::*;

use super::*;
use crate::journeys::body::Body;
use crate::journeys::config::Action;

const LOGIN: &str = r#"
# Signs in.
GET {{base_url}}/login
Accept: text/html # as a browser
HTTP 200
content-type: text/html; charset=utf-8
[Captures]
csrf: xpath "string(//meta[@name='csrf-token']/@content)"
id: jsonpath "$.user.id"
where: header "Location"
[Asserts]
body contains "Sign in"
body not contains "error"
duration < 1500

POST /login
[Options]
location: true
max-redirs: 3
[Form]
user[name]: {{user}}
_csrf_token: {{csrf}}
HTTP/1.1 302
[Asserts]
header "location" == "/account"
header "x-powered-by" not exists

POST {{host}}/api
[Query]
page: 2
q: tea & cup
[Cookies]
locale: cs
{
  "name": "{{user}}",
  "tags": ["a", 1]
}
HTTP *
[Asserts]
jsonpath "$.status" == "ok"
jsonpath "$.items" count == 3
jsonpath "$.id" == 42
jsonpath "$.name" matches /^an.a$/

PUT {{base_url}}
```
hello
{{user}}
```
"#;

#[test]
fn a_file_of_hurl_is_a_journey() {
    let steps = read_hurl("login.hurl", LOGIN).unwrap();
    let endpoints: Vec<_> = steps.iter().map(JourneyStep::endpoint).collect();
    assert_eq!(endpoints, ["GET /login", "POST /login", "POST /api?page=2&q=tea+%26+cup", "PUT /"]);
    let statuses: Vec<_> = steps.iter().map(|it| it.expect.status.clone()).collect();
    assert_eq!(statuses, [Some(vec![200]), Some(vec![302]), None, None]);
    assert_eq!((steps[0].headers.len(), steps[0].captures.len()), (1, 3));
    insta::assert_snapshot!(steps[0].captures[0].from.to_string(),
        @r#"the attribute `content` of `meta[name="csrf-token"]`"#);
    assert_eq!(steps[1].redirects, 3);
    assert_eq!((steps[1].expect.headers.len(), steps[2].expect.json_paths.len()), (2, 4));
    assert_eq!(steps[2].cookies[0].0, "locale");
    let Action::Request { body: Body::Text(text), .. } = &steps[3].action else {
        panic!("{:?}", steps[3]);
    };
    assert_eq!(text.to_string(), "hello\n{{user}}\n");
}

fn refused(text: &str) -> String {
    read_hurl("a.hurl", text).unwrap_err().to_string()
}

#[test]
fn what_is_not_understood_is_refused_with_its_line() {
    insta::assert_snapshot!(refused("\n# nothing\n"),
        @"a.hurl:1: has no entry; the first line of one is such as GET {{base_url}}/login");
    insta::assert_snapshot!(refused("GET https://shop.test/login\n"),
        @"a.hurl:1: asks for https://shop.test/login; write {{base_url}} before the path: the environment says where that is");
    insta::assert_snapshot!(refused("GET /\n[BasicAuth]\nanna: tea\n"),
        @"a.hurl:2: [BasicAuth] is not supported here; [Options], [Query], [Form] and [Cookies] are");
    insta::assert_snapshot!(refused("GET /\n[Options]\ninsecure: true\n"),
        @"a.hurl:3: `insecure: true` is not supported; location, max-redirs and retry are");
    insta::assert_snapshot!(refused("POST /\nfile,data.bin;\n"),
        @"a.hurl:2: `file,data.bin;` is no body that is supported; JSON and text in backticks are");
    insta::assert_snapshot!(refused("POST /\n{\n  \"n\": {{n}}\n}\n"),
        @"a.hurl:3: is no JSON (key must be a string at line 2 column 9); a placeholder must stand in quotation marks");
    insta::assert_snapshot!(refused("GET /\nHTTP 200\n[Captures]\nid: xpath \"//h1\"\n"),
        @"a.hurl:4: the XPath //h1 is not supported; such as string(//meta[@name='csrf-token']/@content) are");
    insta::assert_snapshot!(refused("GET /\nHTTP 200\n[Captures]\nid: jsonpath \"$.a\" split \",\"\n"),
        @r#"a.hurl:4: captures by jsonpath "$.a" split ",", which is not supported; jsonpath, regex, header, status and xpath of an attribute are, without filters"#);
    insta::assert_snapshot!(refused("GET /\nHTTP 200\n[Asserts]\njsonpath \"$.a\" isString\n"),
        @r#"a.hurl:4: `jsonpath "$.a" isString` is not supported"#);
    insta::assert_snapshot!(refused("GET /\nHTTP 200\n[Asserts]\njsonpath \"$.a\" == {{a}}\n"),
        @"a.hurl:4: `{{a}}` is no value; placeholders cannot stand in asserts");
    insta::assert_snapshot!(refused("GET /\nHTTP 200\n{\"a\": 1}\n"),
        @"a.hurl:3: is neither a request, such as GET {{base_url}}/login, nor part of one");
    insta::assert_snapshot!(refused("GET /\nHTTP fine\n"), @"a.hurl:2: `fine` is no status");
    insta::assert_snapshot!(refused("POST /\n```xml\n<a/>\n```\n"),
        @"a.hurl:2: a body of `xml` is not supported; plain text is");
    insta::assert_snapshot!(refused("POST /\n```\nhello\n"), @"a.hurl:2: has no closing ``` below it");
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "(GET /|HTTP|\\[Form\\]|\\[Asserts\\]|body|\\PC| |\n|\"|`|:|\\{){0,40}") {
        let _ = read_hurl("a.hurl", &text);
    }
}
