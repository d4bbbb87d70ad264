//! A deployer: releases run as processes on this machine, and are replaced without a lost request.
//!
//! ```text
//! shop/
//!   releases/v1/run     the program of a release; PORT says where on the loopback it listens
//!   instances/ID        one file a process: what runs there, and on which port
//!   logs/ID             what it printed
//!   front               where users' requests go: one address a line
//! ```
//!
//! Users talk to a [`serve`]d port (the program `front`), which reads the file `front` for each connection. A deploy starts the new
//! processes beside the old ones, writes that file in one stroke, and stops the old ones once all is verified and nobody is connected to
//! them any more, or patience is over.
//!
//! Whoever runs this may die at any moment. So nothing is remembered in memory, every file is written in one stroke, an instance is
//! written down before its process starts, and a process is found by a mark in its environment, not by a number that may be another's
//! by now.

mod error;
mod folder;
mod front;
mod process;

use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use pipeline_core::{Context, Deployer, Deployment, Fault, Snapshot, Stage};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use error::Error;
pub use front::serve;

use folder::{Folder, Instance};
use process::{is_up, start, stop};

/// The deployer.
#[derive(Clone, Debug)]
pub struct Processes {
    target: String,
    folder: Folder,
    url: String,
    count: usize,
    patience: Duration,
}

/// How it was.
#[derive(Serialize, Deserialize)]
struct Before {
    serving: Vec<Instance>,
}

/// What a stage does. The names of the new processes were chosen in the plan.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Work {
    Start,
    Switch,
    Stop,
}

impl Processes {
    /// Deploys into this folder; users come to `url`, where `front` listens.
    pub fn in_folder(folder: impl Into<PathBuf>, url: impl Into<String>) -> Self {
        let folder = Folder(folder.into());
        let target = format!("processes:{}", folder.0.display());
        Self { target, folder, url: url.into(), count: 2, patience: Duration::from_secs(10) }
    }

    /// Runs this many processes of a release.
    #[must_use]
    pub fn count(self, count: usize) -> Self {
        Self { count, ..self }
    }

    /// Waits so long for a process to listen, for its users to be gone, and for its end.
    #[must_use]
    pub fn patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    fn deployment(&self, version: &str, run: &str) -> Result<Deployment, Error> {
        let front = self.folder.front()?;
        let there = self.folder.instances()?;
        let instances = there.iter().map(|it| it.seen(run, &front)).collect();
        let (version, url) = (version.to_owned(), Some(self.url.clone()));
        Ok(Deployment {
            artifact: Some(version.clone()),
            version,
            url,
            instances,
            ..Deployment::default()
        })
    }

    /// The processes of this run, made where they are not there yet.
    async fn ours(&self, cx: &Context) -> Result<Vec<Instance>, Fault> {
        let version = &cx.release().version;
        let made = (1..=self.count).map(|number| {
            let id = format!("{}-{number}", cx.run());
            self.folder.instance(&id, version, cx.run().as_str())
        });
        let made = made.collect::<Result<Vec<_>, _>>()?;
        self.run(&made, cx).await?;
        Ok(made)
    }

    /// Starts what does not run, and waits until all of it listens.
    async fn run(&self, instances: &[Instance], cx: &Context) -> Result<(), Fault> {
        for instance in instances {
            start(&self.folder, instance).await?;
        }
        for (done, instance) in (1..).zip(instances) {
            is_up(&self.folder, instance, self.patience, cx).await?;
            cx.progress(done, u64::try_from(instances.len()).ok());
        }
        Ok(())
    }

    /// Stops all but these.
    async fn keep_only(&self, kept: &[Instance]) -> Result<(), Error> {
        for instance in self.folder.instances()? {
            if kept.iter().all(|it| it.id != instance.id) {
                stop(&self.folder, &instance, self.patience).await?;
                self.folder.forget(&instance)?;
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Deployer for Processes {
    fn target(&self) -> &str {
        &self.target
    }

    async fn snapshot(&self, cx: &Context) -> Result<Snapshot, Fault> {
        let front = self.folder.front()?;
        let mut serving = self.folder.instances()?;
        serving.retain(|it| front.contains(&it.address()));
        let version = serving.first().map(|it| it.version.clone());
        let current = version.map(|it| self.deployment(&it, cx.run().as_str())).transpose()?;
        Ok(Snapshot { current, data: json!(Before { serving }) })
    }

    /// Refused here, a release that is not there is rejected before anything changes.
    async fn stages(&self, from: &Snapshot, cx: &Context) -> Result<Vec<Stage>, Fault> {
        let version = &cx.release().version;
        self.folder.program(version)?;
        let before = before(from)?.serving;
        let count = self.count;
        let start = Stage::new("start")
            .change(format!("start {count} processes of {version}"))
            .data(json!(Work::Start));
        let switch = Stage::new("switch")
            .change(format!("send users to {version}"))
            .data(json!(Work::Switch));
        let stop =
            before.iter().fold(Stage::settle("stop").data(json!(Work::Stop)), |stage, it| {
                stage.change(format!("stop {} of {}", it.id, it.version))
            });
        Ok(if before.is_empty() { vec![start, switch] } else { vec![start, switch, stop] })
    }

    async fn advance(
        &self,
        stage: &Stage,
        _: &Snapshot,
        cx: &Context,
    ) -> Result<Deployment, Fault> {
        // Whatever was done of it before a crash is found done, and the rest is done now.
        let ours = self.ours(cx).await?;
        match read(&stage.data)? {
            Work::Start => {}
            Work::Switch => self.folder.send_to(&ours)?,
            Work::Stop => self.keep_only(&ours).await?,
        }
        Ok(self.deployment(&cx.release().version, cx.run().as_str())?)
    }

    async fn restore(&self, to: &Snapshot, cx: &Context) -> Result<Deployment, Fault> {
        let Before { serving } = before(to)?;
        for instance in &serving {
            self.folder.write(instance)?;
        }
        self.run(&serving, cx).await?;
        // Users first; then what nobody uses any more goes.
        self.folder.send_to(&serving)?;
        self.keep_only(&serving).await?;
        let Some(old) = serving.first() else { return Ok(Deployment::nothing()) };
        Ok(self.deployment(&old.version, cx.run().as_str())?)
    }
}

fn before(snapshot: &Snapshot) -> Result<Before, Error> {
    read(&snapshot.data)
}

fn read<T: serde::de::DeserializeOwned>(data: &Value) -> Result<T, Error> {
    T::deserialize(data).map_err(Error::Foreign)
}
