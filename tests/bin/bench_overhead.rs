//! What the engine costs: ten parallel gates that do nothing, with the journal on disk; start to first
//! output; the size of the binary. Ratios and counts, measured in one run: `true` is the yardstick.
#![expect(clippy::print_stdout, reason = "a benchmark prints its numbers")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use pipeline_core::{
    Deployer, Deployment, Events, Fault, Pipeline, Release, Report, Run, Snapshot, Stage, Step,
    gate_fn,
};
use store_sql::{NewRun, Owner, RunKind, Store};

/// How often each thing is measured; the least is told.
const ROUNDS: usize = 20;

fn main() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let overhead = runtime.expect("the system gives threads").block_on(ten_gates());
    let spawned = least(|| time(Path::new("true"), &[]));
    let ours = Path::new("target/release/pipeline");
    let first = least(|| time(ours, &["--version"]));
    let config = least(|| time(ours, &["config"]));
    let size = std::fs::metadata(ours).map_or(0, |it| it.len());
    println!("10 no-op gates, a whole run, journal on SQLite   {overhead:>10.2?}");
    println!("the same, in processes of `true`                 {:>10.1}", ratio(overhead, spawned));
    println!("`true`, start to end                             {spawned:>10.2?}");
    println!("`pipeline --version`, start to end               {first:>10.2?}");
    println!("`pipeline config`, start to end                  {config:>10.2?}");
    println!("size of the release binary                       {:>8} kB", size / 1000);
}

fn ratio(a: Duration, b: Duration) -> f64 {
    a.as_secs_f64() / b.as_secs_f64()
}

fn least(mut measure: impl FnMut() -> Duration) -> Duration {
    (0..ROUNDS).map(|_| measure()).min().unwrap_or_default()
}

fn time(program: &Path, args: &[&str]) -> Duration {
    let began = Instant::now();
    let mut command = Command::new(program);
    let ended = command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).status();
    assert!(ended.is_ok_and(|it| it.success()), "{} {args:?} does not run", program.display());
    began.elapsed()
}

/// A target that is always there.
struct Nowhere;

#[async_trait::async_trait]
impl Deployer for Nowhere {
    fn target(&self) -> &'static str {
        "nowhere"
    }
    async fn snapshot(&self, _: &pipeline_core::Context) -> Result<Snapshot, Fault> {
        Ok(Snapshot { current: None, data: serde_json::Value::Null })
    }
    async fn stages(&self, _: &Snapshot, _: &pipeline_core::Context) -> Result<Vec<Stage>, Fault> {
        Ok(vec![Stage::new("nothing")])
    }
    async fn advance(
        &self,
        _: &Stage,
        _: &Snapshot,
        _: &pipeline_core::Context,
    ) -> Result<Deployment, Fault> {
        Ok(Deployment::default())
    }
    async fn restore(&self, _: &Snapshot, _: &pipeline_core::Context) -> Result<Deployment, Fault> {
        Ok(Deployment::default())
    }
}

/// The least time of a run of ten gates, from lock to unlock, on a store that is open.
async fn ten_gates() -> Duration {
    #[expect(clippy::disallowed_methods, reason = "a benchmark is its own clock")]
    let clock = SystemTime::now;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = format!("sqlite:{}", folder.path().join("bench.db").display());
    let store = Store::open(&url, clock).await.expect("a store");
    let mut pipeline = Pipeline::to(Step::deployer(Nowhere)).parallel(10);
    for number in 0..10 {
        let gate = gate_fn(|_| async { Ok(Report::passed()) });
        pipeline = pipeline.gate(Step::gate(&format!("gate-{number}"), gate));
    }
    let pipeline = pipeline.build().expect("ten names");
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let began = Instant::now();
        one_run(&store, &pipeline, clock).await;
        best = best.min(began.elapsed());
    }
    best
}

async fn one_run(store: &Store, pipeline: &Pipeline, clock: fn() -> SystemTime) {
    let owner =
        Owner { who: "bench".into(), host: "here".into(), machine: None, pid: 1, run: None };
    let lock = store.lock("nowhere", &owner, Duration::from_secs(30)).await.expect("the lock");
    let row = store.begin(&new_run()).await.expect("a row");
    let recorder = store.recorder(&row.id);
    let run = Run::new(row.id.clone(), Release::new(&row.version), ".")
        .events(Events::new(clock, vec![Box::new(recorder.clone())]));
    let mut journal = store.journal(&row.id, &lock);
    pipeline.run(&run, &mut journal).await.expect("a conclusion");
    drop(run);
    recorder.close().await.expect("events are kept");
    lock.release().await.expect("released");
}

fn new_run() -> NewRun {
    NewRun {
        kind: RunKind::Deploy,
        environment: "bench".into(),
        target: "nowhere".into(),
        revision: None,
        image: None,
        origin: None,
        restores: None,
        promotes: None,
        who: "bench".into(),
        host: "here".into(),
        pid: 1,
        pipeline_version: "0".into(),
    }
}
