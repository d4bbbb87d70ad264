//! Latency verdicts with published error rates, and trends: pure statistics.
//!
//! Is a new release slower than the old one, by how much at least, and is that chance? A judge that is wrong once in
//! a hundred deploys is soon ignored, so this one says how often it is wrong, and a test counts it. It looks at the
//! typical requests and at the slow ones, several times while they come in, and asks for a fresh batch before it
//! calls for a rollback. No clock, no random numbers, no effects: the same latencies have the same verdict.
//!
//! ```
//! use pipeline_stats::{BadLatency, Call, Latencies, Part, Rules, confirms, look};
//!
//! // Latencies that scatter as they do: the slowest is twelve times as slow as the fastest.
//! fn around(ms: f64, count: usize) -> Result<Latencies, BadLatency> {
//!     let scatter = [0.25, 1.7, 0.9, 0.5, 3.0, 1.2, 0.35, 1.5, 1.0, 0.7, 2.2];
//!     Latencies::measured(scatter.iter().cycle().take(count).map(|it| it * ms))
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let rules = Rules { strata: 3, ..Rules::default() };
//! rules.check()?;
//! let control = around(50.0, 400)?;
//!
//! // A healthy release passes at the first look.
//! assert_eq!(look(&control, &around(54.0, 40)?, 0, &rules).call, Call::Pass);
//!
//! // A bad one has to be seen surely, and then again.
//! let first = look(&control, &around(500.0, 40)?, 0, &rules);
//! assert_eq!(first.call, Call::Continue);
//! let last = look(&control, &around(500.0, 400)?, 3, &rules);
//! assert_eq!(last.call, Call::Candidate(Part::Body));
//! assert!(last.body.ratio > 9.0 && last.body.low > 4.0);
//! let again = confirms(&control, &around(500.0, Part::Body.batch())?, Part::Body, &rules);
//! assert!(again.confirmed);
//! # Ok(()) }
//! ```
//!
//! # One look
//!
//! | call | when |
//! |---|---|
//! | candidate for a rollback | the ratio of the typical requests, or of the slow ones, is above 5, its lower bound 2 or more; and the bound is 4 or more, or this is the last look |
//! | alert | a ratio is above 2, its lower bound 1.25 or more; and its upper bound is below 5 and no ratio is above 5, or this is the last look |
//! | pass | the upper bound of the typical ratio is below 2, and the ratio of the slow requests not above it; or this is the last look and neither ratio is above 2 |
//! | inconclusive | this is the last look, and a ratio is above 2 |
//! | continue | otherwise |
//!
//! A ratio counts only if the median (or p90) rises by 10 ms or more. What a ratio is at most counts the timeouts
//! as if they had lasted for ever; what it is at least does not. The chance that a bound is wrong is `alpha` over looks ×
//! strata on its side; lower bounds are widened by the drift between runs, for an alert at a plain 99 %. A candidate needs a fresh batch with a
//! ratio of 3 and a lower bound of 2 (of 1.5 for the slow requests), else it is an alert.
//! For other limits than 2 and 5 the other numbers move along, on a log scale.
//!
//! # How often it is wrong
//!
//! Simulated deploys, with a control taken at the same time; ten strata, limits 2 and 5:
//!
//! | noise (log-sd of the latencies; outliers, bursts, runs that drift) | true ratio 1 | 3 | 6 | 8 |
//! |---|---|---|---|---|
//! | 0.3 | all pass | all alert | all rolled back | all rolled back |
//! | 0.6 | all pass | all alert | all rolled back | all rolled back |
//! | 1.0 | all pass | all alert | 99.7 % rolled back | all rolled back |
//! | 0.6, outliers | all pass | all alert | all rolled back | all rolled back |
//! | 0.6, outliers, bursts, drift of 15 % | 0 rolled back, 0.8 % alert | 93 % alert, 4 % rolled back | 82 % rolled back | 98 % rolled back |
//!
//! The whole table, and how it was made: `OPERATING.md` beside this crate's manifest.
//!
//! # Sources
//!
//! | what | source | the same in R |
//! |---|---|---|
//! | [`hodges_lehmann`] estimate | Hodges and Lehmann, 1963 | `wilcox.test(conf.int = TRUE)$estimate` |
//! | its interval | Moses, 1953; Hollander and Wolfe, section 4.3 | `wilcox.test(conf.int = TRUE, exact = TRUE)$conf.int`, a few ranks narrower |
//! | its selection | Johnson and Mizoguchi, 1978 | |
//! | [`p90_ratio`] | David and Nagaraja, "Order Statistics", section 7.1 | `qbinom`, `quantile(type = 7)` |
//! | budget over looks and strata | Bonferroni | `p.adjust` |
//! | [`clopper_pearson`] | Clopper and Pearson, 1934 | `binom.test` |
//! | [`drift`] | Hampel, 1974 | `mad` |
//! | [`trend::mann_kendall`] | Mann, 1945; Kendall, 1948 | `cor.test(method = "kendall", exact = FALSE, continuity = TRUE)` |
//! | [`trend::theil_sen`] | Sen, 1968; Gilbert, 1987 | `median(outer(…))` |
//! | [`trend::wilson`] | Wilson, 1927 | `prop.test(correct = FALSE)` |

mod binomial;
mod drift;
mod hodges_lehmann;
mod judge;
mod latency;
mod normal;
mod quantile;
mod select;
pub mod trend;

pub use binomial::clopper_pearson;
pub use drift::drift;
pub use hodges_lehmann::{Estimate, hodges_lehmann};
pub use judge::{
    BadRules, Call, Confirmation, Counts, Decision, ErrorCall, ErrorOpinion, ErrorRules, Opinion,
    Part, Rules, Verdict, confirms, errors, look, replay,
};
pub use latency::{BadLatency, Latencies, Latency};
pub use quantile::{interpolated, p90_ratio};
