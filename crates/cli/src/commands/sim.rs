//! `pipeline sim`: the simulated Fly.io alone, until it is interrupted.

use std::collections::BTreeMap;
use std::path::Path;
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

/// Not exported: every program of that terminal would lose the net. Port 9 is closed as a rule.
const OFF_THE_NET: &str = "# flyctl alone asks the net for feature flags, too; to keep it from that:\n\
                           # alias flyctl='HTTPS_PROXY=http://127.0.0.1:9 flyctl'";

pub(crate) async fn run(app: &App, args: Sim) -> Result<Exit, CliError> {
    let env = args.env.iter().map(|it| pair(it, "--env")).collect::<Result<_, _>>()?;
    let sim = start(SimConfig::default()).await?;
    let home = tempfile::Builder::new().prefix("pipeline-sim-").tempdir();
    let home = home.map_err(|error| broken(&error))?;
    for (name, value) in surroundings(&sim, home.path()) {
        app.fact(&format!("export {name}={}", quoted(&value)))?;
    }
    app.fact(OFF_THE_NET)?;
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
    let entry = [this.display().to_string(), "__machine".into()];
    Ok(Image::new(reference, [""; 0]).entrypoint(entry).env(env))
}

pub(crate) fn broken(error: &dyn std::error::Error) -> CliError {
    CliError::new(Exit::Unreachable, format!("the simulator: {}", chain(error)))
}

/// What points flyctl and pipeline at the simulator. flyctl prefers `FLY_ACCESS_TOKEN`: a real
/// one must not be sent here. The rest keeps flyctl from calling home, and from the settings and
/// the agent of its user.
fn surroundings(sim: &SimFly, home: &Path) -> [(&'static str, String); 13] {
    let (api, token) = (sim.api_url(), sim.token().to_owned());
    [
        ("FLY_FLAPS_BASE_URL", api.clone()),
        ("FLY_API_BASE_URL", api.clone()),
        ("FLY_UIEX_BASE_URL", api.clone()),
        ("FLY_API_TOKEN", token.clone()),
        ("FLY_ACCESS_TOKEN", token),
        ("FLY_CONFIG_DIR", home.display().to_string()),
        ("FLY_NO_UPDATE_CHECK", "1".into()),
        ("FLY_NO_INCIDENTS_CHECK", "1".into()),
        ("FLY_SEND_METRICS", "0".into()),
        ("FLY_METRICS_BASE_URL", api.clone()),
        ("FLY_SYNTHETICS_AGENT", "0".into()),
        ("FLY_SYNTHETICS_BASE_URL", api),
        ("FLY_TRACE_COLLECTOR_URL", "127.0.0.1".into()),
    ]
}

/// A value as a shell reads it.
fn quoted(value: &str) -> String {
    let plain = |it: char| it.is_ascii_alphanumeric() || "/:._-".contains(it);
    if value.chars().all(plain) {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\'', r"'\''"))
}

fn image_of(
    reference: &str,
    command: &str,
    env: &BTreeMap<String, String>,
) -> Result<Image, CliError> {
    let mut words = command.split(' ').filter(|it| !it.is_empty()).peekable();
    if words.next_if_eq(&BUNDLED).is_none() {
        return Ok(Image::new(reference, words).env(env));
    }
    let mut own =
        words.map(|it| pair(it, "--image …=bundled")).collect::<Result<BTreeMap<_, _>, _>>()?;
    let tag = reference.rsplit(['/', ':']).next().unwrap_or_default();
    own.entry("APP_VERSION".into()).or_insert_with(|| tag.into());
    Ok(bundled(reference, env)?.env(own))
}

fn pair(text: &str, flag: &str) -> Result<(String, String), CliError> {
    let (name, value) = text.split_once('=').ok_or_else(|| {
        CliError::usage(format!("{flag} {text}: there is no `=` in it"))
            .hint(format!("write {flag} NAME=VALUE"))
    })?;
    Ok((name.into(), value.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_quoted_where_a_shell_would_take_them_apart() {
        let table = [
            ("http://127.0.0.1:9", "http://127.0.0.1:9"),
            ("/tmp/a b", "'/tmp/a b'"),
            ("it's", r"'it'\''s'"),
            ("$HOME", "'$HOME'"),
        ];
        for (value, wanted) in table {
            assert_eq!(quoted(value), wanted);
        }
    }

    #[test]
    fn the_bundled_server_takes_variables_and_other_programs_take_words() {
        let none = BTreeMap::new();
        let image = image_of("a:1", "bundled RELEASE_EXIT=1", &none).unwrap();
        assert_eq!((&*image.env["RELEASE_EXIT"], &*image.env["APP_VERSION"]), ("1", "1"));
        assert!(image.command.is_empty() && image.entrypoint[1] == "__machine");
        let image = image_of("a:1", "/bin/sleep  9", &none).unwrap();
        assert_eq!(image.command, ["/bin/sleep", "9"]);
        assert!(image_of("a:1", "bundled quickly", &none).is_err());
    }
}
