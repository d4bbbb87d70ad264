//! The tool as its user has it, against a Fly.io on this machine: a good release goes live, a broken one does not stay.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;
use std::{fs, io};

use sim_flyio::{Image, SimConfig, SimFly};
use tempfile::TempDir;

type Tested = Result<(), Box<dyn Error>>;

const APP: &str = "shop-staging";

/// A copy of the sample, and a Fly.io that knows its app.
struct World {
    dir: TempDir,
    sim: SimFly,
    url: String,
}

impl World {
    async fn start() -> Result<Self, Box<dyn Error>> {
        let dir = tempfile::tempdir()?;
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shop");
        copy(&sample, &dir.path().join("shop"))?;
        let config = SimConfig {
            propagation: Duration::from_millis(60),
            check_speed: 20.0,
            ..SimConfig::default()
        };
        let sim = SimFly::start(config).await?;
        sim.create_app(APP);
        let url = sim.app_url(APP).await?;
        Ok(Self { dir, sim, url })
    }

    /// An image that is the simulator's own application, with this in its environment.
    fn image(&self, tag: &str, env: &[(&str, &str)]) -> String {
        let reference = format!("registry.fly.io/{APP}:{tag}");
        let env = env.iter().copied().chain([("APP_VERSION", tag)]);
        self.sim.register_image(Image::inside(&reference).env(env));
        reference
    }

    fn project(&self) -> PathBuf {
        self.dir.path().join("shop")
    }

    async fn deploy(&self, image: &str) -> io::Result<Output> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_deploy-shop"));
        command
            .arg(image)
            .current_dir(self.project())
            .env("FLY_APP", APP)
            .env("FLY_API_TOKEN", self.sim.token())
            .env("FLY_FLAPS_BASE_URL", self.sim.api_url())
            .env("SHOP_URL", &self.url);
        // The simulator must go on meanwhile.
        tokio::task::spawn_blocking(move || command.output()).await?
    }

    /// The images that the machines run, each once.
    fn images(&self) -> Vec<String> {
        let machines = self.sim.machines(APP).into_iter();
        let there = machines.filter(|it| !it.state.starts_with("destroy"));
        let mut images: Vec<_> = there.map(|it| it.image).collect();
        images.dedup();
        images
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        if ["_build", "deps", ".pipeline"].iter().any(|it| entry.file_name() == *it) {
            continue;
        }
        if path.is_dir() { copy(&path, &to)? } else { fs::copy(&path, &to).map(drop)? }
    }
    Ok(())
}

fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_good_release_goes_live_and_a_broken_one_is_taken_back() -> Tested {
    let world = World::start().await?;
    let good = world.deploy(&world.image("good", &[])).await?;
    assert!(good.status.success(), "{}", said(&good));
    for step in ["format: passed", "compile: passed", "licenses: passed", "smoke: passed"] {
        assert!(said(&good).contains(step), "no word of {step}: {}", said(&good));
    }
    let serving = world.images();
    assert!(serving.len() == 1 && serving[0].contains(":good@"), "{serving:?}");

    let broken = world.image("broken", &[("FAIL_PATH", "/"), ("FAIL_STATUS", "500")]);
    let bad = world.deploy(&broken).await?;
    assert_eq!(bad.status.code(), Some(1), "{}", said(&bad));
    assert!(said(&bad).contains("smoke stopped it"), "{}", said(&bad));
    assert!(said(&bad).contains("v2: RolledBack"), "{}", said(&bad));
    assert_eq!(world.images(), serving);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_licence_that_is_not_allowed_stops_it_before_anything_is_touched() -> Tested {
    let world = World::start().await?;
    let lock = "%{\n  \"tea\": {:hex, :tea, \"1.0.0\", \"c5\"},\n}\n";
    fs::write(world.project().join("mix.lock"), lock)?;
    fs::create_dir_all(world.project().join("deps/tea"))?;
    let metadata = "{<<\"licenses\">>,[<<\"AGPL-3.0\">>]}.\n";
    fs::write(world.project().join("deps/tea/hex_metadata.config"), metadata)?;
    let bad = world.deploy(&world.image("good", &[])).await?;
    assert_eq!(bad.status.code(), Some(1), "{}", said(&bad));
    assert!(said(&bad).contains("licenses stopped it"), "{}", said(&bad));
    assert!(said(&bad).contains("v1: Rejected"), "{}", said(&bad));
    assert_eq!(world.images(), [""; 0]);
    Ok(())
}
