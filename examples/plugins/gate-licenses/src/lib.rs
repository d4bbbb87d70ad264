//! A gate: every package in `mix.lock` has a licence that is allowed.
//!
//! A package says its licences in `deps/NAME/hex_metadata.config`. One that says none, and one that does not come
//! from Hex, is neither good nor bad: nobody could tell.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use pipeline_core::{Context, Fault, Finding, Gate, Inputs, Outcome, Report};
use thiserror::Error;

/// The gate. A package of several licences may be used under any of them.
#[derive(Clone, Debug)]
pub struct Licenses {
    allowed: Vec<String>,
}

impl Licenses {
    /// Allows these, by their SPDX names.
    pub fn allow(allowed: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { allowed: allowed.into_iter().map(Into::into).collect() }
    }
}

#[async_trait]
impl Gate for Licenses {
    /// Its answer depends on nothing else, so it is remembered until one of these changes.
    fn inputs(&self, _: &Context) -> Option<Inputs> {
        Some(Inputs {
            files: vec!["mix.lock".into(), "deps/*/hex_metadata.config".into()],
            settings: [("allowed".to_owned(), self.allowed.join(" "))].into(),
            complete: true,
            ..Inputs::default()
        })
    }

    async fn check(&self, cx: &Context) -> Outcome {
        let mut packages = locked(&read(cx.workdir(), "mix.lock")?);
        for package in packages.iter_mut().filter(|it| it.from_hex) {
            let file = format!("deps/{}/hex_metadata.config", package.name);
            package.licenses = licenses(&read(cx.workdir(), &file)?);
        }
        Ok(judge(&packages, &self.allowed))
    }
}

/// Why there is no answer.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// A file is not there, or may not be read.
    #[error("{} cannot be read", .0.display())]
    Unreadable(PathBuf, #[source] io::Error),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::permanent(error).hint("run `mix deps.get`, and check that mix.lock is in git")
    }
}

/// A package that is locked.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Package {
    name: String,
    line: u32,
    from_hex: bool,
    licenses: Vec<String>,
}

/// Lines of `mix.lock` such as `  "jason": {:hex, :jason, "1.4.4", …`.
fn locked(lock: &str) -> Vec<Package> {
    let package = |(line, text): (u32, &str)| {
        let (name, from) = text.trim_start().strip_prefix('"')?.split_once("\": {")?;
        let (name, from_hex) = (name.to_owned(), from.starts_with(":hex,"));
        Some(Package { name, line, from_hex, licenses: Vec::new() })
    };
    (1..).zip(lock.lines()).filter_map(package).collect()
}

/// `{<<"licenses">>,[<<"MIT">>,<<"Apache-2.0">>]}.`, which Hex may break into several lines.
fn licenses(metadata: &str) -> Vec<String> {
    let from = metadata.split_once("{<<\"licenses\">>,").map_or("", |(_, rest)| rest);
    let list = from.split(']').next().unwrap_or_default();
    let names = list.split("<<\"").skip(1).filter_map(|it| it.split('"').next());
    names.map(str::to_owned).collect()
}

fn judge(packages: &[Package], allowed: &[String]) -> Report {
    let known = |it: &&Package| !it.licenses.is_empty();
    let is_bad = |it: &&Package| !it.licenses.iter().any(|license| allowed.contains(license));
    let bad: Vec<_> = packages.iter().filter(known).filter(is_bad).map(forbidden).collect();
    let unknown = packages.iter().filter(|it| !known(it)).map(untold);
    let report = match (bad.is_empty(), unknown.clone().next()) {
        (true, Some(first)) => unknown.skip(1).fold(Report::inconclusive(first), Report::finding),
        _ => unknown.fold(Report::refused_if_any(bad), Report::finding),
    };
    report.number("packages", f64::from(u32::try_from(packages.len()).unwrap_or(u32::MAX)))
}

fn forbidden(package: &Package) -> Finding {
    let Package { name, line, licenses, .. } = package;
    Finding::error(format!("{name} is under {}, which is not allowed", licenses.join(" or ")))
        .rule("licenses/forbidden")
        .at("mix.lock", *line)
        .remedy("take another package, or ask whoever decides about licences")
}

fn untold(package: &Package) -> Finding {
    let why = if package.from_hex { "says no licence" } else { "does not come from Hex" };
    Finding::warning(format!("{} {why}", package.name))
        .rule("licenses/unknown")
        .at("mix.lock", package.line)
        .remedy("look at its repository")
}

fn read(folder: &Path, file: &str) -> Result<String, Error> {
    fs::read_to_string(folder.join(file)).map_err(|error| Error::Unreadable(file.into(), error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licences_are_read_as_hex_writes_them() {
        let metadata = "{<<\"app\">>,<<\"jason\">>}.\n{<<\"licenses\">>,\n [<<\"MIT\">>,<<\"Apache-2.0\">>]}.\n\
                        {<<\"links\">>,[{<<\"x\">>,<<\"y\">>}]}.\n";
        assert_eq!(licenses(metadata), ["MIT", "Apache-2.0"]);
        assert_eq!(licenses("{<<\"licenses\">>,[]}.\n"), [""; 0]);
        assert_eq!(licenses("{<<\"app\">>,<<\"jason\">>}.\n"), [""; 0]);
    }

    #[test]
    fn packages_are_found_with_their_lines() {
        let lock = "%{\n  \"jason\": {:hex, :jason, \"1.4.4\", \"c5\"},\n  \"ours\": {:git, \"ssh://x\", \"1f\", []},\n}\n";
        let found: Vec<_> =
            locked(lock).into_iter().map(|it| (it.name, it.line, it.from_hex)).collect();
        assert_eq!(found, [("jason".to_owned(), 2, true), ("ours".to_owned(), 3, false)]);
    }
}
