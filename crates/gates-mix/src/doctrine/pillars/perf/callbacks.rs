//! Waiting where everybody else waits behind it.

use elixir_syntax::{Call, Code};

use super::super::values::{given_to, is_of};
use crate::doctrine::{Found, Rule};

const BLOCKING_CALLBACK: Rule = Rule::advisory(
    "PERF/blocking-callback",
    "do it in a task, or in handle_continue/2 after the answer, and take the result as a message",
);

pub(super) const RULES: [Rule; 1] = [BLOCKING_CALLBACK];

/// Functions that a process runs one at a time, with their arities.
const CALLBACKS: [(&str, usize); 9] = [
    ("handle_call", 3),
    ("handle_cast", 2),
    ("handle_info", 2),
    ("handle_event", 3),
    ("handle_params", 3),
    ("handle_continue", 2),
    ("mount", 3),
    ("mount", 1),
    ("init", 1),
];
/// Clients that wait for an answer.
const CLIENTS: [&str; 6] = ["Req", "HTTPoison", "Finch", "Tesla", ":httpc", ":hackney"];
const ASKS: [&str; 14] = [
    "get", "get!", "post", "post!", "put", "put!", "patch", "patch!", "delete", "delete!", "head",
    "head!", "request", "request!",
];

pub(super) fn look(code: &Code, call: &Call, found: &mut Found) {
    let Some(what) = waits(code, call) else { return };
    let Some(function) = code.function_of(call) else { return };
    if !CALLBACKS.contains(&(function.name, function.arity)) || is_elsewhere(code, call) {
        return;
    }
    found.node(
        &BLOCKING_CALLBACK,
        call.node,
        format!("{what} in {}/{}: whoever asks this process waits", function.name, function.arity),
    );
}

/// What the call waits for.
fn waits(code: &Code, call: &Call) -> Option<String> {
    let is = |module: &str, name: &str| code.is_call(call, module, name);
    let forever = || call.args().last().is_some_and(|it| it.text() == ":infinity");
    let module = call.module().unwrap_or_default();
    let waits = is("Process", "sleep")
        || is(":timer", "sleep")
        || is("System", "cmd")
        || is("System", "shell")
        || CLIENTS.contains(&module) && ASKS.contains(&call.name)
        || (is("Task", "await") || is("Task", "await_many") || is("GenServer", "call"))
            && forever();
    waits.then(|| format!("{module}.{}", call.name))
}

/// Does another process do it?
fn is_elsewhere(code: &Code, call: &Call) -> bool {
    given_to(call.node).any(|taker| {
        is_of(code, call, taker, &["Task", "Task.Supervisor"])
            || matches!(taker.name(), "spawn" | "spawn_link" | "start_async" | "assign_async")
    })
}
