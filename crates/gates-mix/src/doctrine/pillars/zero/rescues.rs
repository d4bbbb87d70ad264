//! A rescue that takes everything hides what nobody expected.

use elixir_syntax::{Call, Node, Op, Tag};

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
        let sections = call.node.do_block().into_iter().flat_map(Node::kids);
        let rescues = sections.filter(|it| it.name() == "rescue");
        for clause in rescues.flat_map(Node::kids).filter(|it| it.tag() == Tag::Clause) {
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
            } else if !is_used(head.name(), body) {
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

/// Is the exception looked at, or raised again?
fn is_used(name: &str, body: Node) -> bool {
    let raises = |it: Node| {
        it.tag() == Tag::Call && matches!(it.name(), "raise" | "reraise" | "exit" | "throw")
    };
    let reads = |it: Node| it.tag() == Tag::Var && it.name() == name && !is_bound(it);
    body.descendants().any(|it| raises(it) || reads(it))
}

/// Is it given a new value, which says nothing about the old one?
fn is_bound(node: Node) -> bool {
    node.parent().is_some_and(|it| it.is_op(Op::Match) && it.kid(0) == Some(node))
}
