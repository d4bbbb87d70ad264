//! How faults are put in and taken away.

use std::time::Duration;

use serde_json::json;
use sim_flyio::{Fault, FaultEffect, Phase, Verdict};

use crate::call_faults::idle;

#[tokio::test]
async fn a_hook_is_asked_before_any_fault() {
    let (stage, path) = idle().await;
    stage.inject("get=503");
    stage.sim.on_api_call(|call| match call.phase {
        Phase::Before => Verdict::Answer { status: 418, body: json!({}) },
        Phase::After => Verdict::Proceed,
    });
    assert_eq!(stage.get(&path).await.0, 418);
    assert_eq!(stage.sim.faults()[0].met, 0);
}

#[tokio::test]
async fn faults_are_put_in_listed_and_taken_away_by_another_process() {
    let (stage, path) = idle().await;
    let (status, put) = stage.post("/_sim/faults", json!({ "fault": "get@2-=503" })).await;
    let wanted = json!({ "id": 1, "fault": "get@2-=503", "met": 0, "fired": 0 });
    assert_eq!((status, &put), (201, &wanted));
    let slow = Fault::new("any", FaultEffect::Slow { time: Duration::ZERO, phase: Phase::Before });
    assert_eq!(stage.sim.inject(slow.unwrap()).to_string(), "2");
    assert_eq!((stage.get(&path).await.0, stage.get(&path).await.0), (200, 503));
    let (_, all) = stage.get("/_sim/faults").await;
    let wanted = json!([
        { "id": 1, "fault": "get@2-=503", "met": 2, "fired": 1 },
        { "id": 2, "fault": "any=slow:0s", "met": 1, "fired": 1 },
    ]);
    assert_eq!(all, wanted);
    let (status, body) = stage.post("/_sim/faults", json!({ "fault": "get=teapot" })).await;
    let error = body["error"].as_str().unwrap();
    assert!(status == 400 && error.starts_with("invalid_argument: a fault has no effect 'teapot'"));
    assert_eq!(stage.delete("/_sim/faults/1").await.0, 204);
    assert_eq!(stage.delete("/_sim/faults/1").await.0, 404);
    assert_eq!(stage.get(&path).await.0, 200);
    assert_eq!((stage.delete("/_sim/faults").await.0, stage.sim.faults()), (204, vec![]));
}
