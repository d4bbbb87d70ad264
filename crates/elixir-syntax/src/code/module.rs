//! Modules and functions as they are defined.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use crate::node::Node;

/// How a module is defined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModuleKind {
    /// `defmodule`
    Module,
    /// `defprotocol`
    Protocol,
    /// `defimpl`
    Implementation,
}

/// What is said about something in its documentation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Doc<'t> {
    /// Nothing.
    #[default]
    Missing,
    /// `false`: it is hidden on purpose.
    Hidden,
    /// Something: a text, or an expression that makes one.
    Said(Node<'t>),
}

/// `use Some.Module, options`
#[derive(Clone, Debug)]
pub struct Use<'t> {
    /// The whole name of the module.
    pub module: Cow<'t, str>,
    /// The call.
    pub node: Node<'t>,
}

/// `@name value`
#[derive(Clone, Copy, Debug)]
pub struct Attribute<'t> {
    /// Its name.
    pub name: &'t str,
    /// Its value.
    pub value: Node<'t>,
    /// All of it.
    pub node: Node<'t>,
}

/// One module.
#[derive(Clone, Debug)]
pub struct Module<'t> {
    /// Its whole name; as it is written where only running the code would tell.
    pub name: Cow<'t, str>,
    /// How it is defined.
    pub kind: ModuleKind,
    /// The definition.
    pub node: Node<'t>,
    /// Its `@moduledoc`.
    pub doc: Doc<'t>,
    /// What it uses.
    pub uses: Vec<Use<'t>>,
    /// Its attributes but those that document or specify functions.
    pub attributes: Vec<Attribute<'t>>,
    /// Its public types, each with its name and whether it has a `@typedoc`.
    pub types: Vec<(Node<'t>, &'t str, bool)>,
    /// The functions with a `@spec`, by name and arity. What a `@callback` says is among the attributes.
    pub specs: Vec<(&'t str, usize)>,
    /// Is it defined in a `quote`?
    pub quoted: bool,
    pub(crate) index: usize,
}

impl Module<'_> {
    /// Does it `use` this module?
    #[must_use]
    pub fn uses(&self, module: &str) -> bool {
        self.uses.iter().any(|it| it.module == module)
    }
}

/// How a function is defined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FunctionKind {
    /// `def`
    Public,
    /// `defp`
    Private,
    /// `defmacro`
    Macro,
    /// `defmacrop`
    PrivateMacro,
    /// `defguard`
    Guard,
    /// `defguardp`
    PrivateGuard,
    /// `defdelegate`
    Delegate,
}

impl FunctionKind {
    /// May other modules use it?
    #[must_use]
    pub fn is_public(self) -> bool {
        !matches!(self, Self::Private | Self::PrivateMacro | Self::PrivateGuard)
    }
}

/// All clauses of one name and arity.
#[derive(Clone, Debug)]
pub struct Function<'t> {
    /// Its name.
    pub name: &'t str,
    /// How many parameters it has.
    pub arity: usize,
    /// How many of them have defaults.
    pub defaults: usize,
    /// How it is defined.
    pub kind: FunctionKind,
    /// Its `@doc`.
    pub doc: Doc<'t>,
    /// Does it have an `@impl` that is not `false`?
    pub is_callback: bool,
    /// Is it `@deprecated`?
    pub deprecated: bool,
    /// Is it defined in a `quote`?
    pub quoted: bool,
    /// The definitions: each is a call of `def` or its kin.
    pub clauses: Vec<Node<'t>>,
    /// The index of its module in [`Code::modules`](crate::Code::modules).
    pub module: usize,
}

impl<'t> Function<'t> {
    /// The numbers of arguments that it can be called with.
    #[must_use]
    pub fn arities(&self) -> RangeInclusive<usize> {
        self.arity - self.defaults.min(self.arity)..=self.arity
    }

    /// Its first definition.
    #[must_use]
    pub fn node(&self) -> Option<Node<'t>> {
        self.clauses.first().copied()
    }

    /// The parameters of a clause.
    #[must_use]
    pub fn params(clause: Node<'t>) -> Vec<Node<'t>> {
        super::definitions::head(clause).map(|it| it.params).unwrap_or_default()
    }
}
