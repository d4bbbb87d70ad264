//! Goes once through a tree, and takes down what it defines and calls.

use std::borrow::Cow;
use std::collections::HashMap;

use super::Code;
use super::call::{Call, Callee};
use super::definitions::{function_kind, head, module_kind, of_expression};
use super::module::{Attribute, Doc, Function, Module, ModuleKind};
use super::scope::Scopes;
use crate::node::{Node, Tag};
use crate::op::Op;
use crate::tree::Tree;

pub(super) fn walk(tree: &Tree) -> Code<'_> {
    let mut walk = Walk {
        code: Code {
            modules: Vec::new(),
            functions: Vec::new(),
            calls: Vec::new(),
            scopes: Scopes::new(),
        },
        said: Said::default(),
        known: HashMap::new(),
    };
    // The tree may be deeper than the stack.
    let mut open = vec![(tree.root(), 0)];
    while let Some((node, scope)) = open.pop() {
        let inner = walk.enter(node, scope);
        open.extend(node.kids().rev().map(|kid| (kid, inner)));
    }
    walk.code
}

/// What was said before a function about the one that comes next.
#[derive(Default)]
struct Said<'t> {
    doc: Doc<'t>,
    is_callback: bool,
    deprecated: bool,
    typedoc: bool,
}

pub(super) struct Walk<'t> {
    pub(super) code: Code<'t>,
    said: Said<'t>,
    /// Functions by module, name, arity, and whether they are quoted.
    known: HashMap<(usize, &'t str, usize, bool), usize>,
}

impl<'t> Walk<'t> {
    /// Takes down a node; the scope that its children are in.
    fn enter(&mut self, node: Node<'t>, scope: usize) -> usize {
        match node.tag() {
            Tag::Section | Tag::Clause => self.code.scopes.within(scope),
            Tag::Call => self.call(node, scope),
            Tag::Remote => {
                self.remote(node, scope);
                scope
            }
            Tag::Var => {
                // `x |> name` is a call.
                if let Some(piped) = piped(node) {
                    let call = Call {
                        node,
                        callee: Callee::Local,
                        name: node.name(),
                        piped: Some(piped),
                        captured: None,
                        scope,
                    };
                    self.code.calls.push(call);
                }
                scope
            }
            Tag::Unary if node.is_op(Op::At) => {
                self.attribute(node, scope);
                scope
            }
            Tag::Unary if node.is_op(Op::Capture) => {
                self.capture(node, scope);
                scope
            }
            _ => scope,
        }
    }

    fn call(&mut self, node: Node<'t>, scope: usize) -> usize {
        let name = node.name();
        let call =
            Call { node, callee: Callee::Local, name, piped: piped(node), captured: None, scope };
        self.code.calls.push(call);
        match name {
            "alias" => self.alias(node, scope),
            "import" => self.import(node, scope),
            "require" if node.value("as").is_some() => self.alias(node, scope),
            "use" => self.uses(node, scope),
            "quote" => {
                let inner = self.code.scopes.within(scope);
                self.code.scopes.get(inner).quoted = true;
                return inner;
            }
            _ => {
                if let Some(kind) = module_kind(name) {
                    return self.module(node, kind, scope);
                }
                if function_kind(name).is_some() && self.code.scopes.module(scope).is_some() {
                    return self.function(node, scope);
                }
            }
        }
        scope
    }

    fn remote(&mut self, node: Node<'t>, scope: usize) {
        let Some(receiver) = node.receiver() else { return };
        let callee = self.callee(receiver, scope);
        // `conn.assigns` is a field.
        let is_field = matches!(callee, Callee::Value(_))
            && !node.text().ends_with(')')
            && node.kids().len() == 1;
        if !is_field && !is_captured(node) {
            self.code.calls.push(Call {
                node,
                callee,
                name: node.name(),
                piped: piped(node),
                captured: None,
                scope,
            });
        }
    }

    pub(super) fn callee(&self, receiver: Node<'t>, scope: usize) -> Callee<'t> {
        match receiver.tag() {
            Tag::Alias => Callee::Module(self.resolve(scope, receiver.name())),
            Tag::Atom => Callee::Module(Cow::Borrowed(receiver.text())),
            Tag::Var if receiver.name() == "__MODULE__" => {
                Callee::Module(self.resolve(scope, "__MODULE__"))
            }
            Tag::DotAlias if receiver.text().starts_with("__MODULE__.") => {
                Callee::Module(self.resolve(scope, receiver.text()))
            }
            _ => Callee::Value(receiver),
        }
    }

    /// `&M.f/1` or `&f/1`.
    fn capture(&mut self, node: Node<'t>, scope: usize) {
        let Some(divided) = node.kid(0).filter(|it| it.is_op(Op::Divide)) else { return };
        let (Some(function), Some(arity)) = (divided.kid(0), divided.kid(1)) else { return };
        let Ok(arity) = arity.text().parse() else { return };
        let callee = match function.tag() {
            Tag::Var => Callee::Local,
            Tag::Remote => match function.receiver() {
                Some(receiver) => self.callee(receiver, scope),
                None => return,
            },
            _ => return,
        };
        let name = function.name();
        self.code.calls.push(Call {
            node,
            callee,
            name,
            piped: None,
            captured: Some(arity),
            scope,
        });
    }

    fn module(&mut self, node: Node<'t>, kind: ModuleKind, scope: usize) -> usize {
        let (index, parent) = (self.code.modules.len(), self.code.scopes.module(scope));
        let written = node.args().next();
        let alias = written.filter(|it| it.tag() == Tag::Alias).map(Node::name);
        let name = match (alias, parent) {
            (Some(alias), Some(parent))
                if kind != ModuleKind::Implementation && !alias.starts_with("Elixir.") =>
            {
                let whole = Cow::Owned(format!("{}.{alias}", self.code.modules[parent].name));
                let short = alias.split('.').next().unwrap_or(alias);
                let of_short = Cow::Owned(format!("{}.{short}", self.code.modules[parent].name));
                self.code.scopes.get(scope).aliases.push((short, of_short));
                whole
            }
            (Some(alias), _) => self.resolve(scope, alias),
            (None, _) => written.map_or(Cow::Borrowed(""), |it| Cow::Borrowed(it.text())),
        };
        let inner = self.code.scopes.within(scope);
        let quoted = self.code.scopes.is_quoted(scope);
        let own = self.code.scopes.get(inner);
        (own.module, own.function) = (Some(index), None);
        self.code.modules.push(Module {
            name,
            kind,
            node,
            doc: Doc::Missing,
            uses: Vec::new(),
            attributes: Vec::new(),
            types: Vec::new(),
            specs: Vec::new(),
            quoted,
            index,
        });
        self.said = Said::default();
        inner
    }

    fn function(&mut self, node: Node<'t>, scope: usize) -> usize {
        let inner = self.code.scopes.within(scope);
        let (Some(kind), Some(head)) = (function_kind(node.name()), head(node)) else {
            return inner;
        };
        let Some(module) = self.code.scopes.module(scope) else { return inner };
        let quoted = self.code.scopes.is_quoted(scope);
        let said = std::mem::take(&mut self.said);
        let (name, arity, defaults) = (head.name, head.params.len(), head.defaults());
        let key = (module, name, arity, quoted);
        let known = self.known.get(&key).copied().filter(|_| !name.is_empty());
        let index = known.unwrap_or(self.code.functions.len());
        if known.is_none() {
            self.known.insert(key, index);
            self.code.functions.push(Function {
                name,
                arity,
                defaults: 0,
                kind,
                doc: Doc::Missing,
                is_callback: false,
                deprecated: false,
                quoted,
                clauses: Vec::new(),
                module,
            });
        }
        let function = &mut self.code.functions[index];
        function.clauses.push(node);
        function.defaults = function.defaults.max(defaults);
        function.is_callback |= said.is_callback;
        function.deprecated |= said.deprecated;
        if said.doc != Doc::Missing {
            function.doc = said.doc;
        }
        self.code.scopes.get(inner).function = Some(index);
        inner
    }

    fn attribute(&mut self, node: Node<'t>, scope: usize) {
        let Some(set) = node.kid(0).filter(|it| it.tag() == Tag::Call) else { return };
        let (Some(value), Some(module)) = (set.args().next(), self.code.scopes.module(scope))
        else {
            return;
        };
        if self.code.scopes.function(scope).is_some() {
            return;
        }
        let own = &mut self.code.modules[module];
        match set.name() {
            "moduledoc" => own.doc = doc(value, own.doc),
            "doc" => self.said.doc = doc(value, self.said.doc),
            "impl" => self.said.is_callback = value.name() != "false",
            "deprecated" => self.said.deprecated = true,
            "typedoc" => self.said.typedoc = true,
            "spec" => {
                own.specs.extend(of_expression(value).map(|it| (it.name, it.params.len())));
            }
            "type" | "opaque" => {
                let typedoc = std::mem::take(&mut self.said.typedoc);
                own.types.extend(of_expression(value).map(|it| (node, it.name, typedoc)));
            }
            name => own.attributes.push(Attribute { name, value, node }),
        }
        if matches!(set.name(), "callback" | "macrocallback") {
            self.said.doc = Doc::Missing;
        }
    }

    fn resolve(&self, scope: usize, name: &'t str) -> Cow<'t, str> {
        self.code.scopes.resolve(scope, name, &self.code.modules)
    }
}

/// A text wins over options such as `since: "1.2"`.
fn doc<'t>(value: Node<'t>, before: Doc<'t>) -> Doc<'t> {
    match value.tag() {
        Tag::Atom if value.name() == "false" => Doc::Hidden,
        Tag::Keywords | Tag::List => before,
        _ => Doc::Said(value),
    }
}

/// What is piped into a call.
fn piped(node: Node<'_>) -> Option<Node<'_>> {
    let pipe = node.parent().filter(|it| it.is_op(Op::Pipe))?;
    let (left, right) = (pipe.kid(0)?, pipe.kid(1)?);
    (right == node).then_some(left)
}

/// Is it the function of `&M.f/1`, which is taken down as a capture?
fn is_captured(node: Node<'_>) -> bool {
    let divided = node.parent().filter(|it| it.is_op(Op::Divide) && it.kid(0) == Some(node));
    let captured = divided
        .and_then(Node::parent)
        .is_some_and(|it| it.tag() == Tag::Unary && it.is_op(Op::Capture));
    captured && node.kids().len() == 1
}
