//! Pages that look like those of a real project: fifty runs over two months.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp};
use pipeline_core::{
    Account, Cause, Check, CheckKind, Conclusion, Control, DecidedBy, Decision, Event, EventKind,
    Failure, Fault, Finding, Phase, PhaseTotal, Release, Report, RunId, Verdict,
};
use pipeline_history::{Ground, WINDOW, dora, most};
use pipeline_report::{Detail, Page, Past, PastRun, Place, Reading};
use store_sql::{Ending, NewRun, RunHistory, RunKind, RunOutcome, RunRow};

/// The first run began then.
const BEGAN: i64 = 1_770_000_000;

/// A page of one environment with so many runs.
pub(crate) fn page(runs: i64) -> Page {
    let past: Vec<PastRun> = (1..=runs).rev().map(run).collect();
    let newest = past.first().map(|it| Detail { row: it.history.run.clone(), account: account() });
    let histories: Vec<RunHistory> = past.iter().map(|it| it.history.clone()).collect();
    let most = most(&histories, &[], WINDOW);
    let rows: Vec<RunRow> = histories.iter().map(|it| it.run.clone()).collect();
    let (from, now) = (Timestamp::from_second(BEGAN), Timestamp::from_second(1_775_000_000));
    let delivery = dora(&Ground {
        runs: &rows,
        commits: &BTreeMap::new(),
        cut_overs: &BTreeMap::new(),
        from: from.unwrap(),
        now: now.unwrap(),
        window: SignedDuration::from_hours(24),
    });
    let answers = vec![
        "Deploys take as long as they did: no trend in the newest 50 (p = 0.41).".to_owned(),
        most.sentence,
    ];
    Page {
        made: SystemTime::UNIX_EPOCH + Duration::from_secs(1_775_000_000),
        by: "0.1.0".into(),
        place: Place::File,
        environments: vec![Past {
            environment: "production".into(),
            answers,
            failing: Some(most.numbers),
            delivery: Some(delivery),
            limits: (2.0, 5.0),
            runs: past,
        }],
        run: newest,
    }
}

/// A number that looks like chance and is always the same.
fn chance(number: i64, salt: i64) -> f64 {
    let mixed = (number * 7_919 + salt * 104_729).rem_euclid(9_973);
    f64::from(u32::try_from(mixed).unwrap()) / 9_973.0
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small and positive")]
fn ms(value: f64) -> u64 {
    value as u64
}

fn outcome(number: i64) -> (RunOutcome, Conclusion) {
    match number % 17 {
        6 => (RunOutcome::Rollback, Conclusion::RolledBack),
        11 => (RunOutcome::Fail, Conclusion::Rejected),
        15 if number > 30 => (RunOutcome::Stuck, Conclusion::Stuck),
        _ => (RunOutcome::Pass, Conclusion::Succeeded),
    }
}

/// One run of the past.
pub(crate) fn run(number: i64) -> PastRun {
    let (outcome, conclusion) = outcome(number);
    let phases = phases(number, outcome);
    let took: u64 = phases.iter().map(|it| it.took_ms).sum();
    let started = Timestamp::from_second(BEGAN + number * 98_000).unwrap();
    let row = RunRow {
        id: RunId::new(format!("run-{number}")),
        number,
        version: format!("v{number}"),
        begun: begun(number),
        started,
        ended: Some(started + SignedDuration::from_millis(i64::try_from(took).unwrap())),
        ending: Some(Ending { conclusion: Some(conclusion), outcome, exit_code: 0 }),
        bad: None,
        traffic_back_ms: (outcome == RunOutcome::Rollback)
            .then(|| ms(2_000.0 + 3_000.0 * chance(number, 9))),
    };
    let verified = phases.iter().any(|it| it.phase == Phase::Verify);
    let readings = if verified { vec![reading(number, outcome)] } else { Vec::new() };
    PastRun { history: RunHistory { run: row, phases }, readings }
}

fn begun(number: i64) -> NewRun {
    NewRun {
        kind: RunKind::Deploy,
        environment: "production".into(),
        target: "flyio:shop".into(),
        revision: Some(format!("{:040x}", number * 0x0123_4567_89ab)),
        image: Some(format!("registry.fly.io/shop@sha256:{:064x}", number * 0x00fe_dcba_9876)),
        origin: None,
        restores: None,
        promotes: None,
        who: if number % 3 == 0 { "grace" } else { "ada" }.into(),
        host: "build-7".into(),
        pid: 1,
        pipeline_version: "0.1.0".into(),
    }
}

fn phases(number: i64, outcome: RunOutcome) -> Vec<PhaseTotal> {
    let total = |phase, verdict, base: f64, salt| PhaseTotal {
        phase,
        verdict: Some(verdict),
        took_ms: ms(base * (0.8 + 0.5 * chance(number, salt))),
    };
    let passed = Verdict::Passed;
    let validate = if outcome == RunOutcome::Fail { Verdict::Refused } else { passed };
    let mut all = vec![total(Phase::Validate, validate, 48_000.0, 1)];
    if outcome == RunOutcome::Fail {
        return all;
    }
    all.push(total(Phase::Build, passed, 71_000.0, 2));
    all.push(total(Phase::Deploy, passed, 33_000.0, 3));
    if outcome == RunOutcome::Pass {
        let verdict = if number % 13 == 0 { Verdict::Alert } else { passed };
        all.push(total(Phase::Verify, verdict, 62_000.0, 4));
        all.push(total(Phase::Settle, passed, 8_000.0, 5));
    } else {
        all.push(total(Phase::Verify, Verdict::Refused, 30_000.0, 4));
        let restored = if outcome == RunOutcome::Stuck { Verdict::Refused } else { passed };
        all.push(total(Phase::Restore, restored, 12_000.0, 6));
    }
    all
}

fn reading(number: i64, outcome: RunOutcome) -> Reading {
    let slow = if outcome == RunOutcome::Rollback { 5.6 } else { 1.0 };
    let check = |name: &str, salt| {
        let ratio =
            slow * (0.85 + 0.35 * chance(number, salt)) * if number % 13 == 0 { 2.1 } else { 1.0 };
        let verdict = match ratio {
            it if it > 5.0 => Verdict::Refused,
            it if it > 2.0 => Verdict::Alert,
            _ => Verdict::Passed,
        };
        Check {
            endpoint: Some(name.into()),
            instance: Some("2afb48141b9f40".into()),
            ratio: Some(ratio),
            interval: Some([ratio * 0.88, ratio * 1.15]),
            samples: Some(120),
            control: Some(Control::Concurrent),
            ..Check::new(CheckKind::Performance, name, verdict, "measured")
        }
    };
    let lost = if outcome == RunOutcome::Stuck { 14.0 } else { 0.0 };
    Reading {
        numbers: vec![
            ("watch/requests".into(), 240.0),
            ("watch/lost".into(), lost),
            ("watch/longest_gap_ms".into(), 40.0),
            ("boot_ms".into(), 2_400.0 + 900.0 * chance(number, 20)),
            ("cold_start/GET //first_ms".into(), 310.0 + 200.0 * chance(number, 21)),
        ],
        checks: vec![check("GET /", 11), check("GET /dashboard", 12)],
    }
}

/// An event so many milliseconds after the beginning.
type Told = (u64, EventKind);

/// Gates side by side, one of which is tried again; a verifier that refuses; the way back.
pub(crate) fn account() -> Account {
    let began = SystemTime::UNIX_EPOCH + Duration::from_secs(1_774_900_000);
    let told = [gates(), rollout(), refusal(), way_back()].concat();
    let events: Vec<Event> = told
        .into_iter()
        .map(|(ms, kind)| Event { seq: 1, at: began + Duration::from_millis(ms), kind })
        .collect();
    Account::of(&events)
}

fn gates() -> Vec<Told> {
    let phase = Phase::Validate;
    let (run, release, target) = (RunId::new("run-50"), Release::new("v50"), "flyio:shop".into());
    let complex = Finding::warning("`Shop.Cart.total/1` is too complex");
    let complex = Report::alert(complex.at("lib/shop/cart.ex", 41).remedy("split it"));
    let reason = "nothing that it reads has changed since main".into();
    vec![
        (0, EventKind::RunStarted { run, release, target, resumed: false }),
        (0, EventKind::PhaseStarted { phase }),
        (5, begins(phase, "format")),
        (6, begins(phase, "compile")),
        (900, done(phase, "format", Report::passed(), 895)),
        (14_000, done(phase, "compile", Report::passed(), 13_994)),
        (14_005, begins(phase, "credo")),
        (14_006, begins(phase, "test")),
        (19_000, done(phase, "credo", complex, 4_995)),
        (41_000, done(phase, "test", Report::passed().number("coverage", 91.5), 26_994)),
        (41_010, EventKind::StepSkipped { phase, step: "dialyzer".into(), reason }),
        (41_020, ends(phase, Verdict::Alert, 41_020)),
    ]
}

fn rollout() -> Vec<Told> {
    let phase = Phase::Deploy;
    let (fault, after_ms) = (Fault::timed_out(Duration::from_secs(10)), 500);
    vec![
        (41_030, EventKind::PhaseStarted { phase }),
        (41_035, begins(phase, "green")),
        (52_000, EventKind::WillRetry { step: "green".into(), attempt: 1, fault, after_ms }),
        (68_000, done(phase, "green", Report::passed(), 26_965)),
        (68_001, ends(phase, Verdict::Passed, 26_971)),
    ]
}

fn refusal() -> Vec<Told> {
    let phase = Phase::Verify;
    let message = "GET /dashboard: answered 500, wanted 200 (machine 2afb48141b9f40)";
    let finding = Finding::error(message).rule("smoke");
    let cause = Cause::Refused(vec![finding.clone()]);
    let failure = Failure { phase, step: "smoke".into(), cause, whole: true, untouched: false };
    let (decision, by, reason) = (Decision::Restore, DecidedBy::Policy, None);
    vec![
        (68_010, EventKind::PhaseStarted { phase }),
        (68_011, begins(phase, "smoke")),
        (80_000, done(phase, "smoke", Report::refused(finding), 11_989)),
        (80_001, EventKind::Failed { failure }),
        (80_001, ends(phase, Verdict::Refused, 11_991)),
        (80_002, EventKind::Decided { decision, by, reason }),
    ]
}

fn way_back() -> Vec<Told> {
    let phase = Phase::Restore;
    vec![
        (80_003, EventKind::PhaseStarted { phase }),
        (80_004, begins(phase, "restore")),
        (86_000, done(phase, "restore", Report::passed(), 5_996)),
        (86_001, ends(phase, Verdict::Passed, 5_998)),
        (86_002, EventKind::RunFinished { conclusion: Conclusion::RolledBack }),
    ]
}

fn begins(phase: Phase, step: &str) -> EventKind {
    EventKind::StepStarted { phase, step: step.into(), expected_ms: None }
}

fn done(phase: Phase, step: &str, report: Report, took_ms: u64) -> EventKind {
    let (step, outcome, required, remembered_from) = (step.into(), Ok(report), true, None);
    EventKind::StepDone { phase, step, outcome, required, took_ms, remembered_from }
}

fn ends(phase: Phase, verdict: Verdict, took_ms: u64) -> EventKind {
    EventKind::PhaseEnded { phase, verdict: Some(verdict), took_ms }
}
