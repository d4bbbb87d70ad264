//! Foreign text that becomes a query, code, a command or markup.

use elixir_syntax::{Call, Code, Node, Tag};

use super::super::values::{Origin, assigned, is_put_together, origin};
use crate::doctrine::{Found, Rule, Source};

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
    ("Code", "eval_file"),
    ("Code", "compile_string"),
    ("Code", "compile_quoted"),
    ("EEx", "eval_string"),
    ("EEx", "compile_string"),
];
const SHELLS: [&str; 6] = ["sh", "bash", "zsh", "/bin/sh", "/bin/bash", "/usr/bin/env"];

/// What is wrong with a call: the rule, the words, and whether it blocks.
struct Told {
    rule: Rule,
    message: String,
    blocks: bool,
}

pub(super) fn code(source: &Source, found: &mut Found) {
    let Some(elixir) = &source.elixir else { return };
    let gently = source.is_mix_task() || source.is_migration();
    for call in elixir.code.calls().filter(|it| !elixir.code.is_quoted(it)) {
        let told = query(call)
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
fn query(call: &Call) -> Option<Told> {
    let (rule, sql) = match (call.name, call.module()) {
        ("fragment", None | Some("Ecto.Query.API")) => (FRAGMENT, call.arg(0)?),
        ("query" | "query!" | "query_many" | "query_many!", Some("Ecto.Adapters.SQL")) => {
            (RAW_SQL, call.arg(1)?)
        }
        ("query" | "query!" | "query_many" | "query_many!", Some(module)) if is_repo(module) => {
            (RAW_SQL, call.arg(0)?)
        }
        _ => return None,
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

fn is_repo(module: &str) -> bool {
    module.rsplit('.').next().is_some_and(|it| it.ends_with("Repo"))
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

/// `System.cmd("sh", ["-c", text])`
fn runs_a_shell(call: &Call) -> bool {
    let (Some(program), Some(args)) = (call.arg(0), call.arg(1)) else { return false };
    let mut args = args.kids();
    let is_shell = program.literal().is_some_and(|it| SHELLS.contains(&it));
    is_shell
        && args.any(|it| it.literal() == Some("-c"))
        && args.any(|it| origin(it) == Origin::Runtime)
}

/// `raw(x)` in templates.
pub(super) fn markup(source: &Source, found: &mut Found) {
    let Some(markup) = &source.markup else { return };
    let is_raw =
        |it: &&Call| it.name == "raw" && matches!(it.module(), None | Some("Phoenix.HTML"));
    for call in markup.code.calls().filter(is_raw).filter(|it| it.arity() == 1) {
        let value = call.arg(0);
        if value.is_some_and(|it| origin(it) == Origin::Runtime) {
            let what = value.map_or("this", Node::text);
            found.node(&RAW_HTML, call.node, format!("`{what}` goes to the browser as it is"));
        }
    }
}
