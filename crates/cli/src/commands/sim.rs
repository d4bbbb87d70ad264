//! `pipeline sim`: the simulated Fly.io alone, until it is interrupted.

use std::collections::BTreeMap;
use std::process::ExitCode;

use sim_flyio::{Image, SimConfig, SimFly};

use crate::app::App;
use crate::args::Sim;
use crate::error::{CliError, chain};
use crate::exit::Exit;
use crate::render::Tone;
use crate::signals;

/// The command that stands for the bundled small server.
const BUNDLED: &str = "bundled";

pub(crate) async fn run(app: &App, args: Sim) -> Result<Exit, CliError> {
    let env = args.env.iter().map(|it| pair(it, "--env")).collect::<Result<_, _>>()?;
    let sim = start(SimConfig::default()).await?;
    app.fact(&format!("export FLY_FLAPS_BASE_URL={}", sim.api_url()))?;
    app.fact(&format!("export FLY_API_TOKEN={}", sim.token()))?;
    for image in &args.images {
        let (reference, command) = pair(image, "--image")?;
        let digest = sim.register_image(image_of(&reference, &command, &env)?);
        app.fact(&format!("# image {reference}@{digest}"))?;
    }
    for name in &args.apps {
        if name.is_empty() || !name.chars().all(|it| it.is_ascii_alphanumeric() || it == '-') {
            return Err(CliError::usage(format!(
                "--app {name}: that is no name of an application"
            ))
            .hint("use letters, digits and hyphens"));
        }
        sim.create_app(name);
        let url = sim.app_url(name).await.map_err(|error| broken(&error))?;
        app.fact(&format!("# app {name} at {url}"))?;
    }
    app.say(Tone::Dim, "the simulator runs until it is interrupted");
    signals::either().await;
    sim.shutdown().await;
    Ok(Exit::Good)
}

/// (internal) Be a machine: the bundled small server, which behaves as its environment says.
pub(crate) async fn machine(app: &App) -> Result<ExitCode, CliError> {
    let served = sim_flyio::app::serve(app.around.vars.clone()).await;
    served.map_err(|error| CliError::new(Exit::Bug, chain(&error)))
}

pub(crate) async fn start(config: SimConfig) -> Result<SimFly, CliError> {
    SimFly::start(config).await.map_err(|error| broken(&error))
}

/// The bundled small server as an image.
pub(crate) fn bundled(reference: &str, env: &BTreeMap<String, String>) -> Result<Image, CliError> {
    let this = std::env::current_exe()
        .map_err(|error| CliError::new(Exit::Bug, format!("this program's own path: {error}")))?;
    Ok(Image::new(reference, [this.display().to_string(), "__machine".into()]).env(env))
}

pub(crate) fn broken(error: &dyn std::error::Error) -> CliError {
    CliError::new(Exit::Unreachable, format!("the simulator: {}", chain(error)))
}

fn image_of(
    reference: &str,
    command: &str,
    env: &BTreeMap<String, String>,
) -> Result<Image, CliError> {
    if command == BUNDLED {
        return bundled(reference, env);
    }
    let words = command.split(' ').filter(|it| !it.is_empty());
    Ok(Image::new(reference, words).env(env))
}

fn pair(text: &str, flag: &str) -> Result<(String, String), CliError> {
    let (name, value) = text.split_once('=').ok_or_else(|| {
        CliError::usage(format!("{flag} {text}: there is no `=` in it"))
            .hint(format!("write {flag} NAME=VALUE"))
    })?;
    Ok((name.into(), value.into()))
}
