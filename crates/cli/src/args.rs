//! What was typed.

mod rehearse;
mod sim;

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum, value_parser};

pub(crate) use rehearse::{Rehearse, Release};
pub(crate) use sim::{Knobs, Sim};

/// Takes an application from a commit to verified production, and back by itself when the release is bad.
#[derive(Debug, Parser)]
#[command(name = "pipeline", version, max_term_width = 100, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command understands.
#[derive(Clone, Debug, Args)]
pub(crate) struct Global {
    /// The configuration file; the nearest one above this folder if not said
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// How facts are printed on standard output
    #[arg(long, global = true, value_enum, default_value_t = Format::Human, value_name = "FORMAT")]
    pub(crate) format: Format,
    /// Write the run's events to a file, one JSON object a line; `-` is standard output
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) events: Option<String>,
    /// Show what the steps say
    #[arg(long, short, global = true)]
    pub(crate) verbose: bool,
    /// Show only failures and how a run ended
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
}

/// How facts are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    #[value(alias = "text")]
    Human,
    /// For programs: one object
    Json,
    /// For tools that show findings beside the code: SARIF 2.1.0. Only of `doctrine`
    Sarif,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the gates only
    Validate(Validate),
    /// One number out of what the gates measure, and what would raise it most
    Score(Score),
    /// Why a gate would be asked again, or would not
    Why(Why),
    /// What the code breaks of the doctrine: its place, and what to do; usable as a pre-commit hook
    Doctrine(Doctrine),
    /// What of fly.toml, rel/env.sh.eex and the Dockerfile will hurt a deploy; asks nothing of Fly.io
    Lint(Lint),
    /// Show what a deploy would do; changes nothing
    Plan(Plan),
    /// Validate, deploy in stages, verify; roll back if the release is bad
    Deploy(Deploy),
    /// Verify what runs now
    Verify(Verify),
    /// The latency that releases are held to: show it, or measure it anew
    #[command(subcommand)]
    Baseline(Baseline),
    /// Judge what a run measured again, with other limits; sends nothing
    Replay(Replay),
    /// Bring back an earlier release, then verify it
    Rollback(Rollback),
    /// Go on with, or take back, a run that was interrupted
    Resume(Resume),
    /// The runs so far, newest first
    History(History),
    /// What runs where, and who holds the lock
    Status(Environment),
    /// The whole thing against a simulated Fly.io: a good release, a better one, a broken one
    Demo(Demo),
    /// Deploy an environment to a simulated Fly.io, with the release and the faults you name; touches nothing real
    Rehearse(Box<Rehearse>),
    /// The simulated Fly.io alone, for flyctl, pipeline or anything else to point at
    Sim(Box<Sim>),
    /// Print the commented reference configuration
    Config,
    /// (internal) be a machine of the simulator
    #[command(name = "__machine", hide = true)]
    Machine(Machine),
}

#[derive(Debug, Args)]
pub(crate) struct Environment {
    /// An environment of pipeline.toml
    pub(crate) environment: String,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// An environment of pipeline.toml
    pub(crate) environment: String,
    /// Compare what runs with itself N times instead: how often would latency have raised a false alarm?
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..=10_000))]
    pub(crate) aa: Option<u32>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Baseline {
    /// What each endpoint is held to, and where it comes from
    Show(Environment),
    /// Measure what runs now, and hold later releases to it
    Record(Environment),
}

impl Baseline {
    pub(crate) fn environment(&self) -> &str {
        match self {
            Self::Show(it) | Self::Record(it) => &it.environment,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// The run, as a version such as v12
    pub(crate) run: String,
    /// Alert above so many times the control, instead of what the environment says
    #[arg(long, value_name = "RATIO")]
    pub(crate) alert: Option<f64>,
    /// Refuse above so many times the control, instead of what the environment says
    #[arg(long, value_name = "RATIO")]
    pub(crate) rollback: Option<f64>,
}

#[derive(Debug, Args)]
pub(crate) struct Validate {
    /// Use this environment's overrides
    pub(crate) environment: Option<String>,
    #[command(flatten)]
    pub(crate) gates: GateChoice,
    /// Look at the files that differ from BASE (the main branch, if not said) only, where a gate can
    #[arg(long, value_name = "BASE", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub(crate) changed: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Score {
    /// Use this environment's overrides
    pub(crate) environment: Option<String>,
    /// What weighs how much: health, fitness or kpi
    #[arg(long, value_name = "PROFILE")]
    pub(crate) profile: Option<String>,
    /// Leave out what cannot be measured, instead of counting it as 0
    #[arg(long)]
    pub(crate) allow_unmeasured: bool,
    /// Ask every gate, also where nothing that it reads has changed since its last answer
    #[arg(long)]
    pub(crate) no_cache: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Why {
    /// The gate
    pub(crate) gate: String,
    /// Use this environment's overrides
    pub(crate) environment: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Doctrine {
    /// Use this environment's overrides
    pub(crate) environment: Option<String>,
    /// Only these pillars
    #[arg(long, value_delimiter = ',', value_name = "CODE,…")]
    pub(crate) only: Vec<String>,
    /// Look at the files that differ from BASE (the main branch, if not said) only
    #[arg(long, value_name = "BASE", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub(crate) changed: Option<String>,
    /// Look at what is staged only, as it is staged
    #[arg(long, conflicts_with = "changed")]
    pub(crate) staged: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Lint {
    /// An environment of pipeline.toml; all of them if not said
    pub(crate) environment: Option<String>,
}

/// Which gates run, and how.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct GateChoice {
    /// Only these gates, even where they are off
    #[arg(long, value_delimiter = ',', value_name = "GATE,…")]
    pub(crate) only: Vec<String>,
    /// Ask every gate, also where nothing that it reads has changed since its last answer
    #[arg(long)]
    pub(crate) no_cache: bool,
    /// Stop all gates at the first failure
    #[arg(long)]
    pub(crate) fail_fast: bool,
    /// What for; nobody can type it.
    #[arg(skip)]
    pub(crate) purpose: Purpose,
}

/// What gates are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To know.
    #[default]
    Look,
    /// To deploy what passes: then everything has to be committed, where the doctrine says so.
    Deploy,
    /// They are not: what is brought back has passed them.
    Nothing,
}

impl GateChoice {
    /// No gates: what is brought back has passed them.
    pub(crate) fn none() -> Self {
        Self { purpose: Purpose::Nothing, ..Self::default() }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Plan {
    /// An environment of pipeline.toml
    pub(crate) environment: String,
    #[command(flatten)]
    pub(crate) choice: DeployChoice,
}

#[derive(Debug, Args)]
pub(crate) struct Deploy {
    /// An environment of pipeline.toml
    pub(crate) environment: String,
    #[command(flatten)]
    pub(crate) choice: DeployChoice,
    #[command(flatten)]
    pub(crate) gates: GateChoice,
    /// Show the plan and change nothing
    #[arg(long, short = 'n')]
    pub(crate) dry_run: bool,
    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Deploy although the last release was rolled back by itself just now
    #[arg(long)]
    pub(crate) despite_rollback: bool,
}

/// What is deployed, and how.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct DeployChoice {
    /// The image to deploy, which is built already; if not said, [build] of pipeline.toml says who builds one
    #[arg(long, value_name = "REF", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) image: Option<String>,
    /// Another strategy than the configured one: rolling, canary, bluegreen, immediate
    #[arg(long, value_name = "STRATEGY")]
    pub(crate) strategy: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Rollback {
    /// An environment of pipeline.toml
    pub(crate) environment: String,
    /// The release to bring back, such as v12; the one before the current if not said
    #[arg(long, value_name = "VERSION")]
    pub(crate) to: Option<String>,
    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Resume {
    /// The run, as a version such as v12; the newest interrupted one if not said
    pub(crate) run: Option<String>,
    /// Take it back instead
    #[arg(long)]
    pub(crate) back: bool,
}

#[derive(Debug, Args)]
pub(crate) struct History {
    /// Only this environment
    pub(crate) environment: Option<String>,
    /// How many runs
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Use the bundled small server instead of the Elixir application
    #[arg(long)]
    pub(crate) without_mix: bool,
    /// Keep the folder with the project, the store and the logs
    #[arg(long)]
    pub(crate) keep: bool,
}

/// The bundled server is an entry point: a release command becomes its arguments.
#[derive(Debug, Args)]
pub(crate) struct Machine {
    /// Taken, and of no consequence
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    words: Vec<String>,
}

/// A factor that time can be divided by.
fn factor(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|it| it.is_finite() && *it > 0.0);
    number.ok_or_else(|| "write a number above 0, such as 10 or 0.5".into())
}

/// A length of time, zero included.
fn time(text: &str) -> Result<Duration, String> {
    let parsed = text.parse::<jiff::SignedDuration>().ok();
    let parsed = parsed.and_then(|it| Duration::try_from(it).ok());
    parsed.ok_or_else(|| "write it with a unit, such as 300ms, 5s or 2m".into())
}
