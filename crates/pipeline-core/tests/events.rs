//! What is stored and streamed: every kind of event and record pinned as text, and back again.

use std::collections::BTreeMap;

use pipeline_core::{
    Artifact, Cause, Check, Conclusion, DecidedBy, Decision, Deployment, EVENT_SCHEMA, EventKind,
    Evidence, Failure, Finding, Instance, Phase, PlannedStep, Record, Release, Report, RunId, Side,
    Snapshot, Stage, UsualPhase, Verdict,
};
use pipeline_testkit::transient;
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

/// The format's number: change it only together with a reader for the old one.
#[test]
fn the_format_has_its_number() {
    assert_eq!(EVENT_SCHEMA, 1);
}

fn refused() -> Failure {
    let cause = Cause::Refused(vec![Finding::error("1 test failed").at("test/cart_test.exs", 12)]);
    Failure { phase: Phase::Validate, step: "test".into(), cause, whole: false, untouched: false }
}

fn decided(by: DecidedBy, reason: Option<&str>) -> EventKind {
    EventKind::Decided { decision: Decision::Leave, by, reason: reason.map(ToOwned::to_owned) }
}

fn run_kinds() -> Vec<EventKind> {
    let release = Release::new("v546").revision("176c661");
    vec![
        EventKind::RunStarted {
            run: RunId::new("0190"),
            release,
            target: "flyio:shop".into(),
            resumed: false,
        },
        EventKind::Planned {
            steps: vec![PlannedStep { phase: Phase::Validate, step: "test".into() }],
            phases: vec![UsualPhase { phase: Phase::Validate, usual_ms: 65_000 }],
        },
        EventKind::PhaseStarted { phase: Phase::Validate },
        EventKind::PhaseEnded { phase: Phase::Settle, verdict: Some(Verdict::Alert), took_ms: 12 },
        EventKind::Failed { failure: refused() },
        EventKind::Asking { reason: None },
        decided(DecidedBy::Policy, None),
        decided(DecidedBy::Nobody, Some("the policy says `smoke` = \"ask\"")),
        EventKind::RunFinished { conclusion: Conclusion::RolledBack },
    ]
}

fn step_kinds() -> Vec<EventKind> {
    let (phase, step) = (Phase::Verify, || "smoke".to_owned());
    let check = Check::smoke("GET /", Verdict::Refused, "answered 500, wanted 200");
    let report = Report::of_checks(vec![check])
        .number("smoke/latency_ms", 12.5)
        .evidence(Evidence::new("GET /", "oops"));
    let done = |outcome| EventKind::StepDone {
        phase,
        step: step(),
        outcome,
        required: true,
        took_ms: 61_000,
        remembered_from: None,
    };
    vec![
        EventKind::StepWaits { phase, step: step(), waits_for: vec!["compile".into()] },
        EventKind::StepStarted { phase, step: step(), expected_ms: Some(900) },
        done(Ok(report)),
        done(Err(transient("connection reset").hint("try again"))),
        EventKind::StepSkipped { phase, step: step(), reason: "it needs `compile`".into() },
        EventKind::Noted { step: step(), message: "waiting".into() },
        EventKind::Progressed { step: step(), done: 1, total: None },
        EventKind::Warned { message: "one machine: not without downtime".into() },
        EventKind::WillRetry { step: step(), attempt: 1, fault: transient("429"), after_ms: 500 },
    ]
}

fn lines<T: serde::Serialize>(all: &[T]) -> String {
    let line = |it| serde_json::to_string(it).expect("plain data can be written");
    all.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn events_of_a_run_are_written_so() {
    insta::assert_snapshot!(lines(&run_kinds()), @r#"
    {"event":"run_started","run":"0190","release":{"version":"v546","revision":"176c661"},"target":"flyio:shop","resumed":false}
    {"event":"planned","steps":[{"phase":"validate","step":"test"}],"phases":[{"phase":"validate","usual_ms":65000}]}
    {"event":"phase_started","phase":"validate"}
    {"event":"phase_ended","phase":"settle","verdict":"alert","took_ms":12}
    {"event":"failed","failure":{"phase":"validate","step":"test","cause":{"refused":[{"rule":null,"severity":"error","level":"blocking","message":"1 test failed","remedy":null,"file":"test/cart_test.exs","line":12,"column":null}]},"whole":false}}
    {"event":"asking","reason":null}
    {"event":"decided","decision":"leave"}
    {"event":"decided","decision":"leave","by":"nobody","reason":"the policy says `smoke` = \"ask\""}
    {"event":"run_finished","conclusion":"rolled_back"}
    "#);
}

#[test]
fn events_of_a_step_are_written_so() {
    insta::assert_snapshot!(lines(&step_kinds()), @r#"
    {"event":"step_waits","phase":"verify","step":"smoke","waits_for":["compile"]}
    {"event":"step_started","phase":"verify","step":"smoke","expected_ms":900}
    {"event":"step_done","phase":"verify","step":"smoke","outcome":{"report":{"verdict":"refused","findings":[{"rule":null,"severity":"error","level":"blocking","message":"GET /: answered 500, wanted 200","remedy":null,"file":null,"line":null,"column":null}],"numbers":{"smoke/latency_ms":12.5},"checks":[{"name":"GET /","kind":"smoke","verdict":"refused","endpoint":null,"instance":null,"message":"answered 500, wanted 200","ratio":null,"interval":null,"samples":null,"control":null}],"evidence":[{"name":"GET /","value":"oops"}]}},"required":true,"took_ms":61000}
    {"event":"step_done","phase":"verify","step":"smoke","outcome":{"fault":{"kind":"transient","message":"connection reset","hint":"try again"}},"required":true,"took_ms":61000}
    {"event":"step_skipped","phase":"verify","step":"smoke","reason":"it needs `compile`"}
    {"event":"noted","step":"smoke","message":"waiting"}
    {"event":"progressed","step":"smoke","done":1,"total":null}
    {"event":"warned","message":"one machine: not without downtime"}
    {"event":"will_retry","step":"smoke","attempt":1,"fault":{"kind":"transient","message":"429"},"after_ms":500}
    "#);
}

#[test]
fn every_event_can_be_read_back() {
    for kind in [run_kinds(), step_kinds()].concat() {
        let text = serde_json::to_string(&kind).unwrap();
        assert_eq!(serde_json::from_str::<EventKind>(&text).unwrap(), kind);
    }
}

fn deployment() -> Deployment {
    let instance = Instance {
        id: "148e".into(),
        side: Side::New,
        region: Some("ams".into()),
        serving: true,
        address: None,
    };
    Deployment { version: "v2".into(), instances: vec![instance], ..Deployment::default() }
}

#[test]
fn records_are_written_so() {
    let records = [
        Record::GatesPassed,
        Record::Rejected { failures: vec![refused()] },
        Record::Built { artifact: Artifact::new("registry.test/shop@sha256:22") },
        Record::SnapshotTaken {
            target: "flyio:shop".into(),
            snapshot: Snapshot { current: None, data: "opaque".into() },
            stages: vec![Stage::new("green").change("create 148e"), Stage::settle("settle")],
            baselines: [("slow".to_owned(), Evidence::new("latency_ms", 12))].into(),
        },
        Record::StageReached { deployment: deployment() },
        Record::StageVerified,
        Record::Failed { failure: refused() },
        Record::decided(Decision::Leave),
        Record::Restored { deployment: Deployment::default() },
        Record::RestoreVerified,
        Record::RestoreFailed { failure: Failure { cause: Cause::Interrupted, ..refused() } },
        Record::Settled { deployment: Deployment::default() },
    ];
    insta::assert_snapshot!(lines(&records), @r#"
    {"record":"gates_passed"}
    {"record":"rejected","failures":[{"phase":"validate","step":"test","cause":{"refused":[{"rule":null,"severity":"error","level":"blocking","message":"1 test failed","remedy":null,"file":"test/cart_test.exs","line":12,"column":null}]},"whole":false}]}
    {"record":"built","artifact":{"reference":"registry.test/shop@sha256:22"}}
    {"record":"snapshot_taken","target":"flyio:shop","snapshot":{"current":null,"data":"opaque"},"stages":[{"name":"green","changes":["create 148e"],"settles":false,"data":null},{"name":"settle","changes":[],"settles":true,"data":null}],"baselines":{"slow":{"name":"latency_ms","value":12}}}
    {"record":"stage_reached","deployment":{"version":"v2","artifact":null,"url":null,"instances":[{"id":"148e","side":"new","region":"ams","serving":true,"address":null}]}}
    {"record":"stage_verified"}
    {"record":"failed","failure":{"phase":"validate","step":"test","cause":{"refused":[{"rule":null,"severity":"error","level":"blocking","message":"1 test failed","remedy":null,"file":"test/cart_test.exs","line":12,"column":null}]},"whole":false}}
    {"record":"decided","decision":"leave"}
    {"record":"restored","deployment":{"version":"","artifact":null,"url":null,"instances":[]}}
    {"record":"restore_verified"}
    {"record":"restore_failed","failure":{"phase":"validate","step":"test","cause":"interrupted","whole":false}}
    {"record":"settled","deployment":{"version":"","artifact":null,"url":null,"instances":[]}}
    "#);
}

#[test]
fn keys_that_came_later_may_be_missing() {
    let old = r#"{"record":"snapshot_taken","target":"t","snapshot":{"current":null,"data":null},
        "stages":[{"name":"roll","changes":[]}],"baselines":{}}"#;
    let Ok(Record::SnapshotTaken { stages, .. }) = serde_json::from_str(old) else {
        panic!("an old record must be read");
    };
    assert_eq!(stages, [Stage::new("roll")]);
}

fn text() -> impl Strategy<Value = String> {
    any::<String>()
}

fn finding() -> impl Strategy<Value = Finding> {
    (text(), option::of(text()), any::<u32>()).prop_map(|(message, file, line)| match file {
        Some(file) => Finding::warning(message).at(file, line).column(line),
        None => Finding::error(message).rule("ZERO/to-atom").remedy("mend it"),
    })
}

fn failure() -> impl Strategy<Value = Failure> {
    let cause = prop_oneof![
        vec(finding(), 0..3).prop_map(Cause::Refused),
        vec(finding(), 0..3).prop_map(Cause::Inconclusive),
        text().prop_map(|message| Cause::Fault(transient(&message))),
        Just(Cause::Interrupted),
    ];
    (text(), cause, any::<bool>()).prop_map(|(step, cause, whole)| Failure {
        phase: Phase::Verify,
        step,
        cause,
        whole,
        untouched: !whole,
    })
}

fn some_deployment() -> impl Strategy<Value = Deployment> {
    let instance = (text(), any::<bool>(), option::of(text()));
    let instance = instance.prop_map(|(id, serving, region)| Instance {
        id,
        side: if serving { Side::New } else { Side::Old },
        region,
        serving,
        address: None,
    });
    (text(), option::of(text()), vec(instance, 0..3)).prop_map(|(version, url, instances)| {
        Deployment { version, url, instances, ..Deployment::default() }
    })
}

/// Any value a plug-in may keep, numbers to their last bit.
fn value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_filter("JSON has no other", |it| it.is_finite()).prop_map(Into::into),
        text().prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            btree_map(text(), inner, 0..4)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

fn taken() -> impl Strategy<Value = Record> {
    let stage = (text(), vec(text(), 0..3), any::<(bool, bool)>(), value());
    let stage = stage.prop_map(|(name, changes, (prepares, settles), data)| Stage {
        name,
        changes,
        warnings: Vec::new(),
        prepares,
        settles,
        data,
    });
    let evidence = (text(), value()).prop_map(|(name, value)| Evidence { name, value });
    let parts = (
        text(),
        option::of(some_deployment()),
        value(),
        vec(stage, 0..4),
        btree_map(text(), evidence, 0..3),
    );
    parts.prop_map(|(target, current, data, stages, baselines): (_, _, _, _, BTreeMap<_, _>)| {
        Record::SnapshotTaken { target, snapshot: Snapshot { current, data }, stages, baselines }
    })
}

fn record() -> impl Strategy<Value = Record> {
    prop_oneof![
        Just(Record::GatesPassed),
        vec(failure(), 0..3).prop_map(|failures| Record::Rejected { failures }),
        text().prop_map(|it| Record::Built { artifact: Artifact::new(it) }),
        taken(),
        some_deployment().prop_map(|deployment| Record::StageReached { deployment }),
        Just(Record::StageVerified),
        failure().prop_map(|failure| Record::Failed { failure }),
        Just(Record::decided(Decision::Restore)),
        some_deployment().prop_map(|deployment| Record::Restored { deployment }),
        Just(Record::RestoreVerified),
        failure().prop_map(|failure| Record::RestoreFailed { failure }),
        some_deployment().prop_map(|deployment| Record::Settled { deployment }),
    ]
}

proptest! {
    // A failure is told with its smallest case; no file is written beside the tests.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_record_survives_writing_and_reading(record in record()) {
        let text = serde_json::to_string(&record).unwrap();
        prop_assert!(!text.contains('\n'), "one record, one line");
        prop_assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record);
    }

    #[test]
    fn foreign_text_is_refused_and_never_panics(text in text()) {
        prop_assert!(serde_json::from_str::<Record>(&text).is_err());
    }
}
