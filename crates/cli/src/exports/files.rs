//! The files that a run can be written to.

use std::path::{Path, PathBuf};

use pipeline_core::Account;
use pipeline_formats::{Place, junit, sarif};

use crate::args::ExportFiles;
use crate::config::FILE_NAME;
use crate::destination::Destination;
use crate::error::CliError;

/// The files that are wanted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files {
    junit: Option<Destination>,
    sarif: Option<Destination>,
    /// The folder of the project within its repository, with a slash at its end.
    pub(super) within: String,
}

impl Files {
    /// As the arguments want them. What cannot be written is refused before anything starts.
    pub(crate) fn open(
        wanted: &ExportFiles,
        config: Option<&Path>,
        cwd: &Path,
    ) -> Result<Self, CliError> {
        let destination = |flag, path: &Option<PathBuf>| {
            path.as_ref().map(|it| Destination::open(flag, cwd, it)).transpose()
        };
        Ok(Self {
            junit: destination("--junit", &wanted.junit)?,
            sarif: destination("--sarif", &wanted.sarif)?,
            within: within(&project(config, cwd)),
        })
    }

    /// Is there any?
    pub(crate) fn are_wanted(&self) -> bool {
        self.junit.is_some() || self.sarif.is_some()
    }

    /// The same for the run with this number of several: `junit.xml` becomes `junit-1.xml`.
    pub(super) fn numbered(&self, number: usize) -> Self {
        let numbered = |it: &Option<Destination>| it.as_ref().map(|it| it.numbered(number));
        Self {
            junit: numbered(&self.junit),
            sarif: numbered(&self.sarif),
            within: self.within.clone(),
        }
    }

    /// Writes what came of a run; says what could not be written.
    pub(crate) fn write(&self, account: &Account) -> Vec<String> {
        let place = Place { within: &self.within, instead: FILE_NAME };
        let log = || format!("{:#}\n", sarif(account, env!("CARGO_PKG_VERSION"), place));
        let written = [
            self.junit.as_ref().map(|it| it.write(&junit(account))),
            self.sarif.as_ref().map(|it| it.write(&log())),
        ];
        written.into_iter().flatten().filter_map(Result::err).collect()
    }
}

/// The folder of the configuration.
fn project(config: Option<&Path>, cwd: &Path) -> PathBuf {
    let named = config.and_then(|it| Some(cwd.join(it).parent()?.to_owned()));
    let near = || cwd.ancestors().find(|it| it.join(FILE_NAME).is_file());
    named.unwrap_or_else(|| near().unwrap_or(cwd).to_owned())
}

/// Where a folder is within its repository; nothing where it is its top, or there is none.
pub(crate) fn within(dir: &Path) -> String {
    let dir = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    let top = dir.ancestors().find(|it| it.join(".git").exists());
    let inner = top.and_then(|top| dir.strip_prefix(top).ok()).and_then(Path::to_str);
    inner.filter(|it| !it.is_empty()).map(|it| format!("{it}/")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_from_the_top_of_the_repository() {
        let folder = tempfile::tempdir().unwrap();
        let shop = folder.path().join("apps/shop");
        std::fs::create_dir_all(&shop).unwrap();
        std::fs::create_dir(folder.path().join(".git")).unwrap();
        std::fs::write(shop.join(FILE_NAME), "").unwrap();
        let lib = shop.join("lib");
        std::fs::create_dir(&lib).unwrap();
        assert_eq!(within(&project(None, &lib)), "apps/shop/");
        assert_eq!(within(&project(Some(Path::new("../pipeline.toml")), &lib)), "apps/shop/");
        assert_eq!(within(folder.path()), "");
    }
}
