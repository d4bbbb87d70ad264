//! The judge's rules at their limits.

use super::*;
use crate::latency::{Latencies, Latency};

/// With a control taken at the same time.
fn rules() -> Rules {
    Rules { strata: 10, drift: 0.0, ..Rules::default() }
}

fn all(ms: f64, count: usize) -> Latencies {
    Latencies::measured(vec![ms; count]).unwrap()
}

/// From a quarter of `ms` to three times as much, in no order.
fn around(ms: f64, count: usize) -> Latencies {
    let scatter = [0.25, 1.7, 0.9, 0.5, 3.0, 1.2, 0.35, 1.5, 1.0, 0.7, 2.2];
    Latencies::measured(scatter.iter().cycle().take(count).map(|it| it * ms)).unwrap()
}

/// `late` of 40 requests have not come back after `waited_ms`.
fn some_late(ms: f64, waited_ms: f64, late: usize) -> Latencies {
    let taken = around(ms, 40);
    let cut = std::iter::repeat_n(Latency::TimedOut(waited_ms), late);
    Latencies::new(taken.taken()[late..].iter().copied().chain(cut)).unwrap()
}

fn first(control: f64, new: f64, samples: usize) -> Call {
    look(&all(control, 400), &all(new, samples), 0, &rules()).call
}

fn last(control: &Latencies, new: &Latencies) -> Call {
    look(control, new, 3, &rules()).call
}

#[test]
fn five_times_as_slow_is_an_alert_and_a_hair_more_a_candidate() {
    assert_eq!(first(50.0, 250.001, 40), Call::Candidate(Part::Body));
    assert_eq!(last(&all(50.0, 400), &all(250.0, 400)), Call::Alert(Part::Body));
    assert_eq!(first(50.0, 249.999, 40), Call::Alert(Part::Body));
    assert_eq!(first(50.0, 250.0 / 3.0, 40), Call::Pass);
}

#[test]
fn twice_as_slow_passes_and_a_hair_more_is_an_alert() {
    assert_eq!(first(50.0, 100.001, 40), Call::Alert(Part::Body));
    assert_eq!(last(&all(50.0, 400), &all(100.0, 400)), Call::Pass);
    assert_eq!(first(50.0, 99.999, 40), Call::Pass);
    assert_eq!(first(50.0, 50.0, 40), Call::Pass);
    assert_eq!(first(50.0, 1.0, 40), Call::Pass);
}

#[test]
fn ten_milliseconds_are_the_floor() {
    assert_eq!(first(2.0, 12.0, 40), Call::Candidate(Part::Body));
    assert_eq!(first(2.0, 11.999, 40), Call::Pass);
    assert_eq!(first(9.999, 20.0, 40), Call::Alert(Part::Body));
    assert_eq!(first(9.0, 18.999, 40), Call::Pass);
}

#[test]
fn forty_latencies_are_a_look_and_thirty_nine_are_none() {
    assert_eq!(first(50.0, 500.0, 40), Call::Candidate(Part::Body));
    assert_eq!(first(50.0, 500.0, 39), Call::Continue);
    assert_eq!(first(50.0, 50.0, 39), Call::Continue);
    assert_eq!(last(&all(50.0, 400), &all(50.0, 39)), Call::Inconclusive);
    assert_eq!(last(&all(50.0, 39), &all(50.0, 400)), Call::Inconclusive);
    assert_eq!(last(&all(50.0, 40), &all(50.0, 40)), Call::Pass);
    let nothing = look(&all(50.0, 400), &all(1.0, 0), 0, &rules());
    assert_eq!((nothing.call, nothing.samples, nothing.tail), (Call::Continue, 0, None));
}

#[test]
fn a_candidate_whose_bound_is_below_four_takes_more_looks() {
    let control = around(50.0, 400);
    let opinion = look(&control, &around(260.0, 40), 0, &rules());
    assert_eq!(opinion.call, Call::Continue);
    assert!(opinion.body.ratio >= 5.0 && (2.0..4.0).contains(&opinion.body.low), "{opinion:?}");
    assert_eq!(last(&control, &around(260.0, 40)), Call::Candidate(Part::Body));
    // The surer it is, the sooner.
    assert_eq!(look(&control, &around(260.0, 400), 2, &rules()).call, Call::Candidate(Part::Body));
}

#[test]
fn slow_requests_count_where_the_typical_ones_are_fine() {
    let (control, slow) = (around(50.0, 400), [500.0, 600.0, 700.0]);
    let quarter = |count: usize| {
        let taken = around(50.0, count).taken().to_vec();
        let taken = taken.iter().enumerate().map(|(index, it)| match index % 4 {
            0 => slow[index % 3],
            _ => it.ms(),
        });
        Latencies::measured(taken).unwrap()
    };
    let opinion = look(&control, &quarter(400), 3, &rules());
    assert_eq!(opinion.call, Call::Candidate(Part::Tail));
    assert!(opinion.body.ratio < 2.0, "{opinion:?}");
    assert!(confirms(&control, &quarter(80), Part::Tail, &rules()).confirmed);
    assert!(!confirms(&control, &quarter(20), Part::Tail, &rules()).confirmed, "too few for p90");
}

/// √(h² + z² · 2 drift²) away from the ratio.
fn wider(ratio: f64, low: f64, z: f64) -> f64 {
    let half = (ratio / low).ln();
    ratio * (-(half.powi(2) + z.powi(2) * 2.0 * 0.15_f64.powi(2)).sqrt()).exp()
}

#[test]
fn drift_widens_the_lower_bounds_and_no_other() {
    let (control, new) = (around(50.0, 400), around(300.0, 200));
    let of = |new, drift| look(&control, new, 3, &Rules { drift, ..rules() });
    let (narrow, wide) = (of(&new, 0.0), of(&new, 0.15));
    assert_eq!([narrow.call, wide.call], [Call::Candidate(Part::Body); 2]);
    let (narrow, wide) = (narrow.body, wide.body);
    assert_eq!((narrow.ratio, narrow.high), (wide.ratio, wide.high));
    // One in forty thousand: 0.001 over four looks at ten strata.
    let low = wider(narrow.ratio, narrow.low, 4.055_626_981_12);
    assert!((wide.low - low).abs() < 1e-9, "{wide:?} {low}");
    // What may be drift alone is neither an alert nor passed.
    let new = around(102.0, 400);
    assert_eq!(of(&new, 0.0).call, Call::Alert(Part::Body));
    assert_eq!(of(&new, 0.3).call, Call::Inconclusive);
}

#[test]
fn an_alert_is_neither_chance_nor_drift() {
    let control = around(50.0, 400);
    let of = |new, drift| {
        let opinion = look(&control, new, 3, &Rules { drift, ..rules() });
        assert_eq!(opinion.call, Call::Alert(Part::Body));
        opinion.body
    };
    // With many latencies drift is what may mislead, and counts at 99 %.
    let many = around(150.0, 400);
    let plain = crate::hodges_lehmann(&control, &many, 0.98);
    let low = wider(plain.ratio, plain.low, 2.326_347_874_04);
    assert!((of(&many, 0.15).low - low).abs() < 1e-9 && of(&many, 0.0).low > low);
    // With few it is chance, and counts within the budget whatever the drift.
    let few = around(200.0, 40);
    assert!((of(&few, 0.01).low - of(&few, 0.0).low).abs() < 1e-12);
}

#[test]
fn requests_that_timed_out_are_no_pass() {
    let control = around(500.0, 400);
    // One in eight: the slow quarter may be anything from 700 ms on.
    let new = some_late(500.0, 2000.0, 5);
    let opinion = look(&control, &new, 0, &rules());
    assert_eq!(opinion.call, Call::Continue);
    assert_eq!(last(&control, &new), Call::Inconclusive);
    // One in forty: they lie above p90 whatever they are.
    assert_eq!(last(&control, &some_late(500.0, 2000.0, 1)), Call::Pass);
    // All of them, and they were waited for long enough.
    let late = some_late(500.0, 5000.0, 40);
    assert_eq!(last(&control, &late), Call::Candidate(Part::Body));
}

#[test]
fn a_control_that_times_out_proves_nothing() {
    let control = Latencies::new([Latency::TimedOut(100.0); 400]).unwrap();
    let opinion = look(&control, &all(1000.0, 400), 3, &rules());
    assert_eq!((opinion.call, opinion.body.low), (Call::Inconclusive, 0.0));
}

#[test]
fn a_batch_confirms_three_times_as_slow() {
    let control = all(50.0, 400);
    let confirmed =
        |ms, part: Part| confirms(&control, &all(ms, part.batch()), part, &rules()).confirmed;
    assert!(confirmed(150.0, Part::Body) && confirmed(150.0, Part::Tail));
    assert!(!confirmed(149.999, Part::Body) && !confirmed(149.999, Part::Tail));
    let none = confirms(&control, &all(1.0, 0), Part::Body, &rules());
    assert!(!none.confirmed, "nothing confirms nothing");
    // With the limit at 3, what lies as far between it and 1: 3^(ln 3 / ln 5) is 2.12.
    let lower = Rules { rollback: 3.0, ..rules() };
    let at = |ms| confirms(&control, &all(ms, 30), Part::Body, &lower).confirmed;
    assert!(at(106.0) && !at(105.0));
}

#[test]
fn stored_latencies_are_judged_as_they_were() {
    let control = around(50.0, 400);
    let of = |ms, count, batch: Option<f64>| {
        let batch = batch.map(|ms| around(ms, 30));
        let verdict = replay(&control, &around(ms, count), batch.as_ref(), &rules());
        (verdict.decision, verdict.look, verdict.opinion.samples, verdict.confirmation.is_some())
    };
    assert_eq!(of(55.0, 400, None), (Decision::Pass, 0, 40, false));
    assert_eq!(of(150.0, 400, None), (Decision::Alert(Part::Body), 1, 100, false));
    assert_eq!(of(500.0, 400, Some(500.0)), (Decision::Rollback(Part::Body), 0, 40, true));
    assert_eq!(of(500.0, 400, Some(50.0)), (Decision::Alert(Part::Body), 0, 40, true));
    assert_eq!(of(500.0, 400, None), (Decision::Unconfirmed(Part::Body), 0, 40, false));
    // At the limit all looks are taken, the last at what there is.
    assert_eq!(of(260.0, 395, None).0, Decision::Unconfirmed(Part::Body));
    assert_eq!(of(260.0, 90, None).0, Decision::Unfinished);
    assert_eq!(of(50.0, 39, None), (Decision::Unfinished, 0, 39, false));
}

#[test]
fn rules_that_cannot_be_followed_are_named() {
    let bad = |change: fn(&mut Rules)| {
        let mut rules = Rules::default();
        change(&mut rules);
        rules.check().unwrap_err().to_string()
    };
    assert_eq!(Rules::default().check(), Ok(()));
    insta::assert_snapshot!(bad(|it| it.alert = 1.0),
        @"`alert` is 1; it must be a ratio above 1, such as 2.0");
    insta::assert_snapshot!(bad(|it| it.rollback = 2.0),
        @"`rollback` is 2; it must be a ratio above `alert` = 2, such as 5.0");
    insta::assert_snapshot!(bad(|it| it.floor_ms = -1.0),
        @"`floor_ms` is -1; it must be 0 or more milliseconds");
    insta::assert_snapshot!(bad(|it| it.alpha = f64::NAN),
        @"`alpha` is NaN; it must be a probability above 0 and at most 0.5, such as 0.001");
    insta::assert_snapshot!(bad(|it| it.strata = 0),
        @"`strata` is 0; it must be the number of endpoints that are judged");
    insta::assert_snapshot!(bad(|it| it.looks = vec![40, 40]),
        @"`looks` is [40, 40]; it must name at least one number of requests, each above the last");
    insta::assert_snapshot!(bad(|it| it.looks = vec![]),
        @"`looks` is []; it must name at least one number of requests, each above the last");
    insta::assert_snapshot!(bad(|it| it.drift = f64::INFINITY),
        @"`drift` is inf; it must be 0 or more, such as 0.15");
}

#[test]
fn rules_that_nobody_checked_are_no_panic() {
    let (nan, looks) = (f64::NAN, vec![]);
    let rules = Rules {
        alert: nan,
        rollback: nan,
        floor_ms: nan,
        alpha: nan,
        strata: 0,
        looks,
        drift: nan,
    };
    let (control, new) = (around(50.0, 100), around(500.0, 100));
    assert_eq!(look(&control, &new, usize::MAX - 1, &rules).call, Call::Pass);
    let _ = replay(&control, &new, Some(&new), &rules);
}

#[test]
fn failures_roll_back_from_eight_of_forty_on() {
    let (control, rules) = (Counts { failed: 0, total: 200 }, ErrorRules::default());
    let call = |failed, total| errors(control, Counts { failed, total }, &rules).call;
    for (enough, total) in [(8, 40), (10, 60), (14, 100)] {
        assert_eq!(call(enough, total), ErrorCall::Rollback, "{enough} of {total}");
        assert_eq!(call(enough - 1, total), ErrorCall::Unproven, "{enough} of {total}");
    }
    assert_eq!(
        (call(2, 40), call(3, 40), call(0, 40)),
        (ErrorCall::Pass, ErrorCall::Unproven, ErrorCall::Pass)
    );
    assert_eq!((call(1, 1), call(40, 40)), (ErrorCall::Unproven, ErrorCall::Rollback));
    assert_eq!(call(0, 0), ErrorCall::Unknown);
    // With a small control a rollback takes more, and suspicion does not.
    let small = Counts { failed: 0, total: 40 };
    let beside = |failed| errors(small, Counts { failed, total: 100 }, &rules).call;
    assert_eq!([5, 6, 14].map(beside), [ErrorCall::Pass, ErrorCall::Unproven, ErrorCall::Unproven]);
    // What the control does as often is nobody's fault.
    let bad = Counts { failed: 10, total: 40 };
    assert_eq!(errors(bad, Counts { failed: 30, total: 100 }, &rules).call, ErrorCall::Pass);
    // But a control of which a third is broken does not allow everything.
    let broken = Counts { failed: 100, total: 300 };
    assert_eq!(errors(broken, Counts { failed: 60, total: 60 }, &rules).call, ErrorCall::Rollback);
    assert_eq!(call(50, 40), ErrorCall::Rollback, "more than all is all");
}

#[test]
fn a_control_that_fails_too_allows_more() {
    let (new, rules) = (Counts { failed: 20, total: 100 }, ErrorRules::default());
    let opinion = |failed, total| errors(Counts { failed, total }, new, &rules);
    assert_eq!(opinion(0, 400).call, ErrorCall::Rollback);
    assert!((opinion(0, 400).allowed - 0.05).abs() < 1e-12);
    assert!((opinion(0, 0).allowed - 0.05).abs() < 1e-12, "nothing is known of it");
    let failing = opinion(20, 400);
    assert_eq!((failing.call, failing.allowed > 0.2), (ErrorCall::Unproven, true));
    assert_eq!(opinion(28, 400).call, ErrorCall::Pass, "not three times as often");
}
