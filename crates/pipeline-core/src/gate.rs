//! The trait `Gate`: a check that must pass before anything is deployed.

use std::collections::BTreeMap;
use std::future::Future;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::report::Outcome;

/// A check that must pass before the deploy. It changes nothing outside its working directory.
///
/// Its name, its limits and what it needs belong to the pipeline ([`Step`](crate::Step)), so that one
/// type can stand twice under two names and no gate knows another.
///
/// ```
/// use async_trait::async_trait;
/// use pipeline_core::{Context, Fault, Finding, Gate, Outcome, Report};
///
/// /// Wants a line about the release in the changelog.
/// struct Changelog;
///
/// #[async_trait]
/// impl Gate for Changelog {
///     async fn check(&self, cx: &Context) -> Outcome {
///         // A file that cannot be read is no "no": nobody has looked.
///         let text = std::fs::read_to_string(cx.workdir().join("CHANGELOG.md"))
///             .map_err(|error| Fault::permanent(error).hint("create CHANGELOG.md"))?;
///         let version = &cx.release().version;
///         if text.contains(version) {
///             return Ok(Report::passed());
///         }
///         Ok(Report::refused(Finding::error(format!("nothing about {version}")).in_file("CHANGELOG.md")))
///     }
/// }
/// # let _: &dyn Gate = &Changelog;
/// ```
#[async_trait]
pub trait Gate: Send + Sync {
    /// What this gate reads, for the cache; `None` = never cached.
    fn inputs(&self, cx: &Context) -> Option<Inputs> {
        let _ = cx;
        None
    }

    /// Does it look at the changed files alone where [`Context::changed`] names them? The answer of such a look is
    /// neither remembered nor remembered from before.
    fn honours_changed(&self) -> bool {
        false
    }

    /// Checks the release: `Ok` is the check's answer, `Err` says that there is none.
    ///
    /// It should end soon after [`Context::cancelled`] does; after its grace its future is dropped, and
    /// whatever it started must stop with it.
    async fn check(&self, cx: &Context) -> Outcome;
}

/// All that a gate's answer depends on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inputs {
    /// Globs of the files it reads, relative to the working directory; with `../` in front, beside it.
    pub files: Vec<String>,
    /// Versions of the tools it runs, by name.
    pub tools: BTreeMap<String, String>,
    /// What it was told that changes its answer, such as limits, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, String>,
    /// Names of the environment variables it depends on.
    pub environment: Vec<String>,
    /// Is that all it depends on? Only then may production trust a cached answer.
    pub complete: bool,
}

/// A gate out of an async function, for examples, tests and small needs.
///
/// ```
/// use pipeline_core::{Finding, Report, gate_fn};
///
/// let weekday = gate_fn(|cx| async move {
///     cx.note("looking at the calendar");
///     Ok(Report::refused(Finding::error("nobody deploys on a Friday")))
/// });
/// # let _: &dyn pipeline_core::Gate = &weekday;
/// ```
pub fn gate_fn<F, Fut>(check: F) -> impl Gate
where
    F: Fn(Context) -> Fut + Send + Sync,
    Fut: Future<Output = Outcome> + Send,
{
    FnGate(check)
}

struct FnGate<F>(F);

#[async_trait]
impl<F, Fut> Gate for FnGate<F>
where
    F: Fn(Context) -> Fut + Send + Sync,
    Fut: Future<Output = Outcome> + Send,
{
    async fn check(&self, cx: &Context) -> Outcome {
        (self.0)(cx.clone()).await
    }
}
