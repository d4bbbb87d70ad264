//! The way back: when it is taken, when it is not, and when there is none.

use pipeline_core::{Cause, Conclusion, Decision, LeaveAlways, Phase, Step};
use pipeline_testkit::{
    Answer, FakeTarget, Heard, MemoryJournal, ScriptedPolicy, ScriptedVerifier, a_run, permanent,
};

use crate::{built, end, passing, to};

#[tokio::test]
async fn a_refused_release_is_taken_back_and_that_is_verified() {
    let (target, heard) = (FakeTarget::rolling(["v1", "v1"]), Heard::new());
    let verifier = ScriptedVerifier::new([Answer::refuse("GET / answered 500"), Answer::pass()]);
    let pipeline = to(&target).verifier(Step::verifier("smoke", verifier.clone()));
    let end = end(pipeline, &a_run("v2").events(heard.events())).await;
    assert_eq!((end, target.serving()), (Conclusion::RolledBack, vec!["v1".into()]));
    verifier.assert_exhausted();
    assert_eq!(verifier.asked()[1].0.version, "v1");
    let told = heard.lines().split_off(9);
    insta::assert_snapshot!(told.join("\n"), @r"
    verify began
      smoke began
      smoke: refused, GET / answered 500
    verify ended: refused
    failed: smoke (refused: GET / answered 500)
    decided: restore
    restore began
      restore began
      restore: passed
    restore ended: passed
    restore began
      smoke began
      smoke: passed
    restore ended: passed
    run finished: RolledBack
    ");
}

#[tokio::test]
async fn a_verifier_that_cannot_look_leaves_a_whole_release_and_takes_back_a_mixture() {
    for answer in [Answer::fault(permanent("no network")), Answer::inconclusive("too few samples")]
    {
        let whole = FakeTarget::rolling(["v1", "v1"]);
        let blind = ScriptedVerifier::new([answer.clone()]);
        let ended = end(to(&whole).verifier(Step::verifier("smoke", blind)), &a_run("v2")).await;
        assert_eq!((ended, whole.serving()), (Conclusion::Left, vec!["v2".into()]));

        let mixture = FakeTarget::canary(["v1", "v1"]);
        let blind = ScriptedVerifier::new([answer, Answer::pass()]);
        let ended = end(to(&mixture).verifier(Step::verifier("smoke", blind)), &a_run("v2")).await;
        assert_eq!((ended, mixture.serving()), (Conclusion::RolledBack, vec!["v1".into()]));
    }
}

#[tokio::test]
async fn the_policy_is_asked_with_the_failure_and_obeyed() {
    let target = FakeTarget::canary(["v1", "v1"]);
    let policy = ScriptedPolicy::new([Decision::Leave]);
    let refusing = ScriptedVerifier::new([Answer::pass(), Answer::refuse("500")]);
    let pipeline = to(&target).verifier(Step::verifier("smoke", refusing)).policy(policy.clone());
    assert_eq!(end(pipeline, &a_run("v2")).await, Conclusion::Left);
    let asked = &policy.asked()[0];
    assert_eq!((asked.phase, asked.step.as_str(), asked.whole), (Phase::Verify, "smoke", true));
    assert!(matches!(&asked.cause, Cause::Refused(findings) if findings[0].message == "500"));
}

#[tokio::test]
async fn a_stage_that_fails_is_taken_back() {
    let target = FakeTarget::rolling(["v1", "v1"]).failing_at(2, permanent("no capacity in ams"));
    let pipeline = to(&target).verifier(Step::verifier("smoke", passing()));
    assert_eq!(end(pipeline, &a_run("v2")).await, Conclusion::RolledBack);
    assert_eq!(target.history(), ["put v2 on m1", "put v1 on m1"]);
}

#[tokio::test]
async fn a_way_back_that_is_blocked_or_leads_nowhere_is_stuck() {
    let blocked = FakeTarget::rolling(["v1", "v1"]).failing_from(2, permanent("platform down"));
    assert_eq!(end(to(&blocked), &a_run("v2")).await, Conclusion::Stuck);

    let nowhere = FakeTarget::rolling(["v1"]);
    let verifier = ScriptedVerifier::new([Answer::refuse("500"), Answer::refuse("500")]);
    let pipeline = to(&nowhere).verifier(Step::verifier("smoke", verifier));
    assert_eq!(end(pipeline, &a_run("v2")).await, Conclusion::Stuck);
}

#[tokio::test]
async fn a_stuck_run_goes_on_with_its_way_back_once_somebody_has_mended_what_was_wrong() {
    let blocked = FakeTarget::rolling(["v1", "v1"]).failing_from(2, permanent("token expired"));
    let mut journal = MemoryJournal::new();
    let stuck = built(to(&blocked)).run(&a_run("v2"), &mut journal).await;
    assert_eq!(stuck, Ok(Conclusion::Stuck));

    let mended = blocked.revived();
    let (records, pipeline) = (journal.records(), built(to(&mended)));
    let ended = pipeline.resume(&a_run("v2"), &records, &mut journal).await;
    assert_eq!(ended, Ok(Conclusion::RolledBack));
    assert_eq!(mended.serving(), ["v1"]);
}

#[tokio::test]
async fn a_settling_that_fails_leaves_the_verified_release() {
    let target = FakeTarget::bluegreen(["v1"]).failing_from(4, permanent("platform down"));
    let pipeline = to(&target).verifier(Step::verifier("smoke", passing()));
    assert_eq!(end(pipeline, &a_run("v2")).await, Conclusion::Left);
    assert_eq!(target.serving(), ["v2"]);
}

#[tokio::test]
async fn a_first_deploy_that_is_refused_leaves_nothing_and_nothing_is_verified() {
    let target = FakeTarget::rolling([] as [&str; 0]);
    let verifier = ScriptedVerifier::new([Answer::refuse("500")]);
    let pipeline = to(&target).verifier(Step::verifier("smoke", verifier.clone()));
    assert_eq!(end(pipeline, &a_run("v1")).await, Conclusion::RolledBack);
    assert_eq!(target.live(), []);
    verifier.assert_exhausted();
}

#[tokio::test]
async fn leave_always_leaves_even_a_mixture_because_somebody_said_so() {
    let target = FakeTarget::canary(["v1", "v1"]);
    let verifier = ScriptedVerifier::new([Answer::refuse("500")]);
    let pipeline = to(&target).verifier(Step::verifier("smoke", verifier)).policy(LeaveAlways);
    assert_eq!(end(pipeline, &a_run("v2")).await, Conclusion::Left);
    assert_eq!(target.serving(), ["v1", "v2"]);
}
