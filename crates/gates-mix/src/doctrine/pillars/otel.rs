//! OTEL: what runs tells what it does.

use std::collections::BTreeSet;

use elixir_syntax::{Call, Callee, Code, FunctionKind, Module, Node, Tag};
use pipeline_core::Level;

use super::words::last_part;
use crate::doctrine::{Codebase, Found, Pillar, Rule, Source};

const GENSERVER: Rule = Rule::advisory(
    "OTEL/genserver",
    "measure what it handles with :telemetry.span/3, or open a span of OpenTelemetry",
);
const CONTROLLER: Rule =
    Rule::advisory("OTEL/controller", "tell what happened with :telemetry.execute/3 or Logger");
const RESCUE_LOG: Rule = Rule::advisory(
    "OTEL/rescue-log",
    "log it with the stacktrace, count it with telemetry, or raise it again",
);
const HTTP: Rule = Rule::advisory(
    "OTEL/http",
    "measure how long the other side takes, with :telemetry.span/3 around the call",
);
const EVENT_NAME: Rule = Rule::advisory(
    "OTEL/event-name",
    "name the application, the domain, the entity and the action: [:shop, :cart, :item, :added]",
);

/// Clients of HTTP.
pub(super) const HTTP_CLIENTS: [&str; 8] =
    ["Req", "Finch", "Tesla", "HTTPoison", "Mint.HTTP", ":httpc", ":hackney", ":gun"];
/// Those whose users have to measure.
const MEASURED: [&str; 5] = ["Req", "Finch", "Tesla", "HTTPoison", ":httpc"];
const REQUESTS: [&str; 12] = [
    "get",
    "post",
    "put",
    "patch",
    "delete",
    "head",
    "options",
    "request",
    "run",
    "stream",
    "stream_while",
    "async_request",
];
/// Services that are told of errors.
const REPORTERS: [&str; 10] = [
    "Logger",
    ":logger",
    "Sentry",
    "Honeybadger",
    "Appsignal",
    "Rollbax",
    "ErrorTracker",
    "Bugsnag",
    "NewRelic",
    "AppSignal",
];

/// The pillar OTEL.
#[derive(Clone, Copy, Debug, Default)]
pub struct Otel;

impl Pillar for Otel {
    fn code(&self) -> &'static str {
        "OTEL"
    }

    fn name(&self) -> &'static str {
        "Observability Layer"
    }

    fn level(&self) -> Level {
        Level::Advisory
    }

    fn rules(&self) -> Vec<Rule> {
        vec![GENSERVER, CONTROLLER, RESCUE_LOG, HTTP, EVENT_NAME]
    }

    fn file(&self, source: &Source, _: &Codebase, found: &mut Found) {
        let Some(elixir) = source.lib() else { return };
        let code = &elixir.code;
        let told = Told::of(code);
        servers(code, &told, found);
        controllers(code, &told, found);
        event_names(code, found);
        // A task of Mix tells the one who runs it.
        if !source.is_mix_task() {
            rescues(code, &told, found);
            requests(code, &told, found);
        }
    }
}

/// What a file tells, and where.
struct Told<'a> {
    /// Modules with telemetry, by where they begin.
    measuring: BTreeSet<usize>,
    /// Modules that log.
    logging: BTreeSet<usize>,
    /// Functions that tell of errors.
    reporting: BTreeSet<&'a str>,
    /// Where something is told, or goes on as an error.
    places: Vec<usize>,
}

impl<'a> Told<'a> {
    fn of(code: &'a Code) -> Self {
        let mut told = Self {
            measuring: BTreeSet::new(),
            logging: BTreeSet::new(),
            reporting: BTreeSet::new(),
            places: Vec::new(),
        };
        for call in code.calls() {
            let module = code.module_of(call).map(start_of);
            let (measures, reports) = (is_telemetry(code, call), is_report(call));
            if measures {
                told.measuring.extend(module);
            }
            if reports {
                told.logging.extend(module);
            }
            if measures || reports {
                told.reporting.extend(code.function_of(call).map(|it| it.name));
            }
            if measures || reports || is_raised(call) {
                told.places.push(call.node.span().start);
            }
        }
        let told_elsewhere = |it: &&Call| {
            matches!(it.callee, Callee::Local)
                && (told.reporting.contains(it.name) || it.name.starts_with("log_"))
        };
        let calls = code.calls().filter(told_elsewhere).map(|it| it.node.span().start);
        let calls: Vec<_> = calls.collect();
        told.places.extend(calls);
        told
    }

    fn is_measured(&self, module: &Module) -> bool {
        self.measuring.contains(&start_of(module))
    }
}

fn start_of(module: &Module) -> usize {
    module.node.span().start
}

/// `:telemetry.execute` and its kin, a tracer of OpenTelemetry, a module of the project for telemetry.
fn is_telemetry(code: &Code, call: &Call) -> bool {
    let is_meant = |module: &str, name: &str| match module {
        ":telemetry" => matches!(name, "execute" | "span"),
        ":otel_tracer" | ":otel_span" | ":opentelemetry" => true,
        _ => module.starts_with("OpenTelemetry") || last_part(module).ends_with("Telemetry"),
    };
    match (call.module(), call.name) {
        (Some(module), name) => is_meant(module, name),
        (None, "import" | "use") => {
            let named = call.arg(0).filter(|it| it.tag() == Tag::Alias);
            named.is_some_and(|it| is_meant(&code.resolve(call, it.name()), "span"))
        }
        _ => false,
    }
}

fn is_report(call: &Call) -> bool {
    call.module().is_some_and(|it| REPORTERS.contains(&it))
}

/// The error goes on to somebody else.
fn is_raised(call: &Call) -> bool {
    match call.module() {
        None => call.name.starts_with("raise") || matches!(call.name, "reraise" | "throw" | "exit"),
        Some("Mix" | "Kernel" | ":erlang") => matches!(call.name, "raise" | "reraise" | "exit"),
        Some(_) => false,
    }
}

fn servers(code: &Code, told: &Told, found: &mut Found) {
    for module in code.modules().iter().filter(|it| !it.quoted && !told.is_measured(it)) {
        let used =
            module.uses.iter().find(|it| matches!(it.module.as_ref(), "GenServer" | "GenStage"));
        let machine = module.attributes.iter().find(|it| {
            it.name == "behaviour"
                && matches!(it.value.text(), ":gen_statem" | ":gen_server" | "GenServer")
        });
        let place = used.map(|it| it.node).or_else(|| machine.map(|it| it.node));
        if let Some(place) = place {
            let message = format!("the server `{}` measures nothing of what it does", module.name);
            found.node(&GENSERVER, place, message);
        }
    }
}

fn controllers(code: &Code, told: &Told, found: &mut Found) {
    for module in code.modules().iter().filter(|it| !it.quoted && !told.is_measured(it)) {
        let used = module.uses.iter().find(|it| {
            it.module == "Phoenix.Controller"
                || it.node.args().nth(1).is_some_and(|it| it.text() == ":controller")
        });
        let Some(used) = used.filter(|_| !told.logging.contains(&start_of(module))) else {
            continue;
        };
        let is_action = |it: &&elixir_syntax::Function| {
            it.kind == FunctionKind::Public
                && it.arity == 2
                && !it.is_callback
                && it.name != "action"
        };
        let actions: Vec<_> =
            code.functions_of(module).filter(is_action).map(|it| it.name).collect();
        if let Some(first) = actions.first() {
            let message = format!(
                "the controller `{}` tells nothing of what its actions do, such as `{first}`",
                module.name
            );
            found.node(&CONTROLLER, used.node, message);
        }
    }
}

fn rescues(code: &Code, told: &Told, found: &mut Found) {
    for call in code.calls() {
        let Some(block) = call.node.do_block() else { continue };
        let rescue = block.kids().find(|it| it.name() == "rescue");
        let Some(rescue) = rescue.filter(|_| !code.is_quoted(call)) else { continue };
        for clause in rescue.kids().filter(|it| it.tag() == Tag::Clause) {
            let span = clause.span();
            if !told.places.iter().any(|it| span.contains(it)) {
                let what = clause.kid(0).unwrap_or(clause);
                found.node(&RESCUE_LOG, what, "an error is rescued here, and nobody hears of it");
            }
        }
    }
}

fn requests(code: &Code, told: &Told, found: &mut Found) {
    for module in code.modules().iter().filter(|it| !it.quoted && !told.is_measured(it)) {
        let is_own = |it: &&Call| code.module_of(it).is_some_and(|it| it.node == module.node);
        let Some(call) = code.calls().filter(|it| is_request(it)).find(is_own) else { continue };
        if module.node.descendants().any(names_telemetry) {
            continue;
        }
        let message = format!(
            "`{}` calls another server with {}, and measures nothing of it",
            module.name,
            call.module().unwrap_or_default()
        );
        found.node(&HTTP, call.node, message);
    }
}

fn is_request(call: &Call) -> bool {
    call.module().is_some_and(|it| MEASURED.contains(&it))
        && REQUESTS.contains(&call.name.trim_end_matches('!'))
}

/// `plug Tesla.Middleware.Telemetry` measures as well.
fn names_telemetry(node: Node) -> bool {
    node.tag() == Tag::Alias && last_part(node.name()).ends_with("Telemetry")
}

fn event_names(code: &Code, found: &mut Found) {
    for call in code.calls().filter(|it| it.module() == Some(":telemetry")) {
        // A span adds :start, :stop or :exception.
        let least = match call.name {
            "execute" => 3,
            "span" => 2,
            _ => continue,
        };
        let Some(event) = call.arg(0).filter(|it| it.tag() == Tag::List) else { continue };
        let is_literal = event.kids().all(|it| it.tag() == Tag::Atom);
        let parts = event.kids().len();
        if is_literal && parts < least {
            let message = format!("the event {} does not say what happened to what", event.text());
            found.node(&EVENT_NAME, event, message);
        }
    }
}
