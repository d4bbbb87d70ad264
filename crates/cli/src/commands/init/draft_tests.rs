use std::collections::BTreeMap;
use std::path::Path;

use super::super::fly::FlyFile;
use super::super::mix::MixFile;
use super::super::project::Router;
use super::super::router;
use super::*;
use crate::config::{Config, Target};

const MIX: &str = r#"defmodule Tea.MixProject do
  use Mix.Project

  def project do
    [app: :tea, deps: deps()]
  end

  defp deps do
    [
      {:credo, "~> 1.7", only: :dev},
      {:sobelow, "~> 0.13"}
    ]
  end
end
"#;

const ROUTER: &str = r#"defmodule TeaWeb.Router do
  use TeaWeb, :router
  scope "/", TeaWeb do
    pipe_through :browser
    get "/", PageController, :home
    get "/teas", TeaController, :index
    get "/logout", SessionController, :delete
    get "/healthz", HealthController, :index
  end
end
"#;

const STAGING: &str = "app = \"tea-staging\"\n[http_service]\ninternal_port = 4000\n";

const LIVE: &str = r#"app = "tea"
[deploy]
release_command = "/app/bin/migrate"
[mounts]
source = "data"
destination = "/data"
[http_service]
internal_port = 4000
"#;

fn loaded(project: &Project) -> Config {
    let (text, _) = draft(project);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("pipeline.toml");
    std::fs::write(&path, &text).unwrap();
    let loaded = Config::load(None, dir.path(), &BTreeMap::new());
    loaded.unwrap_or_else(|error| panic!("{}\n{text}", error.render(false)))
}

fn fly(name: &str, text: &str) -> FlyFile {
    FlyFile::read(Path::new(name), name, text)
}

#[test]
#[expect(clippy::too_many_lines, reason = "a whole file is shown")]
fn a_phoenix_project_gets_what_it_can_run_and_each_line_says_why() {
    let file = "lib/tea_web/router.ex".into();
    let project = Project {
        mix: vec![("mix.exs".into(), MixFile::read(MIX))],
        flys: vec![fly("fly.staging.toml", STAGING), fly("fly.toml", LIVE)],
        routers: vec![Router { file, routes: router::read(ROUTER).unwrap() }],
        dockerfile: true,
        formatter: true,
        lock: true,
        ..Project::default()
    };
    loaded(&project);
    insta::assert_snapshot!(draft(&project).0, @r#"
# How tea goes to production. `pipeline init` wrote this from what it found in this folder; change what you know better.
# `pipeline config` prints every key with its meaning, `pipeline config --explain gates.test.timeout` one of them.

# Gates: `pipeline validate` asks them. `compile` and `test` run always, `format` as well.
[gates.test]
# Refuse below this coverage, in per cent:
# min_coverage = 80.0
[gates.credo]
enabled = true     # mix.exs:10
# Without dialyxir, Erlang's own dialyzer looks at the compiled modules; its first run takes minutes. To have it: true.
[gates.dialyzer]
enabled = false
# Is anything locked in mix.lock that nobody needs?
# [gates.unused]
# enabled = true
# Asks sobelow (mix.exs:11), and an advisory database over the network. Told, and not blocking, until you take `required` out.
[gates.security]
enabled = true
required = false

# How the image of a release is made, where --image names none: by flyctl, on a builder at Fly.io, from the Dockerfile here.
# "docker" builds on this machine, "image" never builds.
[build]
with = "flyctl"

# What must answer 200 after each stage of a deploy, through the public address and on each machine. Try it on what runs now before a
# deploy rests on it: `pipeline verify ENV`.
[[verify.smoke.checks]]
path = "/healthz"     # lib/tea_web/router.ex:8
# json = true      # if its answer is JSON
[[verify.smoke.checks]]
path = "/"     # lib/tea_web/router.ex:5
[[verify.smoke.checks]]
path = "/teas"     # lib/tea_web/router.ex:6
# If "/" leads to another page: redirects = 1 follows, status = 302 wants just that.
# Found as well, and left out:
# [[verify.smoke.checks]]
# path = "/logout"     # lib/tea_web/router.ex:7: such a path seldom answers 200 to a bare GET

# The minute after the switch: this one is probed all the time.
[verify.watch]
path = "/healthz"

# Latency against the old release; takes up to three minutes a stage:
# [[verify.performance.endpoints]]
# path = "/"

[environments.staging]     # the name of fly.staging.toml
app = "tea-staging"     # fly.staging.toml:1
config = "fly.staging.toml"
url = "https://tea-staging.fly.dev"     # if users come by another name, write that
strategy = "bluegreen"     # new machines beside the old ones, and back in seconds; rolling and canary need no second set

[environments.production]     # a guess: nothing in the name of the app says otherwise
app = "tea"     # fly.toml:1
config = "fly.toml"
url = "https://tea.fly.dev"     # if users come by another name, write that
strategy = "rolling"     # fly.toml:5 mounts the volume data, which bluegreen cannot move; canary can, too
confirm = true     # type `yes` before a deploy; "app" wants the app's name
# fly.toml:3 runs `/app/bin/migrate` before the first machine is touched.
"#);
}

#[test]
fn fly_toml_alone_and_mix_alone_make_a_configuration_that_loads() {
    let only_fly = Project { flys: vec![fly("fly.toml", "app = \"tea\"\n")], ..Project::default() };
    let config = loaded(&only_fly);
    assert!(config.environments.contains_key("production"));
    assert!(!config.gates.compile.enabled && !config.gates.test.enabled);
    let mix = vec![("mix.exs".into(), MixFile { app: Some("tea".into()), ..MixFile::default() })];
    let config = loaded(&Project { mix, ..Project::default() });
    assert!(
        config.gates.test.enabled && matches!(config.environments["local"].target, Target::None)
    );
}

#[test]
fn hostile_names_stay_names() {
    let names = [
        "a\"]\n[gates]\nfail_fast = true #",
        "\u{202e}\u{1b}[31m",
        "é 🐘",
        "'''",
        "\\",
        "a\\u0041",
        ".",
    ];
    for name in names {
        let mut file = fly(&format!("fly.{name}.toml"), "");
        file.app = Some((name.into(), 1));
        file.strategy = Some((name.into(), 1));
        file.release_command = Some((name.into(), 1));
        file.checks = vec![(format!("/{name}"), 1)];
        let mix = MixFile { deps: vec![("credo".into(), 1)], ..MixFile::default() };
        let mix = vec![(format!("{name}/mix.exs"), mix)];
        let project = Project { mix, flys: vec![file], ..Project::default() };
        let config = loaded(&project);
        let environment = &config.environments[name];
        let Target::Fly(fly) = &environment.target else { panic!("no target") };
        assert_eq!(fly.app, name);
        assert!(!config.gates.fail_fast);
        assert!(!draft(&project).0.contains(['\u{202e}', '\u{1b}']));
    }
}

#[test]
fn two_files_for_one_environment_make_two() {
    let flys =
        vec![fly("fly.production.toml", "app = \"tea\""), fly("fly.toml", "app = \"tea-prod\"")];
    let project = Project { flys, ..Project::default() };
    let (_, drafted) = draft(&project);
    let names: Vec<&str> = drafted.iter().map(|it| &*it.name).collect();
    assert_eq!(names, ["production", "tea-prod"]);
    loaded(&project);
}
