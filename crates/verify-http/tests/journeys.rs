//! Journeys over real sockets: cookies, redirects, an upgrade, and what breaks on the way.

use std::sync::Arc;
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use pipeline_core::{Deployment, Outcome, Phase, Verdict, Verifier};
use pipeline_testkit::a_run;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message;
use verify_http::{
    Action, Client, Connections, Expect, Journey, JourneyStep, Journeys, Template, Variable,
    pattern,
};

const PAGE: &str = r#"<meta name="csrf-token" content="of-the-page-0000">
<form><input type="hidden" name="_csrf_token" value="of-the-form-1111"></form>
<div id="phx-1" data-phx-main data-phx-session="the-session" data-phx-static=""></div>"#;

/// Serves one connection after the other, for as long as it is polled.
async fn serve(listener: TcpListener) {
    loop {
        let (stream, _) = listener.accept().await.expect("somebody connects");
        serve_one(stream).await;
    }
}

async fn serve_one(mut stream: TcpStream) {
    let mut head = [0; 2048];
    let size = stream.peek(&mut head).await.unwrap_or(0);
    let request = String::from_utf8_lossy(&head[..size]).to_lowercase();
    if request.starts_with("get /live/websocket?") && request.contains("cookie: _key=signed-in") {
        return live(stream).await;
    }
    let _ = stream.read(&mut head).await;
    let signed_in = request.contains("cookie: _key=signed-in");
    let (status, headers, body) = match request.split(' ').take(2).collect::<Vec<_>>()[..] {
        ["get", "/login"] => ("200 OK", "set-cookie: _key=anonymous; HttpOnly; Secure\r\n", PAGE),
        ["post", "/login"] if !request.contains("x-csrf-token: of-the-form-1111") => {
            ("403 Forbidden", "", "forged")
        }
        ["post", "/login"] if request.contains("cookie: _key=anonymous") => {
            ("302 Found", "set-cookie: _key=signed-in-2222; Path=/\r\nlocation: /account\r\n", "")
        }
        ["get", "/account" | "/live"] if signed_in => ("200 OK", "", PAGE),
        _ => ("404 Not Found", "", ""),
    };
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/html\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n{body}"
    );
    let _ = stream.write_all(answer.as_bytes()).await;
}

async fn live(stream: TcpStream) {
    let mut socket = accept_async(stream).await.expect("it is a WebSocket");
    let Some(Ok(Message::Text(join))) = socket.next().await else { return };
    let status = if join.contains("the-session") { "ok" } else { "error" };
    let reply =
        format!(r#"["4","4","lv:phx-1","phx_reply",{{"status":"{status}","response":{{}}}}]"#);
    let _ = socket.send(Message::text(reply)).await;
    let _ = socket.next().await;
}

fn text(text: &str) -> Template {
    text.parse().expect("it is a template")
}

fn sign_in() -> Journey {
    let form = vec![("password".to_owned(), text("{{password}}"))];
    let mut post = JourneyStep::post(text("/login"), form);
    (post.csrf, post.redirects, post.expect) = (true, 1, Expect::status([200]));
    let steps = vec![JourneyStep::get(text("/login")), post, JourneyStep::live(text("/live"))];
    let password = Variable::named("SHOP_PASSWORD", Some("oolong".into()));
    Journey::new("sign in", steps).secret("password", password)
}

async fn verify(mut journey: Journey, port: u16) -> Outcome {
    for step in &mut journey.steps {
        step.timeout = Duration::from_mins(1); // this machine may be busy
    }
    // The first test to come installs it for all.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::new(Connections::Kept).expect("a provider is installed");
    let journeys = Arc::new(Journeys::new(vec![journey], client).expect("it is a good one"));
    let url = Some(format!("http://127.0.0.1:{port}"));
    let deployment = Deployment { version: "v2".into(), url, ..Deployment::default() };
    journeys.verify(&deployment, &a_run("v2").context(Phase::Verify, "journeys")).await
}

async fn against_the_server(journey: Journey) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has free ports");
    let port = listener.local_addr().expect("it is bound").port();
    let outcome = tokio::select! {
        () = serve(listener) => unreachable!("it serves for ever"),
        outcome = verify(journey, port) => outcome,
    };
    let report = outcome.expect("it could look");
    match report.verdict() {
        Verdict::Passed => "passed".into(),
        _ => report.checks()[0].message.clone(),
    }
}

#[tokio::test]
async fn a_login_and_a_live_view_pass_over_real_sockets() {
    assert_eq!(against_the_server(sign_in()).await, "passed");
}

#[tokio::test]
async fn a_live_view_for_visitors_only_is_none_without_the_login() {
    let journey = Journey::new("live", vec![JourneyStep::live(text("/live"))]);
    insta::assert_snapshot!(against_the_server(journey).await,
        @"step 1 of 1, LiveView /live: answered 404, wanted 200");
}

#[tokio::test]
async fn what_is_no_websocket_is_told_with_its_answer() {
    let receive =
        vec![Expect { matches: vec![pattern("receive", "x").unwrap()], ..Expect::default() }];
    let (protocols, send) = Default::default();
    let action = Action::WebSocket { path: text("/login"), protocols, send, receive };
    let journey = Journey::new("chat", vec![JourneyStep::of(action, 101)]);
    insta::assert_snapshot!(against_the_server(journey).await,
        @"step 1 of 1, WebSocket /login: answered 200, wanted 101");
}

#[tokio::test]
async fn nobody_at_the_port_is_refused() {
    // Bound, so that nobody else gets the port.
    let nobody = TcpSocket::new_v4().expect("there are sockets");
    let any = "127.0.0.1:0".parse().expect("it is an address");
    nobody.bind(any).expect("loopback has free ports");
    let port = nobody.local_addr().expect("it is bound").port();
    let report = verify(sign_in(), port).await.expect("it could look");
    insta::assert_snapshot!(report.checks()[0].message,
        @"step 1 of 3, GET /login: did not answer: connection refused");
    assert_eq!(report.verdict(), Verdict::Refused);
}
