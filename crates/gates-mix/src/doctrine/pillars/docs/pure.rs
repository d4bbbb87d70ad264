//! Which functions depend on nothing but what they take, as far as one file can tell.
//!
//! A function is taken for pure only if everything that it calls is known to be: what is not known is taken for impure.

use std::collections::{HashMap, HashSet};

use elixir_syntax::{Call, Callee, Code, Function, Node, Tag};

/// Modules of Elixir whose functions are all pure, but for those in [`IMPURE`].
#[rustfmt::skip]
const MODULES: [&str; 23] = [
    "Access", "Atom", "Base", "Bitwise", "Date", "DateTime", "Enum", "Exception", "Float",
    "Integer", "Kernel", "Keyword", "List", "Map", "MapSet", "NaiveDateTime", "Range", "Regex",
    "String", "Time", "Tuple", "URI", "Version",
];
/// Functions of those that are not, and macros that only look like functions.
#[rustfmt::skip]
const IMPURE: [&str; 20] = [
    "utc_now", "utc_today", "now", "now!", "shift_zone", "random", "shuffle", "take_random",
    "send", "spawn", "spawn_link", "spawn_monitor", "self", "node", "exit", "apply", "dbg",
    "make_ref", "to_existing_atom", "to_atom",
];
/// Special forms, what everybody imports from `Kernel`, and the sizes and kinds of the parts of binaries.
#[rustfmt::skip]
const KERNEL: &[&str] = &[
    // Flow.
    "case", "cond", "for", "if", "raise", "reraise", "super", "tap", "then", "throw", "try", "unless", "with",
    // What a value is.
    "is_atom", "is_binary", "is_bitstring", "is_boolean", "is_exception", "is_float", "is_function",
    "is_integer", "is_list", "is_map", "is_map_key", "is_nil", "is_non_struct_map", "is_number", "is_pid",
    "is_port", "is_reference", "is_struct", "is_tuple", "match?",
    // Numbers, texts and containers.
    "abs", "binary_part", "binary_slice", "bit_size", "byte_size", "ceil", "destructure", "div", "elem",
    "floor", "get_in", "hd", "inspect", "length", "map_size", "max", "min", "pop_in", "put_elem", "put_in",
    "rem", "round", "struct", "struct!", "tl", "to_charlist", "to_string", "trunc", "tuple_size", "update_in",
    // Parts of binaries.
    "binary", "bits", "bitstring", "bytes", "float", "integer", "size", "unit",
];
/// A function with such a parameter handles a request or draws a page: it is tested as a whole.
const HANDLED: [&str; 4] = ["assigns", "conn", "socket", "changeset"];

/// The functions of a file that are pure, by where they begin.
pub(super) struct Pure(HashSet<usize>);

impl Pure {
    pub(super) fn has(&self, function: &Function) -> bool {
        function.node().is_some_and(|it| self.0.contains(&it.span().start))
    }
}

pub(super) fn functions(code: &Code) -> Pure {
    let start = |it: &Function| it.node().map_or(0, |it| it.span().start);
    let mut pure: HashSet<usize> =
        code.functions().iter().filter(|it| has_body(it) && !is_handler(it)).map(start).collect();
    let by_name = by_name(code);
    let mut needs = Vec::new();
    for call in code.calls() {
        let Some(caller) = code.function_of(call) else { continue };
        match reached(code, call, &by_name) {
            Reached::Harmless => {}
            Reached::Own(callee) => needs.push((start(caller), start(callee))),
            Reached::Unknown => {
                pure.remove(&start(caller));
            }
        }
    }
    // What calls something impure is impure.
    let mut before = usize::MAX;
    while pure.len() < before {
        before = pure.len();
        let spoiled: Vec<_> =
            needs.iter().filter(|it| !pure.contains(&it.1)).map(|it| it.0).collect();
        for caller in spoiled {
            pure.remove(&caller);
        }
    }
    Pure(pure)
}

type ByName<'a, 't> = HashMap<(usize, &'t str), Vec<&'a Function<'t>>>;

fn by_name<'a, 't>(code: &'a Code<'t>) -> ByName<'a, 't> {
    let mut by_name = ByName::new();
    for function in code.functions() {
        by_name.entry((function.module, function.name)).or_default().push(function);
    }
    by_name
}

enum Reached<'a, 't> {
    Harmless,
    /// A function of the same module.
    Own(&'a Function<'t>),
    Unknown,
}

fn reached<'a, 't>(code: &Code<'t>, call: &Call<'t>, own: &ByName<'a, 't>) -> Reached<'a, 't> {
    let of_module = || {
        let caller = code.function_of(call)?;
        let named = own.get(&(caller.module, call.name))?;
        named.iter().find(|it| it.arities().contains(&call.arity())).copied()
    };
    let is_here = |module: &str| code.module_of(call).is_some_and(|it| it.name == module);
    match &call.callee {
        Callee::Local => match of_module() {
            Some(function) => Reached::Own(function),
            None if KERNEL.contains(&call.name) => Reached::Harmless,
            None => Reached::Unknown,
        },
        Callee::Module(module) if is_here(module) => {
            of_module().map_or(Reached::Unknown, Reached::Own)
        }
        Callee::Module(module)
            if MODULES.contains(&module.as_ref()) && !IMPURE.contains(&call.name) =>
        {
            Reached::Harmless
        }
        Callee::Module(_) | Callee::Value(_) => Reached::Unknown,
    }
}

fn has_body(function: &Function) -> bool {
    function.clauses.iter().any(|it| it.body("do").is_some())
}

fn is_handler(function: &Function) -> bool {
    let is_handled =
        |it: Node| it.descendants().any(|it| it.tag() == Tag::Var && HANDLED.contains(&it.name()));
    function.clauses.iter().flat_map(|it| Function::params(*it)).any(is_handled)
}
