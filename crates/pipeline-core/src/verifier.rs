//! The trait `Verifier`: looks at a live deployment.

use std::future::Future;

use async_trait::async_trait;

use crate::context::Context;
use crate::deployment::Deployment;
use crate::fault::Fault;
use crate::finding::Evidence;
use crate::report::Outcome;

/// A check of a live deployment. It only looks.
#[async_trait]
pub trait Verifier: Send + Sync {
    /// Measures what runs now, before anything changes. Default: nothing to measure.
    ///
    /// What it returns is journalled and handed back to [`verify`](Self::verify) as
    /// [`Context::baseline`], also in a resumed run.
    async fn baseline(
        &self,
        current: &Deployment,
        cx: &Context,
    ) -> Result<Option<Evidence>, Fault> {
        let _ = (current, cx);
        Ok(None)
    }

    /// Judges a deployment: `Ok` is the answer, `Err` says that there is none.
    ///
    /// Called after each stage and after a restore. Polling until something is healthy is the
    /// verifier's own business, within the limits of its step.
    async fn verify(&self, deployment: &Deployment, cx: &Context) -> Outcome;
}

/// A verifier out of an async function, for examples, tests and small needs.
pub fn verifier_fn<F, Fut>(verify: F) -> impl Verifier
where
    F: Fn(Deployment, Context) -> Fut + Send + Sync,
    Fut: Future<Output = Outcome> + Send,
{
    FnVerifier(verify)
}

struct FnVerifier<F>(F);

#[async_trait]
impl<F, Fut> Verifier for FnVerifier<F>
where
    F: Fn(Deployment, Context) -> Fut + Send + Sync,
    Fut: Future<Output = Outcome> + Send,
{
    async fn verify(&self, deployment: &Deployment, cx: &Context) -> Outcome {
        (self.0)(deployment.clone(), cx.clone()).await
    }
}
