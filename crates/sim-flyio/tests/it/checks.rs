//! Health checks against real processes.

use serde_json::json;
use sim_flyio::CheckView;

use crate::stage::{Stage, config, eventually};

async fn passing(stage: &Stage, path: &str) -> Vec<CheckView> {
    eventually("all checks passing", async || {
        let checks = stage.truth(path).checks;
        checks.iter().all(|check| check.status == "passing").then_some(checks)
    })
    .await
}

#[tokio::test]
async fn checks_are_critical_until_they_pass_and_when_the_machine_is_not_running() {
    let stage = Stage::new().await;
    let mut with = config("v1");
    with["services"][0]["checks"].as_array_mut().unwrap().push(json!({ "type": "tcp" }));
    with["checks"] = json!({ "alive": { "type": "http", "path": "/", "port": 8080 } });
    let mut later = with.clone();
    for check in ["/services/0/checks/0", "/services/0/checks/1", "/checks/alive"] {
        later.pointer_mut(check).unwrap()["grace_period"] = json!("3000s");
    }
    let later = stage.started(later).await;
    let first = stage.truth(&later).checks;
    let names: Vec<&str> = first.iter().map(|check| check.name.as_str()).collect();
    assert_eq!(names, ["servicecheck-00-http-8080", "servicecheck-01-tcp-8080", "alive"]);
    assert!(first.iter().all(|check| check.status == "critical"), "{first:?}");
    let path = stage.started(with).await;
    let checks = passing(&stage, &path).await;
    assert_eq!(checks[0].output, "GET /api/v1/health: 200 OK");
    stage.act(format!("{path}/stop")).await;
    stage.wait(&path, "stopped").await;
    let stopped = stage.truth(&path).checks;
    assert!(stopped.iter().all(|check| check.status == "critical"), "{stopped:?}");
    stage.act(format!("{path}/start")).await;
    stage.wait(&path, "started").await;
    passing(&stage, &path).await;
}

#[tokio::test]
async fn an_answer_that_is_not_2xx_does_not_pass() {
    let stage = Stage::new().await;
    stage.image("sick", &[("HEALTH_FAILS", "1")]);
    stage.image("moved", &[("FAIL_PATH", "/api/v1/health"), ("FAIL_STATUS", "302")]);
    for (tag, output) in [("sick", "503 Service Unavailable"), ("moved", "302 Found")] {
        let path = stage.started(config(tag)).await;
        eventually(output, async || {
            let check = stage.truth(&path).checks.remove(0);
            assert_eq!(check.status, "critical");
            check.output.ends_with(output).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn headers_are_sent_and_a_port_where_nobody_listens_does_not_pass() {
    let stage = Stage::new().await;
    stage.image("private", &[("SHOP_TOKEN", "secret")]);
    let mut with = config("private");
    with["services"][0]["checks"] = json!([{
        "type": "http",
        "path": "/dashboard",
        "headers": [{ "name": "Authorization", "values": ["Bearer secret"] }],
    }]);
    with["checks"] = json!({ "metrics": { "type": "tcp", "port": 9091 } });
    let path = stage.started(with).await;
    let check = eventually("the dashboard", async || {
        let checks = stage.truth(&path).checks;
        (checks[0].status == "passing").then_some(checks[1].clone())
    })
    .await;
    assert_eq!((check.name.as_str(), check.status.as_str()), ("metrics", "critical"));
}
