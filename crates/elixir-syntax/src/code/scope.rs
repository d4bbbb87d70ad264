//! What names mean where: aliases, imports, and the module and function around.

use std::borrow::Cow;

use super::module::Module;

/// One `import`.
#[derive(Clone, Debug)]
pub(super) struct Import<'t> {
    pub(super) module: Cow<'t, str>,
    /// Only these names and arities, where it says so.
    pub(super) only: Option<Vec<(&'t str, usize)>>,
    pub(super) except: Vec<(&'t str, usize)>,
}

impl Import<'_> {
    fn brings(&self, (name, arity): (&str, usize)) -> bool {
        let is = |it: &(&str, usize)| it.0 == name && it.1 == arity;
        let listed = self.only.as_ref().is_none_or(|only| only.iter().any(is));
        listed && !self.except.iter().any(is)
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Scope<'t> {
    pub(super) parent: Option<usize>,
    pub(super) aliases: Vec<(&'t str, Cow<'t, str>)>,
    pub(super) imports: Vec<Import<'t>>,
    pub(super) module: Option<usize>,
    pub(super) function: Option<usize>,
    pub(super) quoted: bool,
}

/// All scopes of a file; each knows the one around it.
#[derive(Debug)]
pub(super) struct Scopes<'t> {
    all: Vec<Scope<'t>>,
}

impl<'t> Scopes<'t> {
    pub(super) fn new() -> Self {
        Self { all: vec![Scope::default()] }
    }

    /// A scope within another, with the same module and function.
    pub(super) fn within(&mut self, parent: usize) -> usize {
        let Scope { module, function, quoted, .. } = self.all[parent];
        self.all.push(Scope { parent: Some(parent), module, function, quoted, ..Scope::default() });
        self.all.len() - 1
    }

    pub(super) fn get(&mut self, scope: usize) -> &mut Scope<'t> {
        &mut self.all[scope]
    }

    pub(super) fn module(&self, scope: usize) -> Option<usize> {
        self.all[scope].module
    }

    pub(super) fn function(&self, scope: usize) -> Option<usize> {
        self.all[scope].function
    }

    pub(super) fn is_quoted(&self, scope: usize) -> bool {
        self.all[scope].quoted
    }

    /// Does an import in sight bring this function of this module?
    pub(super) fn imports(&self, scope: usize, module: &str, function: (&str, usize)) -> bool {
        self.around(scope)
            .any(|it| it.imports.iter().any(|it| it.module == module && it.brings(function)))
    }

    /// The whole name of a module as it is written in this scope.
    pub(super) fn resolve(
        &self,
        scope: usize,
        name: &'t str,
        modules: &[Module<'t>],
    ) -> Cow<'t, str> {
        // Said in full, whatever is aliased.
        if let Some(whole) = name.strip_prefix("Elixir.") {
            return Cow::Borrowed(whole);
        }
        let (first, rest) = match name.split_once('.') {
            Some((first, rest)) => (first, Some(rest)),
            None => (name, None),
        };
        if first == "__MODULE__" {
            let module = self.module(scope).and_then(|it| modules.get(it));
            return module.map_or(Cow::Borrowed(name), |it| joined(&it.name, rest));
        }
        let aliases = self.around(scope).flat_map(|it| it.aliases.iter().rev());
        let meant = aliases.into_iter().find(|(short, _)| *short == first);
        meant.map_or(Cow::Borrowed(name), |(_, whole)| joined(whole, rest))
    }

    fn around(&self, scope: usize) -> impl Iterator<Item = &Scope<'t>> {
        let first = self.all.get(scope);
        std::iter::successors(first, |it| it.parent.and_then(|it| self.all.get(it)))
    }
}

fn joined<'t>(whole: &Cow<'t, str>, rest: Option<&str>) -> Cow<'t, str> {
    match rest {
        Some(rest) => Cow::Owned(format!("{whole}.{rest}")),
        None => whole.clone(),
    }
}
