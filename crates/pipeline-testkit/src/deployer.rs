//! The fake target as a deployer: snapshots and stages that only the target that made them accepts.

use async_trait::async_trait;
use pipeline_core::{Conclusion, Context, Deployer, Deployment, Fault, Snapshot, Stage};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::target::{FakeTarget, Way};
use crate::world::{Effect, Machine};

/// Why a fake target refuses. A test that sees one has found a bug in the caller.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum FakeTargetError {
    /// The snapshot or stage was not made by this target for this run.
    #[error("this {0} is not one that this target made for this run; hand back what it made")]
    Foreign(&'static str),
    /// The context has no artifact.
    #[error("there is no artifact to deploy; advance only after the build")]
    NoArtifact,
    /// Traffic would go to machines that are not there.
    #[error("{up} of {wanted} new machines are up; do the stage `green` before `switch`")]
    SwitchBeforeGreen {
        /// How many are up.
        up: usize,
        /// How many there should be.
        wanted: usize,
    },
    /// Machines that serve would be removed.
    #[error("traffic still goes to the old machines; do the stage `switch` before `settle`")]
    SettleBeforeSwitch,
    /// What should be put back is not there any more.
    #[error("the machine {0} is gone and cannot be made what it was")]
    Gone(String),
}

impl From<FakeTargetError> for Fault {
    fn from(error: FakeTargetError) -> Self {
        Self::permanent(error)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Taken {
    target: String,
    number: usize,
    machines: Vec<Machine>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Planned {
    target: String,
    run: String,
    work: Work,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
enum Work {
    Roll { first: usize },
    Green,
    Switch,
    Settle,
}

#[async_trait]
impl Deployer for FakeTarget {
    fn target(&self) -> &str {
        &self.name
    }

    async fn snapshot(&self, cx: &Context) -> Result<Snapshot, Fault> {
        let mut world = self.world();
        world.snapshots += 1;
        let machines = world.machines.clone();
        let current = machines.iter().find(|it| it.serving).or(machines.first());
        let current =
            current.map(|it| world.deployment(&self.name, &it.version, cx.run().as_str()));
        let taken = Taken { target: self.name.clone(), number: world.snapshots, machines };
        let data = serde_json::to_value(taken).expect("plain data can be written as JSON");
        Ok(Snapshot { current, data })
    }

    async fn stages(&self, from: &Snapshot, cx: &Context) -> Result<Vec<Stage>, Fault> {
        self.read_snapshot(from)?;
        let version = cx.artifact().map_or("the new release", |it| it.reference.as_str());
        let run = cx.run().as_str();
        Ok(self.works().into_iter().map(|work| self.stage(work, version, run)).collect())
    }

    async fn advance(
        &self,
        stage: &Stage,
        from: &Snapshot,
        cx: &Context,
    ) -> Result<Deployment, Fault> {
        self.read_snapshot(from)?;
        let planned = self.read_stage(stage, cx)?;
        let version = &cx.artifact().ok_or(FakeTargetError::NoArtifact)?.reference;
        self.perform(self.left_of(&planned, version)?, cx).await?;
        Ok(self.world().deployment(&self.name, version, &planned.run))
    }

    async fn restore(&self, to: &Snapshot, cx: &Context) -> Result<Deployment, Fault> {
        let were = self.read_snapshot(to)?.machines;
        let gone = |was: &&Machine| self.world().machines.iter().all(|is| is.id != was.id);
        if let Some(machine) = were.iter().find(gone) {
            return Err(FakeTargetError::Gone(machine.id.clone()).into());
        }
        let effects = self.world().restore(&were);
        self.perform(effects, cx).await?;
        let version = to.current.as_ref().map_or("", |it| it.version.as_str());
        Ok(self.world().deployment(&self.name, version, cx.run().as_str()))
    }

    async fn finish(&self, _ended: Option<Conclusion>, _cx: &Context) {
        self.world().finished += 1;
    }
}

impl FakeTarget {
    fn read_snapshot(&self, snapshot: &Snapshot) -> Result<Taken, FakeTargetError> {
        let taken: Taken = read(&snapshot.data).ok_or(FakeTargetError::Foreign("snapshot"))?;
        let known = (1..=self.world().snapshots).contains(&taken.number);
        if taken.target == self.name && known {
            Ok(taken)
        } else {
            Err(FakeTargetError::Foreign("snapshot"))
        }
    }

    fn read_stage(&self, stage: &Stage, cx: &Context) -> Result<Planned, FakeTargetError> {
        read(&stage.data)
            .filter(|it: &Planned| it.target == self.name && it.run == cx.run().as_str())
            .ok_or(FakeTargetError::Foreign("stage"))
    }

    /// What is left to do of a stage, or why it must not be done.
    fn left_of(&self, planned: &Planned, version: &str) -> Result<Vec<Effect>, FakeTargetError> {
        let (world, run) = (self.world(), planned.run.as_str());
        match planned.work {
            Work::Roll { first } => Ok(world.roll(first, version, run)),
            Work::Green => Ok(world.green(self.wanted, version, run)),
            Work::Switch => match world.made_by(run).count() {
                up if up < self.wanted => {
                    Err(FakeTargetError::SwitchBeforeGreen { up, wanted: self.wanted })
                }
                _ => Ok(world.switch(run)),
            },
            Work::Settle if world.is_switched(run) => Ok(world.settle(run)),
            Work::Settle => Err(FakeTargetError::SettleBeforeSwitch),
        }
    }

    fn works(&self) -> Vec<(&'static str, Work)> {
        match self.way {
            Way::Rolling => vec![("roll", Work::Roll { first: self.wanted })],
            Way::Canary => vec![
                ("canary", Work::Roll { first: 1 }),
                ("rest", Work::Roll { first: self.wanted }),
            ],
            Way::BlueGreen => {
                vec![("green", Work::Green), ("switch", Work::Switch), ("settle", Work::Settle)]
            }
        }
    }

    fn stage(&self, (name, work): (&str, Work), version: &str, run: &str) -> Stage {
        let stage = match work {
            Work::Settle => Stage::settle(name).change("destroy the old machines"),
            Work::Roll { first } => {
                Stage::new(name).change(format!("{version} on {first} machines"))
            }
            Work::Green => {
                Stage::new(name).change(format!("create {} machines with {version}", self.wanted))
            }
            Work::Switch => Stage::new(name).change("send traffic to the new machines"),
        };
        let planned = Planned { target: self.name.clone(), run: run.into(), work };
        stage.data(serde_json::to_value(planned).expect("plain data can be written as JSON"))
    }
}

fn read<T: serde::de::DeserializeOwned>(data: &Value) -> Option<T> {
    serde_json::from_value(data.clone()).ok()
}
