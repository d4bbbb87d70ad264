//! Answers of gates that need not be asked again: what a cache promises, and when it is believed.

use std::collections::BTreeMap;
use std::time::SystemTime;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::context::Run;
use crate::gate::Inputs;
use crate::report::Report;

/// Remembers answers of gates, those that refused as well, with their findings.
///
/// It never fails: what cannot be read is not remembered, and what cannot be written is not kept. It says so by
/// [`Run::warn`].
#[async_trait]
pub trait GateCache: Send + Sync {
    /// What is known of each of these gates, in their order. Asked once, before any of them starts.
    ///
    /// An answer comes back only where everything that the gate reads is as it was then, and where nothing of it changed
    /// while the gate looked.
    async fn recall(&self, asked: &[Asked], run: &Run) -> Vec<Recalled>;

    /// Keeps an answer, unless something that the gate reads has changed since [`recall`](Self::recall).
    async fn keep(&self, asked: &Asked, answer: &Remembered, run: &Run);
}

/// A gate and what it reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Its name.
    pub gate: String,
    /// What it reads; `None` where nobody knows, and then no answer is given again.
    pub inputs: Option<Inputs>,
}

/// What a cache knows of a gate.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recalled {
    /// Its answer, where nothing that it reads has changed.
    pub answer: Option<Remembered>,
    /// How it went last time, whatever it read: what it may be expected to do now.
    pub earlier: Option<Earlier>,
}

/// An answer with its age.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Remembered {
    /// The answer.
    pub report: Report,
    /// When it was given.
    pub at: SystemTime,
    /// How long that took, in milliseconds.
    pub took_ms: u64,
}

/// How a gate went last time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Earlier {
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// Its numbers, such as how many tests there were.
    pub numbers: BTreeMap<String, f64>,
}

/// Which remembered answers count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// All of them.
    #[default]
    All,
    /// Those of gates that declare everything they depend on ([`Inputs::complete`]): for production.
    Declared,
    /// None: every gate is asked. Its answer is kept all the same.
    Nothing,
}

impl Trust {
    /// Does a remembered answer of a gate with these inputs count?
    #[must_use]
    pub fn covers(self, inputs: &Inputs) -> bool {
        match self {
            Self::All => true,
            Self::Declared => inputs.complete,
            Self::Nothing => false,
        }
    }
}
