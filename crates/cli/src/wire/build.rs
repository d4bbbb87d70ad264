//! The builder of an environment: who makes the image, and from what.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pipeline_core::{Builder, Limits, Step};
use target_flyio::{BuildConfig, DockerBuild, FlyToml, FlyctlBuild};

use crate::app::{App, Setting};
use crate::config::{Build, BuildWith, Fly};
use crate::error::CliError;

use super::fly::fly_token;

/// Longer than the tool is given after SIGTERM, so that it is killed before its step is dropped.
const GRACE: Duration = Duration::from_secs(15);
/// A push that broke off, or a builder that did not answer, is worth a second try; what was built is cached.
const ATTEMPTS: NonZeroU32 = NonZeroU32::new(2).expect("2 is not 0");

/// The image that is there already, or `None` where one is to be built.
pub(super) fn image(setting: Setting<'_>, toml: &FlyToml) -> Result<Option<String>, CliError> {
    let named = toml.build.image.clone();
    match (named, setting.environment.build.with) {
        (Some(image), BuildWith::Image) => Ok(Some(image)),
        (None, BuildWith::Image) => Err(CliError::usage("there is no image to deploy").hint(
            "name one with --image REF, or in [build] of fly.toml; or have one built: \
             with = \"flyctl\" in [build] of pipeline.toml",
        )),
        (None, _) => Ok(None),
        // flyctl would build nothing and deploy that one.
        (Some(image), _) => Err(CliError::usage(format!(
            "[build] of pipeline.toml wants an image built, and [build] of fly.toml names {image}"
        ))
        .hint("take one of the two out, or name the image to deploy with --image REF")),
    }
}

/// The configured builder.
pub(super) fn builder(
    setting: Setting<'_>,
    fly: &Fly,
    toml: &FlyToml,
) -> Result<Step<dyn Builder>, CliError> {
    let build = &setting.environment.build;
    one_of_two("dockerfile", build.dockerfile.as_ref(), toml.build.dockerfile.as_ref())?;
    one_of_two("target", build.target.as_ref(), toml.build.target.as_ref())?;
    let config = build_config(setting, fly)?;
    let step = match build.with {
        BuildWith::Docker => {
            let folder = setting.config.dir.join(&fly.config);
            let config = as_flyctl_would(config, folder.parent().unwrap_or(Path::new(".")), toml)?;
            Step::builder("docker", DockerBuild::new(config))
        }
        BuildWith::Flyctl | BuildWith::Image => Step::builder("flyctl", FlyctlBuild::new(config)),
    };
    Ok(step.limits(Limits::once().timeout(build.timeout).grace(GRACE).attempts(ATTEMPTS)))
}

fn build_config(setting: Setting<'_>, fly: &Fly) -> Result<BuildConfig, CliError> {
    let Setting { app, config, environment } = setting;
    let Build { program, dockerfile, target, args, remote, .. } = environment.build.clone();
    let mut built = BuildConfig::new(&fly.app, &config.dir, fly_token(app)?);
    built.fly_toml = config.dir.join(&fly.config);
    built.log = config.dir.join(".pipeline/logs/build.log");
    if let Some(host) = app.var("FLY_REGISTRY_HOST") {
        host.clone_into(&mut built.registry);
    }
    built.program = program;
    built.dockerfile = dockerfile.map(PathBuf::from);
    built.target = target;
    built.args = args;
    built.remote = remote;
    built.docker_settings = docker_settings(app);
    Ok(built)
}

/// What flyctl reads in fly.toml by itself and docker does not know of.
fn as_flyctl_would(
    mut config: BuildConfig,
    folder: &Path,
    toml: &FlyToml,
) -> Result<BuildConfig, CliError> {
    if let Some(named) = toml.build.dockerfile.as_ref().filter(|_| config.dockerfile.is_none()) {
        if named.contains("://") {
            return Err(CliError::usage(format!("docker does not build the Dockerfile {named}"))
                .hint("put it into the project, or build with = \"flyctl\""));
        }
        config.dockerfile = Some(folder.join(named));
    }
    config.target = config.target.or_else(|| toml.build.target.clone());
    let mut args = toml.build.args.clone();
    args.extend(config.args);
    config.args = args;
    Ok(config)
}

/// flyctl would build what fly.toml says, whatever it is told; so the two must not differ.
fn one_of_two(key: &str, ours: Option<&String>, flys: Option<&String>) -> Result<(), CliError> {
    match (ours, flys) {
        (Some(ours), Some(flys)) if ours != flys => Err(CliError::usage(format!(
            "the {key} to build is `{ours}` in pipeline.toml and `{flys}` in fly.toml"
        ))
        .hint("say it in one of the two")),
        _ => Ok(()),
    }
}

/// Where docker keeps its user's settings (docker docs: cli, `DOCKER_CONFIG`).
fn docker_settings(app: &App) -> Option<PathBuf> {
    let usual = || app.var("HOME").map(|home| Path::new(home).join(".docker"));
    app.var("DOCKER_CONFIG").map(PathBuf::from).or_else(usual)
}
