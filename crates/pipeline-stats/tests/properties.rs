//! What must hold for any latencies.

use pipeline_stats::trend::{mann_kendall, theil_sen, wilson};
use pipeline_stats::{
    Call, Counts, Decision, ErrorRules, Estimate, Latencies, Latency, Part, Rules, clopper_pearson,
    confirms, drift, errors, hodges_lehmann, look, p90_ratio, replay,
};
use proptest::prelude::*;

fn latency() -> impl Strategy<Value = Latency> {
    // Coarse ones are often equal.
    let ms = || prop_oneof![(1..30_u32).prop_map(f64::from), 1.0..3e4_f64];
    prop_oneof![9 => ms().prop_map(Latency::Measured), 1 => ms().prop_map(Latency::TimedOut)]
}

fn taken() -> impl Strategy<Value = Vec<Latency>> {
    prop::collection::vec(latency(), 1..90)
}

fn of(taken: &[Latency]) -> Latencies {
    Latencies::new(taken.iter().copied()).expect("positive numbers")
}

fn map(taken: &[Latency], each: impl Fn(f64) -> f64) -> Latencies {
    let one = |it: &Latency| match it {
        Latency::Measured(ms) => Latency::Measured(each(*ms)),
        Latency::TimedOut(ms) => Latency::TimedOut(each(*ms)),
    };
    Latencies::new(taken.iter().map(one)).expect("positive numbers")
}

fn near(one: f64, other: f64) -> bool {
    one.total_cmp(&other).is_eq() || (one / other - 1.0).abs() < 1e-9
}

fn same(one: Estimate, other: Estimate) -> bool {
    near(one.ratio, other.ratio) && near(one.low, other.low) && near(one.high, other.high)
}

fn both(control: &Latencies, new: &Latencies, confidence: f64) -> Vec<Estimate> {
    let body = hodges_lehmann(control, new, confidence);
    std::iter::once(body).chain(p90_ratio(control, new, confidence)).collect()
}

/// How bad a call is.
fn severity(call: Call) -> u8 {
    match call {
        Call::Pass => 0,
        Call::Continue | Call::Inconclusive => 1,
        Call::Alert(_) => 2,
        Call::Candidate(_) => 3,
    }
}

proptest! {
    #[test]
    fn the_unit_does_not_matter(x in taken(), y in taken(), unit in 1e-3..1e3_f64) {
        let plain = both(&of(&x), &of(&y), 0.95);
        let scaled = both(&map(&x, |it| it * unit), &map(&y, |it| it * unit), 0.95);
        prop_assert!(plain.iter().zip(&scaled).all(|(one, other)| same(*one, *other)));
    }

    #[test]
    fn so_many_times_as_slow_is_so_many_times_the_ratio(x in taken(), y in taken(), c in 0.01..50.0_f64) {
        let (x, slower) = (of(&x), map(&y, |it| it * c));
        for (one, other) in both(&x, &of(&y), 0.99).into_iter().zip(both(&x, &slower, 0.99)) {
            let wanted = Estimate { ratio: one.ratio * c, low: one.low * c, high: one.high * c };
            prop_assert!(same(other, wanted), "{:?} {:?}", other, wanted);
        }
    }

    #[test]
    fn the_other_way_round_it_is_the_inverse(x in taken(), y in taken()) {
        let (x, y) = (of(&x), of(&y));
        for (one, other) in both(&x, &y, 0.95).into_iter().zip(both(&y, &x, 0.95)) {
            let (low, high) = (1.0 / other.high, 1.0 / other.low);
            let inverse = Estimate { ratio: 1.0 / other.ratio, low, high };
            prop_assert!(same(one, inverse));
        }
    }

    #[test]
    fn the_order_does_not_matter(
        (x, shuffled) in taken().prop_flat_map(|it| (Just(it.clone()), Just(it).prop_shuffle())),
        y in taken(),
    ) {
        let (x, shuffled, y) = (of(&x), of(&shuffled), of(&y));
        prop_assert_eq!(both(&x, &y, 0.95), both(&shuffled, &y, 0.95));
        prop_assert_eq!(both(&y, &x, 0.95), both(&y, &shuffled, 0.95));
    }

    #[test]
    fn one_slower_request_lowers_nothing(
        x in taken(), mut y in taken(), at in any::<prop::sample::Index>(), by in 1.0..100.0_f64, cut: bool,
    ) {
        let (x, before) = (of(&x), of(&y));
        let it = at.index(y.len());
        let ms = y[it].ms() * by;
        let stays_cut = matches!(y[it], Latency::TimedOut(_)) || cut;
        y[it] = if stays_cut { Latency::TimedOut(ms) } else { Latency::Measured(ms) };
        for (one, other) in both(&x, &before, 0.95).into_iter().zip(both(&x, &of(&y), 0.95)) {
            prop_assert!(one.ratio <= other.ratio && one.low <= other.low && one.high <= other.high,
                "{:?} {:?}", one, other);
        }
    }

    #[test]
    fn less_confidence_is_no_wider(x in taken(), y in taken(), a in 0.0..1.0_f64, b in 0.0..1.0_f64) {
        let (x, y) = (of(&x), of(&y));
        for (wide, narrow) in both(&x, &y, a.max(b)).into_iter().zip(both(&x, &y, a.min(b))) {
            prop_assert!(wide.low <= narrow.low && narrow.high <= wide.high);
            prop_assert!(narrow.low <= narrow.ratio && narrow.ratio <= narrow.high, "{:?}", narrow);
        }
    }

    #[test]
    fn the_last_look_is_no_milder_for_what_is_slower(
        x in prop::collection::vec(latency(), 40..90), y in prop::collection::vec(latency(), 40..90),
        by in 1.0..10.0_f64, drift in prop_oneof![Just(0.0), 0.0..0.5_f64],
    ) {
        let rules = Rules { drift, ..Rules::default() };
        let call = |new: &Latencies| severity(look(&of(&x), new, 3, &rules).call);
        prop_assert!(call(&of(&y)) <= call(&map(&y, |it| it * by)));
    }

    #[test]
    fn nothing_is_never_a_number(
        x in prop::collection::vec(latency(), 0..60), y in prop::collection::vec(latency(), 0..60),
        at in 0_usize..6, limits in (0.5..9.0_f64, 0.5..9.0_f64), alpha in 0.0..2.0_f64,
    ) {
        let (x, y) = (of(&x), of(&y));
        let rules = Rules { alert: limits.0, rollback: limits.1, alpha, looks: vec![5, 20, 50], ..Rules::default() };
        let opinion = look(&x, &y, at, &rules);
        let batch = [Part::Body, Part::Tail].map(|part| confirms(&x, &y, part, &rules).estimate);
        let estimates = batch.into_iter().chain([opinion.body]).chain(opinion.tail);
        for it in estimates {
            prop_assert!(!(it.ratio.is_nan() || it.low.is_nan() || it.high.is_nan()), "{:?}", it);
            prop_assert!(it.low <= it.ratio && it.ratio <= it.high && it.ratio.is_finite(), "{:?}", it);
        }
        prop_assert!(opinion.median_ms.is_finite() && opinion.p90_ms.is_finite());
        let last = replay(&x, &y, Some(&y), &rules);
        prop_assert!(last.look < 3 && !matches!(last.decision, Decision::Unconfirmed(_)));
    }

    #[test]
    fn any_numbers_are_taken_or_refused(ms in prop::collection::vec(any::<f64>(), 0..40)) {
        if let Ok(taken) = Latencies::measured(ms.iter().copied()) {
            let it = hodges_lehmann(&taken, &taken, 0.9);
            prop_assert!(it.low <= it.ratio && it.ratio <= it.high);
        }
        let _ = drift(&ms);
        if let Some(trend) = mann_kendall(&ms) {
            prop_assert!((-1.0..=1.0).contains(&trend.tau) && (0.0..=1.0).contains(&trend.p));
        }
        let points: Vec<(f64, f64)> = ms.chunks_exact(2).map(|it| (it[0], it[1])).collect();
        let _ = theil_sen(&points, 0.95);
    }

    #[test]
    fn a_rate_lies_between_its_bounds(a in 0_u64..2000, b in 0_u64..2000, confidence in 0.5..0.9999_f64) {
        let (count, total) = (a.min(b), a.max(b).max(1));
        #[expect(clippy::cast_precision_loss, reason = "thousands")]
        let rate = count as f64 / total as f64;
        for (low, high) in [clopper_pearson(count, total, confidence), wilson(count, total, confidence)] {
            prop_assert!((0.0..=rate + 1e-12).contains(&low) && (rate - 1e-12..=1.0).contains(&high));
        }
        let (control, new) = (Counts { failed: 0, total }, Counts { failed: count, total });
        let opinion = errors(control, new, &ErrorRules::default());
        prop_assert!(opinion.low <= rate + 1e-12 && opinion.allowed >= 0.05);
    }

    #[test]
    fn a_line_moves_with_its_points(
        values in prop::collection::vec(-100.0..100.0_f64, 4..30), slope in -5.0..5.0_f64, lift in -50.0..50.0_f64,
    ) {
        let at = |extra: f64, lift: f64| -> Vec<(f64, f64)> {
            (0_u32..).map(f64::from).zip(&values).map(|(t, v)| (t, v + extra * t + lift)).collect()
        };
        let (flat, moved) = (theil_sen(&at(0.0, 0.0), 0.9).unwrap(), theil_sen(&at(slope, lift), 0.9).unwrap());
        prop_assert!((flat.slope + slope - moved.slope).abs() < 1e-9);
        prop_assert!((flat.intercept + lift - moved.intercept).abs() < 1e-9);
        prop_assert!(flat.low <= flat.slope && flat.slope <= flat.high);
        let back: Vec<f64> = values.iter().rev().copied().collect();
        prop_assert_eq!(mann_kendall(&values).unwrap().s, -mann_kendall(&back).unwrap().s);
    }
}
