//! What of a `fly.toml` will hurt a deploy, though it can be read. Pure: nothing is asked of Fly.io, and
//! files beside it come in as text.

mod capacity;
mod checks;
mod release_env;
mod stopping;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use pipeline_core::Severity;

use super::{FlyToml, Place, Remark};
use crate::config::Strategy;
use crate::group::GroupSpec;

/// One thing that will hurt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lint {
    /// The rule's name, such as `kill-signal`.
    pub rule: &'static str,
    /// How bad it is; an error cannot be deployed.
    pub severity: Severity,
    /// What is wrong, in one line.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
    /// Where.
    pub place: Place,
}

/// What `fly.toml` itself does not say.
#[derive(Clone, Debug, PartialEq)]
pub struct LintSetting {
    /// Do users depend on it?
    pub production: bool,
    /// Are two machines made for each group with services of a new app? Yes, unless changed.
    pub ha: bool,
    /// The strategy, where it is not the file's.
    pub strategy: Option<Strategy>,
    /// The scripts that set up the release's environment: `rel/env.sh.eex`, with their text.
    pub release_envs: Vec<(PathBuf, String)>,
}

impl Default for LintSetting {
    fn default() -> Self {
        Self { production: false, ha: true, strategy: None, release_envs: Vec::new() }
    }
}

impl FlyToml {
    /// Everything in the file that will hurt a deploy, in the order of the file; what is said of other
    /// files comes last.
    #[must_use]
    pub fn lint(&self, setting: &LintSetting) -> Vec<Lint> {
        let mut lints: Vec<Lint> = self.remarks.iter().map(not_applied).collect();
        lints.extend(stopping::lint(self));
        lints.extend(checks::lint(self));
        lints.extend(capacity::lint(self, setting));
        lints.extend(release_env::lint_env(self));
        lints.sort_by_key(|it| (it.place.line, it.place.column));
        for (path, text) in &setting.release_envs {
            lints.extend(release_env::lint(self, path, text));
        }
        lints
    }

    /// The groups that the proxy sends requests to.
    fn served(&self) -> impl Iterator<Item = (&String, &GroupSpec)> {
        self.groups.iter().filter(|(_, spec)| !spec.services.is_empty())
    }

    /// The name of the first service of a group.
    fn service_key(&self, group: &String) -> &str {
        let service = self.services.iter().find(|it| it.groups.contains(group));
        service.map_or("http_service", |it| &it.key)
    }

    /// Where a key is, or would be.
    fn at(&self, key: &str) -> Place {
        self.places.of(key)
    }
}

impl Lint {
    fn warning(rule: &'static str, place: Place, message: String, remedy: &str) -> Self {
        Self { rule, severity: Severity::Warning, message, remedy: remedy.to_owned(), place }
    }
}

/// What the reader has said.
fn not_applied(remark: &Remark) -> Lint {
    let remedy = "mend its name, or remove it if nobody needs it";
    Lint::warning("not-applied", remark.place.clone(), remark.message.clone(), remedy)
}
