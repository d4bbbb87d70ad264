//! The heads of definitions: names, parameters, arities.

use super::module::{FunctionKind, ModuleKind};
use crate::node::{Node, Tag};
use crate::op::Op;

pub(super) fn module_kind(name: &str) -> Option<ModuleKind> {
    match name {
        "defmodule" => Some(ModuleKind::Module),
        "defprotocol" => Some(ModuleKind::Protocol),
        "defimpl" => Some(ModuleKind::Implementation),
        _ => None,
    }
}

pub(super) fn function_kind(name: &str) -> Option<FunctionKind> {
    match name {
        "def" => Some(FunctionKind::Public),
        "defp" => Some(FunctionKind::Private),
        "defmacro" => Some(FunctionKind::Macro),
        "defmacrop" => Some(FunctionKind::PrivateMacro),
        "defguard" => Some(FunctionKind::Guard),
        "defguardp" => Some(FunctionKind::PrivateGuard),
        "defdelegate" => Some(FunctionKind::Delegate),
        _ => None,
    }
}

/// What a definition is called, and what it takes.
pub(super) struct Head<'t> {
    pub(super) name: &'t str,
    pub(super) params: Vec<Node<'t>>,
}

impl Head<'_> {
    pub(super) fn defaults(&self) -> usize {
        self.params.iter().filter(|it| it.is_op(Op::Default)).count()
    }
}

/// The head of a `def` and its kin.
pub(super) fn head(definition: Node<'_>) -> Option<Head<'_>> {
    of_expression(definition.args().next()?)
}

/// `name(params)`, with a guard or a type or without, or an operator with its operands.
pub(super) fn of_expression(expression: Node<'_>) -> Option<Head<'_>> {
    match expression.tag() {
        Tag::Binary if matches!(expression.op(), Some(Op::When | Op::Type)) => {
            of_expression(expression.kid(0)?)
        }
        Tag::Block if expression.kids().len() == 1 => of_expression(expression.kid(0)?),
        Tag::Binary | Tag::Unary => {
            let name = expression.op()?.as_str();
            Some(Head { name, params: expression.kids().collect() })
        }
        Tag::Var | Tag::Call => {
            Some(Head { name: expression.name(), params: expression.args().collect() })
        }
        // `unquote(name)(params)`: the name is known only when the code runs.
        Tag::CallOf => Some(Head { name: "", params: expression.args().collect() }),
        _ => None,
    }
}

/// `[name: arity]`
pub(super) fn arities(list: Node<'_>) -> Vec<(&str, usize)> {
    let pairs = list.kids().filter(|it| it.tag() == Tag::Pair);
    pairs.filter_map(|it| Some((it.kid(0)?.name(), it.kid(1)?.text().parse().ok()?))).collect()
}
