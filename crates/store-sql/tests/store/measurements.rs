//! Baselines and samples.

use crate::common::{Folder, Now, TARGET, begin, on_both};
use jiff::Timestamp;
use pipeline_core::{Conclusion, EventKind, Events, Phase, RunId, Verdict};
use serde_json::json;
use store_sql::{Ending, PastSeries, RunOutcome, Sample, Series, Store};

fn series(endpoint: &str, first_us: u64) -> Series {
    let at = |us: i64| Timestamp::from_microsecond(1_774_449_120_000_417 + us).unwrap();
    Series {
        verifier: "performance".into(),
        endpoint: endpoint.into(),
        instance: Some("148e2d6a".into()),
        role: Series::NEW.into(),
        samples: vec![
            Sample { at: at(0), latency_us: first_us, status: Some(200) },
            Sample { at: at(250_100), latency_us: u64::MAX, status: None },
        ],
    }
}

async fn run_with(store: &Store, verify: Option<Verdict>, sample: u64) -> RunId {
    let run = begin(store).await.id;
    let recorder = store.recorder(&run);
    let events = Events::new(Now::default(), vec![Box::new(recorder.clone())]);
    events.tell(EventKind::PhaseEnded { phase: Phase::Verify, verdict: verify, took_ms: 1 });
    recorder.close().await.unwrap();
    store
        .put_samples(
            &run,
            &[
                series("GET /", sample),
                series("GET /api", 1),
                Series { role: "control".into(), ..series("GET /", 99) },
            ],
        )
        .await
        .unwrap();
    let (conclusion, outcome) = (Some(Conclusion::Succeeded), RunOutcome::Pass);
    store.finish(&run, &Ending { conclusion, outcome, exit_code: 0 }).await.unwrap();
    run
}

async fn a_baseline_is_replaced_by_the_next(folder: Folder) {
    let store = folder.open().await;
    assert_eq!(store.baseline(TARGET, "GET /").await.unwrap(), None);
    for median in [40.5, 42.5] {
        store.put_baseline(TARGET, "GET /", &json!({ "median": median })).await.unwrap();
    }
    store.put_baseline(TARGET, "GET /api", &json!({})).await.unwrap();
    store.put_baseline("flyio:other", "GET /", &json!(null)).await.unwrap();
    let baseline = store.baseline(TARGET, "GET /").await.unwrap().unwrap();
    assert_eq!(baseline.document, json!({ "median": 42.5 }));
    let all = store.baselines(TARGET).await.unwrap();
    assert_eq!(
        all.iter().map(|it| it.endpoint.as_str()).collect::<Vec<_>>(),
        ["GET /", "GET /api"]
    );
}

async fn samples_are_read_back_as_they_were_taken(folder: Folder) {
    let store = folder.open().await;
    let run = begin(&store).await.id;
    let control = Series { role: "control".into(), ..series("GET /api", 9) };
    let through_the_proxy = Series { instance: None, ..series("GET /api", 7) };
    let nothing = Series { samples: Vec::new(), ..series("GET /nothing", 7) };
    let batch = [series("GET /", 41_000), through_the_proxy.clone(), control.clone(), nothing];
    store.put_samples(&run, &batch).await.unwrap();
    let later = [series("GET /", 42_000)];
    store.put_samples(&run, &later).await.unwrap();
    let stored = store.samples(&run).await.unwrap();
    let first = vec![series("GET /", 41_000), through_the_proxy, control];
    assert_eq!(stored, [first, later.to_vec()]);
    // All or nothing: a run that does not exist takes none.
    assert!(store.put_samples(&RunId::new("run-9"), &batch).await.is_err());
}

async fn history_for_a_verdict_is_of_healthy_runs_alone(folder: Folder) {
    let store = folder.open().await;
    run_with(&store, Some(Verdict::Passed), 1).await;
    run_with(&store, Some(Verdict::Passed), 2).await;
    run_with(&store, Some(Verdict::Alert), 3).await;
    run_with(&store, None, 4).await;
    let bad = run_with(&store, Some(Verdict::Passed), 5).await;
    store.mark_bad(&bad, "it lost orders").await.unwrap();
    run_with(&store, Some(Verdict::Passed), 6).await;
    begin(&store).await;
    let firsts = |found: Vec<PastSeries>| -> Vec<u64> {
        found.iter().map(|it| it.series.samples[0].latency_us).collect()
    };
    let all = store.healthy_samples(TARGET, "GET /", 5).await.unwrap();
    assert_eq!(firsts(all), [6, 2, 1]);
    let newest = store.healthy_samples(TARGET, "GET /", 2).await.unwrap();
    assert_eq!(firsts(newest), [6, 2]);
    assert_eq!(store.healthy_samples("flyio:other", "GET /", 5).await.unwrap(), []);
}

on_both!(
    a_baseline_is_replaced_by_the_next,
    samples_are_read_back_as_they_were_taken,
    history_for_a_verdict_is_of_healthy_runs_alone,
);
