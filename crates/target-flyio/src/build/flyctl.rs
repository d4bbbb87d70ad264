//! The builder that has flyctl build and push.

use async_trait::async_trait;
use pipeline_core::{Artifact, Builder, Context, Fault};
use pipeline_process::Tail;

use super::config::BuildConfig;
use super::error::BuildError;
use super::{artifact, carry_out, command, dockerfile_is_there, read};

/// `flyctl deploy --build-only --push`: on a builder at Fly.io, or with the Docker engine of this machine.
///
/// Building twice is harmless: the label is the run's own, and what was built is in the builder's cache.
#[derive(Debug)]
pub struct FlyctlBuild {
    config: BuildConfig,
}

impl FlyctlBuild {
    /// Builds what `config` says.
    #[must_use]
    pub fn new(config: BuildConfig) -> Self {
        Self { config }
    }

    async fn image(&self, cx: &Context) -> Result<Artifact, BuildError> {
        let config = &self.config;
        if let Some(named) = &config.dockerfile {
            dockerfile_is_there(config.file(named)).await?;
        }
        let wanted = config.reference(cx.run());
        let text = carry_out(&command::flyctl(config, cx.run()), config, cx).await?;
        if !read::names_image(&text, &wanted) {
            return Err(BuildError::Unnamed { wanted, tail: Tail::of(&text) });
        }
        let digest = read::pushed_digest(&text, &wanted);
        Ok(artifact(&wanted, digest, cx))
    }
}

#[async_trait]
impl Builder for FlyctlBuild {
    async fn build(&self, cx: &Context) -> Result<Artifact, Fault> {
        Ok(self.image(cx).await?)
    }
}
