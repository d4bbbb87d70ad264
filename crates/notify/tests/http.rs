//! What goes over the wire, against a server that looks at it.

use std::time::{Duration, SystemTime};

use pipeline_core::{Conclusion, EventKind, Events, Release, RunId};
use pipeline_notify::{
    About, Channel, GithubStatus, Notifier, Patience, SIGNATURE_HEADER, Slack, Subscription, Topic,
    Webhook, sign,
};
use serde_json::Value;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

const COMMIT: &str = "176c661176c661176c661176c661176c661176c6";

fn at() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_mins(29_574_152)
}

async fn server(answers: &[u16]) -> MockServer {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let server = MockServer::start().await;
    for (number, code) in answers.iter().enumerate() {
        let answer = ResponseTemplate::new(*code).set_body_string("no_service");
        let times = if number + 1 == answers.len() { u64::MAX } else { 1 };
        let mock = Mock::given(method("POST")).respond_with(answer).up_to_n_times(times);
        mock.mount(&server).await;
    }
    server
}

/// Lets a run end so, and gives what the server got and what was not delivered.
async fn told(
    server: &MockServer,
    channel: impl Channel + 'static,
    conclusion: Conclusion,
) -> (Vec<Request>, Vec<String>) {
    let about =
        About { environment: "production".into(), url: Some("https://ci.example/1".into()) };
    let (each, pause) = (Duration::from_mins(1), Duration::from_millis(1));
    let patience = Patience { each, pause, ..Patience::default() };
    let subscription = Subscription::new(channel).on(Topic::ALL).patience(patience);
    let notifier = Notifier::start(about, vec![subscription]);
    let events = Events::new(at, vec![Box::new(notifier.observer())]);
    events.tell(EventKind::RunStarted {
        run: RunId::new("0190"),
        release: Release::new("v546").revision(COMMIT),
        target: "flyio:shop".into(),
        resumed: false,
    });
    events.tell(EventKind::RunFinished { conclusion });
    let undelivered = notifier.close(Duration::from_mins(2)).await;
    let requests = server.received_requests().await.expect("it records");
    (requests, undelivered.iter().map(ToString::to_string).collect())
}

fn header<'r>(request: &'r Request, name: &str) -> &'r str {
    request.headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or_default()
}

#[tokio::test]
async fn a_webhook_is_signed_and_the_same_at_every_try() {
    let server = server(&[503, 200]).await;
    let secret = "whsec_sentinel";
    let url = format!("{}/hook?key=sentinel", server.uri());
    let webhook = Webhook::new("webhook", url.into(), at).unwrap().secret(secret.into());
    let (requests, undelivered) = told(&server, webhook, Conclusion::RolledBack).await;
    assert_eq!((requests.len(), undelivered.len()), (2, 0));
    for request in &requests {
        assert_eq!(header(request, "idempotency-key"), "0190-1774449120000-2");
        assert_eq!(header(request, "content-type"), "application/json");
        let signature = sign(&secret.into(), 1_774_449_120, &request.body);
        assert_eq!(header(request, SIGNATURE_HEADER), signature);
    }
    let body: Value = serde_json::from_slice(&requests[1].body).unwrap();
    assert_eq!(requests[0].body, requests[1].body);
    insta::assert_snapshot!(format!("{body:#}"), @r#"
    {
      "at": 1774449120,
      "details": [],
      "environment": "production",
      "id": "0190-1774449120000-2",
      "revision": "176c661176c661176c661176c661176c661176c6",
      "run": "0190",
      "schema": 1,
      "target": "flyio:shop",
      "title": "v546 was taken back: production is what it was before",
      "topic": "rollback",
      "url": "https://ci.example/1",
      "version": "v546"
    }
    "#);
}

#[tokio::test]
async fn a_refusal_is_told_without_the_address() {
    let server = server(&[404]).await;
    let url = format!("{}/services/T0/B0/sentinel", server.uri());
    let slack = Slack::new("slack ($SLACK_URL)", url.into()).unwrap();
    let (requests, undelivered) = told(&server, slack, Conclusion::Stuck).await;
    assert_eq!(requests.len(), 1, "it is not tried again");
    let told = "slack ($SLACK_URL) was not told (1 notice): it answered 404, no_service";
    assert_eq!(undelivered, [told]);
    let nowhere = Slack::new("slack", "http://127.0.0.1:1/sentinel".into()).unwrap();
    let (_, undelivered) = told_of(&server, nowhere).await;
    assert_eq!(undelivered, ["slack was not told (1 notice): it cannot be reached"]);
}

async fn told_of(server: &MockServer, slack: Slack) -> (Vec<Request>, Vec<String>) {
    told(server, slack, Conclusion::Left).await
}

#[tokio::test]
async fn slack_gets_a_short_text_and_blocks() {
    let server = server(&[200]).await;
    let slack = Slack::new("slack", server.uri().into()).unwrap();
    let (requests, _) = told(&server, slack, Conclusion::Succeeded).await;
    let body: Value = serde_json::from_slice(&requests[0].body).unwrap();
    assert_eq!(body["text"], "✅ v546 serves production");
    assert_eq!(body["blocks"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn github_gets_the_status_of_the_commit() {
    let server = server(&[]).await;
    let commit = format!("/repos/acme/shop/statuses/{COMMIT}");
    let created = Mock::given(method("POST")).and(path(commit));
    created.respond_with(ResponseTemplate::new(201)).mount(&server).await;
    let github =
        || GithubStatus::new("acme/shop", "ghs_sentinel".into()).unwrap().api(&server.uri());
    let (requests, undelivered) = told(&server, github(), Conclusion::RolledBack).await;
    assert_eq!(undelivered, [""; 0]);
    assert_eq!(header(&requests[0], "authorization"), "Bearer ghs_sentinel");
    let body: Value = serde_json::from_slice(&requests[0].body).unwrap();
    insta::assert_snapshot!(body.to_string(), @r#"{"context":"pipeline/production","description":"v546 was taken back: production is what it was before","state":"failure","target_url":"https://ci.example/1"}"#);
    assert!(GithubStatus::new("acme", "x".into()).is_err());
}
