//! A real Mix project, the real `mix`, the BEAM as machine process: nothing here is a stand-in but Fly.io.
//!
//! These tests need Elixir; without it they fail. `cargo xtask test` installs it.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use pipeline_tests::{APP, Fleet, Ran, SECRET, World, install_tls};
use sim_flyio::{Image, SimConfig, SimFly};
use tokio::process::Command;
use tokio::sync::OnceCell;
use tokio::task::JoinSet;

/// What customers sign in with.
const PASSWORD: &str = "oolong & milk";

/// A release of the shop, built once for all tests.
async fn release() -> &'static Path {
    static RELEASE: OnceCell<PathBuf> = OnceCell::const_new();
    RELEASE
        .get_or_init(|| async {
            let folder = tempfile::tempdir().expect("a temporary folder").keep();
            let project = folder.join("shop");
            copy(&sample(), &project);
            let built = mix(&project, &["release", "shop", "--path", "../release"]).await;
            assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
            folder.join("release")
        })
        .await
}

async fn mix(project: &Path, args: &[&str]) -> std::process::Output {
    let mut command = Command::new("mix");
    command.args(args).current_dir(project).env("MIX_ENV", "prod").stdin(Stdio::null());
    command.output().await.expect("mix runs: install Elixir, or run `cargo xtask test`")
}

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/shop")
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("the folder can be made");
    for entry in std::fs::read_dir(from).expect("the sample can be read") {
        let entry = entry.expect("the sample can be read");
        let (name, path) = (entry.file_name(), entry.path());
        if ["_build", "deps", "cover", ".pipeline"].iter().any(|it| name == *it) {
            continue;
        }
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else {
            std::fs::copy(&path, to.join(name)).expect("the file can be copied");
        }
    }
}

/// The shop's own project folder, beside a simulated Fly.io.
struct Shop {
    dir: tempfile::TempDir,
    sim: SimFly,
    url: String,
}

impl Shop {
    async fn open() -> Self {
        install_tls();
        let dir = tempfile::tempdir().expect("a temporary folder");
        copy(&sample(), dir.path());
        let sim = SimFly::start(SimConfig::default()).await.expect("a simulator");
        sim.create_app(APP);
        let url = sim.app_url(APP).await.expect("an address");
        Self { dir, sim, url }
    }

    async fn image(&self, version: &str, env: &[(&str, &str)]) -> String {
        let program = release().await.join("bin/shop").display().to_string();
        let vars = [("APP_VERSION", version), ("SHOP_TOKEN", SECRET), ("BIND", "loopback")];
        let reference = format!("registry.fly.io/{APP}:{version}");
        let image = Image::new(&reference, [program, "start".into()]);
        self.sim.register_image(image.env(vars).env(env.iter().copied()));
        reference
    }

    async fn run(&self, args: &[&str]) -> Ran {
        World::ended(self.command(args).spawn().expect("the command starts")).await
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pipeline_under_test"));
        command
            .args(args)
            .current_dir(self.dir.path())
            .env("FLY_API_TOKEN", self.sim.token())
            .env("FLY_ACCESS_TOKEN", self.sim.token())
            .env("FLY_FLAPS_BASE_URL", self.sim.api_url())
            .env("FLY_API_BASE_URL", self.sim.api_url())
            .env("FLY_UIEX_BASE_URL", self.sim.api_url())
            .env("PIPELINE_URL_STAGING", &self.url)
            .env("SHOP_TOKEN", SECRET)
            .env_remove("CI")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    fn edit(&self, file: &str, edit: impl FnOnce(String) -> String) {
        let path = self.dir.path().join(file);
        let text = std::fs::read_to_string(&path).expect("the file is there");
        std::fs::write(path, edit(text)).expect("the file can be written");
    }

    /// Nothing was written to Fly.io.
    fn is_untouched(&self) -> bool {
        // A question, although it is posted.
        let asks = |path: &str| path == "/graphql";
        self.sim.journal().iter().all(|call| call.method == "GET" || asks(&call.path))
    }

    /// An image that is there, whatever is in it.
    fn any_image(&self) -> String {
        let reference = format!("registry.fly.io/{APP}:v1");
        self.sim.register_image(Image::inside(&reference));
        reference
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_shop_goes_live_and_its_next_release_replaces_it_without_losing_a_request() {
    let shop = Shop::open().await;
    let one = shop.image("v1", &[]).await;
    let first = shop.run(&["deploy", "staging", "--image", &one]).await.expect(0);
    for gate in ["format", "compile", "test"] {
        assert!(first.stderr.contains(&format!("✓ {gate}")), "no word of {gate}: {first}");
    }
    let (good, bad) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let mut users = JoinSet::new();
    for _ in 0..4 {
        users.spawn(ask(shop.url.clone(), Arc::clone(&good), Arc::clone(&bad)));
    }
    let mut version = 1;
    let mut wanted = vec!["v1:".to_owned()];
    // Again until the users' requests mean anything: a busy machine has few of them in one deploy.
    while good.load(Ordering::Relaxed) <= 100 {
        assert!(version < 50, "nobody asks");
        // Slow enough that requests are under way when the old machines are told to stop.
        let slow = shop.image(&format!("v{}", version + 1), &[("LATENCY_MS", "150")]).await;
        shop.run(&["deploy", "staging", "--image", &slow]).await.expect(0);
        version += 2;
        let quick = shop.image(&format!("v{version}"), &[]).await;
        let args = ["deploy", "staging", "--image", &quick, "--strategy", "rolling"];
        shop.run(&args).await.expect(0);
        wanted.splice(..0, [format!("v{version}:"), format!("v{}:", version - 1)]);
    }
    users.shutdown().await;
    let (good, bad) = (good.load(Ordering::Relaxed), bad.load(Ordering::Relaxed));
    let ledger = shop.sim.ledger(APP);
    assert_eq!((bad, ledger.lost.len()), (0, 0), "of {good}: {:?}", ledger.lost);
    assert_eq!(Fleet::of(&shop.sim, APP).whole(2), Ok(format!("v{version}")));
    let history = shop.run(&["history"]).await.expect(0);
    let runs: Vec<_> =
        history.stdout.lines().filter_map(|it| it.split_inclusive(':').next()).collect();
    assert_eq!(runs, wanted, "{history}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_init_writes_for_the_shop_validates_and_deploys() {
    let shop = Shop::open().await;
    let path = shop.dir.path().join("pipeline.toml");
    std::fs::remove_file(&path).expect("the sample has one");
    shop.run(&["init"]).await.expect(0);
    let text = std::fs::read_to_string(&path).expect("it is written");
    assert!(text.contains("path = \"/api/v1/health\"     # fly.toml:32"), "{text}");
    shop.run(&["lint"]).await.expect(0);
    let ran = shop.run(&["validate"]).await.expect(0);
    for gate in ["format", "compile", "test"] {
        assert!(ran.stderr.contains(&format!("✓ {gate}")), "no word of {gate}: {ran}");
    }
    // As it is written, but for the minute that is watched.
    shop.edit("pipeline.toml", |text| {
        text.replace("[verify.watch]\n", "[verify.watch]\nevery = \"1s\"\nwindow = \"20s\"\n")
    });
    let ran = shop.run(&["rehearse", "staging"]).await.expect(0);
    assert!(ran.stderr.contains("v2 serves staging, verified"), "{ran}");
}

async fn ask(url: String, good: Arc<AtomicU64>, bad: Arc<AtomicU64>) {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    loop {
        let answered = match client.get(format!("{url}/api/v1/status")).send().await {
            Ok(answer) if answer.status().is_success() => answer.bytes().await.is_ok(),
            _ => false,
        };
        let counter = if answered { &good } else { &bad };
        counter.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_release_that_answers_500_is_taken_back_by_itself() {
    let shop = Shop::open().await;
    let one = shop.image("v1", &[]).await;
    let only_format = ["--only", "format"];
    shop.run(&[&["deploy", "staging", "--image", &one][..], &only_format].concat()).await.expect(0);
    let bad = shop.image("v2", &[("FAIL_PATH", "/dashboard"), ("FAIL_STATUS", "500")]).await;
    let args = [&["deploy", "staging", "--image", &bad][..], &only_format].concat();
    let ran = shop.run(&args).await.expect(30);
    assert!(ran.stderr.contains("/dashboard"), "{ran}");
    assert!(ran.stderr.contains("500"), "{ran}");
    assert_eq!(Fleet::of(&shop.sim, APP).whole(2), Ok("v1".into()));
}

/// A login and a `LiveView`, on the way that users go and on each machine by itself.
const JOURNEY: &str = r#"
[[verify.journeys]]
name = "sign in"
per_machine = true
secrets = { user = "SHOP_USER", password = "SHOP_PASSWORD" }
[[verify.journeys.steps]]
request = "GET /login"
capture.token = { css = "input[name=_csrf_token]", attribute = "value" }
[[verify.journeys.steps]]
request = "POST /login"
csrf = true
form = { user = "{{user}}", password = "{{password}}" }
status = 302
capture.account = { header = "location" }
[[verify.journeys.steps]]
request = "GET {{account}}"
matches = ["You are signed in"]
[[verify.journeys.steps]]
live = "/live"
[[verify.journeys]]
name = "forged forms"
secrets = { user = "SHOP_USER", password = "SHOP_PASSWORD" }
hurl = "journeys/forged.hurl"
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn customers_sign_in_and_a_release_in_which_they_cannot_is_taken_back() {
    let shop = Shop::open().await;
    shop.edit("pipeline.toml", |text| format!("{text}\n{JOURNEY}"));
    let signed = [("SHOP_PASSWORD", PASSWORD), ("SECRET_KEY_BASE", "the same on all machines")];
    let one = shop.image("v1", &signed).await;
    let only_format = ["--only", "format"];
    let deploy = |image: String| {
        let args = ["deploy", "staging", "--image", &image].map(str::to_owned);
        let mut command = shop.command(&args.each_ref().map(String::as_str));
        command.args(only_format).env("SHOP_USER", "anna").env("SHOP_PASSWORD", PASSWORD);
        World::ended(command.spawn().expect("the command starts"))
    };
    deploy(one).await.expect(0);
    // Another password: customers stay outside.
    let two = shop.image("v2", &[("SHOP_PASSWORD", "coffee"), signed[1]]).await;
    let ran = deploy(two).await.expect(30);
    assert!(ran.stderr.contains("step 2 of 4, POST /login: answered 401, wanted 302"), "{ran}");
    assert!(!format!("{ran}").contains(PASSWORD), "{ran}");
    assert_eq!(Fleet::of(&shop.sim, APP).whole(2), Ok("v1".into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn journeys_without_their_secrets_are_skipped_and_everybody_sees_it() {
    let shop = Shop::open().await;
    shop.edit("pipeline.toml", |text| format!("{text}\n{JOURNEY}"));
    let image = shop.image("v1", &[]).await;
    let args = ["deploy", "staging", "--image", &image, "--only", "format"];
    let ran = shop.run(&args).await.expect(0);
    assert!(ran.stderr.contains("skipped: the variable SHOP_PASSWORD is not set"), "{ran}");
}

/// The gates' own case: what is wrong is shown with file and line, and nothing is touched.
async fn blocks(file: &str, edit: impl FnOnce(String) -> String, gate: &str) -> Ran {
    let shop = Shop::open().await;
    shop.edit(file, edit);
    let image = shop.any_image();
    let args = ["deploy", "staging", "--image", &image, "--only", gate];
    let ran = shop.run(&args).await.expect(10);
    assert!(shop.is_untouched(), "{ran}");
    assert!(ran.stdout.contains("| staging | FAIL |"), "{ran}");
    ran
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unformatted_file_blocks_with_file_and_line() {
    let file = "apps/shop/lib/shop.ex";
    let ran =
        blocks(file, |text| text.replace("defmodule Shop do", "defmodule   Shop do"), "format");
    let ran = ran.await;
    assert!(ran.stderr.contains(&format!("{file}:1")), "{ran}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_warning_blocks_with_file_and_line() {
    let file = "apps/shop/lib/shop.ex";
    let unused =
        "defmodule Shop.Unused do\n  @moduledoc false\n  def run(unused), do: :ok\nend\n\n";
    let ran = blocks(file, |text| format!("{unused}{text}"), "compile").await;
    assert!(ran.stderr.contains(&format!("{file}:3")), "{ran}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_test_blocks_with_file_and_line() {
    let file = "apps/shop/test/broken_test.exs";
    let shop = sample().join(file);
    assert!(!shop.exists(), "the sample has no such test");
    let failing = "defmodule Shop.BrokenTest do\n  use ExUnit.Case\n\n  test \"sums\" do\n    assert 1 + 1 == 3\n  end\nend\n";
    let world = Shop::open().await;
    std::fs::write(world.dir.path().join(file), failing).expect("the test can be written");
    let image = world.any_image();
    let args = ["deploy", "staging", "--image", &image, "--only", "test"];
    let ran = world.run(&args).await.expect(10);
    assert!(world.is_untouched(), "{ran}");
    assert!(
        ran.stderr.contains(&format!("{file}:5")) || ran.stderr.contains(&format!("{file}:4")),
        "{ran}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ctrl_c_in_the_gates_leaves_no_beam_behind() {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;
    let shop = Shop::open().await;
    let marker = shop.dir.path().display().to_string();
    let child = shop.command(&["validate", "--only", "test"]).spawn().expect("the command starts");
    let pid = Pid::from_raw(i32::try_from(child.id().expect("it runs")).expect("a pid"));
    wait_until(|| processes_in(&marker) > 1).await;
    kill(pid, Signal::SIGINT).expect("it runs");
    let ran = World::ended(child).await.expect(130);
    wait_until(|| processes_in(&marker) == 0).await;
    assert_eq!(processes_in(&marker), 0, "{ran}");
}

async fn wait_until(met: impl Fn() -> bool) {
    for _ in 0..2_400 {
        if met() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// How many processes work in this folder or below it.
fn processes_in(folder: &str) -> usize {
    let entries = std::fs::read_dir("/proc").expect("Linux").flatten();
    let dirs = entries.filter_map(|it| std::fs::read_link(it.path().join("cwd")).ok());
    dirs.filter(|it| it.starts_with(folder)).count()
}
