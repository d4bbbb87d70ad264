//! The command `pipeline`: wires, words and exit codes. Everything else is in the libraries.
//!
//! It promises its words and its exit codes, not this library: whoever wants a deploy tool of their own builds it of `pipeline-core`
//! and the plug-ins. What can be asked from outside is whether the command would understand something.
//!
//! ```
//! let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
//! assert!(pipeline_cli::check_arguments(&words("pipeline deploy staging --dry-run")).is_ok());
//! assert!(pipeline_cli::check_arguments(&words("pipeline deploi staging")).is_err());
//! ```

mod address;
mod app;
mod args;
mod broken;
mod closing;
mod commands;
mod config;
mod destination;
mod documented;
mod ending;
mod error;
mod exit;
mod exports;
mod hooks;
mod past;
mod person;
mod promotion;
mod redact;
mod render;
mod retention;
mod session;
mod signals;
mod stores;
mod usual;
mod whoami;
mod window;
mod wire;

use std::process::ExitCode;

use clap::Parser;
use pipeline_formats::github::harmless;

pub use app::Surroundings;
pub use documented::{check_arguments, check_config};
pub use exit::Exit;
pub use hooks::{WrapJournal, wrap_journals};

use app::App;
use args::{Arguments, Command};
use error::CliError;
use exports::Exports;

/// Runs the command of this process.
#[must_use]
pub fn main() -> ExitCode {
    run(std::env::args_os(), Surroundings::of_process())
}

/// Runs a command with these arguments in these surroundings.
pub fn run(args: impl IntoIterator<Item = std::ffi::OsString>, around: Surroundings) -> ExitCode {
    let arguments = match Arguments::try_parse_from(args) {
        Ok(arguments) => arguments,
        Err(error) => {
            return misunderstood(&error, &around).into();
        }
    };
    render::make_room_for_panics();
    // One crypto provider for all TLS; a second call in one process changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let Arguments { global, command } = arguments;
    let app = App::new(global, around);
    run_command(app, command)
}

/// Says what clap says, without commands where GitHub reads it: what was typed may be the name of somebody's branch.
fn misunderstood(error: &clap::Error, around: &Surroundings) -> Exit {
    if !error.use_stderr() {
        // Help and version are no errors: clap knows which stream each goes to.
        let _ = error.print();
        return Exit::Good;
    }
    if around.in_workflow() {
        let text = error.render().to_string();
        render::say(&harmless(&render::tame(text.trim_end())));
    } else {
        let _ = error.print();
    }
    Exit::Usage
}

fn run_command(mut app: App, command: Command) -> ExitCode {
    let config = app.global.config.as_deref();
    match Exports::open(&command, config, &app.around) {
        Ok(exports) => app.global.exports = exports,
        Err(error) => return complain(&app, &error).into(),
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("the system gives threads");
    let end = runtime.block_on(async {
        let end = Box::pin(dispatch(&app, command)).await;
        if let Some(code) = code_of(&end) {
            app.global.exports.trace(&app, code).await;
        }
        app.global.stores.close().await;
        end
    });
    // Work that does not listen any more must not keep the command from ending.
    runtime.shutdown_background();
    match end {
        Ok(Ended::Exit(exit)) => {
            app.global.exports.close(&app, Ok(exit as u8));
            exit.into()
        }
        Ok(Ended::Code(code)) => code,
        Err(error) => {
            app.global.exports.close(&app, Err(&error));
            complain(&app, &error).into()
        }
    }
}

/// The exit code, where it is the command's own.
fn code_of(end: &Result<Ended, CliError>) -> Option<u8> {
    match end {
        Ok(Ended::Exit(exit)) => Some(*exit as u8),
        Ok(Ended::Code(_)) => None,
        Err(error) => Some(error.exit() as u8),
    }
}

/// How a command ended.
enum Ended {
    Exit(Exit),
    /// A simulated machine ends as its program does.
    Code(ExitCode),
}

/// Some formats are for one command alone.
fn check_format(app: &App, command: &Command) -> Result<(), CliError> {
    let only = match app.global.format {
        args::Format::Sarif if !matches!(command, Command::Doctrine(_)) => {
            Some("sarif is for `pipeline doctrine`")
        }
        args::Format::Csv if !matches!(command, Command::History(_)) => {
            Some("csv is for `pipeline history`")
        }
        _ => None,
    };
    if let Some(only) = only {
        let error = CliError::usage(format!("--format {only} alone"));
        return Err(error.hint("use --format json"));
    }
    Ok(())
}

async fn dispatch(app: &App, command: Command) -> Result<Ended, CliError> {
    check_format(app, &command)?;
    let exit = match command {
        Command::Init(args) => commands::init::run(app, args).await,
        Command::Doctor(args) => commands::doctor::run(app, args).await,
        Command::Validate(args) => commands::validate::run(app, args).await,
        Command::Score(args) => commands::score::run(app, args).await,
        Command::Why(args) => commands::why::run(app, args).await,
        Command::Doctrine(args) => commands::doctrine::run(app, args).await,
        Command::Lint(args) => commands::lint::run(app, &args),
        Command::Plan(args) => commands::plan::run(app, args).await,
        Command::Deploy(args) => commands::deploy::run(app, args).await,
        Command::Verify(args) => commands::verify::run(app, args).await,
        Command::Baseline(args) => commands::baseline::run(app, args).await,
        Command::Replay(args) => commands::replay::run(app, args).await,
        Command::Rollback(args) => commands::rollback::run(app, args).await,
        Command::Recover(args) => Box::pin(commands::recover::run(app, args)).await,
        Command::Resume(args) => commands::resume::run(app, args).await,
        Command::History(args) => commands::history::run(app, args).await,
        Command::Report(args) => commands::report::run(app, args).await,
        Command::Serve(args) => commands::serve::run(app, args).await,
        Command::Trends(args) => commands::trends::run(app, args).await,
        Command::Show(args) => commands::show::run(app, args).await,
        Command::Status(args) => commands::status::run(app, args).await,
        Command::Store(args) => commands::store::run(app, args).await,
        Command::Demo(args) => Box::pin(commands::demo::run(app, args)).await,
        Command::Rehearse(args) => Box::pin(commands::rehearse::run(app, *args)).await,
        Command::Sim(args) => commands::sim::run(app, *args).await,
        Command::Config(args) => commands::config::run(app, &args),
        Command::Completions(args) => commands::completions::run(app, &args),
        Command::Man(args) => commands::man::run(app, &args),
        Command::Schema(args) => commands::schema::run(app, &args),
        Command::Machine(_) => return commands::sim::machine(app).await.map(Ended::Code),
    };
    exit.map(Ended::Exit)
}

fn complain(app: &App, error: &CliError) -> Exit {
    let secrets = app.secrets(None);
    let text = error.render(app.around.colour);
    render::say(&app.harmless(&secrets.strike(text.trim_end())));
    if app.json() {
        // Whoever reads JSON gets an object whatever happens; that it cannot be written changes nothing.
        let _ = app.object(&secrets, error.object());
    }
    error.exit()
}
