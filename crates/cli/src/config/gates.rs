//! The gates of an environment, as the configuration has them.

use std::collections::BTreeMap;
use std::time::Duration;

use gate_exec::Reader;
use gates_mix::{ScoreSource, Unmeasured, Weights};
use pipeline_core::Trust;

use super::{Doctrine, Security};

/// The names of the gates that need no command of one's own.
pub(crate) const BUILT_IN: [&str; 10] = [
    "format",
    "compile",
    "credo",
    "test",
    "dialyzer",
    "unused",
    "cycles",
    "doctrine",
    "security",
    HEALTH_SCORE,
];

/// The gate that makes one number out of the others.
pub(crate) const HEALTH_SCORE: &str = "health-score";

/// All of them.
#[derive(Clone, Debug)]
pub(crate) struct Gates {
    pub(crate) fail_fast: bool,
    pub(crate) parallel: u32,
    /// Which remembered answers count.
    pub(crate) trust: Trust,
    pub(crate) format: Gate,
    pub(crate) compile: Gate,
    pub(crate) credo: Gate,
    pub(crate) test: Gate,
    pub(crate) min_coverage: Option<f64>,
    pub(crate) dialyzer: Gate,
    pub(crate) unused: Gate,
    pub(crate) cycles: Gate,
    pub(crate) max_cycles: usize,
    pub(crate) doctrine: Doctrine,
    pub(crate) security: Security,
    pub(crate) health_score: HealthScore,
    /// Commands of one's own, by name.
    pub(crate) exec: BTreeMap<String, Exec>,
}

impl Gates {
    /// Is the gate of this name there, and on?
    pub(crate) fn is_on(&self, name: &str) -> bool {
        let built_in = match name {
            "format" => &self.format,
            "compile" => &self.compile,
            "credo" => &self.credo,
            "test" => &self.test,
            "dialyzer" => &self.dialyzer,
            "unused" => &self.unused,
            "cycles" => &self.cycles,
            "doctrine" => &self.doctrine.gate,
            "security" => &self.security.gate,
            HEALTH_SCORE => &self.health_score.gate,
            _ => return self.exec.get(name).is_some_and(|it| it.gate.enabled),
        };
        built_in.enabled
    }
}

/// One gate.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    pub(crate) enabled: bool,
    pub(crate) required: bool,
    pub(crate) timeout: Duration,
}

/// The gate that makes one number out of the others.
#[derive(Clone, Debug)]
pub(crate) struct HealthScore {
    pub(crate) gate: Gate,
    pub(crate) min_score: f64,
    pub(crate) weights: Weights,
    pub(crate) unmeasured: Unmeasured,
    pub(crate) source: ScoreSource,
}

/// A gate that is any command.
#[derive(Clone, Debug)]
pub(crate) struct Exec {
    pub(crate) gate: Gate,
    pub(crate) command: Vec<String>,
    /// Globs of what it reads; `None` where nobody says.
    pub(crate) inputs: Option<Vec<String>>,
    /// Names of variables that it depends on.
    pub(crate) environment: Vec<String>,
    /// Variables that are set for it.
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) reader: Reader,
    /// The file that it writes its report to; standard output if not said.
    pub(crate) report: Option<String>,
    pub(crate) needs: Vec<String>,
}
