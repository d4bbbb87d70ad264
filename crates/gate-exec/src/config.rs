//! What `[gates.exec.NAME]` says.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use crate::error::Error;
use crate::pattern;
use crate::reader::Reader;

/// Stands for the changed files among the arguments.
const FILES: &str = "{files}";

/// A command, what it depends on, and how its answer is read.
///
/// ```
/// use gate_exec::{ExecConfig, Reader};
///
/// let licenses = ExecConfig {
///     inputs: vec!["mix.lock".into()],
///     ..ExecConfig::new(["scripts/licenses", "--strict"])
/// };
/// assert_eq!(licenses.reader, Reader::default());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ExecConfig {
    /// The program and its arguments; no shell reads them. A program with a slash is relative to the project's
    /// folder, one without is looked for on the `PATH`. An argument that is exactly `{files}` stands for the
    /// changed files, see [`arguments`].
    pub command: Vec<String>,
    /// Globs of the files it reads, relative to the project's folder. None, and its answer is never cached.
    pub inputs: Vec<String>,
    /// Names of the environment variables that its answer depends on, for the cache.
    pub environment: Vec<String>,
    /// What is set for it, over the environment that is handed on.
    pub env: BTreeMap<String, String>,
    /// How its answer is read.
    pub reader: Reader,
    /// The file that it writes its report to, relative to the project's folder and inside of it. It is removed
    /// before the command starts, so that an old one is never read. Not said, and standard output is read.
    /// [`Reader::ExitCode`] reads none.
    pub report: Option<PathBuf>,
}

impl ExecConfig {
    /// A command whose exit code is its answer, and which is never cached.
    pub fn new(command: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            command: command.into_iter().map(Into::into).collect(),
            inputs: Vec::new(),
            environment: Vec::new(),
            env: BTreeMap::new(),
            reader: Reader::default(),
            report: None,
        }
    }

    /// Refuses what could not work.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.command.first().is_none_or(|program| program.trim().is_empty()) {
            return Err(Error::NoCommand);
        }
        match &self.reader {
            Reader::ExitCode { refuse } if refuse.contains(&0) => return Err(Error::ZeroRefuses),
            Reader::ExitCode { .. } if self.report.is_some() => return Err(Error::ReportNotRead),
            Reader::Regex(pattern) => pattern::check(pattern)?,
            _ => {}
        }
        match &self.report {
            Some(path) if !is_inside(path) => Err(Error::ReportOutside { path: path.clone() }),
            _ => Ok(()),
        }
    }

    /// The program, where it is a path.
    pub(crate) fn program_path(&self) -> Option<&Path> {
        self.command.first().filter(|program| program.contains('/')).map(Path::new)
    }

    /// What it is told that changes its answer, for the cache.
    pub(crate) fn settings(&self) -> BTreeMap<String, String> {
        let mut settings = BTreeMap::from([
            ("command".to_owned(), format!("{:?}", self.command)),
            ("read".to_owned(), self.reader.to_string()),
        ]);
        settings.extend(self.report.iter().map(|it| ("report".into(), it.display().to_string())));
        settings
            .extend(self.env.iter().map(|(name, value)| (format!("env.{name}"), value.clone())));
        settings
    }

    /// Does it want to be told which files changed?
    pub(crate) fn takes_files(&self) -> bool {
        self.command.iter().skip(1).any(|it| it == FILES)
    }
}

/// The arguments of a command, which is the program and what follows it. `{files}` becomes the changed files, each
/// an argument of its own, or vanishes where nobody says which files changed.
///
/// A file whose name begins with a dash is given as `./-name`, so that it is never taken for an option.
///
/// ```
/// use gate_exec::arguments;
///
/// let command = ["typos", "--quiet", "{files}"].map(String::from);
/// let changed = ["README.md".to_owned(), "-x".to_owned()];
/// assert_eq!(arguments(&command, Some(&changed)), ["--quiet", "README.md", "./-x"]);
/// assert_eq!(arguments(&command, None), ["--quiet"]);
/// ```
#[must_use]
pub fn arguments(command: &[String], files: Option<&[String]>) -> Vec<OsString> {
    let mut arguments = Vec::new();
    for argument in command.iter().skip(1) {
        if argument == FILES {
            arguments.extend(files.unwrap_or_default().iter().map(|file| plain(file)));
        } else {
            arguments.push(argument.into());
        }
    }
    arguments
}

fn plain(file: &str) -> OsString {
    if file.starts_with('-') { format!("./{file}").into() } else { file.into() }
}

/// It will be removed, so it must be in the project, and not be the project.
pub(crate) fn is_inside(path: &Path) -> bool {
    let mut parts = path.components().filter(|it| *it != Component::CurDir).peekable();
    parts.peek().is_some() && parts.all(|it| matches!(it, Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(config: &ExecConfig) -> String {
        config.check().map_or_else(|error| error.to_string(), |()| "fine".into())
    }

    #[test]
    fn what_could_not_work_is_refused() {
        let sarif = |report: &str| ExecConfig {
            reader: Reader::Sarif,
            report: Some(report.into()),
            ..ExecConfig::new(["lint"])
        };
        let refuse = |codes: &[i32]| ExecConfig {
            reader: Reader::ExitCode { refuse: codes.iter().copied().collect() },
            ..ExecConfig::new(["lint"])
        };
        let nothing = ExecConfig::new(Vec::<String>::new());
        assert_eq!(said(&nothing), "the command is empty");
        assert_eq!(said(&ExecConfig::new([" "])), "the command is empty");
        assert_eq!(said(&refuse(&[])), "fine");
        assert_eq!(said(&refuse(&[0, 1])), "exit code 0 cannot be a refusal");
        for inside in ["out.sarif", "./a/b.sarif", "_build/lint report.sarif"] {
            assert_eq!(said(&sarif(inside)), "fine");
        }
        for outside in ["/tmp/out.sarif", "../out.sarif", "a/../../b", "", "."] {
            assert_eq!(
                said(&sarif(outside)),
                format!("the report `{outside}` is not in the project")
            );
        }
        let unread = ExecConfig { reader: Reader::default(), ..sarif("out.sarif") };
        assert_eq!(said(&unread), "the exit code is read, and so no report");
    }

    #[test]
    fn only_a_whole_argument_stands_for_the_changed_files() {
        let command = ["{files}", "--in={files}", "{files}", "{files}"].map(String::from);
        let changed = ["a b.ex".to_owned(), "c.ex".to_owned()];
        assert_eq!(
            arguments(&command, Some(&changed)),
            ["--in={files}", "a b.ex", "c.ex", "a b.ex", "c.ex"]
        );
        assert_eq!(arguments(&command, Some(&[])), ["--in={files}"]);
        assert_eq!(arguments(&[], Some(&changed)), [""; 0]);
    }
}
