//! What a run would do: computed by the calls that change nothing.

use serde::{Deserialize, Serialize};

use crate::actions::check;
use crate::context::Run;
use crate::fault::Fault;
use crate::phase::Phase;
use crate::pipeline::Pipeline;
use crate::policy::TriggerRow;
use crate::release::Artifact;

/// What a run would do.
///
/// ```
/// use pipeline_core::{Pipeline, Step};
/// use pipeline_testkit::{FakeTarget, a_run};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let pipeline = Pipeline::to(Step::deployer(FakeTarget::bluegreen(["v1"]))).build()?;
/// let plan = pipeline.plan(&a_run("v2"), None).await?;
/// assert_eq!(plan.stages.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["green", "switch", "settle"]);
/// assert_eq!(plan.rollback.unwrap().release, "v1");
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The gates' names by the earliest moment they could start.
    pub gates: Vec<Vec<String>>,
    /// Who makes the artifact.
    pub builder: Option<String>,
    /// Where to.
    pub target: String,
    /// The way there.
    pub stages: Vec<PlannedStage>,
    /// Who verifies after each stage.
    pub verifiers: Vec<String>,
    /// What a rollback would bring back; `None` when nothing runs yet.
    pub rollback: Option<RollbackTarget>,
    /// What is done about each trigger when verification is not good.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policy: Vec<TriggerRow>,
    /// What a person should know before it starts.
    pub warnings: Vec<String>,
}

/// A stage, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedStage {
    /// Its name.
    pub name: String,
    /// What it does, a line a change.
    pub changes: Vec<String>,
    /// Does it change nothing that serves? Then nothing is verified after it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub prepares: bool,
    /// Does it only remove what nobody uses? Then nothing is verified after it.
    #[serde(default)]
    pub settles: bool,
}

/// What a rollback would bring back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RollbackTarget {
    /// The artifact that runs now, if the target can say.
    pub image: Option<String>,
    /// The version that runs now.
    pub release: String,
}

impl Pipeline {
    /// What a run would do from here. `artifact` is what would be deployed, if it is known already.
    pub async fn plan(&self, run: &Run, artifact: Option<&Artifact>) -> Result<Plan, Fault> {
        let cx = run.context(Phase::Deploy, self.target());
        let cx = artifact.map_or(cx.clone(), |it| cx.with_artifact(it));
        let deployer = &self.deployer.plugin;
        let snapshot = deployer.snapshot(&cx).await?;
        let stages = deployer.stages(&snapshot, &cx).await?;
        check(&stages).map_err(Fault::permanent)?;
        let staged = stages.iter().flat_map(|stage| stage.warnings.clone());
        let warnings = staged.chain(self.policy.warnings()).collect();
        let planned = stages.into_iter().map(|it| PlannedStage {
            name: it.name,
            changes: it.changes,
            prepares: it.prepares,
            settles: it.settles,
        });
        Ok(Plan {
            gates: self.gates.levels(),
            builder: self.builder.as_ref().map(|it| it.name().to_owned()),
            target: self.target().to_owned(),
            stages: planned.collect(),
            verifiers: self.verifiers.names(),
            rollback: snapshot
                .current
                .map(|it| RollbackTarget { image: it.artifact, release: it.version }),
            policy: self.policy.rows(),
            warnings,
        })
    }
}
