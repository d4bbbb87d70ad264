//! The sample application: written to a folder, and built into images.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use async_trait::async_trait;
use pipeline_core::{Artifact, Builder, Context, Fault};
use process_wrap::tokio::{CommandWrap, KillOnDrop, ProcessGroup};
use sim_flyio::{Image, SimFly};
use tokio::process::Command;

use crate::commands::sim;
use crate::error::CliError;
use crate::exit::Exit;

/// The files of `examples/shop`.
const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/shop.rs"));

/// Writes the sample into a folder.
pub(crate) fn write(dir: &Path) -> Result<(), CliError> {
    for (name, content) in FILES {
        let path = dir.join(name);
        let parent = path.parent().unwrap_or(dir);
        std::fs::create_dir_all(parent).and_then(|()| std::fs::write(&path, content)).map_err(
            |error| CliError::new(Exit::Unreachable, format!("{}: {error}", path.display())),
        )?;
    }
    Ok(())
}

/// The configuration of the sample, with latency judged from now on.
pub(crate) fn judge_latency(dir: &Path) -> Result<(), CliError> {
    let path = dir.join("pipeline.toml");
    let more = "\n[verify.performance]\nrate = 25.0\nwithin = \"40s\"\nbaseline_requests = 40\n\
                [[verify.performance.endpoints]]\npath = \"/\"\n";
    let written =
        std::fs::read_to_string(&path).and_then(|text| std::fs::write(&path, text + more));
    written
        .map_err(|error| CliError::new(Exit::Unreachable, format!("{}: {error}", path.display())))
}

/// Builds an image of the sample and gives it to the simulator's registry.
pub(crate) struct Images {
    pub(crate) sim: Arc<SimFly>,
    /// The image's name.
    pub(crate) reference: String,
    /// What the image sets.
    pub(crate) env: BTreeMap<String, String>,
    /// Where releases go, and whether there are any: without `mix` the bundled server is the image.
    pub(crate) releases: Option<PathBuf>,
}

#[async_trait]
impl Builder for Images {
    async fn build(&self, cx: &Context) -> Result<Artifact, Fault> {
        let image = match &self.releases {
            Some(releases) => self.release(&releases.join(&cx.release().version), cx).await?,
            None => sim::bundled(&self.reference).map_err(Fault::permanent)?.env(&self.env),
        };
        let digest = self.sim.register_image(image);
        Ok(Artifact::new(format!("{}@{digest}", self.reference)))
    }
}

impl Images {
    /// `mix release`, as a Dockerfile would run it.
    async fn release(&self, into: &Path, cx: &Context) -> Result<Image, Fault> {
        let mut command = Command::new("mix");
        command
            .args(["release", "shop", "--overwrite", "--quiet", "--path"])
            .arg(into)
            .current_dir(cx.workdir())
            .env("MIX_ENV", "prod")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        cx.note("mix release shop");
        let mut command = CommandWrap::from(command);
        command.wrap(ProcessGroup::leader()).wrap(KillOnDrop);
        let child = command.spawn().map_err(Fault::permanent)?;
        let output = Box::into_pin(child.wait_with_output()).await.map_err(Fault::permanent)?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let failed = std::io::Error::other(format!("mix release: {}\n{said}", output.status));
            return Err(Fault::permanent(failed));
        }
        let program = into.join("bin/shop").display().to_string();
        let (reference, env) = (self.reference.clone(), self.env.clone());
        Ok(Image::new(reference, [program, "start".into()]).env(env))
    }
}
