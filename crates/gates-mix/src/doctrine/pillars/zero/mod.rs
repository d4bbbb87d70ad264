//! ZERO: nothing that can bring down the machine, or hide that something went wrong.

mod atoms;
mod rescues;
mod terms;

use elixir_syntax::{Call, FunctionKind};
use pipeline_core::Level;

use crate::doctrine::{Codebase, Elixir, Found, Pillar, Rule, Source};

const SLEEP: Rule = Rule::advisory(
    "ZERO/sleep",
    "send yourself a message with Process.send_after/3 and go on in handle_info/2",
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
        [&atoms::RULES[..], &rescues::RULES, &terms::RULES, &[SLEEP]].concat()
    }

    fn file(&self, source: &Source, _: &Codebase, found: &mut Found) {
        let Some(elixir) = source.lib() else { return };
        let look = Look { elixir, gently: source.is_mix_task() };
        for call in elixir.code.calls().filter(|it| !elixir.code.is_quoted(it)) {
            look.atoms(call, self.strict_literals, found);
            look.terms(call, found);
            look.rescues(call, found);
            self.sleep(&look, call, found);
        }
        look.interpolated_atoms(found);
    }
}

impl Zero {
    fn sleep(&self, look: &Look, call: &Call, found: &mut Found) {
        let code = &look.elixir.code;
        let sleeps =
            code.is_call(call, "Process", "sleep") || code.is_call(call, ":timer", "sleep");
        if sleeps
            && (self.strict_sleep || code.module_of(call).is_some_and(|it| it.uses("GenServer")))
        {
            found.node(&SLEEP, call.node, "a server that sleeps answers nobody meanwhile");
        }
    }
}

/// One file, and how it is told of.
struct Look<'a, 't> {
    elixir: &'a Elixir<'t>,
    /// Code that runs on the machines of developers is only told of.
    gently: bool,
}

impl Look<'_, '_> {
    /// Does the call happen while code is compiled, so that there is an end to it?
    fn at_compile_time(&self, call: &Call) -> bool {
        let code = &self.elixir.code;
        let in_macro = |kind| matches!(kind, FunctionKind::Macro | FunctionKind::PrivateMacro);
        let unquoted = || call.node.ancestors().any(|it| it.name() == "unquote");
        code.function_of(call).is_none_or(|it| in_macro(it.kind)) || unquoted()
    }
}
