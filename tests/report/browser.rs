//! A headless Chromium, spoken to over the `DevTools` protocol. It can reach nothing but this machine.

use std::process::Stdio;
use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// No name is looked up, nothing is told to anybody.
pub(crate) const ALONE: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--hide-scrollbars",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

/// A browser with one page.
pub(crate) struct Browser {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    session: String,
    number: u64,
    /// Is the page there that was asked for last?
    loaded: bool,
    /// Everything that the page asked for, and everything it complained of.
    pub(crate) asked: Vec<String>,
    pub(crate) complaints: Vec<String>,
    _child: Child,
    _home: TempDir,
}

/// The browser's program; without one the test fails.
pub(crate) fn program() -> &'static str {
    let there = |name: &&&str| {
        let ran = std::process::Command::new(name).arg("--version").output();
        ran.is_ok_and(|it| it.status.success())
    };
    let found = NAMES.iter().find(there).copied();
    found.expect("a Chromium: `cargo xtask test` installs it, or install the package `chromium`")
}

impl Browser {
    /// Starts one.
    pub(crate) async fn start() -> Self {
        let home = tempfile::tempdir().expect("a temporary folder");
        let mut child = Command::new(program())
            .args(ALONE)
            .arg("--remote-debugging-port=0")
            .arg(format!("--user-data-dir={}", home.path().display()))
            .arg("about:blank")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the browser starts");
        let mut lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
        let address = loop {
            let line = tokio::time::timeout(Duration::from_mins(1), lines.next_line()).await;
            let line = line.expect("the browser says where it listens").expect("it can be read");
            let line = line.expect("the browser lives");
            if let Some(address) = line.strip_prefix("DevTools listening on ") {
                break address.to_owned();
            }
        };
        // Whatever else it says is read, so that it never waits for us.
        #[expect(clippy::disallowed_methods, reason = "it ends with the browser")]
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let (socket, _) = tokio_tungstenite::connect_async(&address).await.expect("it listens");
        let mut browser = Self {
            socket,
            session: String::new(),
            number: 0,
            loaded: false,
            asked: Vec::new(),
            complaints: Vec::new(),
            _child: child,
            _home: home,
        };
        browser.attach().await;
        browser
    }

    async fn attach(&mut self) {
        let target = self.call("Target.createTarget", json!({ "url": "about:blank" })).await;
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = self.call("Target.attachToTarget", attach).await;
        attached["sessionId"].as_str().expect("a session").clone_into(&mut self.session);
        for domain in ["Page", "Runtime", "Log", "Network", "Accessibility"] {
            self.call(&format!("{domain}.enable"), json!({})).await;
        }
    }

    /// Looks at a page, so wide, light or dark.
    pub(crate) async fn look(&mut self, url: &str, width: u32, scheme: &str) {
        let metrics =
            json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500 });
        self.call("Emulation.setDeviceMetricsOverride", metrics).await;
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.call("Emulation.setEmulatedMedia", json!({ "features": features })).await;
        self.loaded = false;
        self.call("Page.navigate", json!({ "url": url })).await;
        while !self.loaded {
            self.hear().await;
        }
    }

    /// What an expression comes to on the page, sooner or later.
    pub(crate) async fn ask(&mut self, expression: &str) -> Value {
        let asked =
            json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.call("Runtime.evaluate", asked).await;
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    /// Calls a method and waits for its answer.
    pub(crate) async fn call(&mut self, method: &str, params: Value) -> Value {
        self.number += 1;
        let number = self.number;
        let mut message = json!({ "id": number, "method": method, "params": params });
        if !self.session.is_empty() {
            message["sessionId"] = json!(self.session);
        }
        self.socket.send(Message::text(message.to_string())).await.expect("it listens");
        loop {
            let heard = self.hear().await;
            if heard["id"] == json!(number) {
                assert!(heard.get("error").is_none(), "{method}: {heard}");
                return heard["result"].clone();
            }
        }
    }

    async fn hear(&mut self) -> Value {
        loop {
            let heard = tokio::time::timeout(Duration::from_mins(1), self.socket.next()).await;
            let heard = heard.expect("the browser answers").expect("it lives").expect("it speaks");
            let Message::Text(text) = heard else { continue };
            let heard: Value = serde_json::from_str(&text).expect("JSON");
            self.keep(&heard);
            return heard;
        }
    }

    fn keep(&mut self, heard: &Value) {
        let params = &heard["params"];
        match heard["method"].as_str() {
            Some("Page.loadEventFired") => self.loaded = true,
            Some("Network.requestWillBeSent") => {
                self.asked.push(params["request"]["url"].as_str().unwrap_or_default().to_owned());
            }
            Some("Log.entryAdded") => self.complaints.push(params["entry"].to_string()),
            Some("Runtime.consoleAPICalled" | "Runtime.exceptionThrown") => {
                self.complaints.push(params.to_string());
            }
            _ => {}
        }
    }
}
