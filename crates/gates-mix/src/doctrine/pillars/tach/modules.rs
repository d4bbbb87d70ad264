//! Modules that need tests of a certain kind.

use std::collections::{BTreeMap, BTreeSet};

use elixir_syntax::{Call, Callee, Code, FunctionKind, Module, ModuleKind};

use crate::doctrine::Codebase;
use crate::doctrine::pillars::otel::HTTP_CLIENTS;
use crate::doctrine::pillars::words::last_part;

const PURE_NAMES: [&str; 6] =
    ["Validator", "Parser", "Encoder", "Decoder", "Serializer", "Normalizer"];
/// What touches the world outside: processes, files, the network, a database.
const IMPURE: [&str; 20] = [
    "File",
    "IO",
    "Port",
    "System",
    "Process",
    "GenServer",
    "Agent",
    "Task",
    "Registry",
    "Supervisor",
    "DynamicSupervisor",
    "Node",
    "GenStage",
    "Application",
    "Logger",
    ":ets",
    ":gen_tcp",
    ":gen_server",
    ":dets",
    "Phoenix.PubSub",
];
const IMPURE_USES: [&str; 9] = [
    "GenServer",
    "Agent",
    "Task",
    "Supervisor",
    "GenStage",
    "Ecto.Schema",
    "Ecto.Repo",
    "Application",
    "Broadway",
];
const PROCESS: [&str; 6] = ["send", "spawn", "spawn_link", "spawn_monitor", "receive", "self"];

/// Modules whose names promise a function of the input alone, and that call nothing that breaks the promise.
pub(super) fn pure<'a, 't>(code: &'a Code<'t>) -> impl Iterator<Item = &'a Module<'t>> {
    let of_kind = |it: &&Module| it.kind == ModuleKind::Module && !it.quoted;
    let named = code.modules().iter().filter(of_kind).filter(|it| is_pure_name(&it.name));
    named.filter(|it| has_public(code, it) && !touches_world(code, it))
}

/// `…Parser` and so on; `Scorer` and `LeadScoring`, but not `Discord`.
fn is_pure_name(module: &str) -> bool {
    let name = last_part(module);
    let scores = name.match_indices("Scor").any(|(at, _)| {
        let before = name[..at].bytes().last();
        before.is_none_or(|it| it.is_ascii_lowercase() || it.is_ascii_digit())
    });
    scores || PURE_NAMES.iter().any(|it| name.ends_with(it))
}

fn has_public(code: &Code, module: &Module) -> bool {
    code.functions_of(module).any(|it| it.kind == FunctionKind::Public && !it.is_callback)
}

fn touches_world(code: &Code, module: &Module) -> bool {
    let own = |it: &&Call| is_in(code, it, module);
    module.uses.iter().any(|it| IMPURE_USES.contains(&it.module.as_ref()))
        || code.calls().filter(own).any(|it| match &it.callee {
            Callee::Module(module) => {
                let module = module.as_ref();
                IMPURE.contains(&module)
                    || HTTP_CLIENTS.contains(&module)
                    || module.split('.').any(|it| it == "Repo")
            }
            Callee::Local => PROCESS.contains(&it.name),
            Callee::Value(_) => false,
        })
}

/// Modules that call two or more of the other applications of an umbrella, with the names of those.
pub(super) fn of_other_apps<'a, 't>(
    code: &'a Code<'t>,
    own: &str,
    codebase: &'a Codebase,
) -> impl Iterator<Item = (&'a Module<'t>, BTreeSet<&'a str>)> {
    let by_name: BTreeMap<String, &str> =
        codebase.apps.keys().map(|it| (it.replace('_', ""), it.as_str())).collect();
    let mut called: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
    for call in code.calls().filter(|it| it.module().is_some()) {
        let app = call.module().and_then(|it| app_of(it, &by_name)).filter(|it| *it != own);
        let Some(app) = app else { continue };
        let module = code.modules().iter().position(|it| is_in(code, call, it));
        called.entry(module.unwrap_or(usize::MAX)).or_default().insert(app);
    }
    let several = called.into_iter().filter(|(_, apps)| apps.len() > 1);
    several.filter_map(|(module, apps)| Some((code.modules().get(module)?, apps)))
}

/// The application that a module is of, by its name: `ShopWeb.Router` is of `shop_web`, and so is `Shop.Web.Router`.
fn app_of<'a>(module: &str, by_name: &BTreeMap<String, &'a str>) -> Option<&'a str> {
    let (mut joined, mut app) = (String::new(), None);
    for part in module.split('.') {
        joined.push_str(&part.to_ascii_lowercase());
        app = by_name.get(&joined).copied().or(app);
    }
    app
}

/// Pages of Phoenix `LiveView`.
pub(super) fn live_views<'a, 't>(code: &'a Code<'t>) -> impl Iterator<Item = &'a Module<'t>> {
    let is_page = |it: &elixir_syntax::Use| {
        it.module == "Phoenix.LiveView"
            || it.node.args().nth(1).is_some_and(|it| it.text() == ":live_view")
    };
    code.modules().iter().filter(move |it| !it.quoted && it.uses.iter().any(is_page))
}

fn is_in(code: &Code, call: &Call, module: &Module) -> bool {
    code.module_of(call).is_some_and(|it| it.node == module.node)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_promise() {
        for (name, expected) in [
            ("Shop.PriceParser", true),
            ("Shop.LeadScoring", true),
            ("Shop.Score", true),
            ("Shop.Discord", false),
            ("Shop.Parsers", false),
            ("Shop.Parser.Error", false),
        ] {
            assert_eq!(is_pure_name(name), expected, "{name}");
        }
    }

    #[test]
    fn a_module_is_of_the_application_with_the_longest_name() {
        let apps = ["shop", "shop_web", "ethereum_jsonrpc"];
        let by_name = apps.iter().map(|it| (it.replace('_', ""), *it)).collect();
        for (module, app) in [
            ("Shop.Cart", Some("shop")),
            ("ShopWeb.Router", Some("shop_web")),
            ("Shop.Web.Router", Some("shop_web")),
            ("EthereumJSONRPC", Some("ethereum_jsonrpc")),
            ("Shopping.Cart", None),
            (":shop", None),
        ] {
            assert_eq!(app_of(module, &by_name), app, "{module}");
        }
    }
}
