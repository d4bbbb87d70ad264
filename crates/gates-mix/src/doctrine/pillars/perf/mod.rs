//! PERF: nothing whose cost grows with the data where it need not.

mod callbacks;
mod counts;
mod loops;
mod queries;

use elixir_syntax::Call;
use pipeline_core::Level;

use super::names::imports;
use super::values::is_repo;

use crate::doctrine::{Codebase, Found, Pillar, Rule, Source};

/// The pillar PERF.
#[derive(Clone, Copy, Debug, Default)]
pub struct Perf;

impl Pillar for Perf {
    fn code(&self) -> &'static str {
        "PERF"
    }

    fn name(&self) -> &'static str {
        "Performance Fence"
    }

    fn level(&self) -> Level {
        Level::Blocking
    }

    fn rules(&self) -> Vec<Rule> {
        [&counts::RULES[..], &queries::RULES, &loops::RULES, &callbacks::RULES].concat()
    }

    fn file(&self, source: &Source, _: &Codebase, found: &mut Found) {
        if let Some(markup) = source.released_markup() {
            counts::look(&markup.code, found);
        }
        let Some(elixir) = source.lib() else { return };
        let code = &elixir.code;
        counts::look(code, found);
        if source.is_mix_task() || source.is_migration() {
            return;
        }
        let imported: Vec<_> =
            imports(code).map(|(_, module)| module).filter(|it| is_repo(it)).collect();
        let of_import = |call: &Call| {
            imported.iter().any(|it| call.module().is_none() && code.is_call(call, it, call.name))
        };
        for call in code.calls().filter(|it| !code.is_quoted(it)) {
            if call.module().is_some_and(is_repo) || of_import(call) {
                queries::look(call, found);
                loops::look(code, call, found);
            } else {
                callbacks::look(code, call, found);
            }
        }
    }
}
