//! The rules as a table.

use pipeline_core::Verdict;

use super::*;

fn candidate() -> Candidate {
    Candidate {
        environment: "staging".into(),
        version: "v12".into(),
        run: RunId::new("run-12"),
        image: "registry.fly.io/shop-staging:v12@sha256:abc".into(),
        revision: Some("4f1c2ab0d9e8".into()),
        verified: "2026-11-28T12:00:00Z".parse().unwrap(),
        checks: vec!["smoke 12 of 12".into()],
    }
}

fn rules() -> PromotionRules {
    PromotionRules {
        to: "production".into(),
        from: Some("staging".into()),
        same_revision: true,
        max_age: Some(Duration::from_hours(24)),
        must_run: false,
    }
}

fn facts() -> Facts {
    Facts {
        standing: Standing::Verified(candidate()),
        running: Running::Same,
        checked_out: Some("4f1c2ab0d9e8".into()),
        now: "2026-11-28T13:00:00Z".parse().unwrap(),
    }
}

fn report(rules: &PromotionRules, chosen: Option<&Candidate>, facts: &Facts) -> Report {
    judge(rules, Promotion { chosen, facts: Some(facts) })
}

#[test]
fn what_is_verified_and_runs_and_is_checked_out_may_be_promoted() {
    assert_eq!(report(&rules(), Some(&candidate()), &facts()), Report::passed());
    let none = PromotionRules { to: "production".into(), ..PromotionRules::default() };
    assert_eq!(judge(&none, Promotion { chosen: None, facts: None }), Report::passed());
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table and its words")]
fn each_rule_says_what_was_wanted_what_is_and_what_mends_it() {
    let chosen = candidate();
    let other = || Candidate { version: "v13".into(), run: RunId::new("run-13"), ..candidate() };
    let not = Standing::Not { why: "v13 was taken back".into(), remedy: "mend it".into() };
    let unknown = || Running::Unknown("401 Unauthorized".into());
    let other_revision = Candidate { revision: Some("99999999aaaa".into()), ..candidate() };
    let no_revision = Candidate { revision: None, ..candidate() };
    let from_test = Candidate { environment: "test".into(), ..candidate() };
    let must_run = PromotionRules { must_run: true, ..rules() };
    let table = [
        (rules(), None, facts()),
        (rules(), Some(&from_test), facts()),
        (rules(), Some(&chosen), Facts { standing: not, ..facts() }),
        (rules(), Some(&chosen), Facts { standing: Standing::Verified(other()), ..facts() }),
        (rules(), Some(&chosen), Facts { running: Running::Other("m1 runs v9".into()), ..facts() }),
        (rules(), Some(&chosen), Facts { running: unknown(), ..facts() }),
        (must_run, Some(&chosen), Facts { running: unknown(), ..facts() }),
        (rules(), Some(&other_revision), facts()),
        (rules(), Some(&no_revision), facts()),
        (rules(), Some(&chosen), Facts { checked_out: None, ..facts() }),
        (rules(), Some(&chosen), Facts { now: "2026-11-29T12:00:01Z".parse().unwrap(), ..facts() }),
    ];
    let said = table.iter().map(|(rules, chosen, facts)| {
        let report = report(rules, *chosen, facts);
        let findings = report.findings().iter().map(|it| {
            let next = it.remedy.as_deref().unwrap_or("(nothing)");
            format!("{}: {} -> {next}", report.verdict(), it.message)
        });
        findings.collect::<Vec<_>>().join("\n")
    });
    insta::assert_snapshot!(said.collect::<Vec<_>>().join("\n"), @r"
    refused: production takes only what staging has verified -> `pipeline deploy production --from staging`
    refused: production takes what staging has verified, and not what test has -> `pipeline deploy production --from staging`
    refused: v13 was taken back -> mend it
    refused: staging has moved on to v13, and this deploy brings v12 -> `pipeline deploy production --from staging`
    refused: staging does not run v12 any more: m1 runs v9 -> `pipeline status staging`; then deploy it there again
    alert: history alone says that staging runs v12; it does not answer: 401 Unauthorized -> (nothing)
    inconclusive: nobody can tell whether staging still runs v12: 401 Unauthorized -> try again, or set must_run = false
    refused: staging verified v12, made of 99999999, and 4f1c2ab0 is checked out -> `git checkout 99999999`; or `pipeline deploy staging`, then `pipeline deploy production --from staging`
    inconclusive: of which commit v12 of staging was made is not known -> deploy staging again from a git repository
    inconclusive: git cannot tell which commit is checked out -> run it in a git repository with at least one commit
    refused: v12 was verified in staging 1d 00h ago, longer than 1d 00h -> `pipeline deploy staging` verifies it anew
    ");
}

#[test]
fn the_worst_answer_counts_and_all_are_told() {
    let facts = Facts { running: Running::Unknown("busy".into()), checked_out: None, ..facts() };
    let late = Facts { now: "2026-12-28T12:00:00Z".parse().unwrap(), ..facts.clone() };
    let unknown = report(&rules(), Some(&candidate()), &facts);
    assert_eq!((unknown.verdict(), unknown.findings().len()), (Verdict::Inconclusive, 2));
    let refused = report(&rules(), Some(&candidate()), &late);
    assert_eq!((refused.verdict(), refused.findings().len()), (Verdict::Refused, 3));
}

#[test]
fn a_length_of_time_is_told_in_two_parts() {
    let table = [(5, "5s"), (65, "1m 05s"), (3_700, "1h 01m"), (180_000, "2d 02h")];
    for (seconds, words) in table {
        assert_eq!(told(Duration::from_secs(seconds)), words);
    }
}
