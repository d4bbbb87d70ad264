//! The log, polled as flyctl does it.

use reqwest::Method;
use serde_json::Value;

use crate::{
    deploy::Held,
    flyctl::{APP, Flyctl, eventually, machines},
};

impl Flyctl {
    /// All lines of a machine so far, page by page, until a page is empty.
    pub(crate) async fn lines(&self, machine: &str) -> Vec<String> {
        let (mut lines, mut token) = (Vec::new(), String::new());
        loop {
            let path = format!("/api/v1/apps/{APP}/logs?instance={machine}&next_token={token}");
            let page = self.get(&path).await;
            let data = page["data"].as_array().unwrap();
            if data.is_empty() {
                return lines;
            }
            lines.extend(data.iter().map(|line| message(line, machine)));
            page["meta"]["next_token"].as_str().unwrap().clone_into(&mut token);
        }
    }

    /// Waits for the end of a machine: 404 is as good as success, at any point.
    pub(crate) async fn gone(&self, held: &Held) {
        for state in ["started", "destroyed"] {
            let path = format!("{}/{}/wait?state={state}&timeout=60", machines(), held.id);
            let (status, body) = self.send(None, (Method::GET, &path, None)).await;
            assert!(matches!(status, 200 | 404), "{status} {body}");
        }
    }
}

fn message(line: &Value, machine: &str) -> String {
    let attributes = &line["attributes"];
    assert_eq!(attributes["instance"], machine);
    assert_eq!(
        (attributes["region"].as_str(), attributes["level"].as_str()),
        (Some("ord"), Some("info"))
    );
    assert!(attributes["timestamp"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok());
    attributes["message"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_a_program_prints_is_in_the_log_between_what_the_platform_says() {
    let flyctl = Flyctl::new().await;
    let script = "echo out; echo err >&2; printf last";
    let reference = "registry.fly.io/shop:printing";
    flyctl.sim.register_image(sim_flyio::Image::new(reference, ["/bin/sh", "-c", script]));
    let config = serde_json::json!({ "image": reference, "restart": { "policy": "no" } });
    let (held, _) = flyctl.create(config, serde_json::json!({})).await;
    let lines = eventually("the end", async || {
        let lines = flyctl.lines(&held.id).await;
        lines.last()?.contains("Main child exited").then_some(lines)
    })
    .await;
    let wanted = [
        "Machine started",
        &format!("INFO Preparing to run: `/bin/sh -c {script}`"),
        "out",
        "err",
        "last",
        "INFO Main child exited normally with code: 0",
    ];
    assert_eq!(lines, wanted);
    let call = (Method::GET, "/api/v1/apps/shop/logs?next_token=soon", None);
    assert_eq!(flyctl.send(None, call).await.0, 400);
    assert_eq!(flyctl.send(None, (Method::GET, "/api/v1/apps/none/logs", None)).await.0, 404);
}
