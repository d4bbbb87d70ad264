//! `fly.toml`, as far as a deploy by the Machines API goes. The file belongs to flyctl: keys that are not
//! known here are warnings, known keys with a wrong value are errors with their line and column.

mod build;
mod checks;
mod deploy;
mod document;
mod files;
mod groups;
mod lint;
mod machine;
mod mounts;
mod reader;
mod services;
mod trials;
mod value;
mod vm;
mod words;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use thiserror::Error;

pub use self::build::BuildSpec;
use self::build::read_build;
pub(crate) use self::deploy::ReleaseSpec;
use self::deploy::read_deploy;
use self::document::{Document, Places, Remark};
use self::groups::{Read, read_groups};
pub use self::lint::{Lint, LintSetting};
use self::reader::Section;
use self::services::ServiceAt;
use crate::config::Strategy;
use crate::group::GroupSpec;

/// What `fly.toml` says, checked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FlyToml {
    /// `app`.
    pub app: Option<String>,
    /// `primary_region`: where machines of a new app are created.
    pub primary_region: Option<String>,
    /// `[build]`: how the image is made, or which one to take.
    pub build: BuildSpec,
    /// `deploy.strategy`.
    pub strategy: Option<Strategy>,
    /// `deploy.max_unavailable`: a share below 1, else a number of machines.
    pub max_unavailable: Option<f64>,
    /// `deploy.wait_timeout`.
    pub wait_timeout: Option<Duration>,
    /// What a person should know: keys that are not applied, with their place.
    pub warnings: Vec<String>,
    pub(crate) groups: BTreeMap<String, GroupSpec>,
    /// What runs before the first machine is touched.
    pub(crate) release: Option<ReleaseSpec>,
    /// The whole file as JSON, which Fly.io keeps with each release.
    pub(crate) definition: Value,
    remarks: Vec<Remark>,
    services: Vec<ServiceAt>,
    places: Places,
    auto_rollback: bool,
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

    /// Reads `text` as the content of `path`. Files that it names are read relative to the folder of
    /// `path`, which is otherwise only named in errors.
    pub fn parse(path: &Path, text: &str) -> Result<Self, FlyTomlError> {
        let document = Document::new(path, text);
        let tree = document.tree()?;
        let root = document.root(&tree);
        let region = root.text("primary_region")?;
        let Read { specs, shared, services } = read_groups(&root, region.as_deref())?;
        let mut read = Self {
            app: root.text("app")?,
            primary_region: region,
            build: read_build(&root)?,
            groups: specs,
            definition: toml::from_str(text).unwrap_or_default(),
            services,
            places: document.places(&tree),
            auto_rollback: auto_rollback(&root)?,
            ..Self::default()
        };
        read_deploy(&mut read, &root, &shared)?;
        root.finish();
        read.remarks = document.remarks();
        let told = |it: &Remark| format!("{}: {}", it.place, it.message);
        read.warnings = read.remarks.iter().map(told).collect();
        Ok(read)
    }

    /// The names of the process groups.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.groups.keys().map(String::as_str)
    }
}

/// Does somebody believe that flyctl takes a failed deploy back? The key has no meaning any more.
fn auto_rollback(root: &Section<'_>) -> Result<bool, FlyTomlError> {
    match root.section("experimental")? {
        Some(section) => Ok(section.boolean("auto_rollback")?.unwrap_or(false)),
        None => Ok(false),
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file.display(), self.line, self.column)
    }
}

#[cfg(test)]
mod tests;
