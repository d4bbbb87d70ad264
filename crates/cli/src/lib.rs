//! The command `pipeline`: wires, words and exit codes. Everything else is in the libraries.

mod app;
mod args;
mod broken;
mod commands;
mod config;
mod ending;
mod error;
mod exit;
mod hooks;
mod past;
mod person;
mod redact;
mod render;
mod session;
mod signals;
mod window;
mod wire;

use std::process::ExitCode;

use clap::Parser;

pub use app::Surroundings;
pub use exit::Exit;
pub use hooks::{WrapJournal, wrap_journals};

use app::App;
use args::{Arguments, Command};
use error::CliError;

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
            // Help and version are no errors: clap knows which stream each goes to.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Good }.into();
        }
    };
    // One crypto provider for all TLS; a second call in one process changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let Arguments { global, command } = arguments;
    let app = App { global, around };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("the system gives threads");
    let end = runtime.block_on(dispatch(&app, command));
    // Work that does not listen any more must not keep the command from ending.
    runtime.shutdown_background();
    end.unwrap_or_else(|error| complain(&app, &error).into())
}

async fn dispatch(app: &App, command: Command) -> Result<ExitCode, CliError> {
    if app.global.format == args::Format::Sarif && !matches!(command, Command::Doctrine(_)) {
        let error = CliError::usage("--format sarif is for `pipeline doctrine` alone");
        return Err(error.hint("use --format json"));
    }
    let exit = match command {
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
        Command::Resume(args) => commands::resume::run(app, args).await,
        Command::History(args) => commands::history::run(app, args).await,
        Command::Status(args) => commands::status::run(app, args).await,
        Command::Demo(args) => commands::demo::run(app, args).await,
        Command::Rehearse(args) => Box::pin(commands::rehearse::run(app, *args)).await,
        Command::Sim(args) => commands::sim::run(app, *args).await,
        Command::Config => commands::config::run(app),
        // A simulated machine ends as its program does.
        Command::Machine(_) => return commands::sim::machine(app).await,
    };
    exit.map(Into::into)
}

fn complain(app: &App, error: &CliError) -> Exit {
    let secrets = app.secrets(None);
    let text = error.render(app.around.colour);
    app.say(render::Tone::Plain, secrets.strike(text.trim_end()).as_ref());
    if app.json() {
        // Whoever reads JSON gets an object whatever happens; that it cannot be written changes nothing.
        let _ = app.object(&secrets, error.object());
    }
    error.exit()
}
