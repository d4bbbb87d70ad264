//! What to build, for which app, and with what.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pipeline_core::RunId;
use secrecy::SecretString;

/// Where Fly.io keeps images (fly.io docs: blueprints/using-the-fly-docker-registry).
const REGISTRY: &str = "registry.fly.io";

/// The longest tag that a registry takes (OCI distribution specification: "pulling manifests").
const LONGEST_LABEL: usize = 128;

/// All that a build goes by. Made by [`new`](Self::new), then changed where need be.
#[derive(Clone)]
#[non_exhaustive]
pub struct BuildConfig {
    /// The app's name at Fly.io: its images live under this name.
    pub app: String,
    /// The project's folder, which is the build context. A relative path below is relative to it.
    pub dir: PathBuf,
    /// The app's `fly.toml`. Only flyctl reads it.
    pub fly_toml: PathBuf,
    /// A token that may push images of the app.
    pub token: SecretString,
    /// The registry; `registry.fly.io` if not changed.
    pub registry: String,
    /// The image's label; if `None`, one that names the run, so that no two runs share one.
    pub label: Option<String>,
    /// The tool; `flyctl`, then `fly`, or `docker` if `None`.
    pub program: Option<PathBuf>,
    /// The Dockerfile; what the tool takes by itself if `None`.
    pub dockerfile: Option<PathBuf>,
    /// The stage of the Dockerfile to build; the last if `None`.
    pub target: Option<String>,
    /// Build arguments. They can be seen in the list of processes, so they are no place for secrets.
    pub args: BTreeMap<String, String>,
    /// Only flyctl: `true` builds on a builder at Fly.io only, `false` with the Docker engine of this machine
    /// only; `None` leaves it to flyctl.
    pub remote: Option<bool>,
    /// Where everything goes that the tool prints; `.pipeline/logs/build.log` in [`dir`](Self::dir).
    pub log: PathBuf,
    /// Only docker: the folder of the user's own settings. They are read, never written.
    pub docker_settings: Option<PathBuf>,
    /// How long the tool may take to end after SIGTERM, before SIGKILL. 10 s if not changed.
    pub grace: Duration,
}

impl BuildConfig {
    /// A build of the project in `dir` for `app`, with everything else as it usually is.
    pub fn new(
        app: impl Into<String>,
        dir: impl Into<PathBuf>,
        token: impl Into<SecretString>,
    ) -> Self {
        let dir = dir.into();
        Self {
            app: app.into(),
            fly_toml: dir.join("fly.toml"),
            log: dir.join(".pipeline/logs/build.log"),
            dir,
            token: token.into(),
            registry: REGISTRY.to_owned(),
            label: None,
            program: None,
            dockerfile: None,
            target: None,
            args: BTreeMap::new(),
            remote: None,
            docker_settings: None,
            grace: Duration::from_secs(10),
        }
    }

    /// What the image of this run is called, without its digest.
    pub(super) fn reference(&self, run: &RunId) -> String {
        format!("{}/{}:{}", self.registry, self.app, self.label(run))
    }

    pub(super) fn label(&self, run: &RunId) -> String {
        self.label.clone().unwrap_or_else(|| label_of(run))
    }

    pub(super) fn programs(&self, usual: &[&str]) -> Vec<PathBuf> {
        match &self.program {
            Some(program) => vec![program.clone()],
            None => usual.iter().map(PathBuf::from).collect(),
        }
    }

    /// A file of the project.
    pub(super) fn file(&self, path: &Path) -> PathBuf {
        self.dir.join(path)
    }
}

/// Build arguments are not shown: somebody will put a secret there in spite of all.
impl fmt::Debug for BuildConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BuildConfig")
            .field("app", &self.app)
            .field("dir", &self.dir)
            .field("program", &self.program)
            .field("dockerfile", &self.dockerfile)
            .field("target", &self.target)
            .field("args", &self.args.keys())
            .field("remote", &self.remote)
            .finish_non_exhaustive()
    }
}

/// A label that names the run, with the characters and the length that a tag may have.
fn label_of(run: &RunId) -> String {
    let name = run.as_str().chars().map(|it| match it {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '.' | '-' => it,
        _ => '-',
    });
    "pipeline-".chars().chain(name).take(LONGEST_LABEL).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_names_the_run_in_the_characters_of_a_tag() {
        for (run, label) in [
            ("0198-aBc_1.2", "pipeline-0198-aBc_1.2"),
            ("a/b:c d@e", "pipeline-a-b-c-d-e"),
            ("żółw", "pipeline----w"),
            ("", "pipeline-"),
        ] {
            assert_eq!(label_of(&RunId::new(run)), label);
        }
        assert_eq!(label_of(&RunId::new("x".repeat(500))).len(), LONGEST_LABEL);
    }

    #[test]
    fn neither_the_token_nor_an_argument_is_shown() {
        let mut config = BuildConfig::new("shop", "/shop", "sentinel-token".to_owned());
        config.args.insert("KEY".into(), "sentinel-value".into());
        let shown = format!("{config:?}");
        assert!(shown.contains("KEY") && !shown.contains("sentinel"), "{shown}");
    }
}
