//! Machines at the beginning: made as a client of the API makes them, so that nothing about them is special.

use std::time::Duration;

use async_trait::async_trait;
use pipeline_core::{
    Artifact, Conclusion, Fault, Given, Journal, Pipeline, Record, Release, Run, RunId, Step,
};
use reqwest::StatusCode;
use secrecy::SecretString;
use serde_json::{Value, json};
use sim_flyio::{MachineView, SimFly};
use target_flyio::{FlyConfig, FlyTarget, FlyToml, Strategy};
use tokio::time::{Instant, sleep};

use crate::error::{CliError, chain};
use crate::exit::Exit;

/// How long machines may take to run.
const PATIENCE: Duration = Duration::from_mins(1);

/// How often machines are looked at, and a call that came too often is made again.
const POLL: Duration = Duration::from_millis(100);

/// The machines of one application.
pub(crate) struct Fleet<'a> {
    sim: &'a SimFly,
    app: &'a str,
    http: reqwest::Client,
}

impl<'a> Fleet<'a> {
    pub(crate) fn of(sim: &'a SimFly, app: &'a str) -> Result<Self, CliError> {
        let http = reqwest::Client::builder().no_proxy().build();
        let http = http.map_err(|error| CliError::new(Exit::Bug, chain(&error)))?;
        Ok(Self { sim, app, http })
    }

    /// Those that are there now.
    pub(crate) fn machines(&self) -> Vec<MachineView> {
        self.sim.machines(self.app).into_iter().filter(|it| !it.destroyed).collect()
    }

    /// Makes one machine and says its id; the platform refuses a configuration that it does not like.
    pub(crate) async fn create(
        &self,
        config: &Value,
        region: Option<&str>,
    ) -> Result<String, CliError> {
        let url = format!("{}/v1/apps/{}/machines", self.sim.api_url(), self.app);
        let body = json!({ "config": config, "region": region });
        let broken = |error: reqwest::Error| {
            CliError::new(Exit::Unreachable, format!("the simulator: {}", chain(&error)))
        };
        loop {
            let made = self.http.post(&url).bearer_auth(self.sim.token()).json(&body);
            let answer = made.send().await.map_err(broken)?;
            if answer.status() == StatusCode::TOO_MANY_REQUESTS {
                sleep(POLL).await;
                continue;
            }
            let good = answer.status().is_success();
            let said: Value = answer.json().await.map_err(broken)?;
            if !good {
                let why = said["error"].as_str().unwrap_or_default();
                return Err(CliError::usage(format!("no machine of {}: {why}", self.app)));
            }
            return Ok(said["id"].as_str().unwrap_or_default().to_owned());
        }
    }

    /// Adds machines like the first of each process group until there are so many, in these regions in turn, as
    /// `fly scale count` does; without regions where the first one is.
    pub(crate) async fn scale(&self, count: u32, regions: &[String]) -> Result<(), CliError> {
        let mut models: Vec<MachineView> = Vec::new();
        for machine in self.machines() {
            if !models.iter().any(|it| group(it) == group(&machine)) {
                models.push(machine);
            }
        }
        for model in models {
            let there = self.machines().iter().filter(|it| group(it) == group(&model)).count();
            for number in there..count as usize {
                let region = turn(regions, number).unwrap_or(&model.region);
                self.create(&model.config, Some(region)).await?;
            }
        }
        Ok(())
    }

    /// Deploys an image to an empty application, as `pipeline` would: one machine for each process group.
    pub(super) async fn deploy(&self, toml: FlyToml, image: &str) -> Result<(), CliError> {
        let url = self.sim.app_url(self.app).await.map_err(|error| super::broken(&error))?;
        let token = SecretString::from(self.sim.token().to_owned());
        let mut config = FlyConfig::new(self.app, url, token, toml);
        config.api_url = self.sim.api_url();
        (config.graphql_base, config.uiex_base) = (self.sim.api_url(), self.sim.api_url());
        (config.strategy, config.ha) = (Strategy::Rolling, false);
        (config.poll, config.wait_timeout) = (POLL * 5, Some(PATIENCE));
        (config.drain, config.blind_drain) = (POLL, POLL);
        let pipeline = Pipeline::to(Step::deployer(FlyTarget::new(config)))
            .builder(Step::builder("image", Given(Artifact::new(image))))
            .build()
            .map_err(|error| CliError::new(Exit::Bug, error.to_string()))?;
        let run = Run::new(RunId::new("first"), Release::new("v1"), ".");
        let mut records = Records::default();
        let ended = pipeline.run(&run, &mut records).await;
        match ended.map_err(|error| CliError::new(Exit::Bug, chain(&error)))? {
            Conclusion::Succeeded => Ok(()),
            _ => Err(CliError::usage(format!(
                "{image} cannot be deployed to {}{}",
                self.app,
                records.why()
            ))
            .hint("see what its machines print with --log-dir, or leave the app out of the file")),
        }
    }

    /// Waits until all machines run and pass their checks, or will not; then says in what state those are.
    pub(crate) async fn settled(&self) -> Vec<String> {
        let until = Instant::now() + PATIENCE;
        loop {
            let machines = self.machines();
            let late: Vec<&MachineView> = machines.iter().filter(|it| !is_well(it)).collect();
            // The platform does not try these again.
            let over = late.iter().all(|it| it.state == "failed");
            if over || Instant::now() > until {
                return late.iter().map(|it| format!("{} is {}", it.id, state(it))).collect();
            }
            sleep(POLL).await;
        }
    }
}

fn is_well(machine: &MachineView) -> bool {
    machine.state == "started" && machine.checks.iter().all(|it| it.status == "passing")
}

fn state(machine: &MachineView) -> String {
    let failing = machine.checks.iter().find(|it| it.status != "passing");
    match failing.filter(|_| machine.state == "started") {
        Some(check) => format!("started, and {} is {}: {}", check.name, check.status, check.output),
        None => machine.state.clone(),
    }
}

fn group(machine: &MachineView) -> Option<&str> {
    machine.config["metadata"]["fly_process_group"].as_str()
}

/// The region of the machine of this number, counted from zero.
pub(super) fn turn(regions: &[String], number: usize) -> Option<&str> {
    (!regions.is_empty()).then(|| regions[number % regions.len()].as_str())
}

/// The facts of a run that nobody resumes.
#[derive(Default)]
struct Records(Vec<Record>);

impl Records {
    /// What stopped the run.
    fn why(&self) -> String {
        crate::ending::Ending::of(Conclusion::Rejected, &self.0)
            .failures
            .iter()
            .map(|it| match &it.cause {
                pipeline_core::Cause::Fault(fault) => format!(": {}", fault.message()),
                _ => format!(": {}", it.step),
            })
            .collect()
    }
}

#[async_trait]
impl Journal for Records {
    async fn append(&mut self, record: &Record) -> Result<(), Fault> {
        self.0.push(record.clone());
        Ok(())
    }
}
