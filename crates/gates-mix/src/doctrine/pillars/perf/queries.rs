//! All rows of a table, however many there will be.

use elixir_syntax::{Call, Node, Op, Tag};

use super::super::names::assigned;
use super::super::values::short;
use crate::doctrine::{Found, Rule};

const REPO_ALL: Rule =
    Rule::blocking("PERF/repo-all", "add a limit, or go through it in pages or with Repo.stream/2");
const REPO_ALL_UNKNOWN: Rule = Rule::advisory(
    "PERF/repo-all-unknown",
    "see to it that the query has a limit, and say so: # PERF:OK limited by …",
);

pub(super) const RULES: [Rule; 2] = [REPO_ALL, REPO_ALL_UNKNOWN];

/// So many steps of a query are followed, through pipes and variables.
const FURTHEST: usize = 64;

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
    let brought = match rows(query, call.node) {
        // A repository of its own kind takes something before the query.
        Rows::Unknown if call.arg(1).is_some_and(|it| rows(it, call.node) == Rows::Bounded) => {
            Rows::Bounded
        }
        brought => brought,
    };
    match brought {
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

/// What one step of a query says about how many rows there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Bounds,
    /// Nobody can see here what it does.
    Unknown,
    /// It brings one row, if there is one group.
    Sums,
    Groups,
    /// What comes before counts.
    Keeps,
}

/// Goes back through the steps of a query to where it begins.
fn rows(query: Node, at: Node) -> Rows {
    let (mut query, mut at) = (query, at);
    let (mut sums, mut groups) = (false, false);
    for _ in 0..FURTHEST {
        let kids = (query.kid(0), query.kid(1), query.args().next());
        let (before, step) = match (query.tag(), kids) {
            (Tag::Block, (Some(inner), None, _)) => (inner, Step::Keeps),
            (Tag::Var, _) if query.name() != "__MODULE__" => match assigned(query, at) {
                Some(value) => {
                    at = value;
                    (value, Step::Keeps)
                }
                None => break,
            },
            (Tag::Binary, (Some(before), Some(step), _)) if query.is_op(Op::Pipe) => {
                (before, step_of(step, 0))
            }
            (Tag::Call | Tag::Remote, (_, _, Some(source))) => {
                (in_source(source), step_of(query, 1))
            }
            // A schema, a table, or the name of a table with a schema.
            (Tag::Alias | Tag::DotAlias | Tag::Tuple | Tag::Str | Tag::Var, _)
                if !sums || groups =>
            {
                return Rows::Unbounded;
            }
            _ => break,
        };
        match step {
            Step::Bounds => return Rows::Bounded,
            Step::Unknown => return Rows::Unknown,
            Step::Sums => sums = true,
            Step::Groups => groups = true,
            Step::Keeps => {}
        }
        query = before;
    }
    if sums && !groups { Rows::Bounded } else { Rows::Unknown }
}

/// `x in Source`
fn in_source(source: Node) -> Node {
    if source.is_op(Op::In) { source.kid(1).unwrap_or(source) } else { source }
}

/// `skip` is how many of its arguments are not its own.
fn step_of(step: Node, skip: usize) -> Step {
    let own = || step.args().skip(skip);
    match step.name() {
        "limit" | "first" | "last" | "page" => Step::Bounds,
        name if name.contains("paginat") => Step::Bounds,
        "where" | "or_where" | "having" | "or_having" if own().any(is_of_some) => Step::Bounds,
        "select" if own().any(is_one_row) => Step::Sums,
        "group_by" => Step::Groups,
        "from" => of_from(step),
        "where" | "or_where" | "having" | "or_having" | "select" | "order_by" | "join"
        | "preload" | "distinct" | "select_merge" | "lock" | "exclude" | "subquery"
        | "with_cte" | "windows" | "union" | "union_all" | "prepend_order_by" | "reverse_order"
        | "put_query_prefix" | "offset" | "as" => Step::Keeps,
        _ => Step::Unknown,
    }
}

/// `from(x in Source, where: …, limit: …)`
fn of_from(step: Node) -> Step {
    let is_pairs = |it: &Node| matches!(it.tag(), Tag::Keywords | Tag::List);
    let keywords = step.args().next_back().filter(is_pairs);
    let pairs = keywords.into_iter().flat_map(Node::kids);
    let pairs = pairs.filter_map(|it| Some((it.kid(0)?.name(), it.kid(1)?)));
    let steps: Vec<_> = pairs
        .map(|(key, value)| match key {
            "limit" => Step::Bounds,
            "where" | "or_where" | "having" | "or_having" if is_of_some(value) => Step::Bounds,
            "group_by" => Step::Groups,
            "select" if is_one_row(value) => Step::Sums,
            _ => Step::Keeps,
        })
        .collect();
    let said = |it: &Step| steps.contains(it);
    [Step::Bounds, Step::Groups, Step::Sums].into_iter().find(said).unwrap_or(Step::Keeps)
}

/// `x.id in ^ids`: no more rows than ids. Beside `or`, and after `not`, it says nothing.
fn is_of_some(condition: Node) -> bool {
    match condition.op() {
        Some(Op::In) => condition.kid(1).is_some_and(|it| it.is_op(Op::Pin)),
        Some(Op::And) => condition.kids().any(is_of_some),
        Some(Op::Or) => condition.kids().all(is_of_some),
        _ => condition.tag() == Tag::Block && condition.kids().any(is_of_some),
    }
}

/// `count(x.id)`, or several of its kind: one row.
fn is_one_row(selected: Node) -> bool {
    match selected.tag() {
        Tag::Call if matches!(selected.name(), "coalesce" | "type" | "filter") => {
            selected.args().next().is_some_and(is_one_row)
        }
        Tag::Call => matches!(selected.name(), "count" | "sum" | "avg" | "min" | "max"),
        Tag::Tuple | Tag::Map | Tag::Keywords | Tag::List => {
            selected.kids().len() > 0 && selected.kids().all(is_one_row)
        }
        Tag::Pair => selected.kid(1).is_some_and(is_one_row),
        _ => false,
    }
}
