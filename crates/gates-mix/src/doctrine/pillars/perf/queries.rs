//! All rows of a table, however many there will be.

use elixir_syntax::{Call, Node, Op, Tag};

use super::super::values::{assigned, short};
use crate::doctrine::{Found, Rule};

const REPO_ALL: Rule =
    Rule::blocking("PERF/repo-all", "add a limit, or go through it in pages or with Repo.stream/2");
const REPO_ALL_UNKNOWN: Rule = Rule::advisory(
    "PERF/repo-all-unknown",
    "see to it that the query has a limit, and say so: # PERF:OK limited by …",
);

pub(super) const RULES: [Rule; 2] = [REPO_ALL, REPO_ALL_UNKNOWN];

/// So far a query is followed through variables.
const FURTHEST: usize = 8;

/// How many rows a query can bring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rows {
    Bounded,
    Unbounded,
    Unknown,
}

pub(super) fn look(call: &Call, found: &mut Found) {
    if call.name != "all" || call.is_capture() || !(1..=2).contains(&call.arity()) {
        return;
    }
    let Some(query) = call.arg(0) else { return };
    let repo = call.module().unwrap_or("Repo");
    let place = call.node.span();
    match rows(query, call.node, FURTHEST) {
        Rows::Bounded => {}
        Rows::Unbounded => {
            found.span(
                &REPO_ALL,
                place,
                format!(
                    "{repo}.all brings every row of `{}`, however many there will be",
                    short(query)
                ),
            );
        }
        Rows::Unknown => {
            found.span(
                &REPO_ALL_UNKNOWN,
                place,
                format!("nobody can see here how many rows {repo}.all brings"),
            );
        }
    }
}

fn rows(query: Node, at: Node, further: usize) -> Rows {
    let Some(further) = further.checked_sub(1) else { return Rows::Unknown };
    match query.tag() {
        // A schema, or the name of a table with one.
        Tag::Alias | Tag::DotAlias | Tag::Tuple => Rows::Unbounded,
        Tag::Block if query.kids().len() == 1 => {
            query.kid(0).map_or(Rows::Unknown, |it| rows(it, at, further))
        }
        Tag::Var if query.name() == "__MODULE__" => Rows::Unbounded,
        Tag::Var => match assigned(query, at) {
            Some(value) => rows(value, value, further),
            None => Rows::Unknown,
        },
        Tag::Binary if query.is_op(Op::Pipe) => {
            let (Some(source), Some(step)) = (query.kid(0), query.kid(1)) else {
                return Rows::Unknown;
            };
            limited(step, 0).unwrap_or_else(|| rows(source, at, further))
        }
        Tag::Call | Tag::Remote => {
            let Some(source) = query.args().next() else { return Rows::Unknown };
            limited(query, 1).unwrap_or_else(|| rows(in_source(source), at, further))
        }
        _ => Rows::Unknown,
    }
}

/// `x in Source`
fn in_source(source: Node) -> Node {
    if source.is_op(Op::In) { source.kid(1).unwrap_or(source) } else { source }
}

/// What one step of a query says about how many rows there are; `None` if it says nothing, and what comes before counts.
/// `skip` is how many of its arguments are not its own.
fn limited(step: Node, skip: usize) -> Option<Rows> {
    let own = || step.args().skip(skip);
    match step.name() {
        "limit" | "first" | "last" => Some(Rows::Bounded),
        name if name.contains("paginat") || name == "page" => Some(Rows::Bounded),
        "where" | "or_where" | "having" => own().any(is_of_some).then_some(Rows::Bounded),
        "from" => of_from(step),
        "select" => own().any(is_one_row).then_some(Rows::Bounded),
        "order_by" | "join" | "preload" | "distinct" | "group_by" | "select_merge" | "lock"
        | "exclude" | "subquery" | "with_cte" | "dynamic" | "windows" | "union" | "union_all"
        | "prepend_order_by" | "reverse_order" | "put_query_prefix" | "offset" | "as" => None,
        _ => Some(Rows::Unknown),
    }
}

/// `from(x in Source, where: …, limit: …)`
fn of_from(step: Node) -> Option<Rows> {
    let keywords = step.args().next_back().filter(|it| it.tag() == Tag::Keywords)?;
    let pairs = keywords.kids().filter_map(|it| Some((it.kid(0)?.name(), it.kid(1)?)));
    let pairs: Vec<_> = pairs.collect();
    let grouped = pairs.iter().any(|(key, _)| *key == "group_by");
    let bounds = |(key, value): &(&str, Node)| match *key {
        "limit" => true,
        "where" | "or_where" | "having" => is_of_some(*value),
        "select" => !grouped && is_one_row(*value),
        _ => false,
    };
    pairs.iter().any(bounds).then_some(Rows::Bounded)
}

/// `x.id in ^ids`: no more rows than ids.
fn is_of_some(condition: Node) -> bool {
    let pinned = |it: Node| it.is_op(Op::In) && it.kid(1).is_some_and(|it| it.is_op(Op::Pin));
    condition.descendants().any(pinned)
}

/// `count(x.id)`: one row.
fn is_one_row(selected: Node) -> bool {
    let name = match selected.tag() {
        Tag::Call => selected.name(),
        _ => return false,
    };
    matches!(name, "count" | "sum" | "avg" | "min" | "max")
}
