//! What tests do to calls, and what the journal says of it.

use std::sync::{Arc, Mutex};

use reqwest::Method;
use serde_json::json;
use sim_flyio::{Phase, Verdict};

use crate::stage::{MACHINES, Stage, config};

#[tokio::test]
async fn a_call_can_be_broken_before_and_after_it_takes_effect() {
    let stage = Stage::new().await;
    let create = async |verdict: Verdict| {
        stage.sim.on_api_call(move |call| match call.phase {
            Phase::Before if call.method == "POST" => verdict.clone(),
            _ => Verdict::Proceed,
        });
        let body = json!({ "config": config("v1"), "skip_launch": true });
        stage.try_call(Method::POST, MACHINES, (Some(body), None)).await
    };
    assert!(create(Verdict::ResetBeforeCommit).await.is_err());
    assert_eq!(stage.sim.machines("shop").len(), 0);
    let error = json!({ "error": "deadline_exceeded: try again" });
    let answered = create(Verdict::Answer { status: 408, body: error.clone() }).await.unwrap();
    assert_eq!((answered, stage.sim.machines("shop").len()), ((408, error), 0));
    assert!(create(Verdict::ResetAfterCommit).await.is_err());
    assert_eq!(stage.sim.machines("shop").len(), 1);
    let told: Vec<(u64, Option<u16>, Option<String>)> =
        stage.sim.journal().into_iter().map(|call| (call.seq, call.status, call.fault)).collect();
    let said = |text: &str| Some(text.to_owned());
    assert_eq!(
        told,
        [
            (1, None, said("reset before commit")),
            (2, Some(408), said("answered 408")),
            (3, None, said("reset after commit")),
        ]
    );
}

#[tokio::test]
async fn a_hook_sees_each_call_before_and_after_its_effect() {
    let stage = Stage::new().await;
    let path = stage.create(json!({ "config": config("v1"), "skip_launch": true })).await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let calls = Arc::clone(&seen);
    stage.sim.on_api_call(move |call| {
        calls.lock().unwrap().push(call.clone());
        match call.phase {
            Phase::Before => Verdict::Delay(std::time::Duration::from_millis(1)),
            Phase::After => Verdict::Answer { status: 504, body: json!(null) },
        }
    });
    let body = json!({ "value": "blue" });
    let key = format!("{path}/metadata/colour");
    let reply = stage.call_with(Method::POST, &key, (Some(body.clone()), Some("nonce"))).await;
    assert_eq!(reply, (504, json!(null)));
    assert_eq!(stage.truth(&path).config["metadata"]["colour"], "blue", "it had its effect");
    let seen = seen.lock().unwrap().clone();
    assert_eq!(seen.len(), 2);
    assert_eq!((&seen[0].path, &seen[0].body, seen[0].status), (&key, &Some(body), None));
    assert_eq!(
        (seen[1].phase, seen[1].status, seen[1].seq),
        (Phase::After, Some(204), seen[0].seq)
    );
    let call = stage.sim.journal().pop().unwrap();
    assert_eq!((call.nonce, call.status), (true, Some(504)));
    assert_eq!(call.fault.as_deref(), Some("delayed 1 ms, answered 504"));
}
