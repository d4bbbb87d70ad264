//! From configuration to plug-ins: the only place that names all of them.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use gates_mix::{Compile, Format, MixProject, Test};
use pipeline_core::{
    Artifact, Builder, Fault, Gate, Gates, Given, Limits, Pipeline, Record, Step, Verifier,
    Verifiers,
};
use secrecy::SecretString;
use store_sql::{NewRun, RunKind, RunRow};
use target_flyio::{FlyConfig, FlyTarget, FlyToml, Strategy};
use verify_http::{Bearer, Client, Connections, Smoke, SmokeCheck, SmokeConfig};

use crate::app::{App, Setting};
use crate::args::{DeployChoice, GateChoice};
use crate::config::{self, Config, Environment, Fly};
use crate::error::{CliError, chain, did_you_mean};
use crate::exit::Exit;
use crate::session::{Session, host, is_touched, who};

/// Chosen instead of gates where none shall run, as for a rollback.
pub(crate) const NO_GATES: &str = "(none)";

/// No gates: what is brought back has passed them.
pub(crate) fn no_gates() -> GateChoice {
    GateChoice { only: vec![NO_GATES.into()], fail_fast: false }
}

/// The built-in gates.
const GATES: [&str; 3] = ["format", "compile", "test"];

/// What shall be deployed, and with which target.
pub(crate) struct Wanted {
    pub(crate) image: Option<String>,
    builder: Step<dyn Builder>,
    target: FlyTarget,
}

impl Wanted {
    /// What the arguments and the configuration say.
    pub(crate) fn configured(
        setting: Setting<'_>,
        choice: &DeployChoice,
    ) -> Result<Self, CliError> {
        let mut fly = setting.environment.fly()?.clone();
        if let Some(name) = &choice.strategy {
            let known = config::strategy(name);
            fly.strategy = Some(known.map_err(|hint| {
                CliError::usage(format!("there is no strategy `{name}`")).hint(hint)
            })?);
        }
        let toml = fly_toml(setting.config, &fly)?;
        let image = choice.image.clone().or_else(|| toml.image.clone());
        let image = image.ok_or_else(|| {
            CliError::usage("there is no image to deploy")
                .hint("name one with --image REF, or in [build] of fly.toml")
        })?;
        let target = FlyTarget::new(fly_config(setting, &fly, toml)?);
        Ok(Self::given(image, target))
    }

    /// What a builder makes that no configuration can name.
    pub(crate) fn built_by(
        setting: Setting<'_>,
        builder: Step<dyn Builder>,
    ) -> Result<Self, CliError> {
        let target = fly_target(setting)?;
        Ok(Self { image: None, builder, target })
    }

    /// What an interrupted run was about. Once it has touched something its own journal says how to go on,
    /// whatever the files say by now; before that it starts again, with the files as they are.
    pub(crate) fn recorded(
        setting: Setting<'_>,
        row: &RunRow,
        records: &[Record],
    ) -> Result<Self, CliError> {
        let fly = setting.environment.fly()?;
        let touched = is_touched(records);
        let toml = fly_toml(setting.config, fly);
        let toml = if touched { toml.or_else(|_| no_fly_toml())? } else { toml? };
        let target = FlyTarget::new(fly_config(setting, fly, toml)?);
        let image = built(records).or_else(|| row.begun.image.clone()).ok_or_else(|| {
            CliError::usage(format!("{} was interrupted before it had an image", row.version))
                .hint("nothing was touched: start a new deploy")
        })?;
        Ok(Self::given(image, target))
    }

    /// What an earlier run brought, exactly: its image and its machines' configuration.
    pub(crate) fn again(
        setting: Setting<'_>,
        row: &RunRow,
        records: &[Record],
    ) -> Result<Self, CliError> {
        let missing = || CliError::usage(format!("{} left no record of its machines", row.version));
        let data = records.iter().rev().find_map(|record| match record {
            Record::SnapshotTaken { stages, .. } => stages.first().map(|it| it.data.clone()),
            _ => None,
        });
        let fly = setting.environment.fly()?;
        let toml = fly_toml(setting.config, fly).or_else(|_| no_fly_toml())?;
        let config = fly_config(setting, fly, toml)?;
        let target = FlyTarget::from_recorded(config, &data.ok_or_else(missing)?)
            .map_err(|error| CliError::from(Fault::from(error)))?;
        Ok(Self::given(built(records).ok_or_else(missing)?, target))
    }

    fn given(image: String, target: FlyTarget) -> Self {
        let builder = Step::builder("given", Given(Artifact::new(&image)));
        Self { image: Some(image), builder, target }
    }
}

fn built(records: &[Record]) -> Option<String> {
    records.iter().rev().find_map(|record| match record {
        Record::Built { artifact } => Some(artifact.reference.clone()),
        _ => None,
    })
}

/// All phases for one environment.
pub(crate) fn pipeline(
    setting: Setting<'_>,
    wanted: Wanted,
    choice: &GateChoice,
) -> Result<Pipeline, CliError> {
    let Setting { app, config, environment } = setting;
    // One try: the target's own client tries each call again where that helps.
    // A way back that is cut off ends half-way, so where machines may take long, all of them may.
    let longest = Duration::from_mins(30).max(wanted.target.wait_timeout() * 6);
    let overall = Limits::once().timeout(longest).grace(Duration::from_mins(2));
    let deployer = Step::deployer(wanted.target).limits(overall);
    let mut pipeline = Pipeline::to(deployer)
        .builder(wanted.builder)
        .parallel(environment.gates.parallel)
        .fail_fast(environment.gates.fail_fast || choice.fail_fast);
    for gate in gate_steps(app, config, &environment.gates, choice)? {
        pipeline = pipeline.gate(gate);
    }
    for verifier in verifier_steps(environment)? {
        pipeline = pipeline.verifier(verifier);
    }
    pipeline.build().map_err(|error| CliError::usage(error.to_string()))
}

/// The gates alone.
pub(crate) fn gates(
    app: &App,
    config: &Config,
    gates: &config::Gates,
    choice: &GateChoice,
) -> Result<Gates, CliError> {
    let mut builder =
        Gates::builder().parallel(gates.parallel).fail_fast(gates.fail_fast || choice.fail_fast);
    for gate in gate_steps(app, config, gates, choice)? {
        builder = builder.gate(gate);
    }
    builder.build().map_err(|error| CliError::usage(error.to_string()))
}

/// The verifiers alone.
pub(crate) fn verifiers(environment: &Environment) -> Result<Verifiers, CliError> {
    Verifiers::new(verifier_steps(environment)?).map_err(|error| CliError::usage(error.to_string()))
}

fn gate_steps(
    app: &App,
    config: &Config,
    gates: &config::Gates,
    choice: &GateChoice,
) -> Result<Vec<Step<dyn Gate>>, CliError> {
    for name in choice.only.iter().filter(|it| *it != NO_GATES) {
        if !GATES.contains(&name.as_str()) {
            let error = CliError::usage(format!("there is no gate `{name}`"));
            return Err(match did_you_mean(name, GATES) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error.hint(format!("gates are: {}", GATES.join(", "))),
            });
        }
    }
    let project = project(app, config);
    let test = Test::new(project.clone()).min_coverage(gates.min_coverage);
    let all = [
        (&gates.format, Step::gate("format", Format::new(project.clone()))),
        (&gates.compile, Step::gate("compile", Compile::new(project)).weight(2)),
        (&gates.test, Step::gate("test", test).weight(2)),
    ];
    let chosen = |name: &str| choice.only.is_empty() || choice.only.iter().any(|it| it == name);
    let steps = all.into_iter().filter(|(gate, step)| gate.enabled && chosen(step.name()));
    Ok(steps
        .map(|(gate, step)| {
            let step = step.limits(Limits::once().timeout(gate.timeout));
            if gate.required { step } else { step.optional() }
        })
        .collect())
}

fn project(app: &App, config: &Config) -> MixProject {
    let configured = config.environments.values().flat_map(|it| it.secrets().cloned());
    let secrets: Vec<SecretString> = configured.chain(app.token()).collect();
    MixProject::at(&config.dir)
        .program(app.var("PIPELINE_MIX").unwrap_or("mix"))
        .log_dir(config.dir.join(".pipeline/logs"))
        .secrets(&secrets)
}

fn verifier_steps(environment: &Environment) -> Result<Vec<Step<dyn Verifier>>, CliError> {
    let smoke = &environment.smoke;
    if smoke.checks.is_empty() {
        return Ok(Vec::new());
    }
    let config = SmokeConfig {
        within: smoke.within,
        attempt_timeout: smoke.attempt_timeout,
        retry_every: smoke.retry_every,
        consecutive: smoke.consecutive,
        per_instance: smoke.per_machine,
        checks: smoke.checks.iter().map(smoke_check).collect::<Result<_, _>>()?,
        ..SmokeConfig::default()
    };
    // The verifier keeps its own window; the step's limit only catches one that hangs.
    let hangs = smoke.within + smoke.attempt_timeout + Duration::from_secs(5);
    let client =
        Client::new(Connections::Fresh).map_err(|error| CliError::new(Exit::Bug, chain(&error)))?;
    let smoke = Smoke::new(config, client).map_err(|error| CliError::usage(chain(&error)))?;
    Ok(vec![Step::verifier("smoke", smoke).limits(Limits::once().timeout(hangs))])
}

fn smoke_check(check: &config::SmokeCheck) -> Result<SmokeCheck, CliError> {
    let mut made = SmokeCheck::get(&check.path).status(check.status);
    if check.json {
        made = made.json();
    }
    let Some((name, secret)) = &check.bearer else { return Ok(made) };
    if secret.is_none() {
        return Err(CliError::usage(format!(
            "the variable {name}, which the check of {} sends as bearer token, is not set",
            check.path
        ))
        .hint(format!("set {name} and try again")));
    }
    Ok(made.bearer(Bearer::named(name, secret.clone())))
}

/// The target as the configuration has it, to look at or to deploy to.
pub(crate) fn fly_target(setting: Setting<'_>) -> Result<FlyTarget, CliError> {
    let fly = setting.environment.fly()?;
    Ok(FlyTarget::new(fly_config(setting, fly, fly_toml(setting.config, fly)?)?))
}

fn fly_toml(config: &Config, fly: &Fly) -> Result<FlyToml, CliError> {
    let path = config.dir.join(&fly.config);
    FlyToml::read(&path).map_err(|error| CliError::usage(chain(&error)))
}

/// For a target whose journal says what its machines shall be: the file may be another one by now, or none.
/// Where it can be read, it says how long to wait for them.
fn no_fly_toml() -> Result<FlyToml, CliError> {
    FlyToml::parse(Path::new("fly.toml"), "").map_err(|error| CliError::usage(chain(&error)))
}

fn fly_config(setting: Setting<'_>, fly: &Fly, toml: FlyToml) -> Result<FlyConfig, CliError> {
    let Setting { app, environment, .. } = setting;
    let token = app.token().ok_or_else(|| {
        CliError::usage("there is no token for Fly.io: FLY_API_TOKEN is not set")
            .hint("`fly tokens create deploy` makes one; set FLY_API_TOKEN to it")
    })?;
    let url = environment.url.clone().unwrap_or_else(|| format!("https://{}.fly.dev", fly.app));
    let mut config = FlyConfig::new(&fly.app, url, token, toml);
    if let Some(api) = app.var("FLY_FLAPS_BASE_URL") {
        api.trim_end_matches('/').clone_into(&mut config.api_url);
    }
    config.probe_url.clone_from(&fly.probe_url);
    config.strategy = match fly.strategy {
        Some(config::Strategy::Rolling) => Strategy::Rolling,
        Some(config::Strategy::BlueGreen) => Strategy::BlueGreen,
        None => config.strategy,
    };
    config.ha = fly.ha;
    config.wait_timeout = fly.wait_timeout.unwrap_or(config.wait_timeout);
    config.lease_ttl = fly.lease_ttl;
    config.poll = fly.poll;
    config.drain = fly.drain;
    Ok(config)
}

/// What is known of a run before it begins.
pub(crate) async fn new_run(
    session: &Session<'_>,
    kind: RunKind,
    target: &str,
    image: Option<String>,
) -> NewRun {
    let Setting { app, config, environment } = session.setting;
    NewRun {
        kind,
        environment: environment.name.clone(),
        target: target.to_owned(),
        revision: revision(&config.dir).await,
        image,
        origin: origin(app),
        restores: None,
        who: who(app),
        host: host(),
        pid: std::process::id(),
        pipeline_version: env!("CARGO_PKG_VERSION").into(),
    }
}

/// The commit that the project's folder is at; none where git cannot tell.
async fn revision(dir: &Path) -> Option<String> {
    let asked = tokio::process::Command::new("git")
        .args(["rev-parse", "HEAD"])
        .current_dir(dir)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    let output = asked.await.ok().filter(|it| it.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The CI job that started this, if one did.
fn origin(app: &App) -> Option<String> {
    let part = |name| app.var(name);
    let (server, repository) = (part("GITHUB_SERVER_URL")?, part("GITHUB_REPOSITORY")?);
    Some(format!("{server}/{repository}/actions/runs/{}", part("GITHUB_RUN_ID")?))
}
