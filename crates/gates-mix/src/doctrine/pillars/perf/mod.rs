//! PERF: nothing whose cost grows with the data where it need not.

mod callbacks;
mod counts;
mod loops;
mod queries;

use pipeline_core::Level;

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
        if let Some(markup) = &source.markup {
            counts::look(&markup.code, found);
        }
        let Some(elixir) = source.lib() else { return };
        counts::look(&elixir.code, found);
        if source.is_mix_task() || source.is_migration() {
            return;
        }
        for call in elixir.code.calls().filter(|it| !elixir.code.is_quoted(it)) {
            if is_repo(call.module()) {
                queries::look(call, found);
                loops::look(&elixir.code, call, found);
            } else {
                callbacks::look(&elixir.code, call, found);
            }
        }
    }
}

/// `Shop.Repo`, `Repo`, `ReadRepo`
fn is_repo(module: Option<&str>) -> bool {
    module.and_then(|it| it.rsplit('.').next()).is_some_and(|it| it.ends_with("Repo"))
}
