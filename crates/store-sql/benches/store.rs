//! What a store takes and how long it takes: `cargo bench -p store-sql`. On a busy machine the times say little; sizes and
//! memory are the same anywhere.

#![expect(
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a program that prints numbers"
)]

use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use pipeline_core::{
    Artifact, Conclusion, Deployment, Event, EventKind, Evidence, Journal, Observer, Phase, Record,
    Report, RunId, Snapshot, Stage, Verdict,
};
use serde_json::json;
use store_sql::{Ending, NewRun, Owner, RunFilter, RunKind, RunOutcome, Sample, Series, Store};

type Any<T> = Result<T, Box<dyn std::error::Error>>;

const TARGET: &str = "flyio:shop";
/// A run may take so many bytes on disk.
const MOST_BYTES_A_RUN: u64 = 20_000;
/// Reading a million events may add so much memory, in kB.
const MOST_MEMORY: u64 = 64 * 1024;

fn main() -> Any<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        typical_runs().await?;
        history().await?;
        a_million_events().await
    })
}

fn clock() -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(1_774_449_120_337)
}

async fn open(folder: &Path) -> Any<Store> {
    Ok(Store::open(&format!("sqlite:{}/store.db", folder.display()), clock).await?)
}

fn deploy() -> NewRun {
    NewRun {
        kind: RunKind::Deploy,
        environment: "production".into(),
        target: TARGET.into(),
        revision: Some("4f1c2ab9d0e5f6a7b8c9d0e1f2a3b4c5d6e7f809".into()),
        image: None,
        origin: Some("https://ci.example/jobs/7".into()),
        restores: None,
        promotes: None,
        who: "ada".into(),
        host: "build-7".into(),
        pid: 4711,
        pipeline_version: "0.1.0".into(),
    }
}

const PASS: Ending =
    Ending { conclusion: Some(Conclusion::Succeeded), outcome: RunOutcome::Pass, exit_code: 0 };

/// 100 runs, each of about 150 events and six series of 200 samples, with latencies as they scatter.
async fn typical_runs() -> Any<()> {
    const RUNS: u64 = 100;
    let folder = tempfile::tempdir()?;
    let store = open(folder.path()).await?;
    let empty = store.info().await?.bytes;
    let mut dice = Dice(1);
    for number in 0..RUNS {
        let run = store.begin(&deploy()).await?;
        journal(&store, &run.id, number).await?;
        let mut recorder = store.recorder(&run.id);
        for (seq, kind) in (1..).zip(events(number, &mut dice)) {
            recorder.observe(&Event { seq, at: clock() + Duration::from_millis(seq * 337), kind });
        }
        recorder.close().await?;
        let batch: Vec<_> = (0..6).map(|place| series(place, &mut dice)).collect();
        store.put_samples(&run.id, &batch).await?;
        store.finish(&run.id, &PASS).await?;
    }
    let info = store.info().await?;
    let bytes = (info.bytes - empty) / RUNS;
    println!(
        "typical runs: {RUNS} of {} events, {} series of 200 samples, 12 records: {bytes} bytes each on disk (limit {MOST_BYTES_A_RUN})",
        info.events / RUNS,
        info.series / RUNS
    );
    assert!(bytes <= MOST_BYTES_A_RUN, "a run takes {bytes} bytes");
    Ok(())
}

async fn journal(store: &Store, run: &RunId, number: u64) -> Any<()> {
    let owner = Owner {
        who: "ada".into(),
        host: "build-7".into(),
        machine: None,
        pid: 7,
        run: Some(run.clone()),
    };
    let lock = store.lock(TARGET, &owner, Duration::from_secs(30)).await?;
    let mut journal = store.journal(run, &lock);
    let machine = json!({ "id": "148ed193b95948", "region": "fra", "image": format!("registry.fly.io/shop@sha256:{number:064}"),
        "config": { "env": { "PRIMARY_REGION": "fra" }, "guest": { "cpus": 1, "memory_mb": 256 } } });
    let built = Record::Built {
        artifact: Artifact::new(format!("registry.fly.io/shop@sha256:{number:064}")),
    };
    let snapshot = Record::SnapshotTaken {
        target: TARGET.into(),
        snapshot: Snapshot {
            current: Some(Deployment::default()),
            data: json!({ "machines": [machine, machine] }),
        },
        stages: vec![Stage::new("roll").data(json!([machine])), Stage::settle("settle")],
        baselines: [("performance".to_owned(), Evidence::new("measured", json!({})))].into(),
    };
    for record in [Record::GatesPassed, built, snapshot] {
        journal.append(&record).await?;
    }
    for _ in 0..4 {
        journal.append(&Record::StageReached { deployment: Deployment::default() }).await?;
        journal.append(&Record::StageVerified).await?;
    }
    journal.append(&Record::Settled { deployment: Deployment::default() }).await?;
    Ok(lock.release().await?)
}

fn events(number: u64, dice: &mut Dice) -> Vec<EventKind> {
    let mut kinds = Vec::new();
    for phase in [Phase::Validate, Phase::Build, Phase::Deploy, Phase::Verify] {
        kinds.push(EventKind::PhaseStarted { phase });
        for step in 0..6 {
            let step = format!("{phase:?}-{step}");
            for line in 0..4 {
                let took = dice.below(9_000);
                let message = format!(
                    "machine 148ed193b95948: check {line} of `{step}` answered in {took} ms, v{number}"
                );
                kinds.push(EventKind::Noted { step: step.clone(), message });
            }
            let report = Report::passed().number("coverage", dice.below(10_000) as f64 / 100.0);
            let report = report.evidence(Evidence::new(
                "output",
                format!("{} tests, 0 failures, seed {}", dice.below(900), dice.below(999_999)),
            ));
            kinds.push(EventKind::StepDone {
                phase,
                step,
                outcome: Ok(report),
                required: true,
                took_ms: dice.below(60_000),
                remembered_from: None,
            });
        }
        let verdict = Some(Verdict::Passed);
        kinds.push(EventKind::PhaseEnded { phase, verdict, took_ms: dice.below(90_000) });
        for done in 0..5 {
            kinds.push(EventKind::Progressed { step: "push".into(), done, total: Some(5) });
        }
    }
    kinds
}

/// Latencies around 40 ms with a long tail, 20 requests a second, sent punctually to within a millisecond.
fn series(place: u64, dice: &mut Dice) -> Series {
    let sample = |n: u64| {
        let at = 1_774_449_120_000_000 + n * 50_000 + dice.below(1_000);
        let tail = if dice.below(20) == 0 { dice.below(200_000) } else { 0 };
        let latency_us = 36_000 + dice.below(9_000) + tail;
        let at = Timestamp::from_microsecond(i64::try_from(at).expect("soon")).expect("a moment");
        Sample { at, latency_us, status: Some(200) }
    };
    Series {
        verifier: "performance".into(),
        endpoint: format!("GET /{}", place / 2),
        instance: Some("148ed193b95948".into()),
        role: if place.is_multiple_of(2) { Series::NEW } else { "control" }.into(),
        samples: (0..200).map(sample).collect(),
    }
}

/// What `history` reads, over 10,000 runs. What `trends` asks is more than the store: it is measured with the command itself, in
/// `crates/cli/benches/trends.rs`.
async fn history() -> Any<()> {
    const RUNS: usize = 10_000;
    let folder = tempfile::tempdir()?;
    let store = open(folder.path()).await?;
    let began = Instant::now();
    for number in 0..RUNS as u64 {
        let run = store.begin(&deploy()).await?;
        let mut recorder = store.recorder(&run.id);
        let phases = [Phase::Validate, Phase::Build, Phase::Deploy, Phase::Verify];
        for (seq, phase) in (1..).zip(phases) {
            let kind =
                EventKind::PhaseEnded { phase, verdict: Some(Verdict::Passed), took_ms: number };
            recorder.observe(&Event { seq, at: clock(), kind });
        }
        recorder.close().await?;
        store.finish(&run.id, &PASS).await?;
    }
    let written = began.elapsed();
    let timed = async |name: &str, filter: RunFilter| -> Any<()> {
        let began = Instant::now();
        let found = store.history(&filter).await?;
        let phases: usize = found.iter().map(|it| it.phases.len()).sum();
        println!("{name}: {} runs with {phases} phases in {:?}", found.len(), began.elapsed());
        Ok(())
    };
    println!("history: {RUNS} runs written in {written:?}");
    let environment = Some("production".to_owned());
    timed("history of 20", RunFilter { limit: Some(20), ..RunFilter::default() }).await?;
    timed(
        "history of 50 of an environment",
        RunFilter { environment, limit: Some(50), ..RunFilter::default() },
    )
    .await?;
    timed("history of all", RunFilter::default()).await
}

/// A run of a million events, read page by page.
async fn a_million_events() -> Any<()> {
    const EVENTS: u64 = 1_000_000;
    let folder = tempfile::tempdir()?;
    let store = open(folder.path()).await?;
    let run = store.begin(&deploy()).await?.id;
    let began = Instant::now();
    for part in 0..100 {
        // The recorder never waits for the disk: closing it does.
        let mut recorder = store.recorder(&run);
        for n in 0..EVENTS / 100 {
            let message = format!("line {} of the output", part * EVENTS / 100 + n);
            let kind = EventKind::Noted { step: "test".into(), message };
            recorder.observe(&Event { seq: n, at: clock(), kind });
        }
        recorder.close().await?;
    }
    let written = began.elapsed();
    let (before, began) = (memory()?, Instant::now());
    let (mut after, mut count, mut most) = (0, 0, before);
    loop {
        let page = store.events_page(&run, after, 1_000).await?;
        let Some(last) = page.last() else { break };
        after = last.seq;
        count += page.len() as u64;
        most = most.max(memory()?);
    }
    let bytes = store.info().await?.bytes;
    println!(
        "events: {count} of one run in {bytes} bytes on disk ({:.1} each), written in {written:?}, streamed in {:?} with {} kB more memory (limit {MOST_MEMORY})",
        bytes as f64 / count as f64,
        began.elapsed(),
        most - before
    );
    assert_eq!(count, EVENTS);
    assert!(most - before <= MOST_MEMORY, "{} kB more", most - before);
    Ok(())
}

/// What this process has in memory, in kB.
fn memory() -> Any<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// The same numbers each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        // xorshift64* (Vigna, "An experimental exploration of Marsaglia's xorshift generators", 2016).
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % bound
    }
}
