//! `pipeline rehearse ENV`: the environment's deploy, as configured, to a simulated Fly.io: with a release as bad and
//! on a day as bad as one likes. Nothing real is touched: neither Fly.io nor the history of the project.

mod calls;
mod disguise;
mod images;
mod script;
mod stage;
mod summary;

use std::path::Path;

use crate::app::App;
use crate::args::Rehearse;
use crate::commands::load::Load;
use crate::commands::scratch::Scratch;
use crate::commands::sim;
use crate::error::CliError;
use crate::exit::Exit;
use crate::render::Tone;
use crate::signals;
use script::Script;
use stage::Stage;
use summary::{Before, Summary, Users};

pub(crate) async fn run(app: &App, args: Rehearse) -> Result<Exit, CliError> {
    let script = Script::of(app, args)?;
    let mut folder = Scratch::new("pipeline-rehearsal-")?;
    sim::show_warnings(app);
    if !script.keep {
        return Box::pin(play(app, &script, folder.path())).await;
    }
    folder.keep();
    let end = Box::pin(play(app, &script, folder.path())).await;
    app.say(Tone::Plain, &format!("kept    {}", folder.path().display()));
    end
}

async fn play(app: &App, script: &Script, folder: &Path) -> Result<Exit, CliError> {
    let waiting = app.waiting("a simulated Fly.io starts, and the old release goes live there");
    // Dropped, the stage takes all of its processes with it.
    let stage = tokio::select! {
        biased;
        exit = signals::either() => {
            app.say(Tone::Dim, "interrupted before anything was rehearsed; nothing is left over");
            return Ok(exit);
        }
        stage = Stage::set(app, script, folder) => stage?,
    };
    drop(waiting);
    let faults = stage.go_wrong(script);
    app.mention(Tone::Head, &format!("\nRehearsal: {}", script.title()));
    if script.unwalked > 0 {
        app.mention(
            Tone::Dim,
            "Journeys are left out: the stand-in knows none; --run has your own program walked.",
        );
    }
    let load = Load::on(&stage.url, &script.paths());
    let before = Before::now(&stage.sim.journal(), stage.sim.ledger(&script.fly.app));
    let (row, ending) = stage.deploy(script.strategy.as_deref()).await.map_err(left)?;
    let users = Users { seen: load.count(), gap: load.longest_gap() };
    drop(load);
    let kept = script.keep.then_some(folder);
    let summary = Summary { script, stage: &stage, users, before, faults, kept };
    summary.tell(app, &row, &ending)?;
    stage.end().await;
    Ok(ending.exit())
}

/// Nobody goes on with a rehearsal.
fn left(error: CliError) -> CliError {
    match error.exit() {
        exit @ (Exit::Interrupted | Exit::Terminated) => {
            CliError::new(exit, "the rehearsal was left half-way; nothing real was touched")
        }
        _ => error,
    }
}
