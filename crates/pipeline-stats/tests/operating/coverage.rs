//! How often the true ratio lies in its interval, for latencies of many shapes.

use pipeline_stats::{Latencies, hodges_lehmann, p90_ratio};

use crate::random::Random;

/// How many intervals are made of each kind.
const RUNS: usize = 2_000;

/// The true ratio.
const RATIO: f64 = 3.0;

struct Shape {
    name: &'static str,
    draw: fn(&mut Random) -> f64,
}

const SHAPES: [Shape; 6] = [
    Shape { name: "lognormal 0.3", draw: |it| (0.3 * it.normal()).exp() },
    Shape { name: "lognormal 0.6", draw: |it| (0.6 * it.normal()).exp() },
    Shape { name: "lognormal 1.0", draw: |it| it.normal().exp() },
    Shape { name: "Weibull 0.7", draw: |it| exponential(it).powf(1.0 / 0.7) },
    Shape { name: "gamma 3", draw: |it| (0..3).map(|_| exponential(it)).sum() },
    // One request in five misses a cache. Two points, blurred as clocks do: equal ratios widen the interval.
    Shape {
        name: "two points",
        draw: |it| if it.happens(0.2) { 8.0 } else { 1.0 } * (0.02 * it.normal()).exp(),
    },
];

fn exponential(random: &mut Random) -> f64 {
    -(1.0 - random.even()).ln()
}

/// How many of the intervals miss the true ratio: of the Hodges-Lehmann one, and of the one of p90.
fn misses(shape: &Shape, sizes: (usize, usize), confidence: f64) -> (usize, usize) {
    let mut random = Random::named(shape.name, sizes.1 as u64);
    let mut draw = |count: usize, ratio: f64| {
        let ms = (0..count).map(|_| 50.0 * ratio * (shape.draw)(&mut random));
        Latencies::measured(ms.collect::<Vec<_>>()).expect("positive numbers")
    };
    let mut missed = (0, 0);
    for _ in 0..RUNS {
        let (control, new) = (draw(sizes.0, 1.0), draw(sizes.1, RATIO));
        let body = hodges_lehmann(&control, &new, confidence);
        let tail = p90_ratio(&control, &new, confidence).expect("30 or more");
        missed.0 += usize::from(!(body.low..=body.high).contains(&RATIO));
        missed.1 += usize::from(!(tail.low..=tail.high).contains(&RATIO));
    }
    missed
}

/// Five standard deviations above what `confidence` allows: a seed that fails would be one in three million.
#[expect(clippy::cast_precision_loss, reason = "thousands")]
fn most(confidence: f64) -> f64 {
    let (runs, chance) = (RUNS as f64, 1.0 - confidence);
    runs * chance + 5.0 * (runs * chance * confidence).sqrt()
}

#[test]
#[expect(clippy::cast_precision_loss, reason = "thousands")]
fn the_true_ratio_lies_in_the_interval_as_often_as_promised() {
    for shape in &SHAPES {
        for sizes in [(30, 30), (200, 40), (400, 100)] {
            for confidence in [0.95, 0.999] {
                let (body, tail) = misses(shape, sizes, confidence);
                println!("{}, {sizes:?} at {confidence}: {body} and {tail} missed", shape.name);
                let most = most(confidence);
                assert!(body as f64 <= most, "{}, {sizes:?} at {confidence}: {body}", shape.name);
                assert!(tail as f64 <= most, "{}, {sizes:?} at {confidence}: {tail}", shape.name);
                // It is not wider than it needs to be, either.
                let calm = shape.name != "two points" && confidence < 0.96;
                assert!(!calm || body as f64 > 0.6 * 0.05 * RUNS as f64, "{}: {body}", shape.name);
            }
        }
    }
}
