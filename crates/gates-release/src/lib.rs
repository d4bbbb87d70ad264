//! May this be released, here and now? Three gates, each a pure rule with its facts found apart:
//!
//! * [`FreezeGate`]: nobody deploys at certain times;
//! * [`TreeGate`]: the checked-out commit is clean, pushed, tagged, on the right branch;
//! * [`PromotionGate`]: another environment has verified just this, and runs it still.
//!
//! They say "no" with what was wanted, what is, and the command that mends it; where a fact cannot be had, they cannot tell.

mod found;
mod freeze;
mod promotion;
mod tree;

pub use freeze::{Freeze, FreezeError, FreezeGate, Frozen, Moment, Span, Window, frozen, upcoming};
pub use promotion::{
    Candidate, Facts, Look, Promotion, PromotionGate, PromotionRules, Running, Standing, judge,
    told,
};
pub use tree::{Commit, GitError, Pattern, PatternError, Pushed, TreeGate, TreeRules, judge_tree};
