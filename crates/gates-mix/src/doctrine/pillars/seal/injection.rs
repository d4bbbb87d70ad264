//! Foreign text that becomes a query, code, a command or markup.

use elixir_syntax::{Call, Code, Node, Tag};

use super::super::names::{assigned, is_head, is_own};
use super::super::values::{Origin, is_put_together, is_repo, origin};
use crate::doctrine::{Found, Role, Rule, Source};

const FRAGMENT: Rule = Rule::blocking(
    "SEAL/fragment",
    "write `?` where the value belongs, and pass the value: fragment(\"… ?\", ^value)",
);
const RAW_SQL: Rule = Rule::blocking(
    "SEAL/raw-sql",
    "write $1, $2 … where the values belong, and pass them as the list of parameters",
);
const CODE_EVAL: Rule = Rule::blocking(
    "SEAL/code-eval",
    "do without: match on what you expect, or call a function that you name",
);
const OS_CMD: Rule = Rule::blocking(
    "SEAL/os-cmd",
    "use System.cmd/3 with the program and a list of arguments: no shell reads them",
);
const RAW_HTML: Rule = Rule::advisory(
    "SEAL/raw-html",
    "let the template escape it, or clean it with a sanitizer first",
);

pub(super) const RULES: [Rule; 5] = [FRAGMENT, RAW_SQL, CODE_EVAL, OS_CMD, RAW_HTML];

/// Functions that run text as code, by module and name.
const EVALUATORS: [(&str, &str); 7] = [
    ("Code", "eval_string"),
    ("Code", "eval_quoted"),
    ("Code", "eval_quoted_with_env"),
    ("Code", "eval_file"),
    ("Code", "compile_string"),
    ("Code", "compile_quoted"),
    ("EEx", "eval_string"),
];
/// Functions that send a text to the database.
const QUERIES: [&str; 4] = ["query", "query!", "query_many", "query_many!"];
const SHELLS: [&str; 6] = ["sh", "bash", "zsh", "/bin/sh", "/bin/bash", "/usr/bin/env"];

/// What is wrong with a call: the rule, the words, and whether it blocks.
struct Told {
    rule: Rule,
    message: String,
    blocks: bool,
}

pub(super) fn code(source: &Source, found: &mut Found) {
    let Some(elixir) = &source.elixir else { return };
    let gently = source.is_mix_task() || source.is_migration() || source.role == Role::MixExs;
    for call in elixir.code.calls().filter(|it| !elixir.code.is_quoted(it)) {
        let told = query(&elixir.code, call)
            .or_else(|| eval(&elixir.code, call))
            .or_else(|| command(&elixir.code, call));
        if let Some(told) = told {
            let violation = found.node(&told.rule, call.node, told.message);
            if gently || !told.blocks {
                violation.advisory();
            }
        }
    }
}

/// `fragment("… #{x}")`, `Repo.query("… #{x}")`
fn query(code: &Code, call: &Call) -> Option<Told> {
    let adapter = |name: &&str| code.is_call(call, "Ecto.Adapters.SQL", name);
    let (rule, sql) = if call.name == "fragment" {
        let is_local = call.module().is_none() && !is_own(code, call) && !is_head(call.node);
        let is_ectos = is_local || call.module() == Some("Ecto.Query.API");
        (FRAGMENT, call.arg(0).filter(|_| is_ectos)?)
    } else if QUERIES.iter().any(adapter) {
        (RAW_SQL, call.arg(1)?)
    } else if QUERIES.contains(&call.name) && is_repo(call.module()?) {
        (RAW_SQL, call.arg(0)?)
    } else {
        return None;
    };
    let text = if sql.tag() == Tag::Var { assigned(sql, call.node)? } else { sql };
    if !is_put_together(text) {
        return None;
    }
    let blocks = match origin(text) {
        Origin::Literal => return None,
        Origin::Compiled => false,
        Origin::Runtime => true,
    };
    let message = format!(
        "the SQL of {} is put together from values: whoever sends them writes the query",
        call.name
    );
    Some(Told { rule, message, blocks })
}

fn eval(code: &Code, call: &Call) -> Option<Told> {
    let is = |(module, name): &(&str, &str)| code.is_call(call, module, name);
    EVALUATORS.iter().find(|it| is(it))?;
    let message = format!("{}.{} runs text as code", call.module().unwrap_or("Code"), call.name);
    let blocks = call.is_capture() || call.arg(0).is_some_and(|it| origin(it) == Origin::Runtime);
    Some(Told { rule: CODE_EVAL, message, blocks })
}

fn command(code: &Code, call: &Call) -> Option<Told> {
    let shell = code.is_call(call, ":os", "cmd") || code.is_call(call, "System", "shell");
    let is_foreign = if shell {
        call.is_capture() || call.arg(0).is_some_and(|it| origin(it) == Origin::Runtime)
    } else {
        code.is_call(call, "System", "cmd") && runs_a_shell(call)
    };
    let message = "a shell reads this text: whoever writes part of it runs commands".to_owned();
    is_foreign.then_some(Told { rule: OS_CMD, message, blocks: true })
}

/// `System.cmd("sh", ["-c", text])`; what follows the text are only its parameters.
fn runs_a_shell(call: &Call) -> bool {
    let (Some(program), Some(args)) = (call.arg(0), call.arg(1)) else { return false };
    let args = if args.tag() == Tag::Var { assigned(args, call.node) } else { Some(args) };
    let mut args = args.into_iter().flat_map(Node::kids);
    let is_shell = program.literal().is_some_and(|it| SHELLS.contains(&it));
    is_shell
        && args.any(|it| it.literal().is_some_and(takes_text))
        && args.next().is_some_and(|it| origin(it) == Origin::Runtime)
}

/// `-c`, also with others: `-lc`
fn takes_text(flag: &str) -> bool {
    flag.starts_with('-') && !flag.starts_with("--") && flag.ends_with('c')
}

/// `raw(x)` in templates.
pub(super) fn markup(source: &Source, found: &mut Found) {
    let Some(markup) = source.released_markup() else { return };
    let is_raw =
        |it: &&Call| it.name == "raw" && matches!(it.module(), None | Some("Phoenix.HTML"));
    for call in markup.code.calls().filter(is_raw).filter(|it| it.arity() == 1) {
        let value = call.arg(0);
        // In markup, `@name` is what the page was given, and no attribute of a module.
        if value.is_some_and(|it| origin(it) > Origin::Literal) {
            let what = value.map_or("this", Node::text);
            found.node(&RAW_HTML, call.node, format!("`{what}` goes to the browser as it is"));
        }
    }
}
