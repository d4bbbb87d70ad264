use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::*;
use crate::security::advisories::read_lock;
use pipeline_core::{Fault, FaultKind};

const LOCK: &str =
    "%{\n  \"shop\": {:hex, :shop, \"1.0.0\"},\n  \"cart\": {:hex, :cart, \"2.0.0\"},\n}";
const MODIFIED: &str = "2030-01-02T03:04:05.678Z";

fn lock() -> Lock {
    read_lock(LOCK).unwrap()
}

/// So many hours after the first question.
fn hours(hours: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_hours(500_000 + hours)
}

fn osv(server: &str) -> Osv {
    Osv::new().base(server).pause(Duration::from_millis(1)).timeout(Duration::from_mins(1))
}

#[expect(clippy::needless_pass_by_value, reason = "it reads better where it is called")]
fn batch(results: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({ "results": results }))
}

fn listed(ids: &[&str]) -> Value {
    ids.iter().map(|id| json!({"id": id, "modified": MODIFIED})).collect()
}

fn advisory_of(id: &str, package: &str) -> Value {
    json!({"id": id, "modified": MODIFIED, "affected": [{
        "package": {"ecosystem": "Hex", "name": package},
        "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "3.0.0"}]}],
    }]})
}

async fn on(server: &MockServer, verb: &str, at: &str, answer: ResponseTemplate) {
    Mock::given(method(verb)).and(path(at)).respond_with(answer).mount(server).await;
}

/// A database in which `shop` has GHSA-1 and GHSA-2 and `cart` has none.
async fn database() -> MockServer {
    let server = MockServer::start().await;
    // The queries come in the order of the names.
    on(
        &server,
        "POST",
        "/v1/querybatch",
        batch(json!([{}, {"vulns": listed(&["GHSA-1", "GHSA-2"])}])),
    )
    .await;
    for id in ["GHSA-1", "GHSA-2"] {
        let answer = ResponseTemplate::new(200).set_body_json(advisory_of(id, "shop"));
        on(&server, "GET", &format!("/v1/vulns/{id}"), answer).await;
    }
    server
}

fn ids(answer: &Advisories) -> Vec<&str> {
    answer.list.iter().map(|it| it.id.as_str()).collect()
}

async fn calls(server: &MockServer) -> Vec<String> {
    let calls = server.received_requests().await.unwrap();
    calls.iter().map(|it| format!("{} {}", it.method, it.url.path())).collect()
}

#[tokio::test]
async fn it_is_asked_about_all_packages_at_once_and_for_each_advisory() {
    let server = database().await;
    let answer = osv(&server.uri()).advisories(&lock(), hours(0)).await.unwrap();
    assert_eq!(ids(&answer), ["GHSA-1", "GHSA-2"]);
    assert_eq!((answer.age, answer.notes.len()), (Some(Duration::ZERO), 0));
    let asked = &server.received_requests().await.unwrap()[0];
    let query = |name: &str| json!({"package": {"name": name, "ecosystem": "Hex"}});
    assert_eq!(
        asked.body_json::<Value>().unwrap(),
        json!({"queries": [query("cart"), query("shop")]})
    );
    let none = osv(&server.uri()).advisories(&Lock::default(), hours(0)).await.unwrap();
    assert_eq!((none.list.len(), none.age), (0, None));
}

#[tokio::test]
async fn each_page_is_asked_for() {
    let server = MockServer::start().await;
    let pages = |request: &Request| {
        let body: Value = request.body_json().unwrap();
        match body["queries"][0]["page_token"].as_str() {
            None => batch(json!([{"vulns": listed(&["GHSA-1"]), "next_page_token": "two"}, {}])),
            Some("two") if body["queries"].as_array().unwrap().len() == 1 => {
                batch(json!([{"vulns": listed(&["GHSA-2"])}]))
            }
            _ => ResponseTemplate::new(400),
        }
    };
    Mock::given(method("POST")).respond_with(pages).mount(&server).await;
    for id in ["GHSA-1", "GHSA-2"] {
        let answer = ResponseTemplate::new(200).set_body_json(advisory_of(id, "cart"));
        on(&server, "GET", &format!("/v1/vulns/{id}"), answer).await;
    }
    let answer = osv(&server.uri()).advisories(&lock(), hours(0)).await.unwrap();
    assert_eq!(ids(&answer), ["GHSA-1", "GHSA-2"]);
}

#[tokio::test]
async fn pages_without_end_are_no_answer() {
    let server = MockServer::start().await;
    let more = |request: &Request| {
        let body: Value = request.body_json().unwrap();
        let queries = body["queries"].as_array().unwrap().len();
        batch(vec![json!({"next_page_token": "more"}); queries].into())
    };
    Mock::given(method("POST")).respond_with(more).mount(&server).await;
    let error = osv(&server.uri()).advisories(&lock(), hours(0)).await.unwrap_err();
    assert!(Fault::from(error).to_string().ends_with("something else: more than 50 pages"));
}

#[tokio::test]
async fn what_may_pass_is_asked_again_and_what_stays_is_not() {
    for (status, times) in [(429, 4), (500, 4), (503, 4), (400, 1), (403, 1), (301, 1)] {
        let server = MockServer::start().await;
        let answer = ResponseTemplate::new(status)
            .set_body_string("no\nway")
            .insert_header("retry-after", "0");
        on(&server, "POST", "/v1/querybatch", answer).await;
        let fault =
            Fault::from(osv(&server.uri()).advisories(&lock(), hours(0)).await.unwrap_err());
        assert_eq!(calls(&server).await.len(), times, "{status}");
        let said = format!(
            "the advisory database {} gave no answer, and no copy is kept: \
             POST /v1/querybatch was answered with {status}: no way",
            server.uri()
        );
        assert_eq!(fault.to_string(), said);
        let kind = if times > 1 { FaultKind::Transient } else { FaultKind::Permanent };
        assert_eq!(fault.kind(), kind, "{status}");
        assert!(fault.next_step().unwrap().ends_with("name a folder of advisories"));
    }
}

#[tokio::test]
async fn a_server_that_comes_back_is_heard() {
    let server = database().await;
    let busy = Mock::given(method("POST")).respond_with(ResponseTemplate::new(503));
    busy.up_to_n_times(2).with_priority(1).mount(&server).await;
    let answer = osv(&server.uri()).advisories(&lock(), hours(0)).await.unwrap();
    assert_eq!(answer.list.len(), 2);
}

#[tokio::test]
async fn answers_that_make_no_sense_are_no_answers() {
    let text = |text: &str| ResponseTemplate::new(200).set_body_string(text);
    for (answer, what) in [
        (text("<html>"), "expected value"),
        (text("{}"), "missing field `results`"),
        (batch(json!([{}])), "1 results for 2 queries"),
        (batch(json!([{}, {"vulns": [{"id": "../x"}]}])), "its id is no name"),
        (ResponseTemplate::new(200).set_body_bytes([0xff, 0xfe]), "it is no text"),
        (batch(json!([{}, {"vulns": listed(&["GHSA-9"])}])), "no OSV"),
    ] {
        let server = MockServer::start().await;
        on(&server, "POST", "/v1/querybatch", answer).await;
        on(&server, "GET", "/v1/vulns/GHSA-9", text("{}")).await;
        let error = osv(&server.uri()).advisories(&lock(), hours(0)).await.unwrap_err();
        let told = Fault::from(error).to_string();
        assert!(told.contains(what), "{told}");
    }
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_not_waited_for() {
    let server = MockServer::start().await;
    let slow = ResponseTemplate::new(200).set_delay(Duration::from_mins(10));
    on(&server, "POST", "/v1/querybatch", slow).await;
    let osv = osv(&server.uri()).timeout(Duration::from_millis(20));
    let fault = Fault::from(osv.advisories(&lock(), hours(0)).await.unwrap_err());
    assert!(fault.is_transient() && fault.to_string().contains("was not answered"), "{fault}");
}

/// An address at which nobody listens.
fn nowhere() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[tokio::test]
async fn a_young_copy_is_used_and_an_old_one_stands_in() {
    let dir = tempfile::tempdir().unwrap();
    let server = database().await;
    let osv = osv(&server.uri()).copy_dir(dir.path());
    osv.advisories(&lock(), hours(0)).await.unwrap();
    let asked = calls(&server).await.len();
    // Young: nobody is asked.
    let young = osv.advisories(&lock(), hours(5)).await.unwrap();
    assert_eq!((ids(&young).len(), young.age), (2, Some(Duration::from_hours(5))));
    assert_eq!((calls(&server).await.len(), young.notes.len()), (asked, 0));
    // Older: it is asked, and advisories that have not changed are not fetched.
    osv.advisories(&lock(), hours(7)).await.unwrap();
    assert_eq!(calls(&server).await[asked..], ["POST /v1/querybatch"]);
    // It is gone.
    server.reset().await;
    let stale = osv.advisories(&lock(), hours(7 + 72)).await.unwrap();
    assert_eq!((ids(&stale).len(), stale.age), (2, Some(Duration::from_hours(72))));
    let note = &stale.notes[0];
    assert!(note.message.ends_with("advisories are from a copy, 3 days old"), "{}", note.message);
    assert!(note.message.contains("was answered with 404"), "{}", note.message);
    // Too old, or from the future.
    for at in [hours(7 + 7 * 24 + 1), hours(0)] {
        let fault = Fault::from(osv.advisories(&lock(), at).await.unwrap_err());
        assert!(fault.message().ends_with("holds no copy younger than 7 days"), "{fault}");
    }
}

#[tokio::test]
async fn a_copy_counts_when_it_is_whole_and_of_this_database() {
    let dir = tempfile::tempdir().unwrap();
    let server = database().await;
    let of = |base: &str| osv(base).copy_dir(dir.path());
    of(&server.uri()).advisories(&lock(), hours(0)).await.unwrap();
    // Another package, another database.
    let other = read_lock("%{\"mail\": {:hex, :mail, \"1.0.0\"}}").unwrap();
    server.reset().await;
    of(&server.uri()).advisories(&other, hours(0)).await.unwrap_err();
    of(&nowhere()).advisories(&lock(), hours(0)).await.unwrap_err();
    // An advisory that is lost or broken is asked for again.
    std::fs::write(dir.path().join("advisories/GHSA-2.json"), "{").unwrap();
    of(&server.uri()).advisories(&lock(), hours(1)).await.unwrap_err();
    std::fs::remove_file(dir.path().join("advisories/GHSA-2.json")).unwrap();
    of(&server.uri()).advisories(&lock(), hours(1)).await.unwrap_err();
}

#[tokio::test]
async fn an_advisory_that_changed_is_fetched_again() {
    let dir = tempfile::tempdir().unwrap();
    let server = database().await;
    let osv = osv(&server.uri()).copy_dir(dir.path());
    osv.advisories(&lock(), hours(0)).await.unwrap();
    server.reset().await;
    let newer = json!([{}, {"vulns": [{"id": "GHSA-1", "modified": "2031-01-01T00:00:00Z"}]}]);
    on(&server, "POST", "/v1/querybatch", batch(newer)).await;
    let mut changed = advisory_of("GHSA-1", "shop");
    changed["summary"] = "Changed".into();
    on(&server, "GET", "/v1/vulns/GHSA-1", ResponseTemplate::new(200).set_body_json(changed)).await;
    let answer = osv.advisories(&lock(), hours(9)).await.unwrap();
    assert_eq!((ids(&answer), answer.list[0].title.as_str()), (vec!["GHSA-1"], "Changed"));
}

#[tokio::test]
async fn a_copy_that_cannot_be_written_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    let server = database().await;
    let answer = osv(&server.uri()).copy_dir(&file).advisories(&lock(), hours(0)).await.unwrap();
    assert_eq!(answer.list.len(), 2);
    assert!(answer.notes[0].message.contains("could not be written"));
}

#[tokio::test]
async fn a_listing_is_kept_only_with_all_it_lists() {
    let dir = tempfile::tempdir().unwrap();
    let server = MockServer::start().await;
    on(&server, "POST", "/v1/querybatch", batch(json!([{}, {"vulns": listed(&["GHSA-1"])}]))).await;
    let osv = osv(&server.uri()).copy_dir(dir.path());
    osv.advisories(&lock(), hours(0)).await.unwrap_err();
    assert!(!dir.path().join("packages").exists());
}

#[test]
fn the_address_is_told_without_what_is_secret_in_it() {
    assert_eq!(Osv::new().address(), "https://api.osv.dev");
    let typed = Osv::new().base("https://me:word@db.example:8443/osv/?key=1");
    assert_eq!(typed.address(), "https://db.example:8443");
    assert_eq!(Osv::new().base("no address").address(), "at its address");
    let ages = [90, 3 * 3_600, 49 * 3_600].map(|it| told(Duration::from_secs(it)));
    assert_eq!(ages, ["1 min", "3 h", "2 days"]);
}
