//! What a command answered, and what it takes to read it.

use std::borrow::Cow;

use pipeline_process::{Redactor, Tail, clean, one_line};

use crate::error::Error;
use crate::project::Project;

/// The longest message of a finding, in bytes.
const LONGEST: usize = 500;

/// A command that ended by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    /// What ran, for people.
    pub(crate) command: String,
    /// Its exit code.
    pub(crate) code: i32,
    /// What it said, as far as it was kept: made safe and freed of secrets.
    pub(crate) said: String,
    /// The report, as it is.
    pub(crate) text: String,
    /// Where the report comes from, for people.
    pub(crate) source: String,
}

/// An answer that is being read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading<'a> {
    pub(crate) answer: &'a Answer,
    pub(crate) project: &'a Project,
    pub(crate) redactor: &'a Redactor,
}

impl<'a> Reading<'a> {
    /// The report, without the mark that some tools put before it.
    pub(crate) fn text(&self) -> &'a str {
        self.answer.text.trim_start_matches('\u{feff}')
    }

    /// Text of the report as one safe line.
    pub(crate) fn line(&self, text: &str) -> String {
        let cleaned = clean(text.as_bytes());
        one_line(&self.redactor.hide(&cleaned), LONGEST)
    }

    /// A path or a `file:` address of the report, relative to the project.
    pub(crate) fn file(&self, path: &str) -> Option<String> {
        let path: Cow<'_, str> = path.into();
        Some(self.line(&self.project.file(&path)?)).filter(|file| !file.is_empty())
    }

    /// The report cannot be read.
    pub(crate) fn unreadable(&self, what: impl Into<String>) -> Error {
        let Answer { command, code, .. } = self.answer;
        Error::Unreadable {
            command: command.clone(),
            code: *code,
            what: what.into(),
            tail: Tail::of(&self.answer.said),
        }
    }
}
