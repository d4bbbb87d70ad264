//! Axes: where their ticks are, and how a value becomes a place. Pure.

use crate::words;

/// From values to places on a line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    from: (f64, f64),
    to: (f64, f64),
    log: bool,
}

impl Scale {
    /// Even steps.
    pub(crate) fn linear(from: (f64, f64), to: (f64, f64)) -> Self {
        Self { from, to, log: false }
    }

    /// Even factors: twice as much is as far everywhere.
    pub(crate) fn log(from: (f64, f64), to: (f64, f64)) -> Self {
        Self { from, to, log: true }
    }

    /// Where a value is. What lies outside is at the end.
    pub(crate) fn at(&self, value: f64) -> f64 {
        let of = |it: f64| if self.log { it.max(f64::MIN_POSITIVE).ln() } else { it };
        let (low, high) = (of(self.from.0), of(self.from.1));
        let share = if high > low { (of(value) - low) / (high - low) } else { 0.0 };
        self.to.0 + share.clamp(0.0, 1.0) * (self.to.1 - self.to.0)
    }
}

/// Steps of time in milliseconds that people count in.
const TIMES: [u64; 20] = [
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 60_000,
    120_000, 300_000, 600_000, 1_800_000,
];

/// Ticks from zero to at least `most` milliseconds, at most `count` steps.
pub(crate) fn time_ticks(most: f64, count: u64) -> Vec<u64> {
    let most = words::whole(most.ceil()).max(1);
    let step = TIMES.into_iter().find(|it| most.div_ceil(*it) <= count);
    let step = step.unwrap_or_else(|| most.div_ceil(count).div_ceil(3_600_000) * 3_600_000);
    (0..=most.div_ceil(step)).map(|it| it * step).collect()
}

/// A tick of time: `0`, `200 ms`, `30s`, `2m`, `1h`.
pub(crate) fn time_tick(ms: u64) -> String {
    match ms {
        0 => "0".into(),
        1..1_000 => format!("{ms} ms"),
        1_000..60_000 if ms.is_multiple_of(1_000) => format!("{}s", ms / 1_000),
        60_000..3_600_000 if ms.is_multiple_of(60_000) => format!("{}m", ms / 60_000),
        it if it.is_multiple_of(3_600_000) => format!("{}h", it / 3_600_000),
        other => words::took(other),
    }
}

/// Ticks of a count from zero to at least `most`.
pub(crate) fn count_ticks(most: u64, count: u64) -> Vec<u64> {
    let most = most.max(1);
    let powers = (0..18).map(|it| 10_u64.pow(it));
    let step = powers.flat_map(|it| [it, 2 * it, 5 * it]).find(|it| most.div_ceil(*it) <= count);
    let step = step.unwrap_or(most);
    (0..=most.div_ceil(step)).map(|it| it * step).collect()
}

/// Ticks of a ratio on a logarithmic axis that holds `low` and `high`.
pub(crate) fn ratio_ticks(low: f64, high: f64) -> Vec<f64> {
    const ALL: [f64; 13] =
        [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0];
    let first = ALL.iter().rposition(|it| *it <= low).unwrap_or(0);
    let last = ALL.iter().position(|it| *it >= high).unwrap_or(ALL.len() - 1);
    ALL[first..=last.max(first)].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_what_people_count_in() {
        let words = |most| time_ticks(most, 4).into_iter().map(time_tick).collect::<Vec<_>>();
        assert_eq!(words(0.0), ["0", "1 ms"]);
        assert_eq!(words(21_300.0), ["0", "10s", "20s", "30s"]);
        assert_eq!(words(252_000.0), ["0", "2m", "4m", "6m"]);
        assert_eq!(words(9_000_000.0), ["0", "1h", "2h", "3h"]);
        assert_eq!(count_ticks(0, 4), [0, 1]);
        assert_eq!(count_ticks(17, 4), [0, 5, 10, 15, 20]);
        assert_eq!(ratio_ticks(0.6, 5.5), [0.5, 1.0, 2.0, 5.0, 10.0]);
    }

    #[test]
    fn a_factor_is_as_far_everywhere_on_a_logarithmic_scale() {
        let scale = Scale::log((0.5, 8.0), (100.0, 0.0));
        let places = [0.5, 1.0, 2.0, 8.0, 99.0, 0.0].map(|it| words::whole(scale.at(it)));
        assert_eq!(places, [100, 75, 50, 0, 0, 100]);
        assert_eq!(words::whole(Scale::linear((0.0, 0.0), (0.0, 9.0)).at(1.0)), 0);
    }
}
