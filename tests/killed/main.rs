//! A `pipeline` that is stopped or killed while it compiles and tests leaves no process behind, and no `_build` that
//! the next one could not mend.
//!
//! At moments that a seed decides the command gets SIGTERM, SIGINT or SIGKILL. After SIGKILL nothing of it is left to
//! clear away what its tests have started: that is for the next one. And Mix itself, killed in the middle of
//! `mix compile --force`, leaves a folder that it then takes for whole although modules are missing, or warns of; so
//! the next one builds anew. `KILLS=200 cargo test -p pipeline-tests --test killed` kills more often, `SEED=7` at other
//! moments.

mod project;

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use pipeline_tests::{Ran, World};
use project::Project;
use tokio::process::{Child, Command};
use tokio::sync::Mutex;

const SIGNALS: [Signal; 3] = [Signal::SIGKILL, Signal::SIGTERM, Signal::SIGINT];
/// How long what was killed may take to be gone.
const PATIENCE: Duration = Duration::from_mins(2);

/// Whoever starts a pipeline sweeps after all that are dead: the tests take turns, so that none sweeps for another.
static TURN: Mutex<()> = Mutex::const_new(());

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_at_any_moment_leaves_no_process_and_a_build_that_works() {
    let _turn = TURN.lock().await;
    let mut dice = fastrand::Rng::with_seed(number("SEED").unwrap_or(1));
    let fresh = Project::new().told().await;
    let project = Project::new();
    let began = Instant::now();
    World::ended(start(&project, "compile,test")).await.expect(0);
    let whole = began.elapsed();
    let (kills, mut slowest) = (number("KILLS").unwrap_or(12), Duration::ZERO);
    for at in 1..=kills {
        let signal = SIGNALS[dice.usize(..SIGNALS.len())];
        let moment = whole.mul_f64(dice.f64());
        let killed = format!("kill {at}: {signal} after {moment:?} of {whole:?}");
        stop(start(&project, "compile,test"), signal, moment).await;
        if signal == Signal::SIGKILL {
            World::ended(start(&project, "format")).await;
        }
        let took = gone(&project).await.unwrap_or_else(|left| panic!("{killed}: {left:?} stayed"));
        slowest = slowest.max(took);
        if at % 3 == 0 || at == kills {
            World::ended(start(&project, "compile,test")).await.expect(0);
            assert_eq!(project.told().await, fresh, "{killed}");
        }
    }
    println!("{kills} kills within {whole:?}; what was left was gone after at most {slowest:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mix_dies_with_a_pipeline_that_is_killed_and_the_next_one_kills_what_the_tests_started() {
    let _turn = TURN.lock().await;
    let project = Project::new();
    let child = start_with(&project, "test", "hold");
    wait_until(|| project.programs_run()).await;
    assert!(project.programs_run(), "the tests never started their programs");
    stop(child, Signal::SIGKILL, Duration::ZERO).await;
    // The BEAM of `mix` goes by itself; what it had started knows nothing of that.
    let left = || {
        let mut left = working_in(&project);
        left.sort();
        left.join(" ")
    };
    wait_until(|| left() == "beam.smp erl_child_setup sleep").await;
    assert_eq!(left(), "beam.smp erl_child_setup sleep");
    World::ended(start(&project, "format")).await;
    assert!(gone(&project).await.is_ok(), "{}", left());
}

fn start(project: &Project, gates: &str) -> Child {
    start_with(project, gates, "yes")
}

fn start_with(project: &Project, gates: &str, programs: &str) -> Child {
    project.forget_programs();
    Command::new(env!("CARGO_BIN_EXE_pipeline_under_test"))
        .args(["validate", "--no-cache", "--only", gates])
        .current_dir(project.path())
        .env("PROGRAMS", programs)
        .env_remove("CI")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts")
}

/// Sends the signal once the moment has come, and waits for the end; one that has ended by then gets none.
async fn stop(child: Child, signal: Signal, moment: Duration) -> Ran {
    let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).expect("it was not waited for");
    tokio::time::sleep(moment).await;
    // Nobody has waited for it, so that its number is still its own.
    let _ = kill(Pid::from_raw(pid), signal);
    World::ended(child).await
}

/// How long it took until nobody works in the project any more; who still does when patience ends.
async fn gone(project: &Project) -> Result<Duration, Vec<String>> {
    let began = Instant::now();
    loop {
        let left = working_in(project);
        match left.is_empty() {
            true => return Ok(began.elapsed()),
            false if began.elapsed() > PATIENCE => return Err(left),
            false => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

/// Whoever asks says what is wrong when it never comes.
async fn wait_until(met: impl Fn() -> bool) {
    for _ in 0..30_000 {
        if met() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The names of the processes that work in the project or below it.
fn working_in(project: &Project) -> Vec<String> {
    let folder = project.path().canonicalize().expect("it is there");
    let processes = fs::read_dir("/proc").expect("Linux").flatten().map(|it| it.path());
    let here = |process: &PathBuf| {
        fs::read_link(process.join("cwd")).is_ok_and(|dir| dir.starts_with(&folder))
    };
    let name = |process: PathBuf| {
        let name = fs::read_to_string(process.join("comm")).ok()?;
        Some(name.trim_end().to_owned())
    };
    processes.filter(here).filter_map(name).collect()
}

#[expect(clippy::disallowed_methods, reason = "whoever runs the test decides how often")]
fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}
