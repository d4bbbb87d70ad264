//! Command lines as values: which program, with which arguments, where, and in which surroundings.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use pipeline_core::RunId;
use pipeline_process::Command;

use super::config::BuildConfig;

/// Fly.io's machines are of this kind only (flyctl: `internal/build/imgsrc/dockerfile_builder.go`).
const PLATFORM: &str = "linux/amd64";

/// A tool and what to run of it.
#[derive(Clone, Debug)]
pub(super) struct Tool {
    /// The first of these that is there.
    pub(super) programs: Vec<PathBuf>,
    /// The rest of its command line, whatever the program is called.
    pub(super) command: Command,
    /// How to get the program.
    pub(super) install: &'static str,
}

impl Tool {
    /// The command with each name of the program.
    pub(super) fn commands(&self) -> impl Iterator<Item = Command> {
        let named =
            |program: &PathBuf| Command { program: program.clone(), ..self.command.clone() };
        self.programs.iter().map(named)
    }
}

/// `flyctl deploy --build-only --push`. The token goes in the environment: arguments are seen by everybody.
pub(super) fn flyctl(config: &BuildConfig, run: &RunId) -> Tool {
    let mut args = words(&["deploy", "--build-only", "--push", "--image-label"]);
    args.push(config.label(run).into());
    args.extend(["--app".into(), config.app.clone().into()]);
    args.extend(["--config".into(), config.file(&config.fly_toml).into()]);
    if let Some(dockerfile) = &config.dockerfile {
        args.extend(["--dockerfile".into(), config.file(dockerfile).into()]);
    }
    if let Some(target) = &config.target {
        args.extend(["--build-target".into(), target.into()]);
    }
    args.extend(build_args(config));
    match config.remote {
        Some(true) => args.push("--remote-only".into()),
        Some(false) => args.push("--local-only".into()),
        None => {}
    }
    let env = variables([
        ("NO_COLOR", Some("1".into())),
        // flyctl hands it to BuildKit's display (flyctl: internal/build/imgsrc/buildkit.go).
        ("BUILDKIT_PROGRESS", Some("plain".into())),
        ("FLY_NO_UPDATE_CHECK", Some("1".into())),
        // It would go before FLY_API_TOKEN (flyctl: internal/config/config.go).
        ("FLY_ACCESS_TOKEN", None),
    ]);
    let secrets = [("FLY_API_TOKEN".to_owned(), config.token.clone())].into();
    Tool {
        programs: config.programs(&["flyctl", "fly"]),
        command: Command { args, env, secrets, ..command(config) },
        install: "install flyctl (https://fly.io/docs/flyctl/install/), or name it in [build] program",
    }
}

/// `docker buildx build --push` with its settings in the folder `settings`, which holds the key to the registry.
pub(super) fn docker(config: &BuildConfig, reference: &str, settings: &Path) -> Tool {
    let mut args = words(&["buildx", "build", "--push", "--platform", PLATFORM]);
    // A list with a statement beside the image would have a digest of its own; flyctl makes none either.
    args.extend(words(&["--provenance=false", "--progress", "plain", "--metadata-file"]));
    args.push(metadata_file(settings).into());
    args.extend(["--tag".into(), reference.into()]);
    if let Some(dockerfile) = &config.dockerfile {
        args.extend(["--file".into(), config.file(dockerfile).into()]);
    }
    if let Some(target) = &config.target {
        args.extend(["--target".into(), target.into()]);
    }
    args.extend(build_args(config));
    args.push(".".into());
    let env = variables([
        ("NO_COLOR", Some("1".into())),
        ("DOCKER_CONFIG", Some(settings.into())),
        // It needs none: the key to the registry is in its settings.
        ("FLY_API_TOKEN", None),
        ("FLY_ACCESS_TOKEN", None),
    ]);
    Tool {
        programs: config.programs(&["docker"]),
        command: Command { args, env, ..command(config) },
        install: "install docker with buildx (https://docs.docker.com/engine/install/), or name it in [build] program",
    }
}

/// Where docker writes what it made.
pub(super) fn metadata_file(settings: &Path) -> PathBuf {
    settings.join("pipeline-metadata.json")
}

fn command(config: &BuildConfig) -> Command {
    Command { grace: config.grace, ..Command::new("", &config.dir) }
}

fn variables<const N: usize>(
    pairs: [(&str, Option<OsString>); N],
) -> BTreeMap<String, Option<OsString>> {
    pairs.map(|(name, value)| (name.to_owned(), value)).into()
}

fn build_args(config: &BuildConfig) -> impl Iterator<Item = OsString> {
    let pairs = config.args.iter().map(|(name, value)| format!("{name}={value}"));
    pairs.flat_map(|pair| ["--build-arg".into(), pair.into()])
}

fn words(words: &[&str]) -> Vec<OsString> {
    words.iter().map(OsString::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain() -> BuildConfig {
        BuildConfig::new("shop", "/shop", "sentinel-token".to_owned())
    }

    fn full() -> BuildConfig {
        let args = [("B", "two words"), ("A", "--push=no")];
        BuildConfig {
            dockerfile: Some("Dockerfile.prod".into()),
            target: Some("release".into()),
            args: args.map(|(name, value)| (name.into(), value.into())).into(),
            label: Some("v7".into()),
            program: Some("/opt/tool".into()),
            remote: Some(true),
            ..plain()
        }
    }

    fn told(tool: &Tool) -> String {
        let args: Vec<_> = tool.command.args.iter().map(|it| it.to_str().unwrap()).collect();
        format!("{} {}", tool.programs[0].display(), args.join(" "))
    }

    #[test]
    fn flyctl_builds_and_pushes_and_deploys_nothing() {
        let run = RunId::new("r1");
        let local = BuildConfig { remote: Some(false), ..plain() };
        for (config, line) in [
            (
                plain(),
                "flyctl deploy --build-only --push --image-label pipeline-r1 --app shop --config /shop/fly.toml",
            ),
            (
                local,
                "flyctl deploy --build-only --push --image-label pipeline-r1 --app shop --config /shop/fly.toml --local-only",
            ),
            (
                full(),
                "/opt/tool deploy --build-only --push --image-label v7 --app shop --config /shop/fly.toml \
                 --dockerfile /shop/Dockerfile.prod --build-target release \
                 --build-arg A=--push=no --build-arg B=two words --remote-only",
            ),
        ] {
            assert_eq!(told(&flyctl(&config, &run)), line);
        }
        assert_eq!(flyctl(&plain(), &run).programs, [Path::new("flyctl"), Path::new("fly")]);
    }

    #[test]
    fn docker_builds_one_image_for_the_machines_of_fly_and_pushes_it() {
        let (short, long) = (plain(), full());
        for (config, line) in [
            (
                short,
                "docker buildx build --push --platform linux/amd64 --provenance=false --progress plain \
                 --metadata-file /s/pipeline-metadata.json --tag registry.fly.io/shop:v7 .",
            ),
            (
                long,
                "/opt/tool buildx build --push --platform linux/amd64 --provenance=false --progress plain \
                 --metadata-file /s/pipeline-metadata.json --tag registry.fly.io/shop:v7 \
                 --file /shop/Dockerfile.prod --target release \
                 --build-arg A=--push=no --build-arg B=two words .",
            ),
        ] {
            assert_eq!(told(&docker(&config, "registry.fly.io/shop:v7", Path::new("/s"))), line);
        }
    }

    #[test]
    fn the_token_is_in_no_argument_and_only_flyctl_gets_it_at_all() {
        let fly = flyctl(&full(), &RunId::new("r1"));
        let docker = docker(&full(), "r", Path::new("/s"));
        let secrets = |tool: &Tool| tool.command.secrets.len();
        assert_eq!((secrets(&fly), secrets(&docker)), (1, 0));
        assert_eq!(docker.command.env["FLY_API_TOKEN"], None);
        assert!(!format!("{fly:?}{docker:?}").contains("sentinel"));
    }
}
