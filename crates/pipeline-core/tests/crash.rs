//! `kill -9` at every instant: whatever is resumed ends as if nothing had happened.

use pipeline_core::{
    Conclusion, Deployment, Finding, Pipeline, Record, Report, RunError, State, Step, verifier_fn,
};
use pipeline_testkit::{
    Answer, FakeTarget, MemoryJournal, ScriptedBuilder, ScriptedGate, a_run, unless_dead,
};

/// Machines by name, version and whether they serve.
type Live = Vec<(String, String, bool)>;

#[derive(Clone, Copy, Debug)]
enum Release {
    Good,
    Bad,
}

const RELEASES: [Release; 2] = [Release::Good, Release::Bad];

/// A way to deploy, by its name.
type Way = (&'static str, fn() -> FakeTarget);

const WAYS: [Way; 3] = [
    ("rolling", || FakeTarget::rolling(["v1", "v1", "v1"])),
    ("canary", || FakeTarget::canary(["v1", "v1", "v1"])),
    ("bluegreen", || FakeTarget::bluegreen(["v1", "v1"])),
];

fn pipeline(target: &FakeTarget, release: Release) -> Pipeline {
    let smoke = verifier_fn(move |deployment: Deployment, _| async move {
        Ok(match release {
            Release::Bad if deployment.version == "v2" => {
                Report::refused(Finding::error("GET / answered 500, wanted 200"))
            }
            _ => Report::passed(),
        })
    });
    Pipeline::to(Step::deployer(target.clone()))
        .gate(Step::gate("test", ScriptedGate::always(Answer::pass())))
        .builder(Step::builder("image", ScriptedBuilder::always(Answer::builds("v2"))))
        .verifier(Step::verifier("smoke", smoke))
        .build()
        .expect("the names differ")
}

/// How it ends if nobody kills it.
async fn undisturbed(target: FakeTarget, release: Release) -> (Conclusion, Live) {
    let end = pipeline(&target, release).run(&a_run("v2"), &mut MemoryJournal::new()).await;
    (end.expect("nothing goes wrong"), target.live())
}

/// Runs until death; says whether it came.
async fn dies(target: &FakeTarget, journal: &mut MemoryJournal, release: Release) -> bool {
    let deaths = (target.death(), journal.death());
    let (pipeline, run) = (pipeline(target, release), a_run("v2"));
    let running = unless_dead(Box::pin(pipeline.run(&run, journal)), &deaths.0);
    !matches!(unless_dead(running, &deaths.1).await, Some(Some(_)))
}

async fn resumed(
    target: &FakeTarget,
    journal: &MemoryJournal,
    release: Release,
) -> (Conclusion, Live) {
    let (target, mut journal) = (target.revived(), journal.revived());
    let records = journal.records();
    let end = pipeline(&target, release).resume(&a_run("v2"), &records, &mut journal).await;
    let end = end.expect("what was kept can be gone on with");
    let folded = State::replay(&journal.records()).expect("the journal makes sense");
    assert_eq!(folded, State::Finished(end));
    (end, target.live())
}

/// Every way with a good and a bad release.
fn cases() -> impl Iterator<Item = (Way, Release)> {
    WAYS.into_iter().flat_map(|way| RELEASES.map(|release| (way, release)))
}

/// An instant at which a process can die.
struct Instant {
    name: &'static str,
    journal: MemoryJournal,
    dying: fn(FakeTarget, usize) -> FakeTarget,
}

fn instants(n: usize) -> [Instant; 4] {
    let of = |name, journal, dying| Instant { name, journal, dying };
    let journal = MemoryJournal::new;
    [
        of("before record", journal().dying_before(n), |target, _| target),
        of("after record", journal().dying_after(n), |target, _| target),
        of("before effect", journal(), FakeTarget::dying_before),
        of("after effect", journal(), FakeTarget::dying_after),
    ]
}

#[tokio::test]
async fn killed_anywhere_it_ends_the_same() {
    let mut deaths = 0;
    for ((way, target), release) in cases() {
        let wanted = undisturbed(target(), release).await;
        for (n, mut at) in (1..40).flat_map(|n| instants(n).map(|at| (n, at))) {
            let target = (at.dying)(target(), n);
            if dies(&target, &mut at.journal, release).await {
                deaths += 1;
                let end = resumed(&target, &at.journal, release).await;
                assert_eq!(end, wanted, "{way}, {release:?}, died {} {n}", at.name);
            }
        }
    }
    // 3 ways, good and bad, before and after each of 5 to 9 records and 2 to 8 effects.
    assert_eq!(deaths, 140);
}

/// Dies after an effect, is resumed, dies before a record; `None` if the first death did not come.
async fn dies_twice(
    target: FakeTarget,
    release: Release,
    (effect, record): (usize, usize),
) -> Option<(FakeTarget, MemoryJournal)> {
    let (target, mut journal) = (target.dying_after(effect), MemoryJournal::new());
    if !dies(&target, &mut journal, release).await {
        return None;
    }
    let (target, mut again) = (target.revived(), journal.revived().dying_before(record));
    let (records, death) = (again.records(), again.death());
    let (pipeline, run) = (pipeline(&target, release), a_run("v2"));
    unless_dead(pipeline.resume(&run, &records, &mut again), &death).await;
    Some((target, again))
}

#[tokio::test]
async fn killed_while_resuming_it_still_ends_the_same() {
    for ((way, target), release) in cases() {
        let wanted = undisturbed(target(), release).await;
        for deaths in (1..12).flat_map(|first| (1..12).map(move |second| (first, second))) {
            let died = Box::pin(dies_twice(target(), release, deaths)).await;
            if let Some((target, journal)) = died {
                let end = resumed(&target, &journal, release).await;
                assert_eq!(end, wanted, "{way}, {release:?}, died at effect and record {deaths:?}");
            }
        }
    }
}

#[tokio::test]
async fn taken_back_from_anywhere_the_old_release_serves() {
    let mut refused = Vec::new();
    for (name, target) in WAYS {
        let before = target().live();
        for n in 1..40 {
            let (target, mut journal) = (target(), MemoryJournal::new().dying_after(n));
            if !dies(&target, &mut journal, Release::Good).await {
                continue;
            }
            let (mut journal, run) = (journal.revived(), a_run("v2"));
            let records = journal.records();
            let pipeline = pipeline(&target.revived(), Release::Good);
            match pipeline.turn_back(&run, &records, &mut journal).await {
                Ok(end) => {
                    assert_eq!(
                        (end, target.live()),
                        (Conclusion::RolledBack, before.clone()),
                        "{name}, {n}"
                    );
                }
                Err(error) => {
                    assert_eq!(journal.records(), records, "{name}, {n}");
                    refused.push(format!("{name}, after record {n}: {error}"));
                }
            }
        }
    }
    insta::assert_snapshot!(refused.join("\n"), @r"
    rolling, after record 1: a run that is building cannot be taken back; resume it without --back
    rolling, after record 2: a run that is looking at the target cannot be taken back; resume it without --back
    rolling, after record 5: a run that is finished cannot be taken back; resume it without --back
    canary, after record 1: a run that is building cannot be taken back; resume it without --back
    canary, after record 2: a run that is looking at the target cannot be taken back; resume it without --back
    canary, after record 7: a run that is finished cannot be taken back; resume it without --back
    bluegreen, after record 1: a run that is building cannot be taken back; resume it without --back
    bluegreen, after record 2: a run that is looking at the target cannot be taken back; resume it without --back
    bluegreen, after record 7: a run that is settling cannot be taken back; resume it without --back
    bluegreen, after record 8: a run that is finished cannot be taken back; resume it without --back
    ");
}

#[tokio::test]
async fn killed_while_taken_back_it_still_goes_back() {
    for (name, target) in WAYS {
        let before = target().live();
        for n in 1..12 {
            // Effect 2 has happened: every way is in the middle of something.
            let (target, mut journal) = (target().dying_after(2), MemoryJournal::new());
            assert!(dies(&target, &mut journal, Release::Good).await);
            let (target, mut again) = (target.revived(), journal.revived().dying_after(n));
            let (records, death) = (again.records(), again.death());
            let (pipeline, run) = (pipeline(&target, Release::Good), a_run("v2"));
            unless_dead(pipeline.turn_back(&run, &records, &mut again), &death).await;
            let end = resumed(&target, &again, Release::Good).await;
            assert_eq!(end, (Conclusion::RolledBack, before.clone()), "{name}, record {n}");
        }
    }
}

#[tokio::test]
async fn a_finished_run_just_says_how_it_ended() {
    let (target, mut journal) = (FakeTarget::rolling(["v1"]), MemoryJournal::new());
    assert!(!dies(&target, &mut journal, Release::Bad).await);
    let (records, effects) = (journal.records(), target.effects());
    let pipeline = pipeline(&target, Release::Bad);
    let end = pipeline.resume(&a_run("v2"), &records, &mut journal).await;
    assert_eq!(end, Ok(Conclusion::RolledBack));
    assert_eq!((journal.records(), target.effects()), (records.clone(), effects));
    let back = pipeline.turn_back(&a_run("v2"), &records, &mut journal).await;
    assert_eq!(back, Err(RunError::NoWayBack("finished")));
}

#[tokio::test]
async fn a_run_is_never_gone_on_with_against_another_target() {
    let target = FakeTarget::rolling(["v1"]).dying_before(1);
    let mut journal = MemoryJournal::new();
    assert!(dies(&target, &mut journal, Release::Good).await);
    let other = FakeTarget::rolling(["v1"]).named("fake:other");
    let pipeline = pipeline(&other, Release::Good);
    let (records, mut journal, run) = (journal.records(), journal.revived(), a_run("v2"));
    let resumed = pipeline.resume(&run, &records, &mut journal).await.unwrap_err();
    insta::assert_snapshot!(resumed, @"the run was made against fake:shop, not fake:other; resume it with its own environment");
    assert_eq!(pipeline.turn_back(&run, &records, &mut journal).await, Err(resumed));
    assert_eq!((journal.records(), other.effects()), (records, 0));
}

#[tokio::test]
async fn a_damaged_journal_is_refused_before_anything_is_done() {
    let target = FakeTarget::rolling(["v1"]);
    let records = [Record::GatesPassed, Record::StageVerified];
    let resumed = pipeline(&target, Release::Good)
        .resume(&a_run("v2"), &records, &mut MemoryJournal::new())
        .await;
    assert!(matches!(resumed, Err(RunError::Illegal(_))), "{resumed:?}");
    assert_eq!(target.effects(), 0);
}
