//! Smoke checks with rules, redirects and certificates, over real HTTP.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use pipeline_core::{Deployment, Instance, Outcome, Phase, Release, Side, Trigger, Verifier};
use pipeline_testkit::a_run;
use rcgen::{CertificateParams, CertifiedIssuer, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::json;
use verify_http::{
    Bearer, Client, Connections, Echo, Echoed, Expect, Extract, HeaderRule, JsonRule, JsonWant,
    Smoke, SmokeCheck, SmokeConfig, pattern,
};
use wiremock::matchers::{header, header_exists, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// 2026-03-25 00:00 UTC.
fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_hours(24 * 20_537)
}

fn client() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::new(Connections::Fresh).expect("a provider is installed")
}

async fn verify_with(client: Client, check: SmokeCheck, url: &str) -> Outcome {
    // What is wrong stays wrong: one try, with time enough for a busy machine.
    let patience = Duration::from_secs(30);
    let config = SmokeConfig {
        within: patience,
        attempt_timeout: patience,
        retry_every: patience,
        consecutive: 1.try_into().expect("1 is not 0"),
        checks: vec![check],
        ..SmokeConfig::default()
    };
    let smoke = Smoke::with_clock(config, client, now).expect("the checks are good");
    let instance =
        Instance { id: "a".into(), side: Side::New, region: None, serving: true, address: None };
    let deployment = Deployment {
        version: "v2".into(),
        url: Some(url.to_owned()),
        instances: vec![instance],
        ..Deployment::default()
    };
    let mut run = a_run("v2");
    run.release = Release::new("v2").revision("3ab1c2d4e5");
    smoke.verify(&deployment, &run.context(Phase::Verify, "smoke")).await
}

async fn verified(check: SmokeCheck, url: &str) -> String {
    told(verify_with(client(), check, url).await)
}

fn told(outcome: Outcome) -> String {
    let report = outcome.expect("it could look");
    let check = &report.checks()[0];
    let trigger = check.trigger.map(|it| format!(" [{it}]")).unwrap_or_default();
    // Ports differ from run to run.
    let port = regex::Regex::new(r"127\.0\.0\.1:\d+").expect("it is one");
    let message = port.replace_all(&check.message, "127.0.0.1:PORT");
    format!("{:?}{trigger}: {message}", check.verdict)
}

async fn site(pages: &[(&str, ResponseTemplate)]) -> MockServer {
    let server = MockServer::start().await;
    for (at, page) in pages {
        Mock::given(path(*at)).respond_with(page.clone()).mount(&server).await;
    }
    server
}

#[tokio::test]
async fn a_body_and_headers_are_held_to_rules() {
    let body = json!({ "status": "ok", "items": [1, 2], "mail": { "status": "down" } });
    let page = ResponseTemplate::new(200).set_body_json(body).insert_header("x-app", "shop/2");
    let server = site(&[("/status", page)]).await;
    let mut check = SmokeCheck::get("/status");
    check.expect = Expect {
        headers: vec![HeaderRule::matches("X-App", "^shop/").unwrap()],
        json_paths: vec![JsonRule::new("$.items[*]", JsonWant::Count(2)).unwrap()],
        not_matches: vec![pattern("not_matches", "(?i)exception").unwrap()],
        ..Expect::status([200, 204])
    };
    insta::assert_snapshot!(verified(check.clone(), &server.uri()).await, @"Passed: answered 200");
    check
        .expect
        .json_paths
        .push(JsonRule::new("$.mail.status", JsonWant::Equals(json!("ok"))).unwrap());
    insta::assert_snapshot!(verified(check, &server.uri()).await, @r#"Refused [smoke]: answered 200, but `$.mail.status` is "down", wanted "ok""#);
}

#[tokio::test]
async fn headers_are_sent() {
    let server = MockServer::start().await;
    let cs = Mock::given(header("accept-language", "cs"));
    cs.respond_with(ResponseTemplate::new(200)).mount(&server).await;
    let headers = vec![("Accept-Language".to_owned(), "cs".to_owned())];
    let check = SmokeCheck { headers, ..SmokeCheck::get("/") };
    insta::assert_snapshot!(verified(check, &server.uri()).await, @"Passed: answered 200");
}

#[tokio::test]
async fn redirects_are_followed_on_the_site_with_the_token_and_nowhere_else() {
    let to = |at: &str| ResponseTemplate::new(302).insert_header("location", at);
    let other = MockServer::start().await;
    Mock::given(header_exists("authorization"))
        .respond_with(ResponseTemplate::new(200))
        .expect(0)
        .mount(&other)
        .await;
    let server =
        site(&[("/", to("/home")), ("/circle", to("/round")), ("/round", to("/circle"))]).await;
    Mock::given(path("/away")).respond_with(to(&other.uri())).mount(&server).await;
    Mock::given(path("/home"))
        .and(header("authorization", "Bearer s3cret"))
        .respond_with(ResponseTemplate::new(200))
        .mount(&server)
        .await;
    let check = |at: &str| SmokeCheck {
        redirects: 3,
        bearer: Some(Bearer::named("SHOP_TOKEN", Some("s3cret".into()))),
        ..SmokeCheck::get(at)
    };
    insta::assert_snapshot!(verified(check("/"), &server.uri()).await, @"Passed: answered 200 (after 1 redirect: / -> /home)");
    insta::assert_snapshot!(verified(check("/circle"), &server.uri()).await, @"Refused [smoke]: answered 302 to /circle, wanted 200 (redirected in a circle: /circle -> /round -> /circle)");
    insta::assert_snapshot!(verified(check("/away"), &server.uri()).await, @"Refused [smoke]: answered 302 to http://127.0.0.1:PORT, wanted 200 (another site, which is not followed)");
    insta::assert_snapshot!(verified(SmokeCheck { redirects: 0, ..check("/") }, &server.uri()).await, @"Refused [smoke]: answered 302 to /home, wanted 200");
}

#[tokio::test]
async fn the_build_that_answers_must_be_the_one_that_was_released() {
    let says =
        |revision: &str| ResponseTemplate::new(200).set_body_json(json!({ "revision": revision }));
    let pages = [
        ("/new", says("3ab1c2d")),
        ("/old", says("9fd1c2e")),
        ("/mute", ResponseTemplate::new(200)),
    ];
    let server = site(&pages).await;
    let check = |at: &str| {
        let place = Extract::json_path("$.revision").unwrap();
        SmokeCheck { echo: Some(Echo { what: Echoed::Revision, place }), ..SmokeCheck::get(at) }
    };
    insta::assert_snapshot!(verified(check("/new"), &server.uri()).await, @"Passed: answered 200 from revision 3ab1c2d");
    insta::assert_snapshot!(verified(check("/old"), &server.uri()).await, @"Refused [smoke]: answered 200, but another build answers: its revision (`$.revision`) is 9fd1c2e, wanted 3ab1c2d4e5");
    insta::assert_snapshot!(verified(check("/mute"), &server.uri()).await, @"Inconclusive [inconclusive]: answered 200, but it does not say its revision (the body is no JSON (EOF while parsing a value at line 1 column 0)), so which build answered cannot be told; let the application say it, or leave `echoes` out");
}

#[tokio::test]
async fn a_database_that_is_down_has_its_own_trigger() {
    let body = json!({ "status": "degraded", "checks": { "database": "error" } });
    let server = site(&[("/health", ResponseTemplate::new(503).set_body_json(body))]).await;
    let report = verify_with(client(), SmokeCheck::get("/health"), &server.uri()).await.unwrap();
    assert_eq!(report.checks()[0].trigger, Some(Trigger::Database));
    assert_eq!(report.findings()[0].rule.as_deref(), Some("database"));
}

/// A site with TLS that answers 200 to everybody, and the certificate (DER) of the authority that signed its own.
fn tls_site(name: &str) -> (String, Vec<u8>) {
    let mut authority = CertificateParams::new(Vec::new()).expect("rcgen and loopback work");
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(
        authority,
        KeyPair::generate().expect("rcgen and loopback work"),
    )
    .expect("rcgen and loopback work");
    let mut params = CertificateParams::new([name.to_owned()]).expect("rcgen and loopback work");
    params.not_after = date_time_ymd(2100, 1, 1);
    let key = KeyPair::generate().expect("rcgen and loopback work");
    let issuer: &Issuer<'_, KeyPair> = &authority;
    let own = params.signed_by(&key, issuer).expect("rcgen and loopback work");
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("rcgen and loopback work");
    let _ = client();
    let config = ServerConfig::builder().with_no_client_auth();
    let config = Arc::new(
        config.with_single_cert(vec![own.der().clone()], key).expect("rcgen and loopback work"),
    );
    let listener = TcpListener::bind("127.0.0.1:0").expect("rcgen and loopback work");
    let url = format!("https://{}", listener.local_addr().expect("rcgen and loopback work"));
    // It ends with the process of the tests.
    std::thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            let connection =
                ServerConnection::new(config.clone()).expect("rcgen and loopback work");
            let mut stream = StreamOwned::new(connection, stream);
            let mut buffer = [0; 4096];
            let _ = stream.read(&mut buffer);
            let _ = stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    });
    (url, authority.der().to_vec())
}

fn expiring(days: u64) -> SmokeCheck {
    let tls_expires_after = Some(Duration::from_hours(24 * days));
    SmokeCheck { tls_expires_after, ..SmokeCheck::get("/") }
}

#[tokio::test]
async fn a_certificate_is_looked_at_over_real_tls() {
    let (url, authority) = tls_site("127.0.0.1");
    let trusting = || client().trusting(&authority).unwrap();
    // From 2026-03-25 to 2100-01-01 there are 26,945 days.
    insta::assert_snapshot!(told(verify_with(trusting(), expiring(26_945), &url).await), @"Passed: answered 200");
    insta::assert_snapshot!(told(verify_with(trusting(), expiring(26_946), &url).await), @"Alert [smoke]: answered 200, but its certificate expires in 26945 days, wanted at least 26946 days; renew it");
    insta::assert_snapshot!(verified(expiring(14), &url).await, @"Refused [smoke]: has a certificate that cannot be trusted: this machine trusts nobody who signed it: it is self-signed, its chain is incomplete, or its authority is a private one");
    let (url, authority) = tls_site("shop.test");
    let trusting = client().trusting(&authority).unwrap();
    insta::assert_snapshot!(told(verify_with(trusting, expiring(14), &url).await), @"Refused [smoke]: has a certificate that cannot be trusted: it was made for another name");
}

#[tokio::test]
async fn without_tls_there_is_no_certificate_to_look_at() {
    let server = site(&[("/", ResponseTemplate::new(200))]).await;
    insta::assert_snapshot!(verified(expiring(14), &server.uri()).await, @"Inconclusive [inconclusive]: answered 200, but it came over plain HTTP, so there is no certificate to look at; give the environment's `url` https, or leave `tls_expires_after` out");
    let config = SmokeConfig { checks: vec![expiring(14)], ..SmokeConfig::default() };
    insta::assert_snapshot!(Smoke::new(config, client()).unwrap_err(), @"`tls_expires_after` of / needs to know what time it is; make the verifier with a clock");
}
