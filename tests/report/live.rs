//! `pipeline serve`: the same pages, live, for this machine alone.

use std::sync::LazyLock;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use pipeline_tests::World;
use reqwest::{Client, Method, Response};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Child;

use crate::browser::Browser;
use crate::world;

/// Serves on a port that is free; the address is the first line it prints.
async fn serving(world: &World) -> (Child, String) {
    let mut child = world.spawn(&["serve", "--listen", "127.0.0.1:0"], &[]);
    let stdout = child.stdout.take().expect("it is piped");
    let mut lines = BufReader::new(stdout).lines();
    let line = tokio::time::timeout(Duration::from_mins(1), lines.next_line()).await;
    let line = line.expect("it says where").expect("it can be read").expect("a line");
    assert!(line.starts_with("http://127.0.0.1:"), "{line}");
    (child, line)
}

/// One for all: making one takes longer than asking.
fn client() -> &'static Client {
    static CLIENT: LazyLock<Client> = LazyLock::new(pipeline_tests::plain_client);
    &CLIENT
}

async fn get(url: &str) -> Response {
    client().get(url).send().await.expect("an answer")
}

/// Asks until the page says something, for a bounded time.
async fn says(url: &str, what: &str) -> String {
    let mut text = String::new();
    for _ in 0..600 {
        text = get(url).await.text().await.expect("a text");
        if text.contains(what) {
            return text;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{url} never said `{what}`: {text}");
}

#[tokio::test]
async fn a_run_is_followed_while_it_is_open_and_the_server_ends_as_it_is_asked() {
    let world = world().await;
    let (child, url) = serving(&world).await;
    assert!(get(&url).await.text().await.expect("a text").contains("No runs yet"));

    let image = world.image("v2", &[("FAIL_PATH", "/dashboard")]);
    let deploy = world.spawn(&["deploy", "staging", "--image", &image], &[]);
    let open = says(&format!("{url}runs/v1"), "A run is open").await;
    assert!(open.contains("http-equiv=\"refresh\"") && open.contains("it has not ended"), "{open}");
    says(&format!("{url}runs/v1"), "smoke").await;
    World::ended(deploy).await.expect(30);
    let ended = says(&url, "v1 was taken back").await;
    assert!(!ended.contains("http-equiv=\"refresh\"") && ended.contains("href=\"/runs/v1\""));

    let mut browser = Browser::start().await;
    for path in ["", "runs/v1", "env/staging"] {
        browser.look(&format!("{url}{path}"), 390, "light").await;
    }
    let way = "document.querySelector('h2 a').href";
    assert_eq!(browser.ask(way).await, format!("{url}env/staging"));
    assert!(browser.complaints.is_empty(), "{:?}", browser.complaints);

    let pid = Pid::from_raw(i32::try_from(child.id().expect("it runs")).expect("a pid"));
    kill(pid, Signal::SIGINT).expect("it can be asked");
    World::ended(child).await.expect(0);
}

#[tokio::test]
async fn only_this_machine_may_look_and_nobody_may_do_more() {
    let world = world().await;
    let (_child, url) = serving(&world).await;
    let asked = |method: Method, path: &str, host: Option<&'static str>| {
        let request = client().request(method, format!("{url}{path}"));
        let request = host.into_iter().fold(request, |it, host| it.header("host", host));
        async move { request.send().await.expect("an answer") }
    };
    for (method, path, host, status) in [
        (Method::GET, "healthz", None, 200),
        (Method::HEAD, "", None, 200),
        (Method::GET, "", Some("localhost:9"), 200),
        (Method::GET, "", Some("evil.example"), 421),
        (Method::GET, "healthz", Some("127.0.0.1.evil.example"), 421),
        (Method::POST, "", None, 405),
        (Method::DELETE, "runs/v1", None, 405),
        (Method::GET, "runs/v1", None, 404),
        (Method::GET, "runs/../../etc/passwd", None, 404),
        (Method::GET, "env/nowhere", None, 404),
        (Method::GET, "env/staging", None, 200),
        (Method::GET, "favicon.ico", None, 204),
    ] {
        let answer = asked(method.clone(), path, host).await;
        let headers = answer.headers().clone();
        assert_eq!(answer.status().as_u16(), status, "{method} /{path} for {host:?}");
        let policy = headers["content-security-policy"].to_str().expect("words");
        assert!(
            policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'")
        );
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["cache-control"], "no-store");
    }
    let taken = url.trim_start_matches("http://").trim_end_matches('/');
    let second = world.run(&["serve", "--listen", taken]).await.expect(2);
    assert!(second.stderr.contains("choose another port"), "{second}");
}
