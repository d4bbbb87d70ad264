//! The gate: the checked-out commit is as the environment wants it.

use async_trait::async_trait;
use pipeline_core::{Context, Gate, Outcome};
use pipeline_process::Redactor;

use super::git::Git;
use super::{TreeRules, judge_tree};

/// Asks git, and judges by the rules.
#[derive(Debug)]
pub struct TreeGate {
    rules: TreeRules,
    redactor: Redactor,
}

impl TreeGate {
    /// A remote's address may hold a secret: `redactor` keeps it from being seen.
    #[must_use]
    pub fn new(rules: TreeRules, redactor: Redactor) -> Self {
        Self { rules, redactor }
    }
}

#[async_trait]
impl Gate for TreeGate {
    async fn check(&self, cx: &Context) -> Outcome {
        let commit = Git::new(cx, &self.redactor).commit(&self.rules).await?;
        Ok(judge_tree(&self.rules, &commit))
    }
}
