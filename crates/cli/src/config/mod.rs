//! `pipeline.toml`: read twice. `raw` is what the file says, [`Config`] is what it means.

mod check;
mod doctrine;
mod gates;
mod notify;
mod promotion;
mod raw;
mod rollback;
mod schema;
mod security;
mod store;
mod verify;

pub(crate) use check::{malformed, strategy, url_variable};
pub(crate) use doctrine::Doctrine;
pub(crate) use gates::{BUILT_IN, Exec, Gate, Gates, HEALTH_SCORE, HealthScore};
pub(crate) use notify::{FromEnv, Notify, NotifyTo};
pub(crate) use promotion::{FREEZE, PROMOTION, Promotion, RULES, TREE};
pub(crate) use rollback::{Irreversible, Rollback};
pub(crate) use schema::{Explained, Keys};
pub(crate) use security::{Advisories, Security};
pub(crate) use store::StoreUrl;
pub(crate) use verify::{Endpoint, Journey, Performance, Smoke, SmokeCheck, Verify, Watch};

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;

use crate::error::{CliError, SourceFile, did_you_mean};
use crate::stores::Stores;

/// The commented reference: documentation, defaults and a test case at once.
pub(crate) const REFERENCE: &str = include_str!("default.toml");

/// The file's name.
pub(crate) const FILE_NAME: &str = "pipeline.toml";

/// What the file means, for every environment, with all defaults filled in.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// The folder of the file: the project.
    pub(crate) dir: PathBuf,
    pub(crate) store_url: StoreUrl,
    /// The stores that this process has open.
    pub(crate) stores: Stores,
    /// So many runs of each target keep their events and samples; all of them if not said.
    pub(crate) keep: Option<u32>,
    /// The gates where no environment is named.
    pub(crate) gates: Gates,
    pub(crate) environments: BTreeMap<String, Environment>,
    /// Who is told of alerts and of ends.
    pub(crate) notify: Vec<Notify>,
}

/// One environment.
#[derive(Clone, Debug)]
pub(crate) struct Environment {
    pub(crate) name: String,
    pub(crate) target: Target,
    pub(crate) url: Option<String>,
    pub(crate) confirm: Confirm,
    pub(crate) gates: Gates,
    pub(crate) build: Build,
    pub(crate) verify: Verify,
    pub(crate) rollback: Rollback,
    /// What must be true before something is deployed to it.
    pub(crate) promotion: Promotion,
}

/// How the image of a release is made.
#[derive(Clone, Debug)]
pub(crate) struct Build {
    pub(crate) with: BuildWith,
    /// The tool; found in the path if not said.
    pub(crate) program: Option<PathBuf>,
    pub(crate) dockerfile: Option<String>,
    pub(crate) target: Option<String>,
    pub(crate) args: BTreeMap<String, String>,
    pub(crate) remote: Option<bool>,
    pub(crate) timeout: Duration,
}

/// Who makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BuildWith {
    /// Nobody: it is there already.
    Image,
    /// flyctl.
    Flyctl,
    /// docker with buildx.
    Docker,
}

/// Where an environment is.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// Nothing to deploy to.
    None,
    /// An application at Fly.io.
    Fly(Fly),
}

/// An application at Fly.io.
#[derive(Clone, Debug)]
pub(crate) struct Fly {
    pub(crate) app: String,
    pub(crate) config: PathBuf,
    pub(crate) strategy: Option<Strategy>,
    pub(crate) ha: bool,
    /// What fly.toml says, if not said.
    pub(crate) wait_timeout: Option<Duration>,
    /// How long all stages together may take.
    pub(crate) deadline: Duration,
    /// How long the first machine of a canary deploy is watched.
    pub(crate) bake: Duration,
    pub(crate) unreachable: Unreachable,
    pub(crate) paced: bool,
    pub(crate) poll: Duration,
    pub(crate) lease_ttl: Duration,
    pub(crate) drain: Duration,
    pub(crate) probe_url: Option<String>,
}

/// How machines are replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strategy {
    Rolling,
    Canary,
    BlueGreen,
    Immediate,
}

/// What is done about machines whose host does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreachable {
    Abort,
    Skip,
}

/// How a deploy is confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Confirm {
    /// Not at all.
    Never,
    /// With the word `yes`.
    Yes,
    /// With the application's name.
    App,
}

impl Config {
    /// Reads the file that was named, or the nearest one at or above `from`.
    pub(crate) fn load(
        named: Option<&Path>,
        from: &Path,
        vars: &BTreeMap<String, String>,
    ) -> Result<Self, CliError> {
        Ok(check::check(&Self::file(named, from)?, vars)?)
    }

    /// What this text means.
    pub(crate) fn of(file: &SourceFile, vars: &BTreeMap<String, String>) -> Result<Self, CliError> {
        Ok(check::check(file, vars)?)
    }

    /// The text of the file that was named, or of the nearest one at or above `from`.
    pub(crate) fn file(named: Option<&Path>, from: &Path) -> Result<SourceFile, CliError> {
        let path = match named {
            Some(path) => from.join(path),
            None => find(from)?,
        };
        SourceFile::read(&path)
    }

    /// The same, where a project can do without the file: then it is the nearest one with a `mix.exs`, and every key has its default.
    pub(crate) fn load_or_usual(
        named: Option<&Path>,
        from: &Path,
        vars: &BTreeMap<String, String>,
    ) -> Result<Self, CliError> {
        let project = || from.ancestors().filter(|it| it.join("mix.exs").is_file()).last();
        match (named, find(from), project()) {
            (None, Err(_), Some(dir)) => {
                let file = SourceFile { path: dir.join(FILE_NAME), text: String::new() };
                Ok(check::check(&file, vars)?)
            }
            _ => Self::load(named, from, vars),
        }
    }

    /// All that must never be seen: what checks send, what people are told with, what the store is opened with.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = SecretString> {
        let sent = self.environments.values().flat_map(Environment::secrets);
        let told = self.notify.iter().flat_map(Notify::secrets).cloned();
        sent.chain(told).chain(self.store_url.secrets())
    }

    /// The environment of this name.
    pub(crate) fn environment(&self, name: &str) -> Result<&Environment, CliError> {
        self.environments.get(name).ok_or_else(|| {
            let known: Vec<&str> = self.environments.keys().map(String::as_str).collect();
            let error = CliError::usage(format!("there is no environment `{name}` in {FILE_NAME}"));
            match did_you_mean(name, known.iter().copied()) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error.hint(format!("the environments are: {}", known.join(", "))),
            }
        })
    }
}

impl Environment {
    /// The Fly.io application, or why there is none.
    pub(crate) fn fly(&self) -> Result<&Fly, CliError> {
        match &self.target {
            Target::Fly(fly) => Ok(fly),
            Target::None => Err(CliError::usage(format!(
                "the environment `{}` has target = \"none\": there is nothing to deploy to",
                self.name
            ))
            .hint(format!("`pipeline verify {}` is what it can do", self.name))),
        }
    }

    /// All secrets it knows, for striking them out of what is shown. A password in an address is one.
    fn secrets(&self) -> impl Iterator<Item = SecretString> {
        let probed = match &self.target {
            Target::Fly(fly) => fly.probe_url.as_deref(),
            Target::None => None,
        };
        let addresses = self.url.as_deref().into_iter().chain(probed);
        let passwords = addresses.flat_map(store_sql::secrets_of).map(SecretString::from);
        self.verify.secrets().cloned().chain(passwords)
    }
}

fn find(from: &Path) -> Result<PathBuf, CliError> {
    from.ancestors().map(|dir| dir.join(FILE_NAME)).find(|path| path.is_file()).ok_or_else(|| {
        CliError::usage(format!("there is no {FILE_NAME} in {} or above it", from.display()))
            .hint("`pipeline init` writes one for the project it finds here")
    })
}

#[cfg(test)]
mod tests;
