//! The trait `Builder`: makes the artifact that the target will run.

use async_trait::async_trait;

use crate::context::Context;
use crate::fault::Fault;
use crate::release::Artifact;

/// Makes the artifact of a release. It changes nothing at the target.
///
/// ```
/// use async_trait::async_trait;
/// use pipeline_core::{Artifact, Builder, Context, Fault};
///
/// /// Folders that somebody else has put there.
/// struct Shelf;
///
/// #[async_trait]
/// impl Builder for Shelf {
///     async fn build(&self, cx: &Context) -> Result<Artifact, Fault> {
///         Ok(Artifact::new(format!("releases/{}", cx.release().version)))
///     }
/// }
/// # let _: &dyn Builder = &Shelf;
/// ```
#[async_trait]
pub trait Builder: Send + Sync {
    /// Builds, publishes and names what the target shall run; by digest, so that nobody can move it.
    async fn build(&self, cx: &Context) -> Result<Artifact, Fault>;
}

/// The builder for a release whose artifact exists already (`--image REF`).
///
/// ```
/// use pipeline_core::{Artifact, Given, Step};
///
/// let step = Step::builder("image", Given(Artifact::new("registry.test/shop@sha256:2222")));
/// assert_eq!(step.name(), "image");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given(pub Artifact);

#[async_trait]
impl Builder for Given {
    async fn build(&self, _cx: &Context) -> Result<Artifact, Fault> {
        Ok(self.0.clone())
    }
}
