//! How long `pipeline trends` takes, from its start to its end, over 10,000 deploys of the last year, each of a commit of its own
//! that git knows: `cargo bench -p pipeline-cli --bench trends`. It fails above the limit.

#![expect(clippy::print_stdout, reason = "a program that prints numbers")]

use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use pipeline_core::{Conclusion, Event, EventKind, Observer, Phase, Report, Verdict};
use store_sql::{Ending, NewRun, RunKind, RunOutcome, Store};

type Any<T> = Result<T, Box<dyn Error>>;

/// So many runs there are, twenty-seven a day; each of the quarter that the metrics of DORA look at is read.
const RUNS: u64 = 10_000;
const DAY: u64 = 24 * 3600;
const YEAR: u64 = 365 * DAY;
const QUARTER: u64 = 13 * 7 * DAY;
/// So many seconds old is a commit when its deploy begins, and so many does that take.
const OLD: u64 = 1_800;
const TOOK: u64 = 20;
/// The answer may take so long.
const LIMIT: Duration = Duration::from_millis(100);
/// How often it is asked; the least time counts, because whatever else runs on the machine only adds to it.
const ROUNDS: usize = 20;

const CONFIG: &str = "[environments.production]\napp = \"shop\"\nurl = \"https://shop.fly.dev\"\n";

fn main() -> Any<()> {
    let folder = tempfile::tempdir()?;
    let folder = folder.path();
    std::fs::write(folder.join("pipeline.toml"), CONFIG)?;
    let began = Instant::now();
    let revisions = commits(folder)?;
    tokio::runtime::Runtime::new()?.block_on(runs(folder, &revisions))?;
    println!("trends: {RUNS} runs and commits written in {:.1?}", began.elapsed());
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let asked = trends(folder)?;
        times.push(began.elapsed());
        is_whole(&asked)?;
    }
    times.sort_unstable();
    let (least, median) = (times[0], times[ROUNDS / 2]);
    println!("trends: {least:.1?}, {median:.1?} in the median of {ROUNDS} (limit {LIMIT:?})");
    assert!(least <= LIMIT, "`pipeline trends` took {least:?} over {RUNS} runs");
    Ok(())
}

/// The command itself, as people start it.
fn trends(folder: &Path) -> Any<Output> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pipeline"));
    let command = command.args(["trends", "production", "--format", "json"]).current_dir(folder);
    Ok(command.stdin(Stdio::null()).output()?)
}

/// All runs were looked at, and git knew every commit that it was asked for: an answer that leaves something out is no quick one.
fn is_whole(asked: &Output) -> Any<()> {
    let said = String::from_utf8_lossy(&asked.stdout);
    assert!(asked.status.success(), "{said}{}", String::from_utf8_lossy(&asked.stderr));
    let said: serde_json::Value = serde_json::from_str(&said)?;
    let dora = &said["environments"][0]["dora"];
    let lead = &dora["change_lead_time"];
    let counted = dora["deploys"].as_u64().unwrap_or(0);
    assert!(counted.abs_diff(RUNS * QUARTER / YEAR) < 5, "{dora:#}");
    assert!(lead["deploys"].as_u64() >= Some(1_000) && lead["unknown"] == 0, "{lead:#}");
    Ok(())
}

/// When the deploy of this number began, in seconds since 1970.
fn start(number: u64) -> Any<u64> {
    #[expect(clippy::disallowed_methods, reason = "the command reads the clock of the system")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(now.as_secs() - YEAR * (RUNS - number) / RUNS - TOOK)
}

/// A history of commits, the oldest first.
fn commits(folder: &Path) -> Any<Vec<String>> {
    let mut history = String::from("blob\nmark :1\ndata 2\nx\n");
    for number in 0..RUNS {
        let at = start(number)? - OLD;
        let who = format!("Ada <ada@example.com> {at} +0000");
        let says = format!(
            "Change {number}\n\nWhy it was made, in about as many words as people usually say about it.\n"
        );
        write!(
            history,
            "commit refs/heads/main\nauthor {who}\ncommitter {who}\ndata {}\n{says}M 100644 :1 lib/{}.ex\n",
            says.len(),
            number % 50
        )?;
    }
    git(folder, &["init", "--quiet"], "")?;
    git(folder, &["fast-import", "--quiet"], &history)?;
    let names = git(folder, &["rev-list", "--reverse", "main"], "")?;
    Ok(names.lines().map(str::to_owned).collect())
}

fn git(folder: &Path, args: &[&str], input: &str) -> Any<String> {
    let mut command = Command::new("git");
    let command = command.args(args).current_dir(folder).stdin(Stdio::piped());
    let mut git = command.stdout(Stdio::piped()).spawn()?;
    git.stdin.take().ok_or("git has an input")?.write_all(input.as_bytes())?;
    let said = git.wait_with_output()?;
    assert!(said.status.success(), "git {args:?}");
    Ok(String::from_utf8(said.stdout)?)
}

/// Deploys, each of a commit of its own, with four phases of a step each; every tenth goes back.
async fn runs(folder: &Path, revisions: &[String]) -> Any<()> {
    let millis = Arc::new(AtomicU64::new(0));
    let (now, at) = (Arc::clone(&millis), |millis| UNIX_EPOCH + Duration::from_millis(millis));
    std::fs::create_dir(folder.join(".pipeline"))?;
    let url = format!("sqlite:{}/.pipeline/pipeline.db", folder.display());
    let store = Store::open(&url, move || at(now.load(Ordering::Relaxed))).await?;
    for (number, revision) in (0..RUNS).zip(revisions) {
        let began = start(number)? * 1_000;
        millis.store(began, Ordering::Relaxed);
        let run = store.begin(&deploy(revision)).await?.id;
        let mut recorder = store.recorder(&run);
        for (seq, kind) in (1..).zip(events(number)) {
            recorder.observe(&Event { seq, at: at(began + seq * 1_000), kind });
        }
        recorder.close().await?;
        millis.store(began + TOOK * 1_000, Ordering::Relaxed);
        store.finish(&run, if number % 10 == 7 { &BACK } else { &PASS }).await?;
    }
    store.close().await;
    Ok(())
}

const PASS: Ending =
    Ending { conclusion: Some(Conclusion::Succeeded), outcome: RunOutcome::Pass, exit_code: 0 };
const BACK: Ending = Ending {
    conclusion: Some(Conclusion::RolledBack),
    outcome: RunOutcome::Rollback,
    exit_code: 30,
};

fn deploy(revision: &str) -> NewRun {
    NewRun {
        kind: RunKind::Deploy,
        environment: "production".into(),
        target: "flyio:shop".into(),
        revision: Some(revision.to_owned()),
        image: Some("registry.fly.io/shop:deployment-01K0".into()),
        origin: Some("https://ci.example/jobs/7".into()),
        restores: None,
        promotes: None,
        who: "ada".into(),
        host: "build-7".into(),
        pid: 4711,
        pipeline_version: env!("CARGO_PKG_VERSION").into(),
    }
}

fn events(number: u64) -> impl Iterator<Item = EventKind> {
    let phases = [Phase::Validate, Phase::Build, Phase::Deploy, Phase::Verify];
    phases.into_iter().flat_map(move |phase| {
        let took_ms = 4_000 + number * 7_919 % 900;
        let (step, outcome) = (format!("{}-step", phase.name()), Ok(Report::passed()));
        let verdict = Some(Verdict::Passed);
        [
            EventKind::PhaseStarted { phase },
            EventKind::StepDone {
                phase,
                step,
                outcome,
                required: true,
                took_ms,
                remembered_from: None,
            },
            EventKind::PhaseEnded { phase, verdict, took_ms },
        ]
    })
}
