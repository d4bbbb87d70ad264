//! The Dockerfile of an environment, for `pipeline lint`: which one it is, what lies beside it, and what it could do better.

use std::path::{Path, PathBuf};

use gates_mix::{Beside, lint_dockerfile};
use pipeline_core::Finding;
use target_flyio::FlyToml;

use crate::config::{Config, Environment, Fly};

/// What of the Dockerfile will hurt. Nothing where there is none, or no Elixir project that it could be made for.
pub(crate) fn look(
    config: &Config,
    environment: &Environment,
    fly: &Fly,
    toml: &FlyToml,
) -> Vec<Finding> {
    let path = path(config, environment, fly, toml);
    let text = std::fs::read_to_string(&path);
    let Ok(text) = text.map(|it| it.replace('\r', "")) else { return Vec::new() };
    if !config.dir.join("mix.exs").is_file() {
        return Vec::new();
    }
    let target = environment.build.target.clone().or_else(|| toml.build.target.clone());
    let file = path.strip_prefix(&config.dir).unwrap_or(&path);
    let beside = Beside { target, ..beside(&config.dir, &path) };
    lint_dockerfile(&file.display().to_string(), &text, &beside)
}

/// The one that is configured, else what builders take by themselves.
fn path(config: &Config, environment: &Environment, fly: &Fly, toml: &FlyToml) -> PathBuf {
    let fly_toml = config.dir.join(&fly.config);
    let folder = fly_toml.parent().unwrap_or(&config.dir);
    match (&environment.build.dockerfile, &toml.build.dockerfile) {
        (Some(ours), _) => config.dir.join(ours),
        (None, Some(theirs)) => folder.join(theirs),
        (None, None) => folder.join("Dockerfile"),
    }
}

fn beside(project: &Path, dockerfile: &Path) -> Beside {
    let apps = std::fs::read_dir(project.join("apps")).into_iter().flatten().flatten();
    let mut folders = apps.map(|it| it.path()).chain([project.to_owned()]);
    let lists = [
        PathBuf::from(format!("{}.dockerignore", dockerfile.display())),
        dockerfile.with_file_name(".dockerignore"),
        project.join(".dockerignore"),
    ];
    let lock = std::fs::read_to_string(project.join("mix.lock")).unwrap_or_default();
    Beside {
        assets: folders.any(|it| it.join("assets").is_dir()),
        // `%{` and `}` stand alone in a lock of nothing.
        dependencies: lock.contains(':'),
        ignores: lists.iter().any(|it| it.is_file()),
        target: None,
    }
}
