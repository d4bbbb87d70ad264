//! One query for each item, where one would do for all.

use elixir_syntax::{Call, Code, Node};

use super::super::values::{given_to, in_for, is_of};
use crate::doctrine::{Found, Rule};

const N_PLUS_1: Rule = Rule::blocking(
    "PERF/n-plus-1",
    "ask once, before the loop: `where: x.id in ^ids`, or a preload in the query",
);
const N_PLUS_1_WRITE: Rule = Rule::advisory(
    "PERF/n-plus-1-write",
    "write once: insert_all/3, update_all/3, delete_all/2, or an Ecto.Multi",
);

pub(super) const RULES: [Rule; 2] = [N_PLUS_1, N_PLUS_1_WRITE];

const READS: [&str; 10] =
    ["get", "get!", "get_by", "get_by!", "one", "one!", "all", "preload", "exists?", "aggregate"];
const WRITES: [&str; 8] = [
    "insert",
    "insert!",
    "update",
    "update!",
    "delete",
    "delete!",
    "insert_or_update",
    "insert_or_update!",
];

pub(super) fn look(code: &Code, call: &Call, found: &mut Found) {
    let rule = match call.name {
        name if READS.contains(&name) => &N_PLUS_1,
        name if WRITES.contains(&name) => &N_PLUS_1_WRITE,
        _ => return,
    };
    let Some(again) = repeated_by(code, call) else { return };
    let repo = call.module().unwrap_or("Repo");
    found.node(
        rule,
        call.node,
        format!("{repo}.{} is asked once for each item of this {again}", call.name),
    );
}

/// What does it again and again: `for`, or a function of `Enum` and its like.
fn repeated_by(code: &Code, call: &Call) -> Option<String> {
    if in_for(call.node) {
        return Some("for".to_owned());
    }
    let repeats = |taker: &Node| {
        is_of(code, call, *taker, &["Enum", "Stream"])
            || taker.name().starts_with("async_stream")
                && is_of(code, call, *taker, &["Task", "Task.Supervisor"])
    };
    let taker = given_to(call.node).find(repeats)?;
    Some(
        taker
            .receiver()
            .map_or(taker.name().to_owned(), |it| format!("{}.{}", it.text(), taker.name())),
    )
}
