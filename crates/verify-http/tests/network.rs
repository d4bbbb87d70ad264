//! Against real sockets: what a server can do to a client.

use std::time::Duration;

use pipeline_core::{
    Address, Deployment, FaultKind, Instance, Outcome, Phase, Report, Side, Verdict, Verifier,
};
use pipeline_testkit::a_run;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use verify_http::{Bearer, Client, Connections, Smoke, SmokeCheck, SmokeConfig};
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// Short in all, so that what never answers is soon given up.
fn impatient(check: SmokeCheck) -> SmokeConfig {
    SmokeConfig {
        within: Duration::from_secs(1),
        retry_every: Duration::from_millis(50),
        checks: vec![check],
        ..SmokeConfig::default()
    }
}

/// One try, with time enough for a busy machine: what is wrong stays wrong.
fn once(check: SmokeCheck) -> SmokeConfig {
    let patience = Duration::from_mins(1);
    SmokeConfig {
        within: patience,
        attempt_timeout: patience,
        retry_every: patience,
        consecutive: 1.try_into().expect("1 is not 0"),
        checks: vec![check],
        ..SmokeConfig::default()
    }
}

/// Time enough for a busy machine; what passes does so at once.
fn patient(check: SmokeCheck) -> SmokeConfig {
    SmokeConfig {
        within: Duration::from_mins(2),
        attempt_timeout: Duration::from_mins(1),
        ..impatient(check)
    }
}

async fn verify(config: SmokeConfig, deployment: &Deployment) -> Outcome {
    // The first test to come installs it for all.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::new(Connections::Fresh).expect("a provider is installed");
    let smoke = Smoke::new(config, client).expect("the checks are good");
    smoke.verify(deployment, &a_run("v2").context(Phase::Verify, "smoke")).await
}

fn at(url: impl Into<String>) -> Deployment {
    Deployment { version: "v2".into(), url: Some(url.into()), ..Deployment::default() }
}

fn message(outcome: Outcome) -> String {
    let report = outcome.expect("it could look");
    let check = &report.checks()[0];
    format!("{:?}: {}", check.verdict, check.message)
}

async fn answering(template: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("GET")).respond_with(template).mount(&server).await;
    server
}

/// A server that does this with every connection. Dropped, it stops.
async fn raw<F, Fut>(serve: F) -> (String, impl Future<Output = ()>)
where
    F: Fn(TcpStream) -> Fut,
    Fut: Future<Output = ()>,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has free ports");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    let serving = async move {
        loop {
            let (stream, _) = listener.accept().await.expect("somebody connects");
            serve(stream).await;
        }
    };
    (url, serving)
}

/// Verifies while the server serves.
async fn against(
    serving: impl Future<Output = ()>,
    verifying: impl Future<Output = Outcome>,
) -> Outcome {
    tokio::select! {
        () = serving => unreachable!("it serves for ever"),
        outcome = verifying => outcome,
    }
}

async fn read_request(stream: &mut TcpStream) {
    let mut buffer = [0; 4096];
    let _ = stream.read(&mut buffer).await;
}

#[tokio::test]
async fn a_good_answer_passes_and_the_token_arrives() {
    let server = MockServer::start().await;
    Mock::given(path("/dashboard"))
        .and(header("authorization", "Bearer s3cret"))
        .respond_with(ResponseTemplate::new(200))
        .expect(2)
        .mount(&server)
        .await;
    let bearer = Bearer::named("SHOP_TOKEN", Some("s3cret".into()));
    let check = SmokeCheck::get("/dashboard").bearer(bearer);
    let outcome = verify(patient(check), &at(server.uri())).await;
    insta::assert_snapshot!(message(outcome), @"Passed: answered 200, 2 times in a row");
}

#[tokio::test]
async fn a_redirect_to_the_login_page_is_not_followed() {
    let login = ResponseTemplate::new(302).insert_header("location", "/login");
    let server = MockServer::start().await;
    Mock::given(path("/dashboard")).respond_with(login).mount(&server).await;
    Mock::given(path("/login"))
        .respond_with(ResponseTemplate::new(200))
        .expect(0)
        .mount(&server)
        .await;
    let outcome = verify(once(SmokeCheck::get("/dashboard")), &at(server.uri())).await;
    insta::assert_snapshot!(message(outcome), @"Refused: answered 302 to /login, wanted 200");
}

#[tokio::test]
async fn a_server_that_gets_well_in_time_passes() {
    let server = MockServer::start().await;
    let starting = Mock::given(path("/")).respond_with(ResponseTemplate::new(503));
    starting.up_to_n_times(3).with_priority(1).expect(3).mount(&server).await;
    Mock::given(path("/")).respond_with(ResponseTemplate::new(200)).expect(2).mount(&server).await;
    let outcome = verify(patient(SmokeCheck::get("/")), &at(server.uri())).await;
    insta::assert_snapshot!(message(outcome), @"Passed: answered 200, 2 times in a row");
}

#[tokio::test]
async fn health_in_the_body_counts() {
    let says = |status: &str| {
        let body = serde_json::json!({ "status": status });
        ResponseTemplate::new(200).set_body_json(body)
    };
    let (well, ill) = (answering(says("degraded")).await, answering(says("unhealthy")).await);
    let health = SmokeCheck::get("/api/v1/health").json();
    let outcome = verify(patient(health.clone()), &at(well.uri())).await;
    insta::assert_snapshot!(message(outcome),
        @"Alert: answered 200, but calls itself degraded, 2 times in a row");
    let outcome = verify(once(health), &at(ill.uri())).await;
    insta::assert_snapshot!(message(outcome), @"Refused: answered 200, but calls itself unhealthy");
}

#[tokio::test]
async fn each_machine_is_asked_by_its_header_and_must_answer_itself() {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(200);
    let own = answer.clone().insert_header("fly-machine-id", "148e");
    let other = answer.insert_header("fly-machine-id", "148e");
    for (id, answer) in [("148e", own), ("9080", other)] {
        let pinned = Mock::given(header("fly-force-instance-id", id));
        pinned.respond_with(answer).mount(&server).await;
    }
    let instance = |id: &str| Instance {
        id: id.into(),
        side: Side::New,
        region: None,
        serving: false,
        address: Some(Address {
            url: server.uri(),
            headers: [("fly-force-instance-id".to_owned(), id.to_owned())].into(),
        }),
    };
    let instances = vec![instance("148e"), instance("9080")];
    let deployment = Deployment { instances, ..at("http://nobody.invalid") };
    let report = verify(once(SmokeCheck::get("/")), &deployment).await.unwrap();
    assert_eq!(report.verdict(), Verdict::Inconclusive);
    assert_eq!(report.checks()[0].verdict, Verdict::Passed);
    insta::assert_snapshot!(report.findings()[0].message,
        @"GET /: was answered by another machine, 148e (machine 9080)");
}

#[tokio::test]
async fn nobody_listening_is_a_refusal() {
    // Bound, so that nobody else gets the port.
    let nobody = TcpSocket::new_v4().unwrap();
    nobody.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}", nobody.local_addr().unwrap());
    let outcome = verify(once(SmokeCheck::get("/")), &at(url)).await;
    insta::assert_snapshot!(message(outcome), @"Refused: did not answer: connection refused");
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    let (url, serving) = raw(|mut stream| async move {
        read_request(&mut stream).await;
        std::future::pending::<()>().await;
    })
    .await;
    let outcome = against(serving, verify(impatient(SmokeCheck::get("/")), &at(url))).await;
    insta::assert_snapshot!(message(outcome), @"Refused: did not answer within 1s");
}

#[tokio::test]
async fn a_connection_that_is_closed_or_reset_is_a_refusal() {
    let (url, serving) = raw(|mut stream| async move { read_request(&mut stream).await }).await;
    let outcome = against(serving, verify(once(SmokeCheck::get("/")), &at(url))).await;
    insta::assert_snapshot!(message(outcome), @"Refused: did not answer: connection closed before message completed");

    let (url, serving) = raw(|mut stream| async move {
        read_request(&mut stream).await;
        stream.set_zero_linger().expect("a TCP stream can be reset");
    })
    .await;
    let outcome = against(serving, verify(once(SmokeCheck::get("/")), &at(url))).await;
    insta::assert_snapshot!(message(outcome), @"Refused: did not answer: connection reset");
}

#[tokio::test]
async fn a_body_that_drips_for_ever_is_given_up_and_a_huge_one_is_cut() {
    let (url, serving) = raw(|mut stream| async move {
        read_request(&mut stream).await;
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf";
        let _ = stream.write_all(head).await;
        std::future::pending::<()>().await;
    })
    .await;
    let outcome = against(serving, verify(impatient(SmokeCheck::get("/")), &at(url))).await;
    insta::assert_snapshot!(message(outcome), @"Refused: did not answer within 1s");

    let huge = answering(ResponseTemplate::new(200).set_body_string("x".repeat(3 << 20))).await;
    let outcome = verify(patient(SmokeCheck::get("/")), &at(huge.uri())).await;
    insta::assert_snapshot!(message(outcome), @"Passed: answered 200, 2 times in a row");
}

#[tokio::test]
async fn an_endless_body_does_not_fill_the_memory() {
    let (url, serving) = raw(|mut stream| async move {
        read_request(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        while stream.write_all(&[b'x'; 1 << 14]).await.is_ok() {}
    })
    .await;
    let json = SmokeCheck::get("/").json();
    let outcome = against(serving, verify(once(json), &at(url))).await;
    insta::assert_snapshot!(message(outcome),
        @"Inconclusive: answered 200, but the body is longer than 1 MiB, too much to tell, wanted JSON");
}

#[tokio::test]
async fn what_is_not_http_or_not_tls_is_a_refusal() {
    let (url, serving) = raw(|mut stream| async move {
        read_request(&mut stream).await;
        let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.9\r\n").await;
    })
    .await;
    let outcome = against(serving, verify(once(SmokeCheck::get("/")), &at(&url))).await;
    insta::assert_snapshot!(message(outcome), @"Refused: did not answer: invalid HTTP version parsed");

    let (url, serving) = raw(|mut stream| async move {
        read_request(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    })
    .await;
    let url = url.replace("http://", "https://");
    let outcome = against(serving, verify(once(SmokeCheck::get("/")), &at(url))).await;
    insta::assert_snapshot!(message(outcome), @"Refused: did not answer over TLS: received corrupt message of type InvalidContentType");
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_no_verdict() {
    // The top-level name `invalid` never resolves (RFC 6761).
    let fault = verify(once(SmokeCheck::get("/")), &at("http://shop.invalid")).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Transient);
    assert_eq!(fault.message(), "the name `shop.invalid` could not be resolved");
}

#[tokio::test]
async fn an_address_that_is_none_is_no_verdict() {
    let fault = verify(once(SmokeCheck::get("/")), &at("shop.fly.dev")).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Permanent);
    assert_eq!(fault.next_step(), Some("correct the environment's `url`"));
}

#[tokio::test]
async fn a_report_survives_being_stored() {
    let server = answering(ResponseTemplate::new(500).set_body_string("oops")).await;
    let report = verify(once(SmokeCheck::get("/")), &at(server.uri())).await.unwrap();
    let text = serde_json::to_string(&report).unwrap();
    let read: Report = serde_json::from_str(&text).unwrap();
    assert_eq!(read.findings(), report.findings());
    assert_eq!(read.all_evidence()[0].value["body"], "oops");
}
