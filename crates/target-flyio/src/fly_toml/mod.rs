//! `fly.toml`, as far as a deploy by the Machines API goes. The file belongs to flyctl: keys that are not
//! known here are warnings, known keys with a wrong value are errors with their line and column.

mod checks;
mod groups;
mod reader;
mod services;
mod vm;
mod words;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

use self::groups::read_groups;
use self::reader::{Document, Section};
use crate::config::Strategy;
use crate::desired::GroupSpec;

/// What `fly.toml` says, checked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FlyToml {
    /// `app`.
    pub app: Option<String>,
    /// `primary_region`: where machines of a new app are created.
    pub primary_region: Option<String>,
    /// `build.image`: what to deploy when nothing is built.
    pub image: Option<String>,
    /// `build.dockerfile`, relative to the file. flyctl builds it, whatever its arguments say.
    pub dockerfile: Option<String>,
    /// `build.build-target`. flyctl builds it, whatever its arguments say.
    pub build_target: Option<String>,
    /// `build.args`. In flyctl, arguments of the same name go before them.
    pub build_args: BTreeMap<String, String>,
    /// `deploy.strategy`, if it is one that this crate has.
    pub strategy: Option<Strategy>,
    /// `deploy.max_unavailable`: a share below 1, else a number of machines.
    pub max_unavailable: Option<f64>,
    /// `deploy.wait_timeout`.
    pub wait_timeout: Option<Duration>,
    /// What a person should know: keys that are not applied, with their place.
    pub warnings: Vec<String>,
    pub(crate) groups: BTreeMap<String, GroupSpec>,
}

/// Where in the file, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, as it was named.
    pub file: PathBuf,
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

/// What is wrong with a `fly.toml`.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FlyTomlError {
    /// It could not be read.
    #[error("{} could not be read; name the file in the environment's `config`", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It is no TOML.
    #[error("{place}: {message}")]
    Syntax {
        /// Where.
        place: Place,
        /// What the parser says.
        message: String,
    },
    /// A key has a value that it cannot have.
    #[error("{place}: `{key}` {problem}")]
    Value {
        /// Where.
        place: Place,
        /// The whole key, such as `http_service.internal_port`.
        key: String,
        /// What is wrong and what would be right.
        problem: String,
    },
}

impl FlyToml {
    /// Reads the file at `path`.
    pub fn read(path: &Path) -> Result<Self, FlyTomlError> {
        let unreadable = |source| FlyTomlError::Unreadable { path: path.to_owned(), source };
        Self::parse(path, &std::fs::read_to_string(path).map_err(unreadable)?)
    }

    /// Reads `text` as the content of `path`, which is only named in errors.
    pub fn parse(path: &Path, text: &str) -> Result<Self, FlyTomlError> {
        let document = Document::new(path, text);
        let tree = document.tree()?;
        let root = document.root(&tree);
        let mut read = Self {
            app: root.text("app")?,
            primary_region: root.text("primary_region")?,
            ..Self::default()
        };
        read.read_deploy(&root)?;
        read.groups = read_groups(&root, read.primary_region.as_deref())?;
        root.finish();
        read.warnings = document.warnings();
        Ok(read)
    }

    /// The names of the process groups.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.groups.keys().map(String::as_str)
    }

    fn read_deploy(&mut self, root: &Section<'_>) -> Result<(), FlyTomlError> {
        if let Some(build) = root.section("build")? {
            self.image = build.text("image")?;
            self.dockerfile = build.text("dockerfile")?;
            self.build_target = build.text("build-target")?;
            self.build_args = build.map("args")?;
            build.allow_rest();
        }
        let Some(deploy) = root.section("deploy")? else { return Ok(()) };
        let known = ["rolling", "bluegreen", "canary", "immediate"];
        self.strategy = match deploy.one_of("strategy", &known)?.as_deref() {
            Some("rolling") => Some(Strategy::Rolling),
            Some("bluegreen") => Some(Strategy::BlueGreen),
            Some(other) => {
                let why = format!("is {other}, which is not applied; choose rolling or bluegreen");
                deploy.warn("strategy", &why);
                None
            }
            None => None,
        };
        self.max_unavailable = deploy.number("max_unavailable")?;
        if self.max_unavailable.is_some_and(|it| it <= 0.0) {
            return Err(
                deploy.error("max_unavailable", "must be greater than 0, such as 0.33 or 1")
            );
        }
        self.wait_timeout = deploy.duration("wait_timeout", Duration::from_secs(1))?;
        if deploy.text("release_command")?.is_some() {
            deploy.warn("release_command", "is not run by a deploy of this version");
        }
        deploy.finish();
        Ok(())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file.display(), self.line, self.column)
    }
}

#[cfg(test)]
mod tests;
