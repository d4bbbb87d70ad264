//! A rescue that takes everything hides what nobody expected.

use elixir_syntax::{Call, Node, Op, Tag};

use super::super::names::{binding, is_pattern};
use super::Look;
use crate::doctrine::{Found, Rule};

const BARE_RESCUE: Rule = Rule::blocking(
    "ZERO/bare-rescue",
    "name the exceptions you expect: `e in [ArgumentError]`; let all others crash",
);
const SWALLOWED: Rule = Rule::blocking(
    "ZERO/swallowed",
    "log it, put it into the answer, or name the exceptions you expect",
);

pub(super) const RULES: [Rule; 2] = [BARE_RESCUE, SWALLOWED];

impl Look<'_, '_> {
    /// The clauses of every `rescue` that belongs to this call: `try`, `def` and the like.
    pub(super) fn rescues(&self, call: &Call, found: &mut Found) {
        let Some(rescue) = call.node.body("rescue") else { return };
        for clause in clauses(rescue) {
            let (Some(head), Some(body)) = (clause.kid(0), clause.kids().next_back()) else {
                continue;
            };
            if head.tag() != Tag::Var {
                continue;
            }
            let (rule, told) = if head.name().starts_with('_') {
                (
                    &BARE_RESCUE,
                    "this takes every exception, also those that nobody expected".to_owned(),
                )
            } else if !is_used(head.name(), clause, body) {
                (
                    &SWALLOWED,
                    format!("whatever went wrong is lost: `{}` is never looked at", head.name()),
                )
            } else {
                continue;
            };
            let violation = found.node(rule, head, told);
            if self.gently {
                violation.advisory();
            }
        }
    }
}

/// The clauses of a section, or of `rescue: (_ -> …)`.
fn clauses(rescue: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    rescue.kids().filter(|it| it.tag() == Tag::Clause)
}

/// Is the exception that the clause takes looked at, or raised again?
fn is_used(name: &str, clause: Node, body: Node) -> bool {
    let raises = |it: Node| {
        matches!(it.tag(), Tag::Call | Tag::Remote) && matches!(it.name(), "raise" | "reraise")
    };
    let is_variable = |it: Node| {
        let is_attribute = || it.parent().is_some_and(|it| it.is_op(Op::At));
        it.tag() == Tag::Var && it.name() == name && !is_attribute() && !is_pattern(it)
    };
    let reads = |it: Node| is_variable(it) && binding(name, it).is_some_and(|it| it.by == clause);
    body.descendants().any(|it| raises(it) || reads(it))
}
