//! What the runs so far say: are deploys getting slower, are failures rising, what fails most, and the five metrics of DORA.
//!
//! Pure functions over rows of `store-sql`. Each answer is one sentence, then the numbers that it rests on; where there is not
//! enough history it says so, with how much there is and how much is needed. `docs/history.md` has the rules,
//! `tests/operating.rs` counts how often they are wrong.
//!
//! ```
//! let answer = pipeline_history::slower(&[], pipeline_history::WINDOW);
//! assert_eq!(
//!     answer.sentence,
//!     "Not enough history to say whether deploys are getting slower (0 of 20 deploys)."
//! );
//! ```

mod answer;
mod dora;
mod most;
mod rising;
mod shift;
mod slower;
mod words;

pub use answer::Answer;
pub use dora::{
    Bucket, Dora, FailRate, Frequency, Ground, LeadTime, Rate, Recovery, Rework, dora, revisions,
};
pub use most::{Most, Rank, RunStep, Times, most};
pub use rising::{Course, Half, Rising, rising};
pub use shift::Shift;
pub use slower::{Change, NEEDED, Pace, PartPace, Trend, WINDOW, slower};
pub use words::median;
