//! What commands that run steps understand: where the run goes when it is over.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Command;

/// The files that a run can be written to.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ExportFiles {
    #[arg(long, value_name = "FILE", help = "Write the steps and checks to a file as JUnit XML")]
    pub(crate) junit: Option<PathBuf>,
    /// Write the findings to a file as SARIF 2.1.0
    #[arg(long, value_name = "FILE")]
    pub(crate) sarif: Option<PathBuf>,
}

/// Where the run goes when it is over.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "When it is over, however it ended")]
pub(crate) struct ExportTo {
    #[command(flatten)]
    pub(crate) files: ExportFiles,
    /// Annotations, log groups, a step summary and outputs for GitHub Actions; if not said, only in a workflow
    #[arg(long, value_enum, default_value_t = When::Auto, hide_default_value = true, value_name = "WHEN")]
    pub(crate) github: When,
}

/// When GitHub is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// In a workflow of GitHub Actions
    #[default]
    Auto,
    /// Everywhere
    Always,
    /// Nowhere
    Never,
}

/// What a command that runs steps does, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ExportPurpose {
    pub(crate) command: &'static str,
    pub(crate) environment: Option<String>,
}

impl ExportPurpose {
    /// Such as `deploy staging`.
    #[cfg_attr(not(feature = "otel"), expect(dead_code, reason = "only traces have titles"))]
    pub(crate) fn title(&self) -> String {
        let environment = self.environment.iter().map(String::as_str);
        std::iter::once(self.command).chain(environment).collect::<Vec<_>>().join(" ")
    }
}

impl Command {
    /// Where the run goes, and what it is, of a command that runs steps.
    pub(crate) fn export_to(&self) -> Option<(&ExportTo, ExportPurpose)> {
        let (to, command, environment) = match self {
            Self::Validate(it) => (&it.export, "validate", it.environment.clone()),
            Self::Deploy(it) => (&it.export, "deploy", Some(it.environment.clone())),
            Self::Verify(it) => (&it.export, "verify", Some(it.environment.clone())),
            Self::Rollback(it) => (&it.export, "rollback", Some(it.environment.clone())),
            Self::Recover(it) => (&it.export, "recover", Some(it.environment.clone())),
            Self::Resume(it) => (&it.export, "resume", None),
            Self::Demo(it) => (&it.export, "demo", None),
            Self::Rehearse(it) => (&it.export, "rehearse", Some(it.environment.clone())),
            _ => return None,
        };
        Some((to, ExportPurpose { command, environment }))
    }
}
