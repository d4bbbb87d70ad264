//! How latencies scatter on a server where nothing is wrong: seven models, from tame to harsh.

use pipeline_stats::Latencies;

use crate::random::Random;

/// The median of a quiet control, in milliseconds.
const BASE_MS: f64 = 50.0;

/// What the sender discards as warm-up.
const WARM_UP: usize = 20;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Noise {
    pub(crate) name: &'static str,
    /// Standard deviation of the logarithm of one latency: 0.6 means that p99 is four times the median.
    pub(crate) sigma: f64,
    /// 3 % of the requests are 10 to 40 times slower.
    pub(crate) outliers: bool,
    /// Each run has a level of its own, with this deviation of its logarithm.
    pub(crate) drift: f64,
    /// In a fifth of the runs a tenth of the requests, all in a row, is 8 times slower.
    pub(crate) bursts: bool,
    /// A new release starts 20 times slower and gets warm within tens of requests.
    pub(crate) cold: bool,
    /// Which share of the requests a slow release slows down.
    pub(crate) share: f64,
}

const fn calm(name: &'static str, sigma: f64) -> Noise {
    Noise { name, sigma, outliers: false, drift: 0.0, bursts: false, cold: false, share: 1.0 }
}

pub(crate) const MODELS: [Noise; 7] = [
    calm("L0.3", 0.3),
    calm("L0.6", 0.6),
    calm("L0.8", 0.8),
    calm("L1.0", 1.0),
    Noise { outliers: true, ..calm("L0.6 + out", 0.6) },
    Noise { outliers: true, drift: 0.15, bursts: true, ..calm("out + drift + burst", 0.6) },
    Noise { cold: true, ..calm("L0.6 + cold, warm-up discarded", 0.6) },
];

impl Noise {
    /// A release that is warm, `ratio` times as slow as the control.
    pub(crate) fn warm(&self, random: &mut Random, count: usize, ratio: f64) -> Latencies {
        self.latencies(random, count, |_| ratio)
    }

    /// A release that was just started.
    pub(crate) fn started(&self, random: &mut Random, count: usize, ratio: f64) -> Latencies {
        if !self.cold {
            return self.warm(random, count, ratio);
        }
        self.latencies(random, count, |index| {
            #[expect(clippy::cast_precision_loss, reason = "hundreds")]
            let age = (index + WARM_UP) as f64;
            ratio * (1.0 + 19.0 * (-age / 8.0).exp())
        })
    }

    fn latencies(
        &self,
        random: &mut Random,
        count: usize,
        slowness: impl Fn(usize) -> f64,
    ) -> Latencies {
        let level = BASE_MS * (self.drift * random.normal()).exp();
        let stall = if self.bursts && random.happens(0.2) { count / 10 } else { 0 };
        #[expect(clippy::cast_precision_loss, reason = "hundreds")]
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to count")]
        let from = random.between(0.0, (count - stall + 1) as f64) as usize;
        let one = |index: usize| {
            let scatter = (self.sigma * random.normal()).exp();
            let outlier = self.outliers && random.happens(0.03);
            let outlier = if outlier { random.between(10.0, 40.0) } else { 1.0 };
            let stalled = if (from..from + stall).contains(&index) { 8.0 } else { 1.0 };
            let hit = self.share >= 1.0 || random.happens(self.share);
            let slowness = if hit { slowness(index) } else { 1.0 };
            level * slowness * scatter * outlier * stalled
        };
        Latencies::measured((0..count).map(one)).expect("a positive number")
    }
}
