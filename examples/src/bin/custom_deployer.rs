//! A deployer of one's own: releases are folders, and the link `current` says which of them serves.

#![expect(clippy::print_stdout, reason = "an example tells its story")]

use std::path::{Path, PathBuf};
use std::{error::Error, fs, io, os::unix::fs::symlink};

use async_trait::async_trait;
use pipeline_core::{
    Context, Deployer, Deployment, Fault, Finding, Instance, Pipeline, Report, Side, Snapshot,
    Stage, Step, verifier_fn,
};
use pipeline_testkit::{MemoryJournal, a_run};

struct Folders(PathBuf);

impl Folders {
    /// Renaming a link over another one is atomic: whoever looks sees the old release or the new one.
    fn point_to(&self, version: &str, side: Side) -> Result<Deployment, Fault> {
        let next = self.0.join("next");
        let _ = fs::remove_file(&next); // left behind by a run that died here
        symlink(Path::new("releases").join(version), &next).map_err(Fault::permanent)?;
        fs::rename(next, self.0.join("current")).map_err(Fault::permanent)?;
        Ok(deployment(version, side))
    }
}

fn deployment(version: &str, side: Side) -> Deployment {
    let (id, region, address) = ("current".into(), None, None);
    let instances = vec![Instance { id, side, region, serving: true, address }];
    Deployment { version: version.into(), instances, ..Deployment::default() }
}

#[async_trait]
impl Deployer for Folders {
    fn target(&self) -> &'static str {
        "folders:shop"
    }

    async fn snapshot(&self, _: &Context) -> Result<Snapshot, Fault> {
        let serving = fs::read_link(self.0.join("current")).ok();
        let version = serving.as_ref().and_then(|it| it.file_name()?.to_str());
        let current = version.map(|version| deployment(version, Side::Old));
        Ok(Snapshot { current, data: version.into() })
    }

    /// Refused here, a release that is not there is rejected before anything changes.
    async fn stages(&self, _: &Snapshot, cx: &Context) -> Result<Vec<Stage>, Fault> {
        let folder = format!("releases/{}", cx.release().version);
        let there = fs::metadata(self.0.join(&folder));
        there.map_err(|error| Fault::permanent(error).hint(format!("create {folder}")))?;
        Ok(vec![Stage::new("switch").change(format!("current -> {folder}"))])
    }

    async fn advance(&self, _: &Stage, _: &Snapshot, cx: &Context) -> Result<Deployment, Fault> {
        self.point_to(&cx.release().version, Side::New)
    }

    async fn restore(&self, to: &Snapshot, _: &Context) -> Result<Deployment, Fault> {
        let Some(version) = to.data.as_str() else {
            return match fs::remove_file(self.0.join("current")) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    Err(Fault::permanent(error))
                }
                _ => Ok(Deployment::default()),
            };
        };
        self.point_to(version, Side::Old)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let root = tempfile::tempdir()?;
    for (version, page) in [("v1", "<h1>shop</h1>"), ("v2", "<h1>new shop</h1>"), ("v3", "")] {
        let folder = root.path().join("releases").join(version);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("index.html"), page)?;
    }
    let page = root.path().join("current/index.html");
    let not_blank = verifier_fn(move |_, _| {
        let text = fs::read_to_string(&page).map_err(Fault::permanent);
        let finding = || Finding::error("index.html is empty");
        let judge = move |text: String| text.is_empty().then(finding).into_iter().collect();
        async move { Ok(Report::refused_if_any(judge(text?))) }
    });
    let pipeline = Pipeline::to(Step::deployer(Folders(root.path().to_owned())))
        .verifier(Step::verifier("page", not_blank))
        .build()?;

    for version in ["v1", "v2", "v3", "v4"] {
        let end = pipeline.run(&a_run(version), &mut MemoryJournal::new()).await?;
        let serves = fs::read_link(root.path().join("current"))?;
        println!("{version}: {end:?}, current -> {}", serves.display());
    }
    Ok(())
}
