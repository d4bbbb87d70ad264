//! What a file says: its modules, their functions, and every call with the name that it stands for.

mod call;
mod definitions;
mod directives;
mod module;
mod scope;
mod walk;

pub use call::{Call, Callee};
pub use module::{Attribute, Doc, Function, FunctionKind, Module, ModuleKind, Use};

use crate::tree::Tree;
use scope::Scopes;

/// Modules, functions and calls of one file, with `alias`, `import` and pipes resolved as far as the file itself tells.
///
/// ```
/// use elixir_syntax::{Code, Tree};
///
/// let tree = Tree::parse("defmodule A do\n  alias String, as: S\n  def f(x), do: x |> S.to_atom()\nend");
/// let code = Code::of(&tree);
/// let call = code.calls().find(|it| code.is_call(it, "String", "to_atom")).unwrap();
/// assert_eq!(call.arity(), 1);
/// assert_eq!(call.arg(0).unwrap().name(), "x");
/// assert_eq!(code.function_of(call).unwrap().name, "f");
/// ```
#[derive(Debug)]
pub struct Code<'t> {
    modules: Vec<Module<'t>>,
    functions: Vec<Function<'t>>,
    calls: Vec<Call<'t>>,
    scopes: Scopes<'t>,
}

impl<'t> Code<'t> {
    /// Reads a tree.
    #[must_use]
    pub fn of(tree: &'t Tree) -> Self {
        walk::walk(tree)
    }

    /// The modules in the order of the file; nested ones after those around them.
    #[must_use]
    pub fn modules(&self) -> &[Module<'t>] {
        &self.modules
    }

    /// All functions and macros of all modules, those of one name and arity as one.
    #[must_use]
    pub fn functions(&self) -> &[Function<'t>] {
        &self.functions
    }

    /// The functions and macros of one module.
    pub fn functions_of(&self, module: &Module<'t>) -> impl Iterator<Item = &Function<'t>> {
        let index = module.index;
        self.functions.iter().filter(move |it| it.module == index)
    }

    /// All calls and captures in the order of the file: `f(x)`, `M.f(x)`, `x |> f`, `&M.f/1`. Definitions and directives are calls
    /// as well.
    pub fn calls(&self) -> impl Iterator<Item = &Call<'t>> {
        self.calls.iter()
    }

    /// Does the call reach this function? `module` is its whole name, or `:name` of Erlang; a local call reaches it by an import.
    #[must_use]
    pub fn is_call(&self, call: &Call<'t>, module: &str, name: &str) -> bool {
        call.name == name
            && match &call.callee {
                Callee::Module(it) => it == module,
                Callee::Local => {
                    self.scopes.imports(call.scope, module, (name, call.arity()))
                        && !self.is_defined(call)
                }
                Callee::Value(_) => false,
            }
    }

    /// The whole name of what is written as `name` where the call stands.
    #[must_use]
    pub fn resolve(&self, call: &Call<'t>, name: &'t str) -> std::borrow::Cow<'t, str> {
        self.scopes.resolve(call.scope, name, &self.modules)
    }

    /// The function that the call stands in.
    #[must_use]
    pub fn function_of(&self, call: &Call<'t>) -> Option<&Function<'t>> {
        self.functions.get(self.scopes.function(call.scope)?)
    }

    /// The module that the call stands in.
    #[must_use]
    pub fn module_of(&self, call: &Call<'t>) -> Option<&Module<'t>> {
        self.modules.get(self.scopes.module(call.scope)?)
    }

    /// Does the call stand in a `quote`, and so in code that is not run here?
    #[must_use]
    pub fn is_quoted(&self, call: &Call<'t>) -> bool {
        self.scopes.is_quoted(call.scope)
    }

    /// Does the call's own module define such a function?
    fn is_defined(&self, call: &Call<'t>) -> bool {
        let module = self.scopes.module(call.scope);
        let arity = call.arity();
        self.functions.iter().any(|it| {
            Some(it.module) == module && it.name == call.name && it.arities().contains(&arity)
        })
    }
}
