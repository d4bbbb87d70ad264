//! What went wrong, for people: what, where, and what to do next.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};
use pipeline_core::{Fault, FaultKind};
use store_sql::StoreError;
use thiserror::Error;

use crate::exit::Exit;

/// An error that ends the command, with its exit code.
#[derive(Debug, Error)]
pub(crate) enum CliError {
    /// The configuration, or a file it names, cannot be used.
    #[error(transparent)]
    Config(#[from] Box<ConfigError>),
    /// Something else a person can mend.
    #[error("{message}")]
    Plain {
        /// The exit code.
        exit: Exit,
        /// What is wrong.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
}

impl CliError {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self::Plain { exit, message: message.into(), hint: None }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    #[must_use]
    pub(crate) fn hint(self, text: impl Into<String>) -> Self {
        match self {
            Self::Plain { exit, message, .. } => {
                Self::Plain { exit, message, hint: Some(text.into()) }
            }
            other @ Self::Config(_) => other,
        }
    }

    /// The exit code.
    #[must_use]
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Config(_) => Exit::Usage,
            Self::Plain { exit, .. } => *exit,
        }
    }

    /// The error as the JSON contract has it.
    pub(crate) fn object(&self) -> serde_json::Value {
        let hint = match self {
            Self::Config(error) => error.hint.clone(),
            Self::Plain { hint, .. } => hint.clone(),
        };
        let error = serde_json::json!({ "message": self.to_string(), "hint": hint });
        serde_json::json!({ "schema": 1, "exit": self.exit() as u8, "error": error })
    }

    /// The text for a terminal of this width, with or without colour.
    #[must_use]
    pub(crate) fn render(&self, colour: bool) -> String {
        match self {
            Self::Config(error) => error.render(colour),
            Self::Plain { message, hint, .. } => {
                let mut text = format!("error: {message}\n");
                if let Some(hint) = hint {
                    let _ = writeln!(text, "  next: {hint}");
                }
                text
            }
        }
    }
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        let exit = match &error {
            StoreError::Held { .. } => Exit::NotAllowed,
            StoreError::Newer { .. } => Exit::Usage,
            _ => Exit::Unreachable,
        };
        Self::new(exit, chain(&error))
    }
}

impl From<Fault> for CliError {
    fn from(fault: Fault) -> Self {
        let exit = match fault.kind() {
            FaultKind::Transient | FaultKind::TimedOut => Exit::Unreachable,
            FaultKind::Cancelled => Exit::Interrupted,
            FaultKind::Permanent => Exit::Usage,
        };
        let error = Self::new(exit, fault.to_string());
        match fault.next_step() {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

/// An error and what it came from, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |cause| (*cause).source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// A place in a file that cannot be used as it is.
#[derive(Debug, Error)]
#[error("{message}")]
pub(crate) struct ConfigError {
    message: String,
    hint: Option<String>,
    source_code: NamedSource<String>,
    place: Option<(usize, usize)>,
}

impl ConfigError {
    /// The bytes `span` of the file say something that cannot be used.
    pub(crate) fn at(
        file: &SourceFile,
        span: Option<std::ops::Range<usize>>,
        message: impl Into<String>,
    ) -> Box<Self> {
        Box::new(Self {
            message: message.into(),
            hint: None,
            source_code: NamedSource::new(file.path.display().to_string(), file.text.clone()),
            place: span.map(|span| (span.start, span.len().max(1))),
        })
    }

    #[must_use]
    pub(crate) fn hint(mut self: Box<Self>, hint: impl Into<String>) -> Box<Self> {
        self.hint = Some(hint.into());
        self
    }

    fn render(&self, colour: bool) -> String {
        let theme = if colour {
            miette::GraphicalTheme::unicode()
        } else {
            miette::GraphicalTheme::unicode_nocolor()
        };
        let mut text = String::new();
        let handler = miette::GraphicalReportHandler::new_themed(theme).with_links(false);
        match handler.render_report(&mut text, self) {
            Ok(()) => text,
            Err(_) => format!("error: {self}\n"),
        }
    }
}

impl Diagnostic for ConfigError {
    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.hint.as_ref().map(|hint| Box::new(hint) as _)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.place.map(|_| &self.source_code as _)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let (start, length) = self.place?;
        let label = LabeledSpan::new(Some("here".into()), start, length);
        Some(Box::new(std::iter::once(label)))
    }
}

/// A file as it was read, so that errors can point into it.
#[derive(Clone, Debug)]
pub(crate) struct SourceFile {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

impl SourceFile {
    pub(crate) fn read(path: &Path) -> Result<Self, CliError> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            CliError::usage(format!("{}: cannot be read: {error}", path.display()))
        })?;
        Ok(Self { path: path.to_owned(), text })
    }
}

/// The known word nearest to a mistyped one, if any is near.
pub(crate) fn did_you_mean<'a>(
    typed: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let near = known.into_iter().map(|word| (strsim::osa_distance(typed, word), word));
    near.filter(|(distance, word)| *distance <= word.len().max(3) / 3).min().map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_word_is_suggested_and_a_far_one_is_not() {
        let known = ["staging", "production", "local"];
        assert_eq!(did_you_mean("stagin", known), Some("staging"));
        assert_eq!(did_you_mean("prodcution", known), Some("production"));
        assert_eq!(did_you_mean("qa", known), None);
    }
}
