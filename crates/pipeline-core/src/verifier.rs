//! The trait `Verifier`: looks at a live deployment.

use std::future::Future;

use async_trait::async_trait;

use crate::context::Context;
use crate::deployment::Deployment;
use crate::fault::Fault;
use crate::finding::Evidence;
use crate::report::Outcome;

/// A check of a live deployment. It only looks.
///
/// ```
/// use async_trait::async_trait;
/// use pipeline_core::{Check, Context, Deployment, Outcome, Report, Verdict, Verifier};
///
/// /// Wants two machines at least.
/// struct Capacity;
///
/// #[async_trait]
/// impl Verifier for Capacity {
///     async fn verify(&self, deployment: &Deployment, _: &Context) -> Outcome {
///         let count = deployment.subjects().count();
///         let verdict = if count < 2 { Verdict::Refused } else { Verdict::Passed };
///         Ok(Report::of_checks(vec![Check::smoke("capacity", verdict, format!("{count} machines"))]))
///     }
/// }
/// # let _: &dyn Verifier = &Capacity;
/// ```
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
///
/// ```
/// use pipeline_core::{Finding, Report, Step, verifier_fn};
///
/// let named = verifier_fn(|deployment, _| async move {
///     let nameless = deployment.version.is_empty().then(|| Finding::error("it says no version"));
///     Ok(Report::refused_if_any(nameless.into_iter().collect()))
/// });
/// assert_eq!(Step::verifier("named", named).name(), "named");
/// ```
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
