//! An image that is there already: its name is made one that cannot mean another image tomorrow.

use async_trait::async_trait;
use pipeline_core::{Artifact, Builder, Context, Fault};

use crate::api::Platform;
use crate::error::FlyError;

/// "Builds" an image by looking for it in the registry.
#[derive(Clone, Debug)]
pub struct KnownImage {
    platform: Platform,
    reference: String,
}

impl KnownImage {
    pub(crate) fn new(platform: Platform, reference: impl Into<String>) -> Self {
        Self { platform, reference: reference.into() }
    }
}

#[async_trait]
impl Builder for KnownImage {
    /// The image with its digest. One that the registry does not have is refused before anything is touched;
    /// where the registry does not answer, the name stands as it was given.
    async fn build(&self, cx: &Context) -> Result<Artifact, Fault> {
        let reference = &self.reference;
        if reference.contains('@') {
            return Ok(Artifact::new(reference));
        }
        match self.platform.image(reference).await {
            Ok(Some(found)) => {
                cx.note(format!("{reference} is {}", found.digest));
                Ok(Artifact::new(format!("{reference}@{}", found.digest)))
            }
            Ok(None) => Err(FlyError::NoImage { image: reference.clone() }.into()),
            Err(error) => {
                cx.note(format!("which image {reference} means could not be told: {error}"));
                Ok(Artifact::new(reference))
            }
        }
    }
}
