//! From configuration to plug-ins: the only place that names all of them.

mod build;
mod circumstances;
mod doctrine;
mod fly;
mod gates;
mod notify;
mod provenance;
mod security;
mod verify;

use std::time::Duration;

use pipeline_core::{
    Builder, Circumstances, Deployer, Fault, Gate, Gates, Limits, Pipeline, Record, Step, Verifiers,
};
use store_sql::{RunKind, RunRow, Store};
use target_flyio::{FlyError, FlyTarget};

use crate::app::{App, Setting};
use crate::args::{DeployChoice, GateChoice, Purpose};
use crate::config::{self, Config, Fly};
use crate::error::{CliError, did_you_mean};
use crate::exit::Exit;
use crate::past::Past;
use crate::session::is_touched;

pub(crate) use doctrine::doctrine;
pub(crate) use fly::{fly_target, strategy, target_name};
pub(crate) use gates::cache;
pub(crate) use notify::notifier;
#[cfg(feature = "otel")]
pub(crate) use provenance::origin;
pub(crate) use provenance::{new_run, revision, revision_of};
pub(crate) use verify::{performance_config, performance_verifier};

use circumstances::{Ahead, circumstances};
use fly::{fly_config, fly_toml, no_fly_toml};
use gates::{gate_steps, memory};
use verify::verifier_steps;

/// How long a platform may take to say that a deploy cannot begin.
const SOON: Duration = Duration::from_secs(15);

/// What shall be deployed, and with which target.
pub(crate) struct Wanted {
    pub(crate) image: Option<String>,
    builder: Step<dyn Builder>,
    target: FlyTarget,
    circumstances: Circumstances,
    rules: Vec<Step<dyn Gate>>,
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
        Self::made(setting, &fly, choice.image.clone())
    }

    /// A release of `image`, or else of what the configured builder makes.
    fn made(setting: Setting<'_>, fly: &Fly, image: Option<String>) -> Result<Self, CliError> {
        let toml = fly_toml(setting.config, fly)?;
        let image = match image {
            None => build::image(setting, &toml)?,
            given => given,
        };
        let Some(image) = image else {
            let builder = build::builder(setting, fly, &toml)?;
            let target = FlyTarget::new(fly_config(setting, fly, toml)?);
            return Ok(Self::to_be_built(builder, target));
        };
        let target = FlyTarget::new(fly_config(setting, fly, toml)?);
        Ok(Self::given(image, target))
    }

    /// What a builder makes that no configuration can name.
    pub(crate) fn built_by(
        setting: Setting<'_>,
        builder: Step<dyn Builder>,
    ) -> Result<Self, CliError> {
        let target = fly_target(setting)?;
        Ok(Self::to_be_built(builder, target))
    }

    /// What an interrupted run was about. Once it has touched something its own journal says how to go on,
    /// whatever the files say by now; before that it starts again, with the files as they are.
    pub(crate) fn recorded(
        setting: Setting<'_>,
        row: &RunRow,
        records: &[Record],
    ) -> Result<Self, CliError> {
        let fly = setting.environment.fly()?;
        let image = built(records).or_else(|| row.begun.image.clone());
        let Some(image) = image else {
            // It was interrupted before it had one, so it has touched nothing.
            return Self::made(setting, fly, None);
        };
        let toml = fly_toml(setting.config, fly);
        let toml = if is_touched(records) { toml.or_else(|_| no_fly_toml())? } else { toml? };
        let target = FlyTarget::new(fly_config(setting, fly, toml)?);
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

    /// The same, with what is known before it happens. Of a run that is resumed, only what was `before` it counts.
    pub(crate) async fn ahead(
        mut self,
        setting: Setting<'_>,
        store: &Store,
        (kind, before): (RunKind, Option<i64>),
    ) -> Result<Self, CliError> {
        let (target, image) = (self.target.target(), self.image.as_deref());
        let ahead = Ahead { kind, target, image, before };
        self.circumstances = Box::pin(circumstances(setting, store, ahead)).await?;
        Ok(self)
    }

    /// Says at once what would else be found out after all gates. Whoever does not answer soon is asked by the run.
    pub(crate) fn can_begin(&self) -> impl Future<Output = Result<(), CliError>> + use<> {
        let asked = self.target.can_begin(self.image.clone());
        async move {
            match tokio::time::timeout(SOON, asked).await {
                Ok(Err(error)) => Err(cannot_begin(error)),
                _ => Ok(()),
            }
        }
    }

    /// The target's name.
    pub(crate) fn target(&self) -> &str {
        self.target.target()
    }

    /// The same, where these must let it pass before any other gate is asked.
    pub(crate) fn under(self, rules: Vec<Step<dyn Gate>>) -> Self {
        Self { rules, ..self }
    }

    fn to_be_built(builder: Step<dyn Builder>, target: FlyTarget) -> Self {
        let circumstances = Circumstances::default();
        Self { image: None, builder, target, circumstances, rules: Vec::new() }
    }

    fn given(image: String, target: FlyTarget) -> Self {
        let builder = Step::builder("image", target.known_image(&image));
        Self { image: Some(image), ..Self::to_be_built(builder, target) }
    }
}

/// With the exit code that the run would have come to.
fn cannot_begin(error: FlyError) -> CliError {
    let exit = match error {
        FlyError::NoImage { .. } => Exit::CouldNotTell,
        _ => Exit::Usage,
    };
    let fault = Fault::from(error);
    let said = CliError::new(exit, fault.to_string());
    fault.next_step().into_iter().fold(said, CliError::hint)
}

fn built(records: &[Record]) -> Option<String> {
    records.iter().rev().find_map(|record| match record {
        Record::Built { artifact } => Some(artifact.reference.clone()),
        _ => None,
    })
}

/// All phases for one environment.
pub(crate) async fn pipeline(
    setting: Setting<'_>,
    wanted: Wanted,
    choice: &GateChoice,
) -> Result<Pipeline, CliError> {
    let Setting { app, config, environment } = setting;
    // One try: the target's own client tries each call again where that helps.
    // The target keeps its own deadline; this one only catches a call that hangs. A way back that is cut off
    // ends half-way.
    let longest = wanted.target.deadline() * 2;
    let overall = Limits::once().timeout(longest).grace(Duration::from_mins(2));
    let deployer = Step::deployer(wanted.target).limits(overall);
    let (cache, trust) = memory(app, config, &environment.gates, choice);
    let mut pipeline = Pipeline::to(deployer)
        .builder(wanted.builder)
        .policy(environment.rollback.policy(wanted.circumstances))
        .cache(cache, trust)
        .parallel(environment.gates.parallel)
        .fail_fast(environment.gates.fail_fast || choice.fail_fast);
    let purpose = match choice.purpose {
        Purpose::Look => Purpose::Deploy,
        other => other,
    };
    let rules = wanted.rules.iter().map(|it| it.name().to_owned()).collect();
    let choice = GateChoice { purpose, rules, ..choice.clone() };
    for rule in wanted.rules {
        pipeline = pipeline.gate(rule);
    }
    for gate in gate_steps(app, config, &environment.gates, &choice).await? {
        pipeline = pipeline.gate(gate);
    }
    let past = Past::of(config, &target_name(environment));
    for verifier in verifier_steps(setting, past)? {
        pipeline = pipeline.verifier(verifier);
    }
    pipeline.build().map_err(|error| CliError::usage(error.to_string()))
}

/// The gates alone.
pub(crate) async fn gates(
    app: &App,
    config: &Config,
    gates: &config::Gates,
    choice: &GateChoice,
) -> Result<Gates, CliError> {
    let (cache, trust) = memory(app, config, gates, choice);
    let mut builder = Gates::builder()
        .parallel(gates.parallel)
        .cache(cache, trust)
        .fail_fast(gates.fail_fast || choice.fail_fast);
    for gate in gate_steps(app, config, gates, choice).await? {
        builder = builder.gate(gate);
    }
    builder.build().map_err(|error| CliError::usage(error.to_string()))
}

/// The verifiers alone: they belong to no run, so what they measure is not kept.
/// `only` names some of them; all there are, if it names none.
pub(crate) fn verifiers(setting: Setting<'_>, only: &[String]) -> Result<Verifiers, CliError> {
    let past = Past::of(setting.config, &target_name(setting.environment)).only_read();
    let mut steps = verifier_steps(setting, past)?;
    if let Some(unknown) = only.iter().find(|it| !steps.iter().any(|step| step.name() == **it)) {
        let environment = &setting.environment.name;
        let names: Vec<_> = steps.iter().map(Step::name).collect();
        let error = CliError::usage(format!("{environment} has no verifier `{unknown}`"));
        return Err(match (did_you_mean(unknown, names.iter().copied()), names.is_empty()) {
            (Some(near), _) => error.hint(format!("did you mean `{near}`?")),
            (None, true) => error.hint("add [[verify.smoke.checks]] with a path to pipeline.toml"),
            (None, false) => error.hint(format!("it has: {}", names.join(", "))),
        });
    }
    steps.retain(|step| only.is_empty() || only.iter().any(|it| it == step.name()));
    Verifiers::new(steps).map_err(|error| CliError::usage(error.to_string()))
}
