//! Faults at calls: what a client sees, and what the journal and the counts say of it.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::stage::{MACHINES, Stage, config, eventually};

/// A simulator with one machine that is stopped.
pub(crate) async fn idle() -> (Stage, String) {
    let stage = Stage::new().await;
    let path = stage.create(json!({ "config": config("v1"), "skip_launch": true })).await;
    stage.wait(&path, "stopped").await;
    (stage, path)
}

impl Stage {
    pub(crate) fn inject(&self, fault: &str) {
        self.sim.inject(fault.parse().unwrap());
    }

    /// How often the fault that is written so has struck.
    pub(crate) fn fired(&self, fault: &str) -> u64 {
        let all = self.sim.faults();
        all.iter().find(|status| status.fault == fault).map_or(0, |status| status.fired)
    }

    /// How many lines of the journal name the fault.
    pub(crate) fn named(&self, fault: &str) -> usize {
        let names = |call: &sim_flyio::ApiCall| {
            call.fault.as_deref().is_some_and(|all| all.split(", ").any(|one| one == fault))
        };
        self.sim.journal().into_iter().filter(names).count()
    }

    pub(crate) fn assert_struck(&self, fault: &str, times: u64) {
        assert_eq!(self.fired(fault), times, "{fault}: {:?}", self.sim.faults());
        let named = u64::try_from(self.named(fault)).unwrap();
        assert_eq!(named, times, "{fault}: {:#?}", self.sim.journal());
    }
}

/// What a client gets.
enum Seen {
    /// A status and the beginning of an error.
    Error(u16, &'static str),
    /// A status and a body that is no JSON.
    Page(u16),
    Broken,
}

/// Faults at a cordon: what the client gets, and whether the machine is cordoned.
const ANSWERS: [(&str, Seen, bool); 15] = [
    ("cordon@1=401", Seen::Error(401, "Authenticate: token validation error"), false),
    ("cordon@1=404", Seen::Error(404, "machine not found"), false),
    ("cordon@1=408-before", Seen::Error(408, "deadline_exceeded: "), false),
    ("cordon@1=408-after", Seen::Error(408, "deadline_exceeded: "), true),
    (
        "cordon@1=409-replacing",
        Seen::Error(409, "aborted: machine is replacing: concurrent update in progress"),
        false,
    ),
    (
        "cordon@1=412",
        Seen::Error(
            412,
            "failed_precondition: unable to cordon machine from current state: 'stopped'",
        ),
        false,
    ),
    (
        "cordon[region=ord]@1=422-capacity",
        Seen::Error(422, "unknown: could not reserve resource for machine: insufficient memory"),
        false,
    ),
    (
        "POST /v1/apps/*/machines/*/cordon@1=429",
        Seen::Error(429, "resource_exhausted: rate limit exceeded"),
        false,
    ),
    ("cordon@1=500", Seen::Error(500, "unknown: internal server error"), false),
    ("cordon@1=500-after", Seen::Error(500, "unknown: internal server error"), true),
    ("cordon@1=502", Seen::Page(502), false),
    ("cordon@1=503", Seen::Page(503), false),
    ("cordon@1=504-after", Seen::Page(504), true),
    ("cordon@1=reset-before", Seen::Broken, false),
    ("cordon@1=reset-after", Seen::Broken, true),
];

#[tokio::test]
async fn a_call_is_answered_or_broken_as_the_fault_says_and_only_once() {
    let (stage, path) = idle().await;
    for (fault, seen, commits) in ANSWERS {
        stage.inject(fault);
        let cordon = format!("{path}/cordon");
        let call = || stage.try_call(Method::POST, &cordon, (None, None));
        let reply = call().await;
        match (seen, reply) {
            (Seen::Error(status, text), Ok((told, body))) => {
                let error = body["error"].as_str().unwrap();
                assert!(status == told && error.starts_with(text), "{fault}: {told} {body}");
            }
            (Seen::Page(status), Ok(reply)) => assert_eq!(reply, (status, Value::Null), "{fault}"),
            (Seen::Broken, Err(_)) => {}
            (_, reply) => panic!("{fault}: {reply:?}"),
        }
        assert_eq!(stage.truth(&path).cordoned, commits, "{fault}");
        assert_eq!(call().await.unwrap(), (200, json!({ "ok": true })), "{fault}");
        stage.assert_struck(fault, 1);
        stage.sim.clear_faults();
        stage.act(format!("{path}/uncordon")).await;
    }
    assert_eq!(stage.sim.faults(), []);
}

#[tokio::test]
async fn a_start_that_is_refused_names_the_replacement() {
    let (stage, path) = idle().await;
    stage.inject("start@1=412");
    let reply = stage.act(format!("{path}/start")).await;
    let error = "failed_precondition: machine getting replaced, refusing to start";
    assert_eq!(reply, (412, json!({ "error": error })));
}

#[tokio::test]
async fn a_region_without_room_takes_no_machine_and_others_do() {
    let stage = Stage::new().await;
    let fault = "create[region=ams]=422-capacity";
    stage.inject(fault);
    let create = async |region: Value| {
        let body = json!({ "config": config("v1"), "region": region, "skip_launch": true });
        stage.post(MACHINES, body).await
    };
    for _ in 0..2 {
        let (status, body) = create(json!("ams")).await;
        assert_eq!((status, &body["status"]), (422, &json!("insufficient_capacity")));
    }
    assert_eq!((create(json!("fra")).await.0, create(Value::Null).await.0), (200, 200));
    stage.assert_struck(fault, 2);
    assert_eq!((stage.sim.machines("shop").len(), stage.sim.faults()[0].met), (2, 2));
}

#[tokio::test]
async fn bursts_and_chances_strike_as_often_as_they_say() {
    let (stage, path) = idle().await;
    stage.inject("get@2-4=429");
    stage.inject("get@every3=503");
    let mut statuses = Vec::new();
    for _ in 0..9 {
        statuses.push(stage.get(&path).await.0);
    }
    // What the first has ended, the second does not meet.
    assert_eq!(statuses, [200, 429, 429, 429, 200, 503, 200, 200, 503]);
    stage.assert_struck("get@2-4=429", 3);
    stage.assert_struck("get@every3=503", 2);
}

#[tokio::test]
async fn a_stranger_really_holds_the_lease_until_its_time() {
    let (stage, path) = idle().await;
    let (_, lease) = stage.act(format!("{path}/lease?ttl=60")).await;
    let nonce = lease["data"]["nonce"].as_str().unwrap();
    let guarded = format!("{path}/cordon");
    let act = || stage.call_with(Method::POST, &guarded, (None, Some(nonce)));
    assert_eq!(act().await.0, 200);
    let fault = "cordon@1=409-lease:3600s";
    stage.inject(fault);
    let (status, body) = act().await;
    let stranger = stage.truth(&path).lease.unwrap().owner;
    let told = format!("lease currently held by {stranger}, expires at ");
    assert!(status == 409 && body["error"].as_str().unwrap().contains(&told), "{body}");
    assert_ne!(lease["data"]["owner"], stranger.as_str());
    assert_eq!(stage.act(format!("{path}/lease?ttl=60")).await.0, 409, "for everybody");
    assert_eq!(stage.sim.journal().last().unwrap().holder, Some(stranger));
    stage.assert_struck(fault, 1);
    let (stage, path) = idle().await;
    let fault = "cordon@1=409-lease:200ms";
    stage.inject(fault);
    eventually("the end of the stranger's lease", async || {
        (stage.act(format!("{path}/cordon")).await.0 == 200).then_some(())
    })
    .await;
    stage.assert_struck(fault, 1);
}

#[tokio::test]
async fn a_lease_is_lost_before_a_call_or_some_time_after_it_was_acquired() {
    let (stage, path) = idle().await;
    stage.inject("update@1=lease-lost");
    stage.act(format!("{path}/lease?ttl=60")).await;
    let (status, _) = stage.post(&path, json!({ "config": config("v2") })).await;
    assert_eq!(status, 200, "nothing guards it any more");
    assert_eq!(stage.truth(&path).lease, None);
    stage.assert_struck("update@1=lease-lost", 1);
    stage.inject("lease@1=lease-lost:3600s");
    assert_eq!(stage.act(format!("{path}/lease?ttl=3600")).await.0, 201);
    assert!(stage.truth(&path).lease.is_some());
    stage.assert_struck("lease@1=lease-lost:3600s", 1);
    let (stage, path) = idle().await;
    stage.inject("lease=lease-lost:100ms");
    assert_eq!(stage.act(format!("{path}/lease?ttl=3600")).await.0, 201);
    eventually("the loss", async || stage.truth(&path).lease.is_none().then_some(())).await;
    stage.assert_struck("lease=lease-lost:100ms", 1);
}

#[tokio::test]
async fn a_slow_call_takes_its_time_before_or_after_its_effect() {
    let (stage, path) = idle().await;
    for fault in ["cordon@1=slow:150ms", "cordon@1=slow-after:150ms"] {
        stage.inject(fault);
        let began = Instant::now();
        assert_eq!(stage.act(format!("{path}/cordon")).await.0, 200);
        assert!(began.elapsed() >= Duration::from_millis(150), "{fault}");
        stage.assert_struck(fault, 1);
        assert!(stage.sim.journal().last().unwrap().took_ms.unwrap() >= 150, "{fault}");
    }
}

#[tokio::test]
async fn a_host_that_is_cut_off_is_shown_so_and_times_out() {
    let stage = Stage::new().await;
    let path = stage.started(config("v1")).await;
    let fault = "get@1=host-unreachable:3600s";
    stage.inject(fault);
    let (_, shown) = stage.get(&path).await;
    assert_eq!((&shown["host_status"], shown.get("config")), (&json!("unreachable"), None));
    assert_eq!(shown["incomplete_config"], config("v1"));
    for action in ["stop", "cordon", "lease"] {
        let (status, body) = stage.act(format!("{path}/{action}")).await;
        let error = body["error"].as_str().unwrap();
        assert!(status == 408 && error.starts_with("deadline_exceeded: no answer from the host"));
    }
    stage.assert_struck(fault, 1);
    let path = stage.started(config("v1")).await;
    let id = path.rsplit('/').next().unwrap();
    let fault = format!("get[machine={id}]@1=host-unreachable:300ms");
    stage.inject(&fault);
    eventually("the host", async || {
        (stage.get(&path).await.1["host_status"] == "ok").then_some(())
    })
    .await;
    assert_eq!(stage.act(format!("{path}/cordon")).await.0, 200);
    stage.assert_struck(&fault, 1);
}
