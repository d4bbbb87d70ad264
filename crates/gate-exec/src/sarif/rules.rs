//! Which rule a result is of.

use std::collections::HashMap;

use super::log::{Component, Rule, Run, SarifResult};

/// The rules of a run, by component and name.
#[derive(Debug)]
pub(super) struct Rules<'a> {
    run: &'a Run,
    named: HashMap<&'a str, &'a Rule>,
}

impl<'a> Rules<'a> {
    pub(super) fn of(run: &'a Run) -> Self {
        let all = components(run).flat_map(|it| it.rules.iter().flatten());
        let named = all.filter_map(|rule| Some((rule.id.as_deref()?, rule))).collect();
        Self { run, named }
    }

    /// By its place, else by its name; the name may go on after a slash, as in `CA1000/1`.
    pub(super) fn rule(&self, result: &SarifResult) -> Option<&'a Rule> {
        let placed = result.index().and_then(|at| self.component(result)?.rules.as_ref()?.get(at));
        placed.or_else(|| {
            let id = result.id()?;
            let exact = self.named.get(id);
            exact.or_else(|| self.named.get(id.rsplit_once('/')?.0)).copied()
        })
    }

    fn component(&self, result: &SarifResult) -> Option<&'a Component> {
        let Some(reference) = result.component() else { return Some(&self.run.tool.driver) };
        let extensions = self.run.tool.extensions.as_deref().unwrap_or_default();
        match (reference.index(), &reference.name) {
            (Some(at), _) => extensions.get(at),
            (None, name @ Some(_)) => components(self.run).find(|it| it.name == *name),
            (None, None) => Some(&self.run.tool.driver),
        }
    }
}

fn components(run: &Run) -> impl Iterator<Item = &Component> {
    std::iter::once(&run.tool.driver).chain(run.tool.extensions.iter().flatten())
}
