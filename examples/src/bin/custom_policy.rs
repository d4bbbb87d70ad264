//! A rollback policy of one's own: pure, so it can be shown as a table before anything happens.

#![expect(clippy::print_stdout, reason = "an example tells its story")]

use std::error::Error;

use pipeline_core::{
    Cause, Decision, Failure, Fault, Finding, Phase, Pipeline, RollbackPolicy, Step,
};
use pipeline_testkit::{Answer, FakeTarget, MemoryJournal, ScriptedVerifier, a_run};

/// A release that is only slow stays where it is wholly in place; whatever else goes wrong is taken back.
struct SlowIsNoEmergency {
    /// The verifiers that look at nothing but speed.
    speed: &'static [&'static str],
}

impl RollbackPolicy for SlowIsNoEmergency {
    fn decide(&self, failure: &Failure) -> Decision {
        let only_slow =
            failure.phase == Phase::Verify && self.speed.contains(&failure.step.as_str());
        if only_slow && failure.whole { Decision::Leave } else { Decision::Restore }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let policy = || SlowIsNoEmergency { speed: &["latency"] };

    let slow = || Cause::Refused(vec![Finding::error("6 times slower")]);
    let timed_out = Cause::Fault(Fault::timed_out(std::time::Duration::from_mins(5)));
    for (phase, step, cause, whole) in [
        (Phase::Verify, "latency", slow(), true),
        (Phase::Verify, "latency", slow(), false),
        (Phase::Verify, "smoke", Cause::Refused(vec![Finding::error("GET / answered 500")]), true),
        (Phase::Deploy, "green", timed_out, false),
    ] {
        let failure = Failure { phase, step: step.into(), cause, whole, untouched: false };
        let state = if whole { "whole" } else { "mixture" };
        println!("{phase:?} {step:<8} {state:<8} -> {:?}", policy().decide(&failure));
    }

    println!();
    for verifier in ["latency", "smoke"] {
        let machines = FakeTarget::rolling(["v1", "v1"]);
        let no_then_yes = ScriptedVerifier::new([Answer::refuse("not good"), Answer::pass()]);
        let pipeline = Pipeline::to(Step::deployer(machines.clone()))
            .verifier(Step::verifier(verifier, no_then_yes))
            .policy(policy())
            .build()?;
        let end = pipeline.run(&a_run("v2"), &mut MemoryJournal::new()).await?;
        println!("{verifier} says no: {end:?}; users meet {}", machines.serving().join(" and "));
    }
    Ok(())
}
