//! ZERO: nothing that can bring down the machine at run time.

use pipeline_core::Level;

use crate::doctrine::{Codebase, Found, Pillar, Rule, Source};

const TO_ATOM: Rule = Rule::blocking(
    "ZERO/to-atom",
    "use String.to_existing_atom/1, or look the text up in a map of the atoms you expect",
);

/// The pillar ZERO.
#[derive(Clone, Debug, Default)]
pub struct Zero {
    /// Is `Process.sleep` told everywhere, and not only in servers?
    pub strict_sleep: bool,
    /// Is `String.to_atom("literal")` told as well?
    pub strict_literals: bool,
}

impl Pillar for Zero {
    fn code(&self) -> &'static str {
        "ZERO"
    }

    fn name(&self) -> &'static str {
        "Zero Errors"
    }

    fn level(&self) -> Level {
        Level::Blocking
    }

    fn rules(&self) -> Vec<Rule> {
        vec![TO_ATOM]
    }

    fn file(&self, source: &Source, _: &Codebase, found: &mut Found) {
        let Some(elixir) = source.lib() else { return };
        for call in elixir.code.calls() {
            if elixir.code.is_call(call, "String", "to_atom") {
                found.node(
                    &TO_ATOM,
                    call.node,
                    "String.to_atom/1 makes an atom of any text, and atoms are never freed",
                );
            }
        }
    }
}
