//! `pipeline rehearse ENV`: the environment's deploy, as configured, to a simulated Fly.io: with a release as bad as
//! one likes. Nothing real is touched: neither Fly.io nor the history of the project.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use sim_flyio::{Image, SimConfig, SimFly};

use crate::app::{App, Surroundings};
use crate::args::{Deploy, DeployChoice, GateChoice, Rehearse, Release};
use crate::commands::load::Load;
use crate::commands::{deploy, sim};
use crate::config::{Config, Confirm, Environment, Fly, Target};
use crate::error::CliError;
use crate::exit::Exit;
use crate::render::Tone;

/// What stands for secrets that the smoke tests send and nobody has set.
const STAND_IN: &str = "rehearsal";

/// How long the proxy may take to learn of machines, before users come.
const SETTLES: Duration = Duration::from_secs(1);

pub(crate) async fn run(app: &App, args: Rehearse) -> Result<Exit, CliError> {
    let folder = tempfile::Builder::new().prefix("pipeline-rehearsal-").tempdir();
    let folder = folder.map_err(|error| {
        CliError::new(Exit::Unreachable, format!("a temporary folder: {error}"))
    })?;
    let stage = Stage::set(app, &args, folder.path()).await?;
    stage.first(app, &args).await?;
    app.say(Tone::Head, &format!("\nRehearsal: {}", told(&args, &stage.fly.app)));
    let load = Load::on(&stage.url, &paths(stage.environment()));
    let exit = stage.deploy(&stage.app, "v2", args.strategy.clone()).await?;
    stage.sum_up(app, &load);
    Ok(exit)
}

/// The environment as it is rehearsed.
struct Stage {
    app: App,
    config: Config,
    name: String,
    fly: Fly,
    sim: SimFly,
    url: String,
}

impl Stage {
    async fn set(app: &App, args: &Rehearse, folder: &Path) -> Result<Self, CliError> {
        let config = app.config()?;
        let fly = config.environment(&args.environment)?.fly()?.clone();
        let settings = SimConfig {
            check_speed: args.check_speed,
            seed: args.seed,
            log_dir: Some(folder.join("logs")),
            ..SimConfig::default()
        };
        let sim = sim::start(settings).await?;
        sim.create_app(&fly.app);
        let url = sim.app_url(&fly.app).await.map_err(|error| sim::broken(&error))?;
        let inside = inside(app, &sim);
        let config = rehearsed(config, args, (&url, folder));
        let name = args.environment.clone();
        let stage = Self { app: inside, config, name, fly, sim, url };
        stage.sim.register_image(stage.image("v1", Release::Good));
        stage.sim.register_image(stage.image("v2", args.release));
        Ok(stage)
    }

    fn environment(&self) -> &Environment {
        &self.config.environments[&self.name]
    }

    fn reference(&self, version: &str) -> String {
        format!("registry.fly.io/{}:{version}", self.fly.app)
    }

    /// A stand-in that answers the smoke tests of the environment as they want it.
    fn image(&self, version: &str, release: Release) -> Image {
        let checks = &self.environment().smoke.checks;
        let wanted: BTreeMap<&str, u16> =
            checks.iter().map(|check| (check.path.as_str(), check.status)).collect();
        let pages = serde_json::json!(wanted).to_string();
        let image = Image::inside(self.reference(version)).env([
            ("APP_VERSION", version),
            ("PAGES", &pages),
            ("LATENCY_MS", "5"),
        ]);
        let last = checks.last().map_or("/", |check| check.path.as_str());
        match release {
            Release::Good => image,
            Release::Crash => image.env([("CRASH_AFTER_MS", "1000")]),
            Release::Unhealthy => image.env([("ERROR_RATE", "1")]),
            Release::Broken => image.env([("FAIL_PATH", last)]),
            Release::Oom => image.env([("MEMORY_GROWTH_MB_S", "500")]),
            Release::Unpullable => image.unpullable(),
        }
    }

    /// The old release goes live, and is scaled to its machines.
    async fn first(&self, app: &App, args: &Rehearse) -> Result<(), CliError> {
        let global = crate::args::Global { quiet: true, events: None, ..app.global.clone() };
        let quiet = App { global, around: self.app.around.clone() };
        let exit = self.deploy(&quiet, "v1", Some("rolling".into())).await?;
        if exit != Exit::Good {
            return Err(CliError::new(exit, "even a good release cannot be deployed so")
                .hint(format!("see what `pipeline plan {}` says", self.name)));
        }
        self.scale(args.machines).await.map_err(|error| sim::broken(&*error))?;
        tokio::time::sleep(SETTLES).await;
        Ok(())
    }

    /// Adds machines like the first one until there are enough, as `fly scale count` does.
    async fn scale(&self, count: u32) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let client = reqwest::Client::builder().no_proxy().build()?;
        let machines = format!("{}/v1/apps/{}/machines", self.sim.api_url(), self.fly.app);
        let own = self.sim.machines(&self.fly.app);
        let Some(model) = own.first() else { return Ok(()) };
        let body = serde_json::json!({ "config": model.config, "region": model.region });
        for _ in own.len()..count as usize {
            let made = client.post(&machines).bearer_auth(self.sim.token()).json(&body);
            let made: serde_json::Value = made.send().await?.error_for_status()?.json().await?;
            let id = made["id"].as_str().unwrap_or_default();
            let wait = client.get(format!("{machines}/{id}/wait?timeout=60"));
            wait.bearer_auth(self.sim.token()).send().await?.error_for_status()?;
        }
        Ok(())
    }

    async fn deploy(
        &self,
        app: &App,
        version: &str,
        strategy: Option<String>,
    ) -> Result<Exit, CliError> {
        let args = Deploy {
            environment: self.name.clone(),
            choice: DeployChoice { image: Some(self.reference(version)), strategy },
            gates: GateChoice::none(),
            dry_run: false,
            yes: true,
        };
        deploy::with_config(app, &self.config, (args, None)).await
    }

    fn sum_up(&self, app: &App, load: &Load) {
        let ((good, bad), ledger) = (load.count(), self.sim.ledger(&self.fly.app));
        let lost = ledger.lost.len();
        let text = format!(
            "users: {} requests, {good} answered with a success, {bad} not; the proxy lost {lost}, longest gap {} ms",
            good + bad,
            ledger.longest_gap.as_millis()
        );
        app.say(if bad == 0 { Tone::Good } else { Tone::Bad }, &text);
        for lost in ledger.lost.iter().take(3) {
            app.say(Tone::Dim, &format!("  {} {}: {}", lost.method, lost.path, lost.why));
        }
        let calls = self.sim.journal().len();
        app.say(Tone::Dim, &format!("machines API: {calls} calls, the first release included"));
    }
}

/// The command, as if it had been typed with the simulator's variables set.
fn inside(app: &App, sim: &SimFly) -> App {
    let mut vars = app.around.vars.clone();
    vars.extend([
        ("FLY_FLAPS_BASE_URL".into(), sim.api_url()),
        ("FLY_API_TOKEN".into(), sim.token().to_owned()),
    ]);
    App { global: app.global.clone(), around: Surroundings { vars, ..app.around.clone() } }
}

/// The configuration with everything real taken out of it.
fn rehearsed(mut config: Config, args: &Rehearse, (url, folder): (&str, &Path)) -> Config {
    config.store_url = format!("sqlite:{}", folder.join("rehearsal.db").display());
    if let Some(environment) = config.environments.get_mut(&args.environment) {
        environment.url = Some(url.to_owned());
        environment.confirm = Confirm::Never;
        if let Target::Fly(fly) = &mut environment.target {
            fly.probe_url = None;
        }
        for check in &mut environment.smoke.checks {
            // The stand-in asks nobody who they are, and real secrets have no business here.
            let stand_in = |(name, _)| (name, Some(STAND_IN.to_owned().into()));
            check.bearer = check.bearer.take().map(stand_in);
        }
    }
    config
}

/// What users ask for: what the smoke tests get a success from.
fn paths(environment: &Environment) -> Vec<String> {
    let good = environment.smoke.checks.iter().filter(|check| (200..300).contains(&check.status));
    let paths: Vec<String> = good.map(|check| check.path.clone()).collect();
    if paths.is_empty() { vec!["/".to_owned()] } else { paths }
}

fn told(args: &Rehearse, app: &str) -> String {
    let release = match args.release {
        Release::Good => "a good release",
        Release::Crash => "a release that crashes",
        Release::Unhealthy => "a release that answers 500 to everybody",
        Release::Broken => "a release with one broken page",
        Release::Oom => "a release that runs out of memory",
        Release::Unpullable => "a release whose image cannot be pulled",
    };
    format!("{release}, on {} machines of {app}", args.machines)
}
