//! `pipeline demo`: the main job on a fresh machine. A release goes live, a second one replaces it under
//! load, a third one is broken and a fourth one slow, and both go back by themselves; all against the simulated Fly.io, with real
//! processes, real HTTP and, where there is one, the real `mix`.

mod project;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use pipeline_core::{Account, Step, Verdict};
use sim_flyio::{Ledger, SimConfig, SimFly};

use crate::app::{App, Surroundings};
use crate::args::{Demo, Deploy, DeployChoice, ExportTo, GateChoice, Global, History};
use crate::commands::load::Load;
use crate::commands::{deploy, history, sim};
use crate::error::CliError;
use crate::exit::Exit;
use crate::render::Tone;
use crate::signals;
use project::Images;

/// The application, as in the sample's fly.toml and pipeline.toml.
const APP: &str = "shop-staging";

/// What the dashboard asks for. It protects nothing: the shop lives as long as the demo.
const TOKEN: &str = "demo-dashboard-token";

/// What its users ask for.
const PATHS: [&str; 3] = ["/", "/api/v1/health", "/api/v1/status"];

const WITH_MIX: &str =
    "The shop is examples/shop, an Elixir umbrella, checked and built with the real mix.";

const WITHOUT_MIX: &str = "Without mix: no gates, and a small bundled server stands for the shop.";

/// One act of the demo.
struct Act {
    title: &'static str,
    /// What makes this release different.
    env: &'static [(&'static str, &'static str)],
    /// How it must end.
    end: Exit,
    /// Is its latency judged? Then it may also end with a judge that could not tell, on a machine that is too busy.
    judged: bool,
}

const ACTS: [Act; 4] = [
    Act { title: "1. The first release goes live", env: &[], end: Exit::Good, judged: false },
    Act {
        title: "2. A second release replaces it, under load",
        env: &[],
        end: Exit::Good,
        judged: false,
    },
    Act {
        title: "3. A third release answers 500 on /dashboard",
        env: &[("FAIL_PATH", "/dashboard"), ("FAIL_STATUS", "500")],
        end: Exit::RolledBack,
        judged: false,
    },
    Act {
        title: "4. A fourth release gives the right answers, and takes 250 ms for each",
        env: &[("LATENCY_MS", "250")],
        end: Exit::RolledBack,
        judged: true,
    },
];

/// What is true when the judge had no verdict.
const TOO_BUSY: &str = "This machine is too busy for a verdict about latency: the judge could not tell, says so, and \
     what it cannot tell is no pass.";

pub(crate) async fn run(app: &App, args: Demo) -> Result<Exit, CliError> {
    tokio::select! {
        end = play(app, args) => end,
        exit = signals::either() => Ok(exit),
    }
}

async fn play(app: &App, args: Demo) -> Result<Exit, CliError> {
    let folder =
        tempfile::Builder::new().prefix("pipeline-demo-").disable_cleanup(args.keep).tempdir();
    let folder = folder.map_err(|error| {
        CliError::new(Exit::Unreachable, format!("a temporary folder: {error}"))
    })?;
    let stage = Stage::set(app, folder.path(), !args.without_mix && has_mix().await).await?;
    let mut load = None;
    for (number, act) in ACTS.iter().enumerate() {
        Box::pin(stage.play(act, number + 1, load.as_ref())).await?;
        load.get_or_insert_with(|| Load::on(&stage.url, &PATHS.map(str::to_owned)));
    }
    app.mention(Tone::Head, "\nHistory");
    history::run(&stage.app, History { limit: 10, ..History::default() }).await?;
    if args.keep {
        app.say(Tone::Dim, &format!("\nkept in {}", folder.path().display()));
    }
    Ok(Exit::Good)
}

/// Everything that the acts share.
struct Stage {
    app: App,
    sim: Arc<SimFly>,
    url: String,
    releases: Option<std::path::PathBuf>,
}

impl Stage {
    async fn set(app: &App, folder: &Path, mix: bool) -> Result<Self, CliError> {
        let (shop, logs) = (folder.join("shop"), folder.join("logs"));
        project::write(&shop)?;
        let config = SimConfig { log_dir: Some(logs), ..SimConfig::default() };
        let sim = Arc::new(sim::start(config).await?);
        sim.create_app(APP);
        let url = sim.app_url(APP).await.map_err(|error| sim::broken(&error))?;
        app.mention(
            Tone::Dim,
            &format!("A simulated Fly.io listens at {}, the shop at {url}.", sim.api_url()),
        );
        app.mention(Tone::Dim, if mix { WITH_MIX } else { WITHOUT_MIX });
        let releases = mix.then(|| folder.join("releases"));
        Ok(Self { app: inside(app, &shop, &sim, &url), sim, url, releases })
    }

    async fn play(&self, act: &Act, number: usize, load: Option<&Load>) -> Result<(), CliError> {
        self.app.mention(Tone::Head, &format!("\n{}", act.title));
        let before = self.sim.ledger(APP);
        load.map(Load::count);
        let reference = format!("registry.fly.io/{APP}:v{number}");
        let mut env = BTreeMap::from([
            ("APP_VERSION".to_owned(), format!("v{number}")),
            ("SHOP_TOKEN".to_owned(), TOKEN.to_owned()),
            ("BIND".to_owned(), "loopback".to_owned()),
        ]);
        env.extend(act.env.iter().map(|(name, value)| ((*name).into(), (*value).into())));
        let (sim, releases) = (Arc::clone(&self.sim), self.releases.clone());
        let images = Images { sim, reference, env, releases };
        let builder = Step::builder("image", images);
        if act.judged {
            project::judge_latency(&self.app.around.cwd)?;
        }
        let mut app = self.app.clone();
        app.global.exports = self.app.global.exports.numbered(number);
        let exit = Box::pin(deploy::with_builder(&app, self.arguments(), builder)).await?;
        if act.judged && exit != act.end && is_undecided(&app.global.exports.account()) {
            self.app.say(Tone::Warn, TOO_BUSY);
        } else if exit != act.end {
            let message = format!("this release ended with {exit:?}, not with {:?}", act.end);
            return Err(CliError::new(Exit::Bug, message));
        }
        load.map_or(Ok(()), |load| self.judge(load, &before))
    }

    /// The demo shows what users saw, and fails if they lost anything.
    fn judge(&self, load: &Load, before: &Ledger) -> Result<(), CliError> {
        let (answered, lost) = load.count();
        let after = self.sim.ledger(APP);
        let cut = after.lost.len() - before.lost.len();
        let mut text = format!("users: {answered} requests answered, {lost} lost");
        let gap = after.longest_gap.as_millis();
        let _ = write!(text, "; the proxy lost {cut}, longest gap {gap} ms");
        if lost == 0 {
            self.app.mention(Tone::Good, &text);
        } else {
            self.app.say(Tone::Bad, &text);
        }
        if lost > 0 || cut > 0 {
            return Err(CliError::new(Exit::Bug, "a deploy must not lose requests"));
        }
        Ok(())
    }

    fn arguments(&self) -> Deploy {
        let gates =
            if self.releases.is_some() { GateChoice::default() } else { GateChoice::none() };
        Deploy {
            environment: "staging".into(),
            choice: DeployChoice::default(),
            gates,
            dry_run: false,
            yes: true,
            // The demo goes on after a rollback, as a team does that has mended its release.
            despite_rollback: true,
            export: ExportTo::default(),
        }
    }
}

/// Did the judge of latency look, and could not tell? Nothing else excuses another end.
fn is_undecided(account: &Account) -> bool {
    account
        .steps()
        .any(|(_, it)| it.name == "performance" && it.verdict() == Some(Verdict::Inconclusive))
}

/// The command, as if it had been typed in the sample's folder with the simulator's variables set.
fn inside(app: &App, shop: &Path, sim: &SimFly, url: &str) -> App {
    let own = [("PIPELINE_URL_STAGING", url.to_owned()), ("SHOP_TOKEN", TOKEN.to_owned())];
    let App { global, around } = sim::inside(app, sim, own);
    let around = Surroundings { cwd: shop.to_owned(), ..around };
    App { global: Global { config: None, ..global }, around }
}

async fn has_mix() -> bool {
    let asked = tokio::process::Command::new("mix")
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    asked.await.is_ok_and(|status| status.success())
}
