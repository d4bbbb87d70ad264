//! What is done about which history.

use Conclusion::{Left, Rejected, RolledBack, Stuck, Succeeded};
use pipeline_core::{Artifact, RunId};
use store_sql::{Ending, RunOutcome};

use super::*;
use crate::commands::deploy::tests::row;

fn run(number: i64, conclusion: Option<Conclusion>) -> RunRow {
    let ending = conclusion.map(|it| Ending {
        conclusion: Some(it),
        outcome: RunOutcome::Pass,
        exit_code: 0,
    });
    let mut run = RunRow {
        id: RunId::new(format!("run-{number}")),
        number,
        version: format!("v{number}"),
        ending,
        ..row(RunOutcome::Pass, None)
    };
    run.begun.image = Some(format!("shop@sha256:{number}"));
    run
}

fn back(number: i64, to: i64) -> RunRow {
    let mut run = run(number, Some(Succeeded));
    run.begun.kind = RunKind::Rollback;
    run.begun.restores = Some(RunId::new(format!("run-{to}")));
    run.begun.image = Some(format!("shop@sha256:{to}"));
    run
}

fn bad(run: RunRow) -> RunRow {
    RunRow { bad: Some("smoke refused".into()), ..run }
}

#[test]
fn an_open_run_is_ended_first_and_a_stuck_one_where_nothing_good_has_followed() {
    let built = [Record::GatesPassed, Record::Built { artifact: Artifact::new("shop:v2") }];
    let said = |rows: &[RunRow], records: &[Record]| match unended(rows, records) {
        None => "nothing".to_owned(),
        Some(Unended::TakeBack(row)) => format!("take {} back", row.version),
        Some(Unended::GoOn(row)) => format!("go on with {}", row.version),
    };
    let good = || run(1, Some(Succeeded));
    assert_eq!(said(&[run(2, None), good()], &built), "nothing", "it has touched nothing");
    assert_eq!(said(&[run(2, None), good()], &[Record::StageVerified]), "go on with v2");
    assert_eq!(said(&[run(2, Some(Stuck)), good()], &[]), "go on with v2");
    assert_eq!(said(&[run(3, Some(Rejected)), run(2, Some(Stuck))], &[]), "go on with v2");
    assert_eq!(said(&[run(3, Some(Succeeded)), run(2, Some(Stuck))], &[]), "nothing");
    assert_eq!(said(&[good()], &[]), "nothing");
}

#[test]
fn the_way_back_never_leads_to_what_somebody_has_left_behind() {
    let to = |rows: &[RunRow]| way_back(rows, true).map(|it| it.version.clone());
    let v = |version: &str| Some(version.to_owned());
    let (one, two, three) =
        (run(1, Some(Succeeded)), run(2, Some(Succeeded)), run(3, Some(Succeeded)));
    assert_eq!(to(&[two.clone(), one.clone()]), v("v1"));
    // Pressed twice: v4 has brought v2 back, so v3 is what was bad.
    assert_eq!(to(&[back(4, 2), three.clone(), two.clone(), one.clone()]), v("v1"));
    assert_eq!(to(&[back(5, 4), back(4, 1), two.clone(), one.clone()]), None);
    assert_eq!(to(&[three.clone(), bad(two.clone()), one.clone()]), v("v1"));
    assert_eq!(to(&[run(3, Some(Left)), two.clone(), one.clone()]), v("v2"));
    assert_eq!(
        to(&[run(4, Some(RolledBack)), run(3, Some(Rejected)), two.clone(), one.clone()]),
        v("v1")
    );
    assert_eq!(to(std::slice::from_ref(&one)), None);
    let same = RunRow { begun: one.begun.clone(), ..two.clone() };
    assert_eq!(to(&[same, one.clone()]), None, "another run of one image is no other release");
    assert_eq!(way_back(&[two, one], false).map(|it| it.version.as_str()), Some("v2"));
    assert_eq!(way_back(&[], true), None);
}

#[test]
fn after_a_run_that_did_not_end_whole_what_was_in_place_before_it_is_brought_back() {
    let to = |rows: &[RunRow]| way_back(rows, true).map(|it| it.version.clone());
    let (one, two) = (run(1, Some(Succeeded)), run(2, Some(Succeeded)));
    let v = |version: &str| Some(version.to_owned());
    assert_eq!(to(&[run(3, Some(Stuck)), two.clone(), one.clone()]), v("v2"));
    assert_eq!(
        to(&[run(4, Some(Rejected)), run(3, Some(Stuck)), two.clone(), one.clone()]),
        v("v2")
    );
    assert_eq!(to(&[run(3, Some(Stuck)), bad(two.clone()), one.clone()]), v("v1"));
    // The same image on other machines was left, or a rollback that did not pass.
    let again = RunRow { begun: two.begun.clone(), ..run(3, Some(Left)) };
    assert_eq!(to(&[again, two.clone(), one.clone()]), v("v2"));
    let left = RunRow { ending: run(3, Some(Left)).ending, ..back(3, 1) };
    assert_eq!(to(&[left.clone(), two.clone(), one.clone()]), v("v2"));
    assert_eq!(to(&[run(4, Some(Left)), left, two.clone(), one.clone()]), v("v2"));
    assert_eq!(to(&[run(4, Some(Left)), back(3, 1), two.clone(), one.clone()]), v("v1"));
    assert_eq!(to(&[two, one]), v("v1"));
    assert_eq!(to(&[]), None);
}
