//! Foreign bytes as Erlang terms: atoms without end, and functions that somebody else wrote.

use elixir_syntax::{Call, Node, Op, Tag};

use super::Look;
use crate::doctrine::{Found, Rule};

const BINARY_TO_TERM: Rule = Rule::blocking(
    "ZERO/binary-to-term",
    "pass [:safe], or use Plug.Crypto.non_executable_binary_to_term/2",
);
const BINARY_TO_TERM_OPTS: Rule =
    Rule::advisory("ZERO/binary-to-term-opts", "write the options out, with :safe among them");

pub(super) const RULES: [Rule; 2] = [BINARY_TO_TERM, BINARY_TO_TERM_OPTS];

impl Look<'_, '_> {
    pub(super) fn terms(&self, call: &Call, found: &mut Found) {
        if !self.elixir.code.is_call(call, ":erlang", "binary_to_term") {
            return;
        }
        let (rule, told) = match (call.arity(), call.arg(1)) {
            (1, _) => (&BINARY_TO_TERM, "binary_to_term/1 makes whatever the bytes say"),
            (_, Some(options)) if has_safe(options) => return,
            (_, Some(options)) if is_written_out(options) => {
                (&BINARY_TO_TERM, "without :safe, binary_to_term/2 makes whatever the bytes say")
            }
            _ => (&BINARY_TO_TERM_OPTS, "nobody can see here whether :safe is among these options"),
        };
        let violation = found.node(rule, call.node, told);
        if self.gently {
            violation.advisory();
        }
    }
}

fn is_written_out(options: Node) -> bool {
    options.tag() == Tag::List && options.kids().all(|it| it.tag() == Tag::Atom)
}

/// Is `:safe` among them, whatever the others are?
fn has_safe(options: Node) -> bool {
    match options.tag() {
        Tag::Atom => options.text() == ":safe",
        Tag::List => options.kids().any(has_safe),
        Tag::Binary if options.is_op(Op::Bar) || options.is_op(Op::PlusPlus) => {
            options.kids().any(has_safe)
        }
        _ => false,
    }
}
