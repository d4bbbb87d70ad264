//! What steps measured, read back over many runs.

use pipeline_core::{
    Check, CheckKind, EventKind, Events, Evidence, Fault, Outcome, Phase, Report, Verdict,
};
use store_sql::RunFilter;

use crate::common::{Folder, Now, begin, on_both};

fn done(phase: Phase, step: &str, outcome: Outcome) -> EventKind {
    let (step, required, took_ms, remembered_from) = (step.to_owned(), true, 1_500, None);
    EventKind::StepDone { phase, step, outcome, required, took_ms, remembered_from }
}

async fn what_was_measured_in_many_runs_is_read_at_once(folder: Folder) {
    let store = folder.open().await;
    for lost in [0.0, 3.0] {
        let run = begin(&store).await.id;
        let recorder = store.recorder(&run);
        let events = Events::new(Now::default(), vec![Box::new(recorder.clone())]);
        let plain = Check::smoke("GET /", Verdict::Passed, "answered 200");
        let compared = Check::new(CheckKind::Performance, "GET /", Verdict::Passed, "as fast");
        let compared = Check { ratio: Some(1.04), interval: Some([0.97, 1.11]), ..compared };
        let watched = Report::of_checks(vec![plain, compared]).number("watch/lost", lost);
        let watched = watched.evidence(Evidence::new("long", "x".repeat(1_000)));
        events.tell(done(Phase::Validate, "silent", Ok(Report::passed())));
        events.tell(done(Phase::Verify, "fault", Err(Fault::cancelled())));
        events.tell(done(Phase::Verify, "watch", Ok(watched)));
        recorder.close().await.unwrap();
    }
    let measured = store.measured(&RunFilter::default()).await.unwrap();
    let lines = measured.iter().map(|it| (it.number, it.step.as_str(), it.numbers["watch/lost"]));
    assert_eq!(lines.collect::<Vec<_>>(), [(2, "watch", 3.0), (1, "watch", 0.0)]);
    let ratios = measured.iter().flat_map(|it| &it.checks).map(|it| it.ratio);
    assert_eq!(ratios.collect::<Vec<_>>(), [Some(1.04), Some(1.04)]);
    let one = RunFilter { limit: Some(1), ..RunFilter::default() };
    assert_eq!(store.measured(&one).await.unwrap().len(), 1);
}

on_both!(what_was_measured_in_many_runs_is_read_at_once);
