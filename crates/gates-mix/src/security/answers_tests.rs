use pipeline_core::{FaultKind, Verdict};

use super::*;
use crate::security::advisories::{Advisory, Rating, Requirement, read_lock};

const LOCK: &str = "%{\n  \"shop\": {:hex, :shop, \"1.0.0\"},\n}";

fn advisory(rating: Rating) -> Advisory {
    Advisory {
        id: "GHSA-a".into(),
        aliases: ["CVE-2030-1".to_owned()].into(),
        package: "shop".into(),
        title: "T".into(),
        rating,
        vulnerable: Requirement::EVERY,
        fixed: Vec::new(),
        changed: None,
    }
}

#[expect(clippy::unnecessary_wraps, reason = "it stands beside what has no answer")]
fn knows(rating: Option<Rating>) -> Result<Advisories, AdvisoryError> {
    let list = rating.into_iter().map(advisory).collect();
    Ok(Advisories { list, age: Some(Duration::from_mins(1)), ..Advisories::default() })
}

#[expect(clippy::unnecessary_wraps, reason = "it stands beside what has no answer")]
fn cannot_read(package: Option<&str>) -> Result<Advisories, AdvisoryError> {
    let package = package.map(ToOwned::to_owned);
    let unreadable = Unreadable { name: "x.yml".into(), why: "no YAML".into(), package };
    Ok(Advisories { unreadable: vec![unreadable], ..knows(Some(Rating::Low)).unwrap() })
}

fn lost() -> Result<Advisories, AdvisoryError> {
    Err(AdvisoryError::Empty { path: "advisories".into() })
}

fn told(sources: Vec<Result<Advisories, AdvisoryError>>, open: Option<Fault>) -> String {
    let lock = read_lock(LOCK).unwrap();
    let mut answers = Answers::default();
    for source in sources {
        answers.advisories(source, &lock);
    }
    answers.open.extend(open);
    match answers.conclude(&lock, &Policy::default(), "2030-05-01".parse().unwrap()) {
        Err(fault) => format!("fault: {fault}"),
        Ok(report) => {
            let rules = report.findings().iter().filter_map(|it| it.rule.as_deref());
            format!("{:?} {}", report.verdict(), rules.collect::<Vec<_>>().join(" "))
        }
    }
}

#[test]
fn a_refusal_takes_one_truth_and_a_pass_takes_all() {
    let (low, medium, high) = (Some(Rating::Low), Some(Rating::Medium), Some(Rating::High));
    let sobelow = || Some(Fault::cancelled());
    for (sources, open, wanted) in [
        (vec![knows(None)], None, "Passed "),
        (vec![knows(low)], None, "Passed security/GHSA-a"),
        (vec![knows(medium)], None, "Alert security/GHSA-a"),
        (vec![knows(high)], None, "Refused security/GHSA-a"),
        (vec![knows(Some(Rating::Unrated))], None, "Refused security/GHSA-a"),
        // Two that say the same are one, and as bad as the worse says.
        (vec![knows(low), knows(high)], None, "Refused security/GHSA-a"),
        // One answer of two.
        (vec![knows(None), lost()], None, "Alert security/unknown"),
        (vec![lost(), knows(high)], None, "Refused security/GHSA-a security/unknown"),
        (vec![lost()], None, "fault: advisories holds no advisories"),
        (vec![], None, "fault: there is nothing to compare mix.lock with"),
        // What cannot be read may be about what is locked.
        (vec![cannot_read(None)], None, "fault: advisories cannot be read: x.yml (no YAML)"),
        (
            vec![cannot_read(Some("shop"))],
            None,
            "fault: advisories cannot be read: x.yml (no YAML)",
        ),
        (vec![cannot_read(Some("cart"))], None, "Passed security/GHSA-a security/unreadable"),
        (vec![cannot_read(None), knows(high)], None, "Refused security/GHSA-a security/unknown"),
        // Another part that could not tell.
        (vec![knows(None)], sobelow(), "fault: stopped on request"),
        (vec![knows(high)], sobelow(), "Refused security/GHSA-a security/unknown"),
    ] {
        let case = format!("{sources:?} {open:?}");
        assert_eq!(told(sources, open), wanted, "{case}");
    }
}

#[test]
fn a_lock_without_packages_needs_no_comparison() {
    let lock = read_lock("%{}").unwrap();
    let conclude = |answers: Answers| {
        answers.conclude(&lock, &Policy::default(), "2030-05-01".parse().unwrap())
    };
    let report = conclude(Answers::default()).unwrap();
    assert_eq!((report.verdict(), report.numbers()["packages"].to_bits()), (Verdict::Passed, 0));
    let mut answers = Answers::default();
    answers.report(Err(Fault::cancelled()));
    assert_eq!(conclude(answers).unwrap_err().kind(), FaultKind::Cancelled);
}

#[test]
fn the_numbers_are_those_of_all_parts() {
    let lock = read_lock(LOCK).unwrap();
    let mut answers = Answers::default();
    answers.advisories(knows(Some(Rating::Medium)), &lock);
    let old = Advisories { age: Some(Duration::from_hours(2)), ..Advisories::default() };
    answers.advisories(Ok(old), &lock);
    answers.report(Ok(Report::passed().number("secrets", 3.0)));
    answers.number("retired", 1);
    let report =
        answers.conclude(&lock, &Policy::default(), "2030-05-01".parse().unwrap()).unwrap();
    let numbers = report.numbers().iter().map(|(name, it)| format!("{name}={it}"));
    assert_eq!(
        numbers.collect::<Vec<_>>().join(" "),
        "advisories_age_s=7200 critical=0 high=0 ignored=0 low=0 medium=1 packages=1 retired=1 secrets=3 unrated=0"
    );
}
