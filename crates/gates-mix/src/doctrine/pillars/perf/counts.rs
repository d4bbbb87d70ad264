//! Counting a list to see whether there is anything in it.

use elixir_syntax::{Call, Callee, Code, Node, Op, Tag};

use super::super::names::is_own;
use super::super::values::short;
use crate::doctrine::{Found, Rule};

const LENGTH: Rule =
    Rule::blocking("PERF/length", "compare with the empty list: `list == []` or `list != []`");
const ENUM_COUNT: Rule = Rule::advisory("PERF/enum-count", "use Enum.empty?/1");

pub(super) const RULES: [Rule; 2] = [LENGTH, ENUM_COUNT];

pub(super) fn look(code: &Code, found: &mut Found) {
    for call in code.calls().filter(|it| it.arity() == 1 && !it.is_capture()) {
        let rule = if is_length(code, call) {
            &LENGTH
        } else if code.is_call(call, "Enum", "count") {
            &ENUM_COUNT
        } else {
            continue;
        };
        let Some((comparison, empty)) = compared(call.node) else { continue };
        let list = call.arg(0).map(short).unwrap_or_default();
        let name = if rule.code == LENGTH.code { "length/1" } else { "Enum.count/1" };
        let told = format!("{name} walks through all of `{list}` to see whether it is empty");
        // A pipe may begin many lines above what counts.
        let start = call.node.span().start;
        let place = if comparison.line() == call.node.line() {
            comparison.span()
        } else {
            start..comparison.span().end
        };
        let violation = found.span(rule, place, told);
        if rule.code == LENGTH.code {
            let op = if empty { "==" } else { "!=" };
            violation.remedy(format!("write `{list} {op} []`"));
        } else if empty {
            violation.remedy(format!("write `Enum.empty?({list})`"));
        } else {
            violation.remedy(format!("write `not Enum.empty?({list})`"));
        }
    }
}

/// `length/1` of the language, and not one that the module has itself or imports.
fn is_length(code: &Code, call: &Call) -> bool {
    let is_local = || call.callee == Callee::Local && !is_own(code, call);
    call.name == "length" && (call.module() == Some("Kernel") || is_local())
}

/// The comparison of a count with nothing, and whether it asks for emptiness.
fn compared(count: Node<'_>) -> Option<(Node<'_>, bool)> {
    let mut side = count;
    let mut outer = count.parent()?;
    // `list |> length()`, `(length(list))`
    while outer.is_op(Op::Pipe) && outer.kid(1) == Some(side)
        || outer.tag() == Tag::Block && outer.text().starts_with('(')
    {
        (side, outer) = (outer, outer.parent()?);
    }
    if outer.tag() != Tag::Binary {
        return None;
    }
    let (left, right) = (outer.kid(0)?, outer.kid(1)?);
    let (other, op) =
        if left == side { (right, outer.op()?) } else { (left, mirrored(outer.op()?)) };
    let number = if other.tag() == Tag::Int { other.text() } else { return None };
    match (op, number) {
        (Op::Equal | Op::StrictEqual | Op::LessEqual, "0") | (Op::Less, "1") => Some((outer, true)),
        (Op::NotEqual | Op::StrictNotEqual | Op::Greater, "0") | (Op::GreaterEqual, "1") => {
            Some((outer, false))
        }
        _ => None,
    }
}

fn mirrored(op: Op) -> Op {
    match op {
        Op::Less => Op::Greater,
        Op::Greater => Op::Less,
        Op::LessEqual => Op::GreaterEqual,
        Op::GreaterEqual => Op::LessEqual,
        other => other,
    }
}
