use proptest::prelude::*;

use super::*;
use crate::health_score::weights::{Profile, WeightsError};

fn all(value: f64) -> Vec<Measured> {
    Component::ALL.map(|it| Measured::value(it, value, "measured")).into()
}

/// The score of these values of the profile `health`, in its order; `None` was not measured.
fn health(values: [Option<f64>; 6], unmeasured: Unmeasured) -> Score {
    let of = |(component, value): (Component, Option<f64>)| Measured {
        component,
        value,
        how: "measured".into(),
    };
    let measured: Vec<_> = Component::ALL.into_iter().zip(values).map(of).collect();
    score(&Profile::Health.into(), &measured, unmeasured)
}

#[test]
fn every_profile_weighs_what_was_published_and_sums_to_one() {
    let table = Profile::ALL.map(|profile| {
        let weights = Weights::from(profile);
        let sum: f64 = weights.iter().map(|(_, weight)| weight).sum();
        assert!((sum - 1.0).abs() < 1e-9, "{profile:?} sums to {sum}");
        let told: Vec<_> = weights.iter().map(|(it, weight)| format!("{it} {weight:.2}")).collect();
        format!("{}: {}; from {}", profile.name(), told.join(", "), weights.gates().join(", "))
    });
    insta::assert_snapshot!(table.join("\n"), @r"
    health: compilation 0.25, coverage 0.20, doctrine 0.20, dependencies 0.15, documentation 0.10, security 0.10; from compile, doctrine, security, test
    fitness: compilation 0.20, coverage 0.20, doctrine 0.20, dependencies 0.10, documentation 0.15, performance 0.15; from compile, doctrine, security, test
    kpi: compilation 0.25, coverage 0.25, doctrine 0.20, documentation 0.15, quality 0.15; from compile, credo, doctrine, test
    ");
}

#[test]
fn names_are_read_as_they_are_written() {
    for component in Component::ALL {
        assert_eq!(Component::named(component.name()), Some(component));
    }
    for profile in Profile::ALL {
        assert_eq!(Profile::named(profile.name()), Some(profile));
    }
    assert_eq!((Component::named("speed"), Profile::named("")), (None, None));
}

#[test]
fn the_score_is_the_weighted_mean_rounded_once() {
    use Unmeasured::CountsZero;
    let some = |values: [f64; 6]| values.map(Some);
    let table: [([Option<f64>; 6], f64, Grade); 12] = [
        (some([100.0; 6]), 100.0, Grade::A),
        (some([90.0; 6]), 90.0, Grade::A),
        (some([89.94; 6]), 89.9, Grade::B),
        (some([89.95; 6]), 90.0, Grade::A),
        (some([80.0; 6]), 80.0, Grade::B),
        (some([79.94; 6]), 79.9, Grade::C),
        (some([70.0; 6]), 70.0, Grade::C),
        (some([69.9; 6]), 69.9, Grade::D),
        (some([60.0; 6]), 60.0, Grade::D),
        (some([59.9; 6]), 59.9, Grade::F),
        (some([0.0; 6]), 0.0, Grade::F),
        // 25 + 0.2 × 80 + 0.2 × 50 + 0.15 × 100 + 0.1 × 33.3… + 0.1 × 75
        (some([100.0, 80.0, 50.0, 100.0, 100.0 / 3.0, 75.0]), 76.8, Grade::C),
    ];
    for (values, score, grade) in table {
        let is = health(values, CountsZero);
        assert_eq!((is.score.to_bits(), is.grade), (score.to_bits(), grade), "{values:?}: {is:?}");
    }
}

#[test]
fn what_is_exactly_enough_passes() {
    let score = health([Some(80.0); 6], Unmeasured::CountsZero);
    assert!(score.reaches(80.0) && score.reaches(0.0) && !score.reaches(80.1));
    // The number that is shown is the number that is judged.
    assert!(health([Some(79.95); 6], Unmeasured::CountsZero).reaches(80.0));
    assert!(!health([Some(79.94); 6], Unmeasured::CountsZero).reaches(80.0));
}

#[test]
fn targets_are_met_from_their_border_on_or_beyond_it() {
    for (component, values) in [
        (Component::Compilation, [(99.9, false), (100.0, true)]),
        (Component::Coverage, [(80.0, false), (80.01, true)]),
        (Component::Doctrine, [(85.0, false), (85.01, true)]),
        (Component::Dependencies, [(99.0, false), (100.0, true)]),
        (Component::Documentation, [(90.0, false), (90.1, true)]),
        (Component::Security, [(50.0, false), (100.0, true)]),
    ] {
        for (value, met) in values {
            assert_eq!(component.target().unwrap().is_met(value), met, "{component} {value}");
        }
    }
    assert_eq!((Component::Performance.target(), Component::Quality.target()), (None, None));
}

#[test]
fn what_was_not_measured_counts_nothing_or_is_left_out() {
    let values = [Some(100.0), Some(100.0), None, None, Some(100.0), Some(100.0)];
    let zero = health(values, Unmeasured::CountsZero);
    assert_eq!((zero.score.to_bits(), zero.grade), (65.0f64.to_bits(), Grade::D));
    let names: Vec<_> = zero.unmeasured().map(|it| it.component.name()).collect();
    assert_eq!(names, ["doctrine", "dependencies"]);
    assert_eq!(zero.components[2].is_met(), Some(false));
    let dropped = health(values, Unmeasured::Dropped);
    assert_eq!((dropped.score.to_bits(), dropped.grade), (100.0f64.to_bits(), Grade::A));
    assert_eq!(dropped.unmeasured().count(), 2, "they are named all the same");
    let weights: f64 = dropped.components.iter().map(|it| it.weight).sum();
    assert!((weights - 1.0).abs() < 1e-9 && dropped.components[2].weight < f64::EPSILON);
    for unmeasured in [Unmeasured::CountsZero, Unmeasured::Dropped] {
        assert!(health([None; 6], unmeasured).score < f64::EPSILON);
    }
    let silent = score(&Weights::default(), &[], Unmeasured::CountsZero);
    assert_eq!(silent.components[0].how, "nobody measured it");
}

#[test]
fn what_is_no_number_was_not_measured_and_what_is_beyond_is_cut() {
    let value = |it| Measured::value(Component::Coverage, it, "").value;
    assert_eq!((value(f64::NAN), value(-1.0), value(101.0)), (None, Some(0.0), Some(100.0)));
}

#[test]
fn the_most_to_gain_comes_first_and_what_is_full_is_no_gain() {
    let values = [Some(100.0), Some(50.0), Some(90.0), None, Some(100.0), Some(75.0)];
    let score = health(values, Unmeasured::CountsZero);
    let gains: Vec<_> =
        score.to_gain().iter().map(|it| format!("{} {:.1}", it.component, it.to_gain())).collect();
    assert_eq!(gains, ["dependencies 15.0", "coverage 10.0", "security 2.5", "doctrine 2.0"]);
}

#[test]
fn weights_must_be_one_whole() {
    use Component::{Coverage, Quality};
    let custom = |one, two| Weights::custom([(Coverage, one), (Quality, two)]);
    for (one, two) in [(0.5, 0.5), (0.5, 0.499), (0.5, 0.501), (1.0, 0.0)] {
        let weights = custom(one, two).unwrap();
        let full = score(&weights, &all(100.0), Unmeasured::CountsZero);
        assert_eq!(full.score.to_bits(), 100.0f64.to_bits(), "{one} + {two}");
    }
    for (one, two) in [(0.5, 0.498), (0.5, 0.502), (0.0, 0.0)] {
        assert!(matches!(custom(one, two), Err(WeightsError::Sum(_))), "{one} + {two}");
    }
    for (one, two) in [(1.5, -0.5), (f64::NAN, 1.0), (f64::INFINITY, 0.0)] {
        assert!(matches!(custom(one, two), Err(WeightsError::Weight { .. })), "{one} + {two}");
    }
    let nothing = custom(1.0, 0.0).unwrap();
    assert_eq!(nothing.iter().count(), 1, "what weighs nothing is not told");
}

#[test]
fn the_object_is_the_contract() {
    let object = health(
        [Some(100.0), None, Some(50.0), Some(1.0), Some(2.0), Some(3.0)],
        Unmeasured::CountsZero,
    );
    let object = object.object(80.0);
    insta::assert_snapshot!(format!("{}", object["components"][1]), @r#"{"how":"measured","measured":false,"met":false,"name":"coverage","target":80.0,"value":0.0,"weight":0.2}"#);
    assert_eq!(
        (&object["score"], &object["grade"], &object["threshold"], &object["passed"]),
        (&35.7.into(), &"F".into(), &80.0.into(), &false.into())
    );
    let sum: f64 = object["components"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["weight"].as_f64().unwrap() * it["value"].as_f64().unwrap())
        .sum();
    assert!((sum - 35.65).abs() < 1e-9, "{sum}");
}

proptest! {
    #[test]
    fn a_score_is_within_its_bounds_and_never_falls_when_a_component_rises(
        weights in prop::array::uniform8(0.0..1.0f64),
        values in prop::array::uniform8(prop::option::of(0.0..=100.0f64)),
        raised in 0..8usize,
        by in 0.0..100.0f64,
    ) {
        let sum: f64 = weights.iter().sum();
        prop_assume!(sum > 0.01);
        let weights = Weights::custom(Component::ALL.into_iter().zip(weights.map(|it| it / sum))).unwrap();
        let measured = |values: [Option<f64>; 8]| -> Vec<_> {
            let of = |(component, value)| Measured { component, value, how: String::new() };
            Component::ALL.into_iter().zip(values).map(of).collect()
        };
        let mut higher = values;
        higher[raised] = higher[raised].map(|it| (it + by).min(100.0));
        for unmeasured in [Unmeasured::CountsZero, Unmeasured::Dropped] {
            let before = score(&weights, &measured(values), unmeasured);
            let after = score(&weights, &measured(higher), unmeasured);
            prop_assert!((0.0..=100.0).contains(&before.score));
            prop_assert!(after.score >= before.score, "{} -> {}", before.score, after.score);
            prop_assert!(((before.score * 10.0).round() / 10.0 - before.score).abs() < 1e-9);
        }
    }
}
