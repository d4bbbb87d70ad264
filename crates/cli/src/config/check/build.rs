//! `[build]`: how the image of a release is made.

use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::Spanned;

use super::{Check, Checked};
use crate::config::raw::{self, Text};
use crate::config::{Build, BuildWith};

/// How long a build may take: the first one compiles everything, on a builder that is started for it.
const TIMEOUT: Duration = Duration::from_mins(30);

impl Check<'_> {
    pub(super) fn build(&self, raw: raw::Build) -> Checked<Build> {
        let with = raw.with.as_ref().map_or(Ok(BuildWith::Image), |it| self.build_with(it))?;
        Ok(Build {
            with,
            program: self.filled(raw.program, "program")?.map(|it| self.program(it)),
            dockerfile: self.filled(raw.dockerfile, "dockerfile")?,
            target: self.filled(raw.target, "target")?,
            args: raw.args,
            remote: raw.remote,
            timeout: self.duration(raw.timeout.as_ref(), TIMEOUT)?,
        })
    }

    fn build_with(&self, raw: &Text) -> Checked<BuildWith> {
        match raw.get_ref().as_str() {
            "image" => Ok(BuildWith::Image),
            "flyctl" => Ok(BuildWith::Flyctl),
            "docker" => Ok(BuildWith::Docker),
            other => Err(self
                .error(Some(raw.span()), format!("there is no builder `{other}`"))
                .hint("builders are: image, flyctl, docker")),
        }
    }

    /// A bare name is looked for in the path; a path is relative to the file.
    fn program(&self, named: String) -> PathBuf {
        if !named.contains('/') {
            return PathBuf::from(named);
        }
        self.file.path.parent().unwrap_or(Path::new(".")).join(named)
    }

    fn filled(&self, raw: Option<Text>, key: &str) -> Checked<Option<String>> {
        match raw {
            Some(it) if it.get_ref().trim().is_empty() => Err(self
                .error(Some(it.span()), format!("this {key} is empty"))
                .hint("leave it out, or name one")),
            other => Ok(other.map(Spanned::into_inner)),
        }
    }
}
