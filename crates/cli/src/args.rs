//! What was typed.

mod deploy;
mod exports;
mod first;
mod gates;
mod history;
#[cfg(test)]
mod recipes;
mod recover;
mod rehearse;
mod report;
mod schema;
mod sim;
mod store;
mod verify;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::app::EventStream;
use crate::exports::Exports;
use crate::stores::Stores;

pub(crate) use deploy::{Deploy, DeployChoice, Plan, Resume, Rollback};
pub(crate) use exports::{ExportFiles, ExportPurpose, ExportTo, When};
pub(crate) use first::{Completions, Config, Doctor, Init, Man};
pub(crate) use gates::{Doctrine, GateChoice, Purpose, Score, Validate, Why};
pub(crate) use history::{History, Show, Trends};
pub(crate) use recover::Recover;
pub(crate) use rehearse::{Rehearse, Release};
pub(crate) use report::{Report, Serve};
pub(crate) use schema::{Schema, SchemaOf};
pub(crate) use sim::{Knobs, Sim};
pub(crate) use store::{Import, Prune, Store};
pub(crate) use verify::{Baseline, Replay, Verify};

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
    /// Colour what people read; if not said, where the terminal and `NO_COLOR` allow it
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto, hide_default_value = true, value_name = "WHEN")]
    pub(crate) color: Colour,
    /// Show what the steps say
    #[arg(long, short, global = true)]
    pub(crate) verbose: bool,
    /// Show only failures and how a run ended
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// What many other tools call `--color never`
    #[arg(long, global = true, hide = true, overrides_with = "color")]
    pub(crate) no_color: bool,
    /// Where the run goes when it is over, as the command's own arguments say.
    #[arg(skip)]
    pub(crate) exports: Exports,
    /// Where the events go, once one is told.
    #[arg(skip)]
    pub(crate) stream: EventStream,
    /// The stores that are open.
    #[arg(skip)]
    pub(crate) stores: Stores,
}

/// When what people read is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colour {
    /// On a terminal
    Auto,
    /// Everywhere
    Always,
    /// Nowhere
    Never,
}

/// How facts are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    #[value(alias = "text")]
    Human,
    /// For programs: one object
    Json,
    /// For spreadsheets: values separated by commas. Only of `history`
    Csv,
    /// For tools that show findings beside the code: SARIF 2.1.0. Only of `doctrine`
    Sarif,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write pipeline.toml for the project found here: mix.exs, fly.toml and the routers are read
    Init(Init),
    /// What is missing on this machine, in the project and at Fly.io, and how to mend it; changes nothing
    Doctor(Doctor),
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
    /// In an outage: end what was interrupted, or bring back the last verified release; explains itself and asks
    Recover(Recover),
    /// Go on with, or take back, a run that was interrupted
    Resume(Resume),
    /// The runs so far, newest first
    History(History),
    /// The runs so far as one HTML file, with charts, that needs nothing but itself
    Report(Report),
    /// The same pages live, on this machine alone; they follow a run that is open
    Serve(Serve),
    /// Are deploys getting slower, are failures rising, what fails most, and the five metrics of DORA
    Trends(Trends),
    /// One run again: what it said, and what it came to
    Show(Show),
    /// What runs where, and who holds the lock
    Status(Environment),
    /// What is in the store; bring another one into it; let go of what is old
    #[command(subcommand)]
    Store(Store),
    /// The whole thing against a simulated Fly.io: a good release, a better one, a broken one, a slow one
    Demo(Demo),
    /// Deploy an environment to a simulated Fly.io, with the release and the faults you name; touches nothing real
    Rehearse(Box<Rehearse>),
    /// The simulated Fly.io alone, for flyctl, pipeline or anything else to point at
    Sim(Box<Sim>),
    /// Print the commented reference configuration, its JSON Schema, or what one key means and where its value comes from
    Config(Config),
    /// Print the completions of a shell
    Completions(Completions),
    /// Print the manual page, or write one for each command into a folder
    Man(Man),
    /// Print the JSON Schema of what programs read
    Schema(Schema),
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
pub(crate) struct Lint {
    /// An environment of pipeline.toml; all of them if not said
    pub(crate) environment: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Use the bundled small server instead of the Elixir application
    #[arg(long)]
    pub(crate) without_mix: bool,
    /// Keep the folder with the project, the store and the logs
    #[arg(long)]
    pub(crate) keep: bool,
    /// Of each release: `junit.xml` becomes `junit-1.xml`, `junit-2.xml`, `junit-3.xml`.
    #[command(flatten)]
    pub(crate) export: ExportTo,
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

#[cfg(test)]
#[path = "args/examples_tests.rs"]
mod examples_tests;
