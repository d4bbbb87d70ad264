//! Sockets and live views, over a pipe in memory.

use std::sync::Mutex;

use futures::future::BoxFuture;
use futures::{FutureExt, SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::DuplexStream;
use tokio::task::JoinSet;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};

use super::super::*;
use super::server::*;
use crate::expect::{Expect, JsonRule, JsonWant, pattern};
use crate::extract::Extract;
use crate::response::{Response, response};

type Server = WebSocketStream<DuplexStream>;
type Serve = fn(Server) -> BoxFuture<'static, ()>;

/// What serves the connections; dropped, it stops.
#[derive(Default)]
struct Serving(Mutex<JoinSet<()>>);

impl Serving {
    /// An upgrade that is answered rightly, and a server that does this with the connection.
    fn accept(&self, asks: &Asks, serve: Serve) -> Opened {
        let (near, far) = tokio::io::duplex(1 << 16);
        let served = async move {
            serve(WebSocketStream::from_raw_socket(far, Role::Server, None).await).await;
        };
        self.0.lock().unwrap().spawn(served);
        (Ok(switching(asks)), Some(Box::new(near)))
    }
}

fn switching(asks: &Asks) -> Response {
    let accept = derive_accept_key(asks.header("sec-websocket-key").as_bytes());
    let answer = with(response(101, ""), "upgrade", "websocket");
    with(answer, "sec-websocket-accept", &accept)
}

async fn next(socket: &mut Server) -> String {
    match socket.next().await {
        Some(Ok(Message::Text(text))) => text.to_string(),
        other => format!("{other:?}"),
    }
}

async fn say(socket: &mut Server, text: impl Into<String>) {
    let _ = socket.send(Message::text(text.into())).await;
}

/// Says hello, repeats what it hears.
fn echo(mut socket: Server) -> BoxFuture<'static, ()> {
    async move {
        let _ = socket.send(Message::Ping(vec![1].into())).await;
        say(&mut socket, "hello").await;
        while let Some(Ok(message)) = socket.next().await {
            if let Message::Text(text) = message {
                say(&mut socket, format!("you said {text}")).await;
            }
        }
    }
    .boxed()
}

fn slams(mut socket: Server) -> BoxFuture<'static, ()> {
    async move {
        let frame = CloseFrame { code: 1008.into(), reason: "go away".into() };
        let _ = socket.close(Some(frame)).await;
    }
    .boxed()
}

fn matching(text: &str) -> Expect {
    Expect { matches: vec![pattern("receive", text).unwrap()], ..Expect::default() }
}

fn chat(path: &str, send: &[&str], receive: Vec<Expect>) -> JourneyStep {
    let send = send.iter().map(|it| text(it)).collect();
    let action =
        Action::WebSocket { path: text(path), protocols: vec!["chat".into()], send, receive };
    JourneyStep::of(action, 101)
}

#[tokio::test(start_paused = true)]
async fn a_websocket_says_and_hears_and_what_it_heard_can_be_captured() {
    let serving = Serving::default();
    let server = opening(
        |_: &Asks| Ok(with(html(""), "set-cookie", "_key=0123456789")),
        move |asks: &Asks| {
            assert_eq!(asks.cookie, "_key=0123456789");
            assert_eq!(asks.header("origin"), "https://shop.test");
            assert_eq!(asks.header("sec-websocket-protocol"), "chat");
            serving.accept(asks, echo)
        },
    );
    let mut talk = chat("/socket", &["tea", "cup"], vec![matching("tea"), matching("cup")]);
    talk.captures.push(Capture { name: "said".into(), from: Extract::regex("said (.*)").unwrap() });
    let after = JourneyStep { expect: Expect::status([200]), ..get("/{{said}}") };
    let journey = Journey::new("chat", vec![get("/"), talk, after]);
    let report = walk(vec![journey], server.clone()).await.unwrap();
    assert_eq!(report.verdict(), pipeline_core::Verdict::Passed, "{}", lines(&report));
    assert_eq!(server.lines(), ["GET /", "GET /socket", "GET /cup"]);
}

#[tokio::test(start_paused = true)]
async fn a_websocket_that_fails_says_how() {
    let serving = Serving::default();
    let server = opening(
        |_: &Asks| Ok(response(200, "")),
        move |asks: &Asks| match asks.line.as_str() {
            "GET /forbidden" => (Ok(response(403, "origin")), None),
            "GET /wrong-key" => {
                let (near, _) = tokio::io::duplex(64);
                let answer = with(response(101, ""), "upgrade", "websocket");
                (Ok(answer), Some(Box::new(near)))
            }
            "GET /slams" => serving.accept(asks, slams),
            _ => serving.accept(asks, echo),
        },
    );
    let step = |path: &str| Journey::new(path, vec![chat(path, &[], vec![matching("goodbye")])]);
    let paths = ["/forbidden", "/wrong-key", "/slams", "/silent"];
    let report = walk(paths.map(step).into(), server).await.unwrap();
    insta::assert_snapshot!(lines(&report), @r"
    Refused /forbidden [public]: step 1 of 1, WebSocket /forbidden: answered 403, wanted 101
    Refused /wrong-key [public]: step 1 of 1, WebSocket /wrong-key: answered 101 with a `sec-websocket-accept` of another request
    Refused /slams [public]: step 1 of 1, WebSocket /slams: closed the WebSocket with code 1008: go away
    Refused /silent [public]: step 1 of 1, WebSocket /silent: opened a WebSocket, but none of its messages, 1 so far, was as wanted within 10s
    ");
    let seen = &report.all_evidence()[3].value["failed"]["exchange"];
    assert_eq!(seen["messages"], json!(["hello"]));
}

const LIVE: &str = r#"<html><head><meta name="csrf-token" content="csrf-of-the-page"></head><body>
    <div id="phx-F1" data-phx-main data-phx-session="session-of-it" data-phx-static="static-of-it"></div>
    </body></html>"#;

/// A `LiveView` that looks at its join as Phoenix does.
fn live(mut socket: Server) -> BoxFuture<'static, ()> {
    async move {
        let join: Value = serde_json::from_str(&next(&mut socket).await).unwrap_or_default();
        let payload = json!({
            "url": "https://shop.test/live?tab=1",
            "params": { "_csrf_token": "csrf-of-the-page", "_mounts": 0, "_mount_attempts": 0 },
            "session": "session-of-it",
            "static": "static-of-it",
            "sticky": false,
        });
        let right = join == json!(["4", "4", "lv:phx-F1", "phx_join", payload]);
        let reply = if right {
            json!({ "status": "ok", "response": { "rendered": { "s": ["Hello"] } } })
        } else {
            json!({ "status": "error", "response": { "reason": join } })
        };
        say(&mut socket, json!([null, null, "lv:phx-F1", "diff", {}]).to_string()).await;
        say(&mut socket, json!(["4", "4", "lv:phx-F1", "phx_reply", reply]).to_string()).await;
        say(&mut socket, json!(["4", null, "lv:phx-F1", "diff", { "count": 3 }]).to_string()).await;
        next(&mut socket).await;
    }
    .boxed()
}

fn stale(mut socket: Server) -> BoxFuture<'static, ()> {
    async move {
        next(&mut socket).await;
        let reply = json!({ "status": "error", "response": { "reason": "unauthorized" } });
        say(&mut socket, json!(["4", "4", "lv:phx-F1", "phx_reply", reply]).to_string()).await;
    }
    .boxed()
}

fn crashes(mut socket: Server) -> BoxFuture<'static, ()> {
    async move {
        next(&mut socket).await;
        say(&mut socket, json!(["4", "4", "lv:phx-F1", "phx_error", {}]).to_string()).await;
    }
    .boxed()
}

fn joining(page: &'static str, serve: Serve) -> Arc<dyn Connect> {
    let serving = Serving::default();
    opening(
        move |_: &Asks| Ok(with(html(page), "set-cookie", "_key=0123456789")),
        move |asks: &Asks| {
            let query = "_csrf_token=csrf-of-the-page&vsn=2.0.0";
            assert_eq!(asks.line, format!("GET /live/websocket?{query}"));
            assert_eq!(asks.cookie, "_key=0123456789");
            serving.accept(asks, serve)
        },
    )
}

#[tokio::test(start_paused = true)]
async fn a_live_view_is_joined_as_its_script_joins_it() {
    let counted = JsonRule::new("$[4].count", JsonWant::Equals(3.into())).unwrap();
    let receive = vec![Expect { json_paths: vec![counted], ..Expect::default() }];
    let mut step = JourneyStep::live(text("/live?tab=1"));
    if let Action::Live { receive: wanted, .. } = &mut step.action {
        *wanted = receive;
    }
    let report = walk(vec![Journey::new("live", vec![step])], joining(LIVE, live)).await.unwrap();
    insta::assert_snapshot!(lines(&report), @"Passed live [public]: 1 step in 0 ms");
}

#[tokio::test(start_paused = true)]
async fn a_live_view_that_cannot_be_joined_says_why() {
    async fn said(page: &'static str, serve: Serve) -> String {
        let journey = Journey::new("live", vec![JourneyStep::live(text("/live"))]);
        let report = walk(vec![journey], joining(page, serve)).await.unwrap();
        let shown = format!("{report:?}");
        assert!(!shown.contains("csrf-of-the-page") && !shown.contains("session-of-it"), "{shown}");
        lines(&report)
    }
    insta::assert_snapshot!(said("<p>gone</p>", echo).await,
        @"Refused live [public]: step 1 of 1, LiveView /live: answered 200, but is no LiveView: no element of its page has `data-phx-session`");
    insta::assert_snapshot!(said(LIVE, stale).await,
        @"Refused live [public]: step 1 of 1, LiveView /live: answered, but its join was refused: unauthorized: the page's address is in another live_session, or in none");
    insta::assert_snapshot!(said(LIVE, crashes).await,
        @"Refused live [public]: step 1 of 1, LiveView /live: joined, but the view ended at once: its process crashed");
    insta::assert_snapshot!(said(LIVE, slams).await,
        @"Refused live [public]: step 1 of 1, LiveView /live: answered, but lv:phx-F1 closed the WebSocket with code 1008: go away");
    insta::assert_snapshot!(said(LIVE, echo).await,
        @"Refused live [public]: step 1 of 1, LiveView /live: opened a WebSocket, but none of its messages, 2 so far, was as wanted within 10s");
}

#[tokio::test(start_paused = true)]
async fn an_upgrade_that_is_forbidden_points_at_the_origin() {
    let server = opening(|_: &Asks| Ok(html(LIVE)), |_: &Asks| (Ok(response(403, "")), None));
    let journey = Journey::new("live", vec![JourneyStep::live(text("/live"))]);
    let report = walk(vec![journey], server).await.unwrap();
    insta::assert_snapshot!(lines(&report),
        @"Refused live [public]: step 1 of 1, LiveView /live: answered, but /live/websocket answered 403 and opened no WebSocket; does its `check_origin` allow https://shop.test?");
}
