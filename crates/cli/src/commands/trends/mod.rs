//! `pipeline trends [ENV]`: what the runs so far say.

mod ask;
mod commits;
mod words;

use pipeline_history::{Answer, Dora, Most, Pace, Rising};
use serde::Serialize;
use serde_json::json;

use crate::app::App;
use crate::args::Trends;
use crate::commands::history::now;
use crate::error::CliError;
use crate::exit::Exit;
use crate::render::Tone;
use crate::session::look_into_store;

pub(crate) use ask::Asked;

/// The answers for one environment.
#[derive(Debug, Serialize)]
pub(crate) struct Answers {
    environment: String,
    pub(crate) slower: Answer<Pace>,
    pub(crate) rising: Answer<Rising>,
    pub(crate) most: Answer<Most>,
    pub(crate) dora: Dora,
}

pub(crate) async fn run(app: &App, args: Trends) -> Result<Exit, CliError> {
    let config = app.config()?;
    let names: Vec<String> = match &args.environment {
        Some(name) => vec![config.environment(name)?.name.clone()],
        None => config.environments.keys().cloned().collect(),
    };
    let mut answers = Vec::new();
    if let Some(store) = look_into_store(&config).await? {
        let asked = Asked { store: &store, dir: &config.dir, window: args.window, now: now() };
        for name in &names {
            answers.extend(asked.about(name).await?);
        }
    }
    let secrets = app.secrets(Some(&config));
    if app.json() {
        app.object(&secrets, json!({ "schema": 1, "environments": answers }))?;
    } else if answers.is_empty() {
        app.say(Tone::Dim, "no runs yet");
    } else {
        let text: Vec<String> = answers.iter().map(|it| words::text(it, app.width())).collect();
        app.fact(secrets.strike(text.join("\n\n").trim_end()).as_ref())?;
    }
    Ok(Exit::Good)
}
