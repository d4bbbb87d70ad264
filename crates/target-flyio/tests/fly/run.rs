//! One run of the deployer, stage by stage, as the engine would do it.

use pipeline_core::{
    Cancel, Context, Deployer, Deployment, Fault, Phase, Release, Run, RunId, Snapshot, Stage,
};
use target_flyio::FlyTarget;

/// What a run has journalled.
pub(crate) struct Course {
    pub(crate) snapshot: Snapshot,
    pub(crate) stages: Vec<Stage>,
    /// How many stages are reached.
    pub(crate) reached: usize,
}

pub(crate) fn context() -> Context {
    run("run-1", Cancel::never()).context(Phase::Deploy, "fly")
}

pub(crate) fn run(id: &str, cancel: Cancel) -> Run {
    Run::new(RunId::new(id), Release::new("v2"), ".").cancel(cancel)
}

impl Course {
    pub(crate) async fn begin(target: &FlyTarget) -> Result<Self, Fault> {
        let cx = context();
        let snapshot = target.snapshot(&cx).await?;
        let stages = target.stages(&snapshot, &cx).await?;
        // What is journalled is read back as text.
        let text = serde_json::to_string(&(snapshot, stages)).unwrap();
        let (snapshot, stages) = serde_json::from_str(&text).unwrap();
        Ok(Self { snapshot, stages, reached: 0 })
    }

    pub(crate) async fn next(&mut self, target: &FlyTarget) -> Result<Deployment, Fault> {
        let stage = &self.stages[self.reached];
        let deployment = target.advance(stage, &self.snapshot, &context()).await?;
        self.reached += 1;
        Ok(deployment)
    }

    /// All stages that are left.
    pub(crate) async fn advance_all(&mut self, target: &FlyTarget) -> Result<(), Fault> {
        while self.reached < self.stages.len() {
            self.next(target).await?;
        }
        Ok(())
    }

    pub(crate) async fn finish(&mut self, target: &FlyTarget) -> Result<(), Fault> {
        self.advance_all(target).await?;
        target.finish(None, &context()).await;
        Ok(())
    }

    pub(crate) async fn restore(&self, target: &FlyTarget) -> Result<Deployment, Fault> {
        let restored = target.restore(&self.snapshot, &context()).await;
        target.finish(None, &context()).await;
        restored
    }

    pub(crate) fn settles(&self) -> bool {
        self.stages.get(self.reached).is_some_and(|it| it.settles)
    }
}
