//! The routes of a Phoenix or Plug router that can be asked for just so: GET, and no parameter in the path.

use elixir_syntax::{Code, Module, Node, Tag, Tree};

/// A route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) path: String,
    pub(super) line: u32,
    /// Why it may not answer 200 to just anybody.
    pub(super) doubt: Option<String>,
}

/// The last parts of paths that ask how the application is, the surest first.
const HEALTH: [&str; 13] = [
    "health",
    "healthz",
    "health_check",
    "health-check",
    "healthcheck",
    "up",
    "ready",
    "readyz",
    "readiness",
    "livez",
    "liveness",
    "alive",
    "ping",
];

/// Words in the names of pipelines and hooks that let in only some.
const GUARDS: [&str; 12] = [
    "auth", "require", "ensure", "login", "logged", "admin", "protect", "private", "token",
    "bearer", "signed", "internal",
];

/// Words in paths that hardly answer 200 to a bare GET.
const ODD: [&str; 13] = [
    "logout",
    "log_out",
    "log-out",
    "sign_out",
    "signout",
    "callback",
    "webhook",
    "oauth",
    "auth",
    "confirm",
    "reset",
    "unsubscribe",
    "download",
];

impl Route {
    /// How sure a health endpoint it is; `None` if it is none.
    pub(super) fn health(&self) -> Option<usize> {
        let last = self.path.rsplit('/').next().unwrap_or_default();
        HEALTH.iter().position(|it| *it == last)
    }
}

/// The routes of the routers in a file; `None` where there is no router.
pub(super) fn read(text: &str) -> Option<Vec<Route>> {
    // A cheap look first: most files are none.
    if !text.contains("outer") {
        return None;
    }
    let tree = Tree::parse(text);
    let code = Code::of(&tree);
    let routers: Vec<&Module<'_>> = code.modules().iter().filter(|it| is_router(it)).collect();
    if routers.is_empty() {
        return None;
    }
    let mut routes = Vec::new();
    for router in routers {
        if let Some(body) = router.node.body("do") {
            walk(body, Around::default(), &mut routes);
        }
    }
    Some(routes)
}

/// `use Phoenix.Router`, `use Plug.Router` or, as Phoenix generates it, `use ShopWeb, :router`.
fn is_router(module: &Module<'_>) -> bool {
    module.uses.iter().any(|it| {
        let named = ["Phoenix.Router", "Plug.Router"].contains(&&*it.module);
        let role = it.node.args().nth(1).filter(|it| it.tag() == Tag::Atom);
        named || role.is_some_and(|it| it.name() == "router")
    })
}

/// What the blocks around a route say.
#[derive(Clone, Debug, Default)]
struct Around {
    prefix: String,
    doubt: Option<String>,
}

fn walk(body: Node<'_>, mut around: Around, routes: &mut Vec<Route>) {
    let statements: Vec<Node<'_>> = match body.tag() {
        Tag::Section | Tag::Block => body.kids().collect(),
        _ => vec![body],
    };
    for statement in statements.into_iter().filter(|it| it.tag() == Tag::Call) {
        match statement.name() {
            // What follows it in the same block goes through it.
            "pipe_through" => around.doubt = around.doubt.take().or_else(|| guard(statement)),
            "scope" => inside(statement, scope(statement, &around), routes),
            "live_session" => {
                let hook = statement.value("on_mount").and_then(guard);
                let doubt = around.doubt.clone().or(hook);
                inside(statement, Around { doubt, ..around.clone() }, routes);
            }
            "get" | "live" => routes.extend(route(statement, &around)),
            "resources" => routes.extend(index(statement, &around)),
            // Anything else makes routes that cannot be told from here, or only for developers.
            _ => {}
        }
    }
}

fn inside(call: Node<'_>, around: Around, routes: &mut Vec<Route>) {
    if let Some(body) = call.body("do") {
        walk(body, around, routes);
    }
}

fn scope(call: Node<'_>, around: &Around) -> Around {
    let path =
        call.args().next().and_then(Node::literal).or_else(|| keyword(call, "path")?.literal());
    let host = keyword(call, "host").map(|_| "it is of one host only".to_owned());
    Around {
        prefix: join(&around.prefix, path.unwrap_or_default()),
        doubt: around.doubt.clone().or(host),
    }
}

/// The value of a key in the options of a call, which may stand before its block.
fn keyword<'t>(call: Node<'t>, key: &str) -> Option<Node<'t>> {
    call.args()
        .filter(|it| matches!(it.tag(), Tag::Keywords | Tag::List))
        .find_map(|it| it.value(key))
}

/// Does a pipeline or a hook of this call let in only some?
fn guard(call: Node<'_>) -> Option<String> {
    let names = call.descendants().filter(|it| it.tag() == Tag::Atom).map(Node::name);
    let guards =
        |name: &&str| !name.starts_with("redirect_if") && GUARDS.iter().any(|it| name.contains(it));
    let name = { names }.find(guards)?;
    Some(format!("it goes through :{name}"))
}

fn route(call: Node<'_>, around: &Around) -> Option<Route> {
    let path = join(&around.prefix, call.args().next()?.literal()?);
    found(path, call.line(), around)
}

/// The list of a resource, unless it is left out.
fn index(call: Node<'_>, around: &Around) -> Option<Route> {
    let names = |key: &str| {
        let value = keyword(call, key)?;
        Some(value.descendants().any(|it| it.tag() == Tag::Atom && it.name() == "index"))
    };
    let singleton = keyword(call, "singleton").is_some_and(|it| it.name() == "true");
    if singleton || names("only") == Some(false) || names("except") == Some(true) {
        return None;
    }
    route(call, around)
}

fn found(path: String, line: u32, around: &Around) -> Option<Route> {
    let plain = |it: char| it.is_ascii_alphanumeric() || "/-_.~".contains(it);
    if !path.starts_with('/') || !path.chars().all(plain) {
        return None;
    }
    let odd = path.split('/').any(|part| ODD.contains(&part));
    let odd = odd.then(|| "such a path seldom answers 200 to a bare GET".to_owned());
    Some(Route { path, line, doubt: around.doubt.clone().or(odd) })
}

fn join(prefix: &str, path: &str) -> String {
    let parts = prefix.split('/').chain(path.split('/')).filter(|it| !it.is_empty());
    let joined = parts.collect::<Vec<_>>().join("/");
    format!("/{joined}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHOENIX: &str = r#"
defmodule TeaWeb.Router do
  use TeaWeb, :router

  pipeline :browser do
    plug :accepts, ["html"]
  end

  scope "/", TeaWeb do
    pipe_through :browser

    get "/", PageController, :home
    get "/teas/:id", TeaController, :show
    live "/menu", MenuLive
    get "/users/log_out", SessionController, :delete
    post "/orders", OrderController, :create
    resources "/pots", PotController
    resources "/cups", CupController, only: [:show]
    resources "/account", AccountController, singleton: true
  end

  scope "/users", TeaWeb do
    pipe_through [:browser, :redirect_if_user_is_authenticated]
    live_session :guest, on_mount: [{TeaWeb.UserAuth, :mount_current_user}] do
      live "/log_in", LoginLive
    end
  end

  scope "/", TeaWeb do
    pipe_through [:browser, :require_authenticated_user]
    live "/settings", SettingsLive
  end

  scope "/api/v1", TeaWeb, as: :api do
    get "/health", HealthController, :index
    scope path: "/deep" do
      get "/er", DeepController, :index
    end
  end

  scope "/", host: "admin." do
    get "/panel", PanelController, :index
  end

  forward "/mcp", TeaWeb.Mcp

  if Application.compile_env(:tea, :dev_routes) do
    scope "/dev" do
      get "/mailbox", Mailbox, :index
    end
  end
end
"#;

    #[test]
    fn routes_without_parameters_are_found_with_their_lines_and_doubts() {
        let routes = read(PHOENIX).unwrap();
        let told = |it: &Route| {
            let doubt = it.doubt.as_deref().map(|it| format!(" ({it})")).unwrap_or_default();
            format!("{}: {}{doubt}", it.line, it.path)
        };
        insta::assert_snapshot!(routes.iter().map(told).collect::<Vec<_>>().join("\n"), @r#"
12: /
14: /menu
15: /users/log_out (such a path seldom answers 200 to a bare GET)
17: /pots
25: /users/log_in
31: /settings (it goes through :require_authenticated_user)
35: /api/v1/health
37: /api/v1/deep/er
42: /panel (it is of one host only)
"#);
        let health = routes.iter().filter(|it| it.health().is_some()).map(|it| &*it.path);
        assert_eq!(health.collect::<Vec<_>>(), ["/api/v1/health"]);
    }

    #[test]
    fn a_router_of_plug_is_one_as_well() {
        let text = "defmodule A do\n  use Plug.Router\n  plug :match\n  get \"/up\" do\n    send_resp(conn, 200, \"\")\n  end\n  match _ do\n    1\n  end\nend";
        let routes = read(text).unwrap();
        assert_eq!(routes, [Route { path: "/up".into(), line: 4, doubt: None }]);
    }

    #[test]
    fn what_is_no_router_has_no_routes_and_hostile_paths_are_none() {
        assert_eq!(read(include_str!("../../../shop/apps/shop_web/lib/shop_web/router.ex")), None);
        assert_eq!(read("defmodule A do\n def router, do: 1\nend"), None);
        for path in ["/a\\\"\\n[x]", "/a b", "/é", "/#{x}", "/a?b=c", "//evil.example/\\u0000"] {
            let text = format!("defmodule A do\n use Phoenix.Router\n get \"{path}\", B, :c\nend");
            let routes = read(&text).unwrap();
            assert!(routes.iter().all(|it| it.path == "/evil.example"), "{path}: {routes:?}");
        }
    }
}
