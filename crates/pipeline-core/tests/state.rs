//! The state machine: what may follow what, and where every way ends.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write;

use pipeline_core::{
    Action, Artifact, Cause, Conclusion, Course, Decision, Deployment, Failure, Phase, Record,
    Snapshot, Stage, State,
};

fn failure() -> Failure {
    let (step, cause) = ("smoke".into(), Cause::Interrupted);
    Failure { phase: Phase::Verify, step, cause, whole: false, untouched: false }
}

fn snapshot() -> Snapshot {
    Snapshot { current: None, data: "v1".into() }
}

fn stages() -> Vec<Stage> {
    vec![Stage::new("green"), Stage::new("switch"), Stage::settle("settle")]
}

fn course() -> Box<Course> {
    let (target, artifact) = ("fake:shop".into(), Artifact::new("v2"));
    let (snapshot, stages) = (snapshot(), stages());
    Box::new(Course { target, artifact, snapshot, stages, baselines: BTreeMap::new() })
}

/// One of each state that behaves differently.
fn states() -> Vec<State> {
    let made = Deployment::default;
    vec![
        State::Checking,
        State::Building,
        State::Looking(Artifact::new("v2")),
        State::Deploying(course(), 0),
        State::Verifying(course(), 0, made()),
        State::Deploying(course(), 1),
        State::Verifying(course(), 1, made()),
        State::Settling(course(), 2),
        State::Deciding(course(), failure()),
        State::Restoring(course()),
        State::VerifyingRestore(course(), made()),
        State::Finished(Conclusion::Succeeded),
        State::Finished(Conclusion::Rejected),
        State::Finished(Conclusion::RolledBack),
        State::Finished(Conclusion::Left),
        State::Stuck(course()),
    ]
}

/// One of each record that behaves differently.
fn records() -> Vec<Record> {
    let deployment = Deployment::default;
    vec![
        Record::GatesPassed,
        Record::Rejected { failures: vec![failure()] },
        Record::Built { artifact: Artifact::new("v2") },
        Record::SnapshotTaken {
            target: "fake:shop".into(),
            snapshot: snapshot(),
            stages: stages(),
            baselines: BTreeMap::new(),
        },
        Record::StageReached { deployment: deployment() },
        Record::StageVerified,
        Record::Failed { failure: failure() },
        Record::decided(Decision::Restore),
        Record::decided(Decision::Leave),
        Record::Restored { deployment: deployment() },
        Record::RestoreVerified,
        Record::RestoreFailed { failure: failure() },
        Record::Settled { deployment: deployment() },
    ]
}

fn said(state: &State) -> String {
    match state {
        State::Deploying(_, stage) | State::Verifying(_, stage, _) => {
            format!("{} stage {stage}", state.name())
        }
        State::Finished(conclusion) => format!("{conclusion:?}"),
        other => other.name().to_owned(),
    }
}

fn told(record: &Record) -> String {
    match record {
        Record::Decided { decision, .. } => format!("decided: {decision:?}").to_lowercase(),
        other => other.name().to_owned(),
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "all legal pairs in one place")]
fn every_legal_pair_stands_here_and_every_other_is_refused_with_both_sides_named() {
    let mut table = String::new();
    for state in states() {
        for record in records() {
            match state.clone().apply(&record) {
                Ok(next) => {
                    writeln!(table, "{} + {} = {}", said(&state), told(&record), said(&next))
                        .unwrap();
                }
                Err(illegal) => {
                    assert_eq!((illegal.state, illegal.record), (state.name(), record.name()));
                }
            }
        }
    }
    insta::assert_snapshot!(table, @r"
    checking gates + gates passed = building
    checking gates + rejected = Rejected
    building + gates passed = building
    building + rejected = Rejected
    building + built = looking at the target
    looking at the target + gates passed = building
    looking at the target + rejected = Rejected
    looking at the target + snapshot taken = deploying stage 0
    deploying stage 0 + stage reached = verifying stage 0
    deploying stage 0 + failed = deciding
    verifying stage 0 + stage verified = deploying stage 1
    verifying stage 0 + failed = deciding
    deploying stage 1 + stage reached = verifying stage 1
    deploying stage 1 + failed = deciding
    verifying stage 1 + stage verified = settling
    verifying stage 1 + failed = deciding
    settling + failed = Left
    settling + settled = Succeeded
    deciding + decided: restore = restoring
    deciding + decided: leave = Left
    restoring + restored = verifying what was restored
    restoring + restore failed = stuck
    verifying what was restored + restore verified = RolledBack
    verifying what was restored + restore failed = stuck
    stuck + restored = verifying what was restored
    stuck + restore failed = stuck
    ");
}

#[test]
fn a_refusal_says_what_is_wrong_with_the_journal() {
    let refused = State::replay(&[Record::GatesPassed, Record::RestoreVerified]).unwrap_err();
    insta::assert_snapshot!(refused, @"the record `restore verified` cannot follow while the run is building; the journal is damaged or from another version");
}

/// Every state that can be reached from the beginning, with the records on the shortest way to it.
fn reachable() -> Vec<(State, Vec<Record>)> {
    let (mut seen, mut found) = (BTreeSet::new(), Vec::new());
    let mut next = VecDeque::from([(State::Checking, Vec::new())]);
    while let Some((state, way)) = next.pop_front() {
        if !seen.insert(format!("{state:?}")) {
            continue;
        }
        for record in records() {
            let longer = [way.clone(), vec![record.clone()]].concat();
            next.extend(state.clone().apply(&record).ok().map(|state| (state, longer)));
        }
        found.push((state, way));
    }
    found
}

#[test]
fn every_state_can_be_reached_and_every_way_ends() {
    let found: BTreeSet<_> = reachable().iter().map(|(state, _)| said(state)).collect();
    let all: BTreeSet<_> = states().iter().map(said).collect();
    assert_eq!(found, all);
    for (state, _) in reachable() {
        let ends = matches!(state, State::Finished(_));
        let goes_on = records().iter().any(|record| state.clone().apply(record).is_ok());
        assert_eq!(ends, !goes_on, "{state:?}");
        // A stuck run stops too, and can be gone on with.
        let stops = ends || matches!(state, State::Stuck(_));
        assert_eq!(stops, matches!(state.next(), Action::Stop(_)), "{state:?}");
    }
}

/// Every journal that ends, the gates asked once; a stuck run is not resumed.
fn journals() -> Vec<(Conclusion, Vec<Record>)> {
    let (mut ended, mut open) = (Vec::new(), vec![(State::Checking, Vec::<Record>::new())]);
    while let Some((state, way)) = open.pop() {
        if let Action::Stop(conclusion) = state.next() {
            ended.push((conclusion, way));
            continue;
        }
        for record in records() {
            if record == Record::GatesPassed && !way.is_empty() {
                continue;
            }
            let longer = [way.clone(), vec![record.clone()]].concat();
            open.extend(state.clone().apply(&record).ok().map(|state| (state, longer)));
        }
    }
    ended
}

#[test]
fn each_conclusion_means_what_it_says() {
    let journals = journals();
    for (conclusion, records) in &journals {
        let names: Vec<_> = records.iter().map(told).collect();
        let has = |name: &str| names.iter().any(|it| it == name);
        let verified = names.iter().filter(|it| *it == "stage verified").count();
        match conclusion {
            Conclusion::Succeeded => assert!(verified == 2 && has("settled") && !has("failed")),
            Conclusion::Rejected => assert!(!has("snapshot taken")),
            Conclusion::RolledBack => assert!(has("restore verified") && has("failed")),
            Conclusion::Left => assert!(has("decided: leave") || verified == 2),
            Conclusion::Stuck => assert!(has("restore failed") && has("decided: restore")),
        }
    }
    let mut counted = BTreeMap::<_, usize>::new();
    for (conclusion, _) in &journals {
        *counted.entry(format!("{conclusion:?}")).or_default() += 1;
    }
    // Two stages, each may fail when reached or when verified: 4 ways into deciding, 3 ways out of it.
    insta::assert_debug_snapshot!(counted, @r#"
    {
        "Left": 5,
        "Rejected": 3,
        "RolledBack": 4,
        "Stuck": 8,
        "Succeeded": 1,
    }
    "#);
}

#[test]
fn before_anything_was_touched_a_resumed_run_begins_again() {
    for (state, _) in reachable() {
        let resumed = state.clone().resumed();
        match state {
            State::Checking | State::Building | State::Looking(_) => {
                assert!(!state.touched());
                assert_eq!(resumed, State::Checking);
            }
            State::Stuck(course) => assert_eq!(resumed, State::Restoring(course)),
            touched => assert_eq!(resumed, touched),
        }
    }
}

#[test]
fn a_run_is_bound_to_its_target_and_can_be_taken_back_until_it_settles() {
    for state in states() {
        let name = said(&state);
        let bound = state.target().is_some();
        let on_the_way =
            matches!(state, State::Deploying(..) | State::Verifying(..) | State::Deciding(..));
        assert_eq!(state.can_turn_back(), on_the_way, "{name}");
        let over = matches!(state, State::Finished(_));
        assert_eq!(bound, state.touched() && !over, "{name}");
    }
}

#[test]
fn the_target_is_whole_once_only_the_settling_is_left() {
    let whole = |stage| match State::Verifying(course(), stage, Deployment::default()).next() {
        Action::Verify(_, made) => made.whole,
        other => panic!("{other:?} is no verification"),
    };
    assert!(!whole(0));
    assert!(whole(1));
}

#[test]
fn after_what_only_prepares_comes_the_next_stage_at_once() {
    let stages = vec![Stage::prepare("migrate"), Stage::new("roll")];
    let course = Box::new(Course { stages, ..*course() });
    let reached = Record::StageReached { deployment: Deployment::default() };
    let next = State::Deploying(course.clone(), 0).apply(&reached).unwrap();
    assert_eq!(next, State::Deploying(course, 1));
}
