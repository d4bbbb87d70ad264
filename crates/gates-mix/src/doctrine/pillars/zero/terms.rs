//! Foreign bytes as Erlang terms: atoms without end, and functions that somebody else wrote.

use elixir_syntax::{Call, Node, Tag};

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
        let options = call.arg(1);
        let (rule, told) = match (call.arity(), options) {
            (1, _) => (&BINARY_TO_TERM, "binary_to_term/1 makes whatever the bytes say"),
            (_, Some(options)) if is_written_out(options) => {
                if options.kids().any(|it| it.text() == ":safe") {
                    return;
                }
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
