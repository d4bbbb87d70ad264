//! The gate: another environment has verified just this.

use std::sync::Arc;

use async_trait::async_trait;
use pipeline_core::{Context, Fault, Gate, Outcome};

use super::{Candidate, Facts, Promotion, PromotionRules, judge};

/// Finds out how things stand, each time it is asked.
#[async_trait]
pub trait Look: Send + Sync {
    /// How the environment stands from which `chosen` comes.
    async fn facts(&self, chosen: &Candidate, cx: &Context) -> Result<Facts, Fault>;
}

/// Judges what this deploy brings.
#[derive(Clone)]
pub struct PromotionGate {
    rules: PromotionRules,
    chosen: Option<(Candidate, Arc<dyn Look>)>,
}

impl PromotionGate {
    /// Of a deploy that says of no environment where it comes from.
    #[must_use]
    pub fn new(rules: PromotionRules) -> Self {
        Self { rules, chosen: None }
    }

    /// Says what the deploy brings, and who knows how things stand.
    #[must_use]
    pub fn bringing(self, candidate: Candidate, look: impl Look + 'static) -> Self {
        Self { chosen: Some((candidate, Arc::new(look))), ..self }
    }
}

#[async_trait]
impl Gate for PromotionGate {
    async fn check(&self, cx: &Context) -> Outcome {
        let Some((chosen, look)) = &self.chosen else {
            return Ok(judge(&self.rules, Promotion { chosen: None, facts: None }));
        };
        let facts = look.facts(chosen, cx).await?;
        Ok(judge(&self.rules, Promotion { chosen: Some(chosen), facts: Some(&facts) }))
    }
}

impl std::fmt::Debug for PromotionGate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let chosen = self.chosen.as_ref().map(|(candidate, _)| candidate);
        f.debug_struct("PromotionGate")
            .field("rules", &self.rules)
            .field("chosen", &chosen)
            .finish_non_exhaustive()
    }
}
