//! The numbers of R 4.2.2 and of published tables.

mod trends;
mod wilcoxon;

use pipeline_stats::{Latencies, clopper_pearson, drift, hodges_lehmann};
use wilcoxon::{CASES, Case};

/// R's root search stops within 1e-4 on the log scale.
const SEARCH: f64 = 1.1e-4;

#[track_caller]
pub(crate) fn assert_near(got: f64, wanted: f64, relative: f64) {
    assert!((got - wanted).abs() <= relative * wanted.abs(), "got {got}, wanted {wanted}");
}

fn measured(ms: &[f64]) -> Latencies {
    Latencies::measured(ms.iter().copied()).expect("positive numbers")
}

/// All ratios, ascending.
fn ratios(case: &Case) -> Vec<f64> {
    let pairs = case.new.iter().flat_map(|new| case.control.iter().map(move |it| new / it));
    let mut all: Vec<f64> = pairs.collect();
    all.sort_unstable_by(f64::total_cmp);
    all
}

/// How many ratios lie clearly between the two.
fn between(all: &[f64], one: f64, other: f64) -> usize {
    let (low, high) = (one.min(other) * (1.0 + SEARCH), one.max(other) * (1.0 - SEARCH));
    all.iter().filter(|it| **it > low && **it < high).count()
}

#[test]
fn the_estimate_is_the_median_of_all_ratios() {
    for case in &CASES {
        let (control, new) = (measured(case.control), measured(case.new));
        let estimate = hodges_lehmann(&control, &new, case.confidence);
        assert_near(estimate.ratio, case.median, 1e-6);
        // R searches for the root of a step function: it ends between the middle ratios, or beside them.
        let apart = between(&ratios(case), estimate.ratio, case.approximate[0]);
        assert!(apart <= 1, "{}: {apart} ratios apart", case.name);
    }
}

/// R's exact interval lies between two ratios whose rank it takes from the distribution of U; ours takes it
/// from the normal approximation, rounded to the wider interval. So it is never narrower, and wider by a rank at
/// 95 %, by two or three at 99 %, by six at 99.9 %, out of hundreds.
#[test]
fn the_interval_is_the_exact_one_or_a_few_ranks_wider() {
    for case in &CASES {
        let Some([estimate, low, high]) = case.exact else { continue };
        let (control, new) = (measured(case.control), measured(case.new));
        let ours = hodges_lehmann(&control, &new, case.confidence);
        assert_near(ours.ratio, estimate, 1e-6);
        assert!(ours.low <= low * (1.0 + 1e-6), "{}: {ours:?} above {low}", case.name);
        assert!(ours.high >= high * (1.0 - 1e-6), "{}: {ours:?} below {high}", case.name);
        let most = match case.confidence {
            it if it < 0.96 => 1,
            it if it < 0.995 => 3,
            _ => 6,
        };
        let all = ratios(case);
        let rank = |bound: f64| all.iter().filter(|it| **it < bound * (1.0 - 1e-6)).count();
        assert!(rank(low) - rank(ours.low) <= most, "{}: {ours:?}, {low}", case.name);
        assert!(rank(ours.high) - rank(high) <= most, "{}: {ours:?}, {high}", case.name);
    }
}

/// R's approximate interval inverts a z with a correction for continuity, which moves it by half a rank, and
/// one for ties, which makes it narrower.
#[test]
fn the_interval_is_the_approximate_one_within_a_rank() {
    for case in &CASES {
        let [_, low, high] = case.approximate;
        let (control, new) = (measured(case.control), measured(case.new));
        let ours = hodges_lehmann(&control, &new, case.confidence);
        assert!(
            ours.low <= low * (1.0 + SEARCH) && ours.high >= high * (1.0 - SEARCH)
                || case.exact.is_some(),
            "{}: {ours:?} does not hold {low} to {high}",
            case.name
        );
        if case.exact.is_some() {
            let all = ratios(case);
            let apart = between(&all, ours.low, low).max(between(&all, ours.high, high));
            assert!(apart <= 1, "{}: {ours:?}, {low} to {high}: {apart} ranks", case.name);
        }
    }
}

/// `binom.test(failed, total, conf.level = confidence)$conf.int`
#[test]
fn the_bounds_of_a_failure_rate_are_exact() {
    let table = [
        (0, 50, 0.95, 0.0, 0.071_121_736_464_2),
        (8, 40, 0.998, 0.052_686_535_008_2, 0.447_022_660_909),
        (1, 1, 0.95, 0.025, 1.0),
        (3, 10, 0.95, 0.066_739_511_177_7, 0.652_452_850_06),
        (15, 100, 0.998, 0.060_486_092_574_9, 0.287_493_165_77),
        (50, 50, 0.95, 0.928_878_263_536, 1.0),
        (437, 12_000, 0.999, 0.031_040_075_142_5, 0.042_382_576_868_5),
        (12, 1_000_000, 0.95, 6.200_589_988_39e-6, 2.096_149_112_37e-5),
        (500_000, 1_000_000, 0.99, 0.498_711_587_809, 0.501_288_412_191),
    ];
    for (failed, total, confidence, low, high) in table {
        let got = clopper_pearson(failed, total, confidence);
        assert_near(got.0, low, 1e-9);
        assert_near(got.1, high, 1e-9);
    }
}

/// `mad(log(c(48, 52, 50, 61, 47, 300, 49)))`
#[test]
fn the_drift_is_the_median_absolute_deviation() {
    let healthy = [48.0, 52.0, 50.0, 61.0, 47.0, 300.0, 49.0];
    assert_near(drift(&healthy).unwrap(), 0.060_522_689_075_7, 1e-9);
    assert_near(drift(&healthy[..5]).unwrap(), 0.060_522_689_075_7, 1e-9);
    assert_eq!(drift(&healthy[..4]), None);
    assert_eq!(drift(&[48.0, 0.0, f64::NAN, f64::INFINITY, -1.0, 50.0, 52.0, 61.0]), None);
    assert_eq!(drift(&[50.0; 5]), Some(0.0));
}

/// `quantile(c(3, 1, 4, 1, 5, 9, 2, 6), c(.5, .9))`
#[test]
fn quantiles_lie_between_two_values() {
    let latencies = measured(&[3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0]);
    assert_near(latencies.median_ms(), 3.5, 1e-12);
    assert_near(latencies.p90_ms(), 6.9, 1e-12);
}
