//! A run from end to end, on fakes and with time that stands still.

mod back;
mod decided;
mod gates;
mod interrupted;
mod limits;
mod resumed;

use pipeline_core::{
    Conclusion, Context, Deployer, Deployment, Event, EventKind, Events, Evidence, Fault, Phase,
    Pipeline, PipelineBuilder, Report, Run, Side, Snapshot, Stage, Step, Verdict, gate_fn,
};
use pipeline_testkit::{
    Answer, FakeTarget, Heard, MemoryJournal, ScriptedBuilder, ScriptedGate, ScriptedVerifier,
    StoppedClock, a_run, permanent,
};

fn to(target: &FakeTarget) -> PipelineBuilder {
    Pipeline::to(Step::deployer(target.clone()))
}

fn built(pipeline: PipelineBuilder) -> Pipeline {
    pipeline.build().expect("the names differ")
}

async fn end(pipeline: PipelineBuilder, run: &Run) -> Conclusion {
    built(pipeline).run(run, &mut MemoryJournal::new()).await.expect("the journal works")
}

fn passing() -> ScriptedVerifier {
    ScriptedVerifier::always(Answer::pass())
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "the whole story of a run is long")]
async fn a_good_release_goes_from_the_gates_to_the_settling() {
    let (target, heard) = (FakeTarget::bluegreen(["v1"]), Heard::new());
    let pipeline = to(&target)
        .gate(Step::gate("test", ScriptedGate::new([Answer::pass()])).needs(&["compile"]))
        .gate(Step::gate("compile", ScriptedGate::new([Answer::pass()])))
        .builder(Step::builder("image", ScriptedBuilder::new([Answer::builds("v2")])))
        .verifier(Step::verifier("smoke", ScriptedVerifier::new([Answer::pass(), Answer::pass()])));
    let end = end(pipeline, &a_run("v2").events(heard.events())).await;
    assert_eq!(end, Conclusion::Succeeded);
    insta::assert_snapshot!(heard.text(), @r"
    run started: v2 to fake:shop
    validate began
      compile began
      compile: passed
      test began
      test: passed
    validate ended: passed
    build began
      image began
      image: passed
    build ended: passed
    deploy began
    deploy ended: passed
    deploy began
      green began
      green: passed
    deploy ended: passed
    verify began
      smoke began
      smoke: passed
    verify ended: passed
    deploy began
      switch began
      switch: passed
    deploy ended: passed
    verify began
      smoke began
      smoke: passed
    verify ended: passed
    settle began
      settle began
      settle: passed
    settle ended: passed
    run finished: Succeeded
    ");
    assert_eq!(target.finished(), 1);
}

#[tokio::test]
async fn after_each_stage_the_verifiers_see_what_it_made_and_what_was_measured_before() {
    let target = FakeTarget::bluegreen(["v1"]);
    let baseline = Evidence::new("latency_ms", 12);
    let verifier = passing().baselines([Answer::value(Some(baseline.clone()))]);
    end(to(&target).verifier(Step::verifier("slow", verifier.clone())), &a_run("v2")).await;
    let asked = verifier.asked();
    let seen = asked.iter().map(|(deployment, _)| sides(deployment)).collect::<Vec<_>>();
    assert_eq!(seen, ["old serving, new", "old, new serving"]);
    assert!(asked.iter().all(|(_, handed)| handed.as_ref() == Some(&baseline)));
    verifier.assert_exhausted();
}

fn sides(deployment: &Deployment) -> String {
    let side = |side| if side == Side::New { "new" } else { "old" };
    let one = |it: &pipeline_core::Instance| {
        format!("{}{}", side(it.side), if it.serving { " serving" } else { "" })
    };
    deployment.instances.iter().map(one).collect::<Vec<_>>().join(", ")
}

#[tokio::test]
async fn an_alert_passes_and_is_told() {
    let (target, heard) = (FakeTarget::rolling(["v1"]), Heard::new());
    let pipeline = to(&target)
        .gate(Step::gate("score", ScriptedGate::new([Answer::alert("score fell to 81")])))
        .verifier(Step::verifier("slow", ScriptedVerifier::new([Answer::alert("2.4 x slower")])));
    let end = end(pipeline, &a_run("v2").events(heard.events())).await;
    assert_eq!(end, Conclusion::Succeeded);
    let ended = |it: &EventKind| match it {
        EventKind::PhaseEnded { phase, verdict, .. } => Some((*phase, *verdict)),
        _ => None,
    };
    let verdicts: Vec<_> = heard.kinds().iter().filter_map(ended).collect();
    assert!(verdicts.contains(&(Phase::Validate, Some(Verdict::Alert))));
    assert!(verdicts.contains(&(Phase::Verify, Some(Verdict::Alert))));
}

#[tokio::test]
async fn what_fails_before_the_first_change_rejects_the_release() {
    let target = FakeTarget::rolling(["v1"]);
    let fault = || Answer::fault(permanent("no docker"));
    let no_build = to(&target).builder(Step::builder("image", ScriptedBuilder::new([fault()])));
    assert_eq!(end(no_build, &a_run("v2")).await, Conclusion::Rejected);
    let baseline = Answer::fault(permanent("no network"));
    let no_baseline = Step::verifier("slow", ScriptedVerifier::new([]).baselines([baseline]));
    assert_eq!(end(to(&target).verifier(no_baseline), &a_run("v2")).await, Conclusion::Rejected);
    assert_eq!(target.effects(), 0);
}

#[tokio::test]
async fn a_baseline_of_an_optional_verifier_blocks_nothing() {
    let (target, heard) = (FakeTarget::rolling(["v1"]), Heard::new());
    let baseline = Answer::fault(permanent("no network"));
    let verifier = ScriptedVerifier::new([Answer::pass()]).baselines([baseline]);
    let pipeline = to(&target).verifier(Step::verifier("slow", verifier.clone()).optional());
    let ended = end(pipeline, &a_run("v2").events(heard.events())).await;
    assert_eq!(ended, Conclusion::Succeeded);
    assert_eq!(verifier.asked()[0].1, None);
    assert!(heard.lines().contains(&"  slow: no baseline: no network".into()));
}

#[tokio::test]
async fn an_observer_that_panics_is_not_asked_again_and_stops_nothing() {
    let heard = Heard::new();
    let mut asked = 0;
    let panicking = move |_: &Event| {
        asked += 1;
        assert!(asked < 2, "asked again");
        panic!("the terminal is gone");
    };
    let observers: Vec<Box<dyn pipeline_core::Observer>> =
        vec![Box::new(panicking), heard.observer()];
    let run = a_run("v2").events(Events::new(StoppedClock::new(), observers));
    assert_eq!(end(to(&FakeTarget::rolling(["v1"])), &run).await, Conclusion::Succeeded);
    assert_eq!(heard.lines().last().unwrap(), "run finished: Succeeded");
}

#[tokio::test]
async fn a_plugin_that_panics_is_a_fault_and_the_run_ends_well() {
    let (target, heard) = (FakeTarget::rolling(["v1"]), Heard::new());
    let panicking = gate_fn(|_| async { panic!("index out of bounds") });
    let run = a_run("v2").events(heard.events());
    let ended = end(to(&target).gate(Step::gate("test", panicking)), &run).await;
    assert_eq!(ended, Conclusion::Rejected);
    assert!(heard.text().contains("it panicked: index out of bounds"), "{}", heard.text());
    assert_eq!(target.finished(), 1);
}

/// A target that can name a version and nothing else.
struct Unlisted(Vec<Stage>);

#[async_trait::async_trait]
impl Deployer for Unlisted {
    fn target(&self) -> &'static str {
        "unlisted"
    }
    async fn snapshot(&self, _: &Context) -> Result<Snapshot, Fault> {
        Ok(Snapshot { current: None, data: serde_json::Value::Null })
    }
    async fn stages(&self, _: &Snapshot, _: &Context) -> Result<Vec<Stage>, Fault> {
        Ok(self.0.clone())
    }
    async fn advance(&self, _: &Stage, _: &Snapshot, _: &Context) -> Result<Deployment, Fault> {
        Ok(Deployment { version: "v2".into(), ..Deployment::default() })
    }
    async fn restore(&self, _: &Snapshot, _: &Context) -> Result<Deployment, Fault> {
        Ok(Deployment::nothing())
    }
}

#[tokio::test]
async fn what_has_a_version_is_verified_and_what_is_nothing_is_not() {
    let refusing = ScriptedVerifier::new([Answer::refuse("500")]);
    let pipeline = Pipeline::to(Step::deployer(Unlisted(vec![Stage::new("put")])))
        .verifier(Step::verifier("smoke", refusing));
    // Asked once, about v2; not about the nothing that it goes back to.
    assert_eq!(end(pipeline, &a_run("v2")).await, Conclusion::RolledBack);
}

#[tokio::test]
async fn what_only_prepares_is_not_verified() {
    let refusing = ScriptedVerifier::new([Answer::refuse("500")]);
    let stages = vec![Stage::prepare("migrate"), Stage::new("put")];
    let pipeline =
        Pipeline::to(Step::deployer(Unlisted(stages))).verifier(Step::verifier("smoke", refusing));
    // Asked once, after `put`: the script has no second answer.
    assert_eq!(end(pipeline, &a_run("v2")).await, Conclusion::RolledBack);
}

#[tokio::test]
async fn stages_that_no_run_can_go_by_are_refused_before_anything_changes() {
    for (stages, complaint) in [
        (vec![], "no stages"),
        (vec![Stage::settle("early"), Stage::new("late")], "`early` settles"),
        (vec![Stage::prepare("migrate")], "no stages"),
        (vec![Stage::new("roll"), Stage::prepare("migrate")], "`migrate` prepares"),
    ] {
        let heard = Heard::new();
        let pipeline = Pipeline::to(Step::deployer(Unlisted(stages)));
        let ended = end(pipeline, &a_run("v2").events(heard.events())).await;
        assert_eq!(ended, Conclusion::Rejected);
        assert!(heard.text().contains(complaint), "{}", heard.text());
    }
}

#[test]
fn a_number_that_is_none_is_left_out() {
    let report = Report::passed().number("coverage", f64::NAN).number("tests", 3.0);
    assert_eq!(report.numbers().keys().collect::<Vec<_>>(), ["tests"]);
}

#[tokio::test]
async fn optional_verifiers_are_told_and_block_nothing() {
    let (target, heard) = (FakeTarget::rolling(["v1"]), Heard::new());
    let slow = ScriptedVerifier::new([Answer::refuse("9 times slower")]);
    let pipeline = to(&target).verifier(Step::verifier("slow", slow).optional());
    let ended = end(pipeline, &a_run("v2").events(heard.events())).await;
    assert_eq!(ended, Conclusion::Succeeded);
    assert!(heard.lines().contains(&"verify ended: alert".into()));
}

#[tokio::test]
async fn a_plan_says_it_all_and_changes_nothing() {
    let target = FakeTarget::bluegreen(["v1", "v1"]);
    let pipeline = built(
        to(&target)
            .gate(Step::gate("test", ScriptedGate::new([])).needs(&["compile"]))
            .gate(Step::gate("compile", ScriptedGate::new([])))
            .builder(Step::builder("image", ScriptedBuilder::new([])))
            .verifier(Step::verifier("smoke", ScriptedVerifier::new([]))),
    );
    let plan = pipeline.plan(&a_run("v2"), None).await.unwrap();
    assert_eq!(target.effects(), 0);
    insta::assert_snapshot!(serde_json::to_string(&plan).unwrap(), @r#"{"gates":[["compile"],["test"]],"builder":"image","target":"fake:shop","stages":[{"name":"green","changes":["create 2 machines with the new release"],"settles":false},{"name":"switch","changes":["send traffic to the new machines"],"settles":false},{"name":"settle","changes":["destroy the old machines"],"settles":true}],"verifiers":["smoke"],"rollback":{"image":"v1","release":"v1"},"warnings":[]}"#);
}
