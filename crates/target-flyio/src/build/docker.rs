//! The builder that has docker build and push.

use std::path::Path;

use async_trait::async_trait;
use pipeline_core::{Artifact, Builder, Context, Fault};

use super::config::BuildConfig;
use super::error::BuildError;
use super::{artifact, carry_out, command, dockerfile_is_there, read, settings};

/// `docker buildx build --push`, with the user's own builders and with a key to Fly.io's registry that lies on
/// disk for as long as the build takes.
///
/// Building twice is harmless: the label is the run's own, and what was built is in the builder's cache.
#[derive(Debug)]
pub struct DockerBuild {
    config: BuildConfig,
}

impl DockerBuild {
    /// Builds what `config` says.
    #[must_use]
    pub fn new(config: BuildConfig) -> Self {
        Self { config }
    }

    async fn image(&self, cx: &Context) -> Result<Artifact, BuildError> {
        let config = &self.config;
        let dockerfile = config.dockerfile.as_deref().unwrap_or(Path::new("Dockerfile"));
        dockerfile_is_there(config.file(dockerfile)).await?;
        let users = config.docker_settings.as_deref();
        let settings = settings::make(users, &config.registry, &config.token)?;
        let wanted = config.reference(cx.run());
        let command = command::docker(config, &wanted, settings.path());
        carry_out(&command, config, cx).await?;
        // Where it cannot be read, the image still has its label.
        let told = tokio::fs::read_to_string(command::metadata_file(settings.path())).await;
        let digest = told.ok().and_then(|told| read::metadata_digest(&told));
        Ok(artifact(&wanted, digest, cx))
    }
}

#[async_trait]
impl Builder for DockerBuild {
    async fn build(&self, cx: &Context) -> Result<Artifact, Fault> {
        Ok(self.image(cx).await?)
    }
}
