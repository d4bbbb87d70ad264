//! One call, whichever way it is written.

use std::borrow::Cow;

use crate::node::{Node, Tag};

/// What is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Callee<'t> {
    /// A name without a module: of this module, of an import, or of the language.
    Local,
    /// A module, by its whole name; `:name` is one of Erlang.
    Module(Cow<'t, str>),
    /// Something that is known only when the code runs.
    Value(Node<'t>),
}

/// A call or a capture.
#[derive(Clone, Debug)]
pub struct Call<'t> {
    /// Where it stands. Of a capture, all of `&M.f/1`.
    pub node: Node<'t>,
    /// What is called.
    pub callee: Callee<'t>,
    /// The name of the function.
    pub name: &'t str,
    pub(crate) piped: Option<Node<'t>>,
    pub(crate) captured: Option<usize>,
    pub(crate) scope: usize,
}

impl<'t> Call<'t> {
    /// How many arguments it has, with the one that is piped in.
    #[must_use]
    pub fn arity(&self) -> usize {
        self.captured.unwrap_or_else(|| self.args().count())
    }

    /// The arguments, with the one that is piped in; a do-block is none. Those of a capture are not known.
    pub fn args(&self) -> impl Iterator<Item = Node<'t>> {
        let own = if self.captured.is_none() { Some(self.node.args()) } else { None };
        self.piped.into_iter().chain(own.into_iter().flatten())
    }

    /// One argument, counted with the one that is piped in.
    #[must_use]
    pub fn arg(&self, index: usize) -> Option<Node<'t>> {
        self.args().nth(index)
    }

    /// The value of an option in the last argument.
    #[must_use]
    pub fn option(&self, key: &str) -> Option<Node<'t>> {
        let last = self.args().last()?;
        if matches!(last.tag(), Tag::Keywords | Tag::List) { last.value(key) } else { None }
    }

    /// The whole name of the module; `None` for a local call or one of a value.
    #[must_use]
    pub fn module(&self) -> Option<&str> {
        match &self.callee {
            Callee::Module(module) => Some(module),
            Callee::Local | Callee::Value(_) => None,
        }
    }

    /// Is it `&M.f/1` rather than a call?
    #[must_use]
    pub fn is_capture(&self) -> bool {
        self.captured.is_some()
    }
}
