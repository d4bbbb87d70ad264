//! Two apps, staging and production, one project in git, and a bare repository that is its remote.

use std::path::Path;
use std::process::Command;

use pipeline_tests::{Fleet, Ran, World, WorldConfig};
use tempfile::TempDir;

/// The app of production.
pub(crate) const SHOP: &str = "shop";

pub(crate) struct Two {
    pub(crate) world: World,
    url: String,
    remote: TempDir,
}

impl Two {
    /// Staging runs v1; production runs nothing yet. `rules` are added for production.
    pub(crate) async fn start(rules: &str) -> Self {
        let program = env!("CARGO_BIN_EXE_pipeline_under_test");
        let strategy = "rolling";
        let world = World::start(WorldConfig { program, strategy, machines: 2 }).await;
        world.sim.create_app(SHOP);
        let url = world.sim.app_url(SHOP).await.expect("an address");
        let toml =
            std::fs::read_to_string(world.path().join("pipeline.toml")).expect("it is there");
        let production = "[environments.production]\napp = \"shop\"\nurl = \"https://shop.fly.dev\"\nha = true\n\
             lease_ttl = \"2s\"\ndrain = \"100ms\"\nwait_timeout = \"20s\"\npoll = \"50ms\"\npaced = false\n";
        world.write("pipeline.toml", &format!("{toml}\n{production}\n{rules}"));
        world.write(".gitignore", ".pipeline/\n");
        let remote = tempfile::tempdir().expect("a temporary folder");
        let two = Self { world, url, remote };
        git(two.remote.path(), &["init", "-q", "--bare", "-b", "main"]);
        two.git(&["init", "-q", "-b", "main"]);
        two.git(&["remote", "add", "origin", two.remote.path().to_str().expect("a plain path")]);
        two.commit("one");
        two.git(&["push", "-q", "origin", "main"]);
        two
    }

    /// Runs the command to its end.
    pub(crate) async fn run(&self, args: &[&str]) -> Ran {
        self.world.run_with(args, &[("PIPELINE_URL_PRODUCTION", &self.url)]).await
    }

    /// Brings an image of this version to staging.
    pub(crate) async fn staged(&self, version: &str, env: &[(&str, &str)], code: i32) -> Ran {
        let image = self.world.image(version, env);
        self.run(&["deploy", "staging", "--image", &image]).await.expect(code)
    }

    /// Promotes, and wants this exit code.
    pub(crate) async fn promote(&self, more: &[&str], code: i32) -> Ran {
        let args = [&["deploy", "production", "--from", "staging", "--yes"][..], more].concat();
        self.run(&args).await.expect(code)
    }

    pub(crate) fn git(&self, args: &[&str]) -> String {
        git(self.world.path(), args)
    }

    pub(crate) fn commit(&self, message: &str) {
        self.git(&["add", "."]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
    }

    /// What production runs: the images of its machines, in full.
    pub(crate) fn images(&self, app: &str) -> Vec<String> {
        let machines = Fleet::of(&self.world.sim, app).machines;
        let mut images: Vec<_> = machines.into_iter().map(|it| it.image).collect();
        images.dedup();
        images
    }

    /// Where users reach production.
    pub(crate) fn production(&self) -> &str {
        &self.url
    }

    /// Takes the remote away.
    pub(crate) fn without_remote(&self) {
        std::fs::remove_dir_all(self.remote.path()).expect("it was there");
    }

    /// Another clone of the same remote commits something and pushes it.
    pub(crate) fn somebody_else_pushes(&self) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let from = self.remote.path().to_str().expect("a plain path");
        git(folder.path(), &["clone", "-q", from, "."]);
        git(folder.path(), &["commit", "-q", "--allow-empty", "-m", "theirs"]);
        git(folder.path(), &["push", "-q", "origin", "main"]);
    }
}

fn git(dir: &Path, args: &[&str]) -> String {
    let set = [
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@b",
        "-c",
        "commit.gpgsign=false",
        "-c",
        "tag.gpgsign=false",
    ];
    let done =
        Command::new("git").args(set).args(args).current_dir(dir).output().expect("git runs");
    assert!(done.status.success(), "{args:?}: {done:?}");
    String::from_utf8_lossy(&done.stdout).trim().to_owned()
}
