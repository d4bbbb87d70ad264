//! What somebody meets in the first minutes: completions, the manual, the schema, what a key means.

use std::process::Stdio;

use super::world;

/// Does this program accept that text on its standard input? Where it is not installed, nothing is shown.
async fn accepts(program: &str, args: &[&str], text: &str) -> (bool, String) {
    use tokio::io::AsyncWriteExt;
    let mut command = tokio::process::Command::new(program);
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let started = command.spawn();
    let mut child = started.unwrap_or_else(|why| {
        panic!("{program}: {why}; `cargo xtask test` installs it, or install its package")
    });
    let mut stdin = child.stdin.take().expect("a pipe");
    let (written, output) = tokio::join!(
        async {
            // A program that has seen enough closes its end.
            let _ = stdin.write_all(text.as_bytes()).await;
            drop(stdin);
        },
        child.wait_with_output()
    );
    let () = written;
    let output = output.expect("it ends");
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

#[tokio::test]
async fn shells_accept_their_completions() {
    let world = world().await;
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = world.run(&["completions", shell]).await.expect(0).stdout;
        for word in ["rehearse", "fail-fast", "despite-rollback"] {
            assert!(script.contains(word), "no {word} for {shell}");
        }
        assert!(!script.contains("__machine\n"), "{shell} knows what is hidden");
        if ["bash", "zsh", "fish"].contains(&shell) {
            let (accepted, said) = accepts(shell, &["-n", "/dev/stdin"], &script).await;
            assert!(accepted, "{shell}: {said}");
        }
    }
    let ran = world.run(&["completions", "tcsh"]).await.expect(2);
    assert!(ran.stderr.contains("possible values: bash"), "{ran}");
}

#[tokio::test]
async fn bash_completes_a_command_and_its_flags() {
    let script = world().await.run(&["completions", "bash"]).await.expect(0).stdout;
    let asked = "\nCOMP_WORDS=(pipeline deploy --despite); COMP_CWORD=2; _pipeline pipeline --despite deploy; echo ${COMPREPLY[@]}\n";
    let (_, said) = accepts("bash", &[], &(script + asked)).await;
    assert_eq!(said.trim(), "--despite-freeze --despite-rollback");
}

#[tokio::test]
async fn there_is_a_manual_page_for_each_command() {
    let world = world().await;
    let ran = world.run(&["man", "--out", "share/man1"]).await.expect(0);
    let pages: Vec<&str> = ran.stdout.lines().collect();
    let named = |name: &str| pages.iter().any(|it| it.ends_with(&format!("/{name}.1")));
    for name in ["pipeline", "pipeline-deploy", "pipeline-baseline-record", "pipeline-man"] {
        assert!(named(name), "no page {name}: {ran}");
    }
    assert!(!ran.stdout.contains("__machine") && !named("pipeline-help"), "{ran}");
    for page in &pages {
        let text = std::fs::read_to_string(page).expect("the page is there");
        assert!(text.contains(".TH ") && text.contains(".SH SYNOPSIS"), "{page}: {text}");
        let args = ["-K", "utf8", "-man", "-ww", "-T", "utf8"];
        let (accepted, said) = accepts("groff", &args, &text).await;
        assert!(accepted && !said.contains("<standard input>:"), "{page}: {said}");
    }
    let one = world.run(&["man"]).await.expect(0);
    assert!(one.stdout.contains("pipeline\\-rehearse(1)"), "{one}");
}

#[tokio::test]
async fn the_schema_is_one_document() {
    let ran = world().await.run(&["config", "--schema"]).await.expect(0);
    let schema: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let timeout = &schema["$defs"]["gates"]["properties"]["test"]["properties"]["timeout"];
    assert_eq!(timeout["default"], "10m");
    assert_eq!(timeout["description"], "How long it may take.");
}

#[tokio::test]
async fn a_key_is_explained_with_the_values_it_has_and_who_says_so() {
    let world = world().await;
    world.write(
        "pipeline.toml",
        "[gates.test]\ntimeout = \"3m\"\n\n[environments.staging]\napp = \"shop-staging\"\nurl = \"https://a.example\"\ngates.test.timeout = \"4m\"\n",
    );
    let ran = world.run(&["config", "--explain", "gates.test.timeout"]).await.expect(0);
    insta::assert_snapshot!(ran.stdout, @r#"
    gates.test.timeout: a text
        How long it may take.
    default     "10m"
    here        "3m"   pipeline.toml:2
    staging     "4m"   pipeline.toml:7
    "#);
    let args = ["config", "--explain", "environments.staging.url"];
    let ran = world.run_with(&args, &[("PIPELINE_URL_STAGING", "http://127.0.0.1:9")]).await;
    insta::assert_snapshot!(ran.expect(0).stdout, @r#"
    environments.staging.url: a text
        Where users reach it; verification goes there. The variable PIPELINE_URL_STAGING goes before it.
    default     "https://my-app-staging.fly.dev"
    staging     http://127.0.0.1:9   the variable PIPELINE_URL_STAGING
    here        "https://a.example"   pipeline.toml:6
    "#);
    let ran = world.run(&["config", "--explain", "gates.tset"]).await.expect(2);
    assert!(ran.stderr.contains("did you mean `gates.test`?"), "{ran}");
}

/// A project as `mix phx.new` makes it, as far as it matters here.
fn phoenix(world: &pipeline_tests::World) {
    std::fs::remove_file(world.path().join("pipeline.toml")).expect("it was there");
    world.write(
        "mix.exs",
        "defmodule Tea.MixProject do\n  use Mix.Project\n\n  def project do\n    [app: :tea, elixir: \"~> 1.14\", deps: deps()]\n  end\n\n  defp deps do\n    [{:phoenix, \"~> 1.7\"}, {:credo, \"~> 1.7\", only: :dev}]\n  end\nend\n",
    );
    world.write(".formatter.exs", "[inputs: [\"lib/**/*.ex\"]]\n");
    std::fs::create_dir_all(world.path().join("lib/tea_web")).expect("a folder");
    world.write(
        "lib/tea_web/router.ex",
        "defmodule TeaWeb.Router do\n  use TeaWeb, :router\n\n  scope \"/\", TeaWeb do\n    pipe_through :browser\n\n    get \"/\", PageController, :home\n    live \"/teas/:id\", TeaLive\n  end\n\n  scope \"/api\", TeaWeb do\n    pipe_through :api\n    get \"/health\", HealthController, :show\n  end\nend\n",
    );
}

#[tokio::test]
async fn init_writes_a_configuration_that_is_used_at_once() {
    let world = world().await;
    phoenix(&world);
    let dry = world.run(&["init", "--dry-run"]).await.expect(0);
    assert!(!world.path().join("pipeline.toml").exists(), "{dry}");
    let ran = world.run(&["init"]).await.expect(0);
    for said in
        ["the application tea, with credo", "health at /api/health", "pipeline rehearse staging"]
    {
        assert!(ran.stderr.contains(said), "no {said}: {ran}");
    }
    let text = std::fs::read_to_string(world.path().join("pipeline.toml")).expect("it is written");
    assert_eq!(text.trim_end(), dry.stdout.trim_end(), "what was shown is what is written");
    for line in [
        "path = \"/api/health\"     # lib/tea_web/router.ex:13",
        "path = \"/\"     # lib/tea_web/router.ex:7",
        "enabled = true     # mix.exs:9",
    ] {
        assert!(text.contains(line), "no {line}:\n{text}");
    }
    world.run(&["lint"]).await.expect(0);
    let image = world.image("v2", &[]);
    world.run(&["plan", "staging", "--image", &image]).await.expect(0);
    // What is there stays.
    world.write("pipeline.toml", "[gates.test]\n");
    let ran = world.run(&["init"]).await.expect(2);
    assert!(ran.stderr.contains("--force"), "{ran}");
    assert_eq!(
        std::fs::read_to_string(world.path().join("pipeline.toml")).expect("it is there"),
        "[gates.test]\n"
    );
    world.run(&["init", "--force"]).await.expect(0);
    let old = std::fs::read_to_string(world.path().join("pipeline.toml.old"));
    assert_eq!(old.expect("it is kept"), "[gates.test]\n");
}

#[tokio::test]
async fn init_finds_the_routers_of_an_umbrella_from_anywhere_inside() {
    let world = world().await;
    phoenix(&world);
    world.write("mix.exs", "defmodule All.MixProject do\n  use Mix.Project\n  def project, do: [apps_path: \"apps\", deps: []]\nend\n");
    for (app, path) in [("shop", "/shop"), ("admin", "/panel"), ("core", "")] {
        let dir = format!("apps/{app}/lib");
        std::fs::create_dir_all(world.path().join(&dir)).expect("a folder");
        world.write(&format!("apps/{app}/mix.exs"), &format!("defmodule {app}.MixProject do\n  use Mix.Project\n  def project, do: [app: :{app}, deps: []]\nend\n"));
        if !path.is_empty() {
            world.write(
                &format!("{dir}/router.ex"),
                &format!(
                    "defmodule R do\n  use Phoenix.Router\n  get \"{path}\", C, :index\nend\n"
                ),
            );
        }
    }
    let mut command = world.command(&["init", "--format", "json"]);
    let child =
        command.current_dir(world.path().join("apps/core")).spawn().expect("the command starts");
    let ran = pipeline_tests::World::ended(child).await.expect(0);
    let told: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(told["written"], true);
    let text = std::fs::read_to_string(world.path().join("pipeline.toml")).expect("it is written");
    for line in [
        "path = \"/panel\"     # apps/admin/lib/router.ex:3",
        "path = \"/shop\"     # apps/shop/lib/router.ex:3",
    ] {
        assert!(text.contains(line), "no {line}:\n{text}");
    }
    assert!(
        told["found"].to_string().contains("an umbrella of 3 applications: admin, core, shop"),
        "{told}"
    );
}

#[tokio::test]
async fn init_finds_nothing_and_says_so() {
    let world = world().await;
    for file in ["pipeline.toml", "fly.toml"] {
        std::fs::remove_file(world.path().join(file)).expect("it was there");
    }
    let ran = world.run(&["init"]).await.expect(2);
    assert!(ran.stderr.contains("neither a mix.exs nor a fly.toml"), "{ran}");
    assert!(!world.path().join("pipeline.toml").exists());
}

/// The marks of what was looked at, by name.
pub(crate) fn marks(ran: &pipeline_tests::Ran) -> std::collections::BTreeMap<String, String> {
    let told: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let checks = told["checks"].as_array().expect("a list").iter();
    let word = |it: &serde_json::Value| it.as_str().unwrap_or_default().to_owned();
    checks.map(|it| (word(&it["name"]), word(&it["mark"]))).collect()
}

#[tokio::test]
async fn doctor_sees_an_app_that_the_token_may_read_and_changes_nothing() {
    let world = world().await;
    let before = world.sim.journal().len();
    let ran = world.run(&["doctor", "staging", "--format", "json"]).await;
    let marks = marks(&ran);
    for (name, mark) in
        [("app", "good"), ("url", "warning"), ("SHOP_TOKEN", "good"), ("store", "good")]
    {
        assert_eq!(marks.get(name).map(String::as_str), Some(mark), "{name}: {ran}");
    }
    assert!(!world.path().join(".pipeline/pipeline.db").exists(), "{ran}");
    assert!(world.sim.journal()[before..].iter().all(|it| it.method == "GET"), "{ran}");
    assert!(!format!("{ran}").contains(pipeline_tests::SECRET), "{ran}");
}

#[tokio::test]
async fn doctor_says_how_to_mend_a_token_that_is_missing_or_refused() {
    let world = world().await;
    let ran = world.run_with(&["doctor", "staging"], &[("FLY_API_TOKEN", "")]).await.expect(10);
    assert!(ran.stdout.contains("fly tokens create deploy --app shop-staging"), "{ran}");
    let ran =
        world.run_with(&["doctor", "staging"], &[("FLY_API_TOKEN", "fm2_wrong")]).await.expect(10);
    assert!(ran.stdout.contains("does not accept the token"), "{ran}");
    assert!(!format!("{ran}").contains("fm2_wrong"), "{ran}");
    let ran = world.run_with(&["doctor", "staging"], &[("SHOP_TOKEN", "")]).await.expect(10);
    assert!(ran.stdout.contains("export SHOP_TOKEN="), "{ran}");
}

#[tokio::test]
async fn doctor_does_not_hang_with_a_platform_that_never_answers() {
    let world = world().await;
    // Takes connections, and says nothing.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", silent.local_addr().expect("an address"));
    let args = ["doctor", "staging", "--format", "json"];
    let ran = world
        .run_with(&args, &[("FLY_FLAPS_BASE_URL", &address), ("PIPELINE_URL_STAGING", &address)])
        .await;
    let marks = marks(&ran);
    for name in ["app", "clock", "url"] {
        assert_eq!(marks.get(name).map(String::as_str), Some("unknown"), "{name}: {ran}");
    }
    assert!(ran.stdout.contains("no answer within 10 s"), "{ran}");
}

#[tokio::test]
async fn doctor_says_where_a_configuration_is_broken() {
    let world = world().await;
    world.write("pipeline.toml", "[gates.test]\ntimeuot = \"3m\"\n");
    let ran = world.run(&["doctor"]).await.expect(10);
    assert!(
        ran.stdout.contains("unknown field `timeuot`")
            && ran.stdout.contains("did you mean `timeout`?"),
        "{ran}"
    );
}
