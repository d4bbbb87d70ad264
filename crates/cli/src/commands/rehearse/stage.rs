//! The simulated Fly.io of a rehearsal, with the old release live on all of its machines.

use std::path::Path;
use std::time::Duration;

use pipeline_core::Account;
use sim_flyio::{FaultId, SimConfig, SimFly};
use store_sql::{RunKind, RunRow};

use super::images::{NEW, OLD};
use super::script::Script;
use crate::app::{App, Setting};
use crate::args::{DeployChoice, GateChoice, Global};
use crate::commands::sim::Fleet;
use crate::commands::{deploy, sim};
use crate::config::{Config, Target};
use crate::ending::Ending;
use crate::error::CliError;
use crate::exit::Exit;
use crate::exports::Exports;
use crate::session::{Session, Way};
use crate::wire::{self, Wanted};

/// How long the proxy may take to learn of machines, before users come.
const SETTLES: Duration = Duration::from_secs(1);

/// Where it all happens.
#[derive(Debug)]
pub(super) struct Stage {
    /// The command, as if it had been typed with the simulator's variables set.
    app: App,
    config: Config,
    name: String,
    reference: String,
    pub(super) sim: SimFly,
    pub(super) url: String,
}

impl Stage {
    /// Starts the simulator and brings the old release there.
    pub(super) async fn set(app: &App, script: &Script, folder: &Path) -> Result<Self, CliError> {
        let sim = sim::start(SimConfig {
            check_speed: script.check_speed,
            seed: Some(script.seed),
            log_dir: Some(folder.join("logs")),
            journal: script.journal.clone(),
            ..SimConfig::default()
        });
        let sim = sim.await?;
        sim.create_app(&script.fly.app);
        for image in script.images() {
            sim.register_image(image);
        }
        let url = sim.app_url(&script.fly.app).await.map_err(|error| sim::broken(&error))?;
        let mut config = script.config.clone();
        config.store_url = format!("sqlite:{}", folder.join("rehearsal.db").display()).into();
        if let Some(environment) = config.environments.get_mut(&script.name) {
            environment.url = Some(url.clone());
        }
        let (name, reference) = (script.name.clone(), script.reference(NEW));
        let stage = Self { app: sim::inside(app, &sim, []), config, name, reference, sim, url };
        stage.first(script).await?;
        Ok(stage)
    }

    /// The old release goes live, and is scaled to its machines.
    async fn first(&self, script: &Script) -> Result<(), CliError> {
        let global = Global {
            quiet: true,
            events: None,
            exports: Exports::default(),
            ..self.app.global.clone()
        };
        let quiet = App { global, around: self.app.around.clone() };
        let mut alone = self.config.clone();
        if let Some(environment) = alone.environments.get_mut(&self.name)
            && let Target::Fly(fly) = &mut environment.target
        {
            fly.ha = false; // there are to be as many as were asked for
        }
        let choice = choice(&script.reference(OLD), Some("rolling"));
        let (_, ending) = one(&quiet, &alone, (&self.name, &choice)).await?;
        let refused = |exit, why: &str| {
            Err(CliError::new(exit, format!("even a good release cannot be deployed so: {why}"))
                .hint(advice(script)))
        };
        if ending.exit() != Exit::Good {
            return refused(ending.exit(), &ending.truth(OLD, &self.name));
        }
        let fleet = Fleet::of(&self.sim, &script.fly.app)?;
        fleet.scale(script.machines, &[]).await?;
        if let Some(late) = fleet.settled().await.first() {
            return refused(Exit::DeployFailed, &format!("machine {late}"));
        }
        tokio::time::sleep(SETTLES).await;
        Ok(())
    }

    /// From now on things go wrong. Names the faults that the user wanted.
    pub(super) fn go_wrong(&self, script: &Script) -> Vec<FaultId> {
        for mishap in script.mishaps() {
            self.sim.inject(mishap);
        }
        script.faults.iter().map(|it| self.sim.inject(it.clone())).collect()
    }

    /// The new release, as the environment has it.
    pub(super) async fn deploy(
        &self,
        strategy: Option<&str>,
    ) -> Result<(RunRow, Ending), CliError> {
        let choice = choice(&self.reference, strategy);
        one(&self.app, &self.config, (&self.name, &choice)).await
    }

    /// What was heard of the deploy.
    pub(super) fn account(&self) -> Account {
        self.app.global.exports.account()
    }

    pub(super) async fn end(self) {
        self.sim.shutdown().await;
    }
}

/// One deploy, with everything that a real one has but gates.
async fn one(
    app: &App,
    config: &Config,
    (name, choice): (&str, &DeployChoice),
) -> Result<(RunRow, Ending), CliError> {
    let setting = Setting::of(app, config, name)?;
    let wanted = Wanted::configured(setting, choice)?;
    let image = wanted.image.clone();
    let session = Session::open(setting).await?;
    let wanted = wanted.ahead(setting, &session.store, (RunKind::Deploy, None)).await?;
    let pipeline = wire::pipeline(setting, wanted, &GateChoice::none()).await?;
    let new = wire::new_run(&session, RunKind::Deploy, pipeline.target(), image).await;
    let berth = session.begin(&new).await?;
    deploy::end(&session, &pipeline, berth, Way::New).await
}

fn choice(image: &str, strategy: Option<&str>) -> DeployChoice {
    let (image, strategy) = (Some(image.to_owned()), strategy.map(str::to_owned));
    DeployChoice { image, strategy, ..DeployChoice::default() }
}

fn advice(script: &Script) -> String {
    match script.program {
        Some(_) => "does the program of --run listen on 127.0.0.1 at PORT, and answer the checks of fly.toml?".into(),
        None => format!("see what `pipeline plan {}` says of fly.toml", script.name),
    }
}
