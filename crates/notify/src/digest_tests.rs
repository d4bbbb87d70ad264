//! Whole runs on fakes, and what is told of them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use pipeline_core::{
    Check, CheckKind, Consequence, Events, Pipeline, Release, Report, RunId, Step, Trigger,
    TriggerRow, Triggers,
};
use pipeline_testkit::{
    Answer, FakeTarget, MemoryJournal, ScriptedGate, ScriptedVerifier, a_run, permanent,
};

use super::*;

#[test]
fn a_run_that_is_stuck_again_has_another_notice_and_one_attempt_has_its_own() {
    let hear = |began: u64| {
        let mut digest = Digest::new(About::default());
        let at = |ms| SystemTime::UNIX_EPOCH + Duration::from_millis(ms);
        let started = EventKind::RunStarted {
            run: RunId::new("0190"),
            release: Release::new("v2"),
            target: "flyio:shop".into(),
            resumed: began > 1_000,
        };
        let asking = EventKind::Asking { reason: None };
        let stuck = EventKind::RunFinished { conclusion: Conclusion::Stuck };
        let kinds = [(1, started), (2, asking), (3, stuck)];
        let told = kinds.map(|(seq, kind)| digest.hear(&Event { seq, at: at(began + seq), kind }));
        told.into_iter().flatten().map(|it| it.id).collect::<Vec<_>>()
    };
    assert_eq!(hear(1_000), ["0190-1001-2", "0190-1001-3"]);
    assert_eq!(hear(61_000), ["0190-61001-2", "0190-61001-3"]);
}

/// What is told of a run: topic, title and details.
async fn told(target: FakeTarget, answers: Vec<Answer<Report>>, table: Triggers) -> String {
    let smoke = Step::verifier("smoke", ScriptedVerifier::new(answers));
    run(Pipeline::to(Step::deployer(target)).verifier(smoke).policy(table)).await
}

async fn run(pipeline: pipeline_core::PipelineBuilder) -> String {
    let pipeline = pipeline.build().unwrap();
    let notices: Arc<Mutex<Vec<Notice>>> = Arc::default();
    let kept = Arc::clone(&notices);
    let mut digest = Digest::new(About { environment: "production".into(), url: None });
    let observer = move |event: &Event| kept.lock().unwrap().extend(digest.hear(event));
    let events = Events::new(|| SystemTime::UNIX_EPOCH, vec![Box::new(observer)]);
    pipeline.run(&a_run("v2").events(events), &mut MemoryJournal::new()).await.unwrap();
    let line = |it: &Notice| {
        assert!(serde_json::to_string(it).unwrap().len() < 4096);
        format!("{} {}: {} {:?}", it.id, it.topic, it.title, it.details)
    };
    let lines: Vec<String> = notices.lock().unwrap().iter().map(line).collect();
    lines.join("\n")
}

fn rolling() -> FakeTarget {
    FakeTarget::rolling(["v1"])
}

fn refusing(findings: usize) -> Answer<Report> {
    let check =
        |n| Check::new(CheckKind::Smoke, format!("GET /{n}"), Verdict::Refused, "answered 500");
    Answer::value(Report::of_checks((1..=findings).map(check).collect()))
}

#[tokio::test]
async fn a_run_that_goes_well_is_one_notice() {
    let said = told(rolling(), vec![Answer::pass()], Triggers::default()).await;
    insta::assert_snapshot!(said, @"run-v2-0-15 success: v2 serves production []");
}

#[tokio::test]
async fn an_alert_is_told_once_however_many_stages_see_it() {
    let answers = vec![Answer::alert("GET / is 2.4 times slower"); 2];
    let said = told(FakeTarget::bluegreen(["v1"]), answers, Triggers::default()).await;
    insta::assert_snapshot!(said, @r#"
    run-v2-0-13 alert: v2 in production: smoke alerts ["GET / is 2.4 times slower"]
    run-v2-0-27 success: v2 serves production []
    "#);
}

#[tokio::test]
async fn a_rollback_says_what_was_seen_and_no_more_than_a_person_reads() {
    let said = told(rolling(), vec![refusing(7), Answer::pass()], Triggers::default()).await;
    insta::assert_snapshot!(said, @r#"run-v2-0-25 rollback: v2 was taken back: production is what it was before ["smoke refused: GET /1: answered 500", "smoke refused: GET /2: answered 500", "smoke refused: GET /3: answered 500", "smoke refused: GET /4: answered 500", "smoke refused: GET /5: answered 500", "and 2 more"]"#);
}

#[tokio::test]
async fn a_person_who_is_asked_is_told_and_so_is_that_nobody_answered() {
    let ask = Triggers::default().row(TriggerRow::new(Trigger::Smoke, Consequence::Ask));
    let said = told(rolling(), vec![refusing(1)], ask).await;
    insta::assert_snapshot!(said, @r#"
    run-v2-0-16 failure: v2 in production: a person is to decide ["smoke refused: GET /1: answered 500", "the policy says `smoke` = \"ask\""]
    run-v2-0-18 failure: v2 was left in production, unverified ["a person was to decide, and nobody answered: the policy says `smoke` = \"ask\"", "smoke refused: GET /1: answered 500"]
    "#);
}

#[tokio::test]
async fn being_stuck_is_told_as_such() {
    let blocked = FakeTarget::rolling(["v1", "v1"]).failing_from(2, permanent("no capacity"));
    insta::assert_snapshot!(told(blocked, vec![], Triggers::default()).await, @r#"run-v2-0-18 stuck: STUCK: v2 could not be taken back from production; a person is needed now ["restore: no capacity", "roll: no capacity"]"#);
}

#[tokio::test]
async fn a_gate_that_refuses_is_a_failure() {
    let gate = Step::gate("test", ScriptedGate::new([Answer::refuse("1 test failed")]));
    let said = run(Pipeline::to(Step::deployer(rolling())).gate(gate)).await;
    insta::assert_snapshot!(said, @r#"run-v2-0-8 failure: v2 was not deployed to production: nothing was touched ["test refused: 1 test failed"]"#);
}

#[tokio::test]
async fn a_preparation_that_fails_takes_nothing_back() {
    let failure = Failure {
        phase: Phase::Deploy,
        step: "release".into(),
        cause: Cause::Fault(permanent("the release_command failed")),
        whole: false,
        untouched: true,
    };
    let mut digest = Digest::new(About { environment: "production".into(), url: None });
    let kinds = [
        EventKind::Failed { failure },
        EventKind::RunFinished { conclusion: Conclusion::RolledBack },
    ];
    let event = |kind| Event { seq: 1, at: SystemTime::UNIX_EPOCH, kind };
    let told = kinds.into_iter().find_map(|it| digest.hear(&event(it))).unwrap();
    assert_eq!(told.topic, Topic::Failure);
    insta::assert_snapshot!(told.title, @"a release was not deployed to production: no machine was touched");
}
