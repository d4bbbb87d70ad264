//! The pillars, one folder or file each.

mod dependencies;
mod docs;
mod fllm;
mod gitl;
mod html;
mod hygiene;
mod know;
mod m5m;
mod names;
mod nclb;
mod nllb;
mod nmnd;
mod nwb;
mod otel;
mod page;
mod perf;
mod rdme;
mod seal;
mod tach;
mod values;
mod words;
mod zero;

use super::pillar::Pillar;
use crate::security::SecretRules;

pub use dependencies::Deps;
pub use docs::Docs;
pub use fllm::Fllm;
pub use gitl::Gitl;
pub use hygiene::Hygiene;
pub use know::Know;
pub use m5m::M5m;
pub use nclb::Nclb;
pub use nllb::Nllb;
pub use nmnd::Nmnd;
pub use nwb::Nwb;
pub use otel::Otel;
pub use perf::Perf;
pub use rdme::Rdme;
pub use seal::Seal;
pub use tach::Tach;
pub use zero::Zero;

/// What a team decided about single rules.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a rule that a team takes or leaves")]
pub struct Settings {
    /// Is every sleep told, and an atom that is made of a literal?
    pub strict: bool,
    /// What is taken for a secret; our own rules if not said.
    pub secrets: Option<SecretRules>,
    /// Must every file with code have a test, and not only those that changed?
    pub tests_for_all: bool,
    /// Is `@doc false` no documentation?
    pub deny_hidden_docs: bool,
    /// Must a commit name an issue?
    pub require_issue: bool,
    /// Is the size of commits looked at?
    pub commit_size: bool,
    /// The folder of the glossary, relative to the project; `docs/glossary` if not said.
    pub glossary: Option<String>,
}

/// All pillars that can be evaluated, the gravest first.
#[must_use]
pub fn standard(settings: &Settings) -> Vec<Box<dyn Pillar>> {
    let strict = settings.strict;
    vec![
        Box::new(Zero { strict_sleep: strict, strict_literals: strict }),
        Box::new(Seal { secrets: settings.secrets.clone() }),
        Box::new(Perf),
        Box::new(Tach { full: settings.tests_for_all }),
        Box::new(Docs { deny_hidden: settings.deny_hidden_docs }),
        Box::new(Deps::default()),
        Box::new(Rdme),
        Box::new(Hygiene::default()),
        Box::new(Nmnd::default()),
        Box::new(Otel),
        Box::new(Gitl { require_issue: settings.require_issue, ..Gitl::default() }),
        Box::new(know(settings)),
        Box::new(Nclb::default()),
        Box::new(Nllb),
        Box::new(Nwb),
        Box::new(Fllm::default()),
        Box::new(M5m { commits: settings.commit_size, ..M5m::default() }),
    ]
}

fn know(settings: &Settings) -> Know {
    let usual = Know::default();
    Know { folder: settings.glossary.clone().unwrap_or(usual.folder), ..usual }
}
