//! Who decides, and what a table of triggers makes of an answer, in whole runs.

use std::sync::Arc;
use std::time::Duration;

use pipeline_core::{
    Cancel, CancelSource, Check, CheckKind, Circumstances, Conclusion, Consequence, DecidedBy,
    Decision, Record, Report, Run, State, Step, Trigger, TriggerRow, Triggers, Verdict,
};
use pipeline_testkit::{
    Answer, FakeTarget, Heard, MemoryJournal, ScriptedPerson, ScriptedPolicy, ScriptedVerifier,
    a_run,
};

use crate::{built, end, to};

fn ask() -> ScriptedPolicy {
    ScriptedPolicy::new([Decision::Ask])
}

fn refusing(then: impl IntoIterator<Item = Answer<Report>>) -> Step<dyn pipeline_core::Verifier> {
    let answers = std::iter::once(Answer::refuse("GET / answered 500")).chain(then);
    Step::verifier("smoke", ScriptedVerifier::new(answers))
}

/// One check that refuses, and after it ones that pass.
fn smoke() -> Step<dyn pipeline_core::Verifier> {
    let check = |verdict| Check::new(CheckKind::Smoke, "GET /", verdict, "answered 500");
    let no = Report::of_checks(vec![check(Verdict::Refused).trigger(Trigger::Smoke)]);
    Step::verifier("smoke", ScriptedVerifier::new([Answer::value(no), Answer::pass()]))
}

async fn asked(run: Run) -> (Conclusion, Vec<String>, Vec<String>) {
    let (target, heard) = (FakeTarget::rolling(["v1", "v1"]), Heard::new());
    let pipeline = to(&target).verifier(refusing([Answer::pass()])).policy(ask());
    let end = end(pipeline, &run.events(heard.events())).await;
    let told = heard.lines().into_iter().filter(|it| it.contains("ask") || it.contains("decided"));
    (end, target.serving(), told.collect())
}

#[tokio::test(start_paused = true)]
async fn a_person_decides_and_nobody_there_leaves_a_whole_release() {
    let says =
        |decision| ScriptedPerson::new([Answer::value(decision).takes(Duration::from_mins(4))]);
    let person = says(Some(Decision::Restore));
    let (end, serving, told) = asked(a_run("v2").person(Arc::new(person.clone()))).await;
    assert_eq!((end, &*serving), (Conclusion::RolledBack, &["v1".to_owned()][..]));
    assert_eq!(
        (told, person.calls()),
        (vec!["asking a person".into(), "decided by person: restore".into()], 1)
    );

    let (end, serving, told) =
        asked(a_run("v2").person(Arc::new(says(Some(Decision::Leave))))).await;
    assert_eq!((end, &*serving), (Conclusion::Left, &["v2".to_owned()][..]));
    assert_eq!(told[1], "decided by person: leave");

    for run in [a_run("v2"), a_run("v2").person(Arc::new(says(None)))] {
        let (end, serving, told) = asked(run).await;
        assert_eq!((end, &*serving), (Conclusion::Left, &["v2".to_owned()][..]));
        assert_eq!(told[1], "decided by nobody: leave");
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_asked_to_stop_waits_for_no_answer() {
    let source = CancelSource::new();
    let person = ScriptedPerson::new([Answer::hang().ignores_cancel()]);
    let run = a_run("v2").person(Arc::new(person)).cancel(source.token());
    let stop = async {
        tokio::time::sleep(Duration::from_mins(1)).await;
        source.cancel();
    };
    let ((end, _, told), ()) = tokio::join!(asked(run), stop);
    assert_eq!((end, told[1].as_str()), (Conclusion::Left, "decided by nobody: leave"));
}

#[tokio::test]
async fn nobody_is_asked_whether_a_mixture_shall_stay() {
    let target = FakeTarget::canary(["v1", "v1"]);
    let person = ScriptedPerson::new([]);
    let pipeline = to(&target).verifier(refusing([Answer::pass()])).policy(ask());
    let run = a_run("v2").person(Arc::new(person.clone())).cancel(Cancel::never());
    assert_eq!(end(pipeline, &run).await, Conclusion::RolledBack);
    assert_eq!((target.serving(), person.calls()), (vec!["v1".into()], 0));
}

#[tokio::test]
async fn who_decided_and_why_stands_in_the_journal() {
    let (target, mut journal) = (FakeTarget::rolling(["v1"]), MemoryJournal::new());
    let table = Triggers::default().row(TriggerRow::new(Trigger::Smoke, Consequence::Ask));
    let pipeline = built(to(&target).verifier(smoke()).policy(table));
    pipeline.run(&a_run("v2"), &mut journal).await.unwrap();
    let decided = journal.records().into_iter().find(|it| it.name() == "decided").unwrap();
    assert_eq!(
        decided,
        Record::Decided {
            decision: Decision::Leave,
            by: DecidedBy::Nobody,
            reason: Some("the policy says `smoke` = \"ask\"".into()),
        }
    );
    // As it was written before anybody was told who decided.
    let old: Record = serde_json::from_str(r#"{"record":"decided","decision":"restore"}"#).unwrap();
    assert_eq!(old, Record::decided(Decision::Restore));
    // A question is no decision: no journal holds one.
    let failed = journal.records().into_iter().take_while(|it| it.name() != "decided");
    let deciding = State::replay(&failed.collect::<Vec<_>>()).unwrap();
    assert!(deciding.apply(&Record::decided(Decision::Ask)).is_err());
}

#[tokio::test]
async fn the_table_weighs_answers_before_anybody_hears_them() {
    use Consequence as C;
    for (action, conclusion, heard_as, version) in [
        (C::Rollback, Conclusion::RolledBack, "refused", "v1"),
        (C::Ask, Conclusion::Left, "refused", "v2"),
        (C::Alert, Conclusion::Succeeded, "alert", "v2"),
        (C::Ignore, Conclusion::Succeeded, "passed", "v2"),
    ] {
        let (target, heard) = (FakeTarget::rolling(["v1", "v1"]), Heard::new());
        let table = Triggers::default().row(TriggerRow::new(Trigger::Smoke, action));
        let pipeline = to(&target).verifier(smoke()).policy(table);
        let run = a_run("v2").events(heard.events());
        assert_eq!(end(pipeline, &run).await, conclusion, "{action:?}");
        assert_eq!(target.serving(), [version]);
        let told = heard.lines().into_iter().find(|it| it.starts_with("  smoke: ")).unwrap();
        assert!(told.starts_with(&format!("  smoke: {heard_as}")), "{told}");
    }
}

#[tokio::test]
async fn a_whole_rollback_that_does_not_pass_stays_and_half_of_one_does_not() {
    let table = || {
        Triggers::default().under(Circumstances { rolls_back: true, ..Circumstances::default() })
    };
    let target = FakeTarget::rolling(["v2", "v2"]);
    let pipeline = to(&target).verifier(smoke()).policy(table());
    assert_eq!(end(pipeline, &a_run("v1")).await, Conclusion::Left);
    assert_eq!(target.serving(), ["v1"]);

    let target = FakeTarget::canary(["v2", "v2"]);
    let pipeline = to(&target).verifier(smoke()).policy(table());
    assert_eq!(end(pipeline, &a_run("v1")).await, Conclusion::RolledBack);
    assert_eq!(target.serving(), ["v2"]);
}

#[tokio::test]
async fn a_plan_shows_the_table_and_what_keeps_a_rollback_from_happening() {
    let circumstances = Circumstances {
        irreversible: vec!["1_a.exs cannot be undone".into()],
        ..Circumstances::default()
    };
    let table = Triggers::default().under(circumstances);
    let (target, heard) = (FakeTarget::rolling(["v1"]), Heard::new());
    let pipeline = built(to(&target).verifier(smoke()).policy(table));
    let plan = pipeline.plan(&a_run("v2"), None).await.unwrap();
    let warning =
        "a failed verification will not be rolled back by itself: 1_a.exs cannot be undone";
    assert_eq!(
        (plan.policy.len(), &*plan.warnings),
        (Trigger::ALL.len(), &[warning.to_owned()][..])
    );
    let run = a_run("v2").events(heard.events());
    assert_eq!(pipeline.run(&run, &mut MemoryJournal::new()).await, Ok(Conclusion::Left));
    assert!(heard.lines().contains(&format!("warning: {warning}")), "a run says so, too");
}
