//! `pipeline doctrine`: what the code breaks of the doctrine, as a compiler would tell it.

mod object;
mod sarif;
mod text;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use gates_mix::doctrine::{DoctrineError, Scanned, Scope};

use crate::app::App;
use crate::args::{Doctrine, Format};
use crate::error::CliError;
use crate::exit::Exit;
use crate::exports::within;
use crate::render::Tone;
use crate::wire;

pub(crate) async fn run(app: &App, args: Doctrine) -> Result<Exit, CliError> {
    let config = app.config_or_usual()?;
    let gates = match &args.environment {
        Some(name) => &config.environment(name)?.gates,
        None => &config.gates,
    };
    let doctrine = wire::doctrine(gates, &config, &args.only)?;
    let scope = match (&args.changed, args.staged) {
        (Some(base), _) => Scope::Changed { base: Some(base.clone()).filter(|it| !it.is_empty()) },
        (None, true) => Scope::Staged,
        (None, false) => Scope::All,
    };
    let stopped = Arc::new(AtomicBool::new(false));
    let (flag, dir) = (Arc::clone(&stopped), config.dir.clone());
    let stop = move || flag.load(Ordering::Relaxed);
    let scan = tokio::task::spawn_blocking(move || doctrine.scan(&dir, &scope, &stop));
    let scanned = tokio::select! {
        scanned = scan => scanned.unwrap_or(Err(DoctrineError::Stopped)),
        _ = tokio::signal::ctrl_c() => {
            stopped.store(true, Ordering::Relaxed);
            return Ok(Exit::Interrupted);
        }
    };
    let scanned = scanned.map_err(|error| {
        let hint = error.hint();
        CliError::new(Exit::CouldNotTell, error.to_string()).hint(hint)
    })?;
    tell(app, &config.dir, &scanned)?;
    Ok(Exit::of_verdict(Some(scanned.verdict())))
}

fn tell(app: &App, dir: &Path, scanned: &Scanned) -> Result<(), CliError> {
    let secrets = app.secrets(None);
    match app.global.format {
        Format::Json => app.object(&secrets, object::of(scanned)),
        Format::Sarif => app.object(&secrets, sarif::of(scanned, &within(dir))),
        Format::Human | Format::Csv => {
            let text = text::of(
                scanned,
                &text::Look { colour: app.around.colour, quiet: app.global.quiet },
            );
            if !text.is_empty() {
                app.fact(secrets.strike(text.trim_end()).as_ref())?;
            }
            let (tone, summary) = text::summary(scanned);
            app.say(
                if app.global.quiet && tone == Tone::Good { return Ok(()) } else { tone },
                &summary,
            );
            Ok(())
        }
    }
}
