//! What was typed to ask gates: `validate`, `score`, `why`, `doctrine`, and which gates a deploy asks.

use clap::Args;

use super::ExportTo;

#[derive(Debug, Args)]
pub(crate) struct Validate {
    /// Use this environment's overrides
    pub(crate) environment: Option<String>,
    #[command(flatten)]
    pub(crate) gates: GateChoice,
    /// Look at the files that differ from BASE (the main branch, if not said) only, where a gate can
    #[arg(long, value_name = "BASE", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub(crate) changed: Option<String>,
    #[command(flatten)]
    pub(crate) export: ExportTo,
}

#[derive(Debug, Args)]
pub(crate) struct Score {
    /// Use this environment's overrides
    pub(crate) environment: Option<String>,
    /// What weighs how much: health, fitness or kpi
    #[arg(long, value_name = "PROFILE")]
    pub(crate) profile: Option<String>,
    /// Leave out what cannot be measured, instead of counting it as 0
    #[arg(long)]
    pub(crate) allow_unmeasured: bool,
    /// Ask every gate, also where nothing that it reads has changed since its last answer
    #[arg(long)]
    pub(crate) no_cache: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Why {
    /// The gate
    pub(crate) gate: String,
    /// Use this environment's overrides
    pub(crate) environment: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Doctrine {
    /// Use this environment's overrides
    pub(crate) environment: Option<String>,
    /// Only these pillars
    #[arg(long, value_delimiter = ',', value_name = "CODE,…")]
    pub(crate) only: Vec<String>,
    /// Look at the files that differ from BASE (the main branch, if not said) only
    #[arg(long, value_name = "BASE", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub(crate) changed: Option<String>,
    /// Look at what is staged only, as it is staged
    #[arg(long, conflicts_with = "changed")]
    pub(crate) staged: bool,
}

/// Which gates run, and how.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct GateChoice {
    /// Only these gates, even where they are off
    #[arg(long, value_delimiter = ',', value_name = "GATE,…")]
    pub(crate) only: Vec<String>,
    /// Ask every gate, also where nothing that it reads has changed since its last answer
    #[arg(long)]
    pub(crate) no_cache: bool,
    /// Stop all gates at the first failure
    #[arg(long)]
    pub(crate) fail_fast: bool,
    /// What for; nobody can type it.
    #[arg(skip)]
    pub(crate) purpose: Purpose,
    /// The rules that must have let the deploy pass before any gate is asked; nobody can type them.
    #[arg(skip)]
    pub(crate) rules: Vec<String>,
}

/// What gates are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To know.
    #[default]
    Look,
    /// To deploy what passes: then everything has to be committed, where the doctrine says so.
    Deploy,
    /// They are not: what is brought back has passed them.
    Nothing,
}

impl GateChoice {
    /// No gates: what is brought back has passed them.
    pub(crate) fn none() -> Self {
        Self { purpose: Purpose::Nothing, ..Self::default() }
    }
}
