//! Every trait can be a trait object, and a run can be moved to another thread. Never called: it compiles.

use pipeline_core::{
    Builder, Clock, Deployer, Gate, Gates, Journal, Observer, Pipeline, Record, RollbackPolicy,
    Run, Verifier, Verifiers,
};

#[test]
fn traits_are_objects_and_runs_are_send() {
    let _: fn(&dyn Gate, &dyn Builder, &dyn Deployer) = |_, _, _| {};
    let _: fn(&dyn Verifier, &dyn RollbackPolicy, &dyn Clock) = |_, _, _| {};
    let _: fn(&mut dyn Observer, &mut dyn Journal) = |_, _| {};
    let _: fn(&Pipeline, &Run, &mut dyn Journal) = a_run_can_be_spawned;
    let _: fn(&Pipeline, &Run) = parts_can_be_spawned;
    is_static::<Pipeline>();
    is_static::<Gates>();
    is_static::<Verifiers>();
    is_static::<Run>();
}

fn a_run_can_be_spawned(pipeline: &Pipeline, run: &Run, journal: &mut dyn Journal) {
    is_send(pipeline.run(run, &mut *journal));
    is_send(pipeline.resume(run, &[Record::GatesPassed], &mut *journal));
    is_send(pipeline.turn_back(run, &[], journal));
}

fn parts_can_be_spawned(pipeline: &Pipeline, run: &Run) {
    is_send(pipeline.plan(run, None));
    is_send(pipeline.gates().check(run));
    is_send(pipeline.verifiers().verify(&pipeline_core::Deployment::default(), run));
}

fn is_send<T: Send>(_: T) {}

fn is_static<T: Send + Sync + 'static>() {}
