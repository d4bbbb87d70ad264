//! A project in a folder of its own, with a cache beside it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use gate_cache::{FileCache, Why};
use pipeline_core::{Asked, GateCache, Inputs, Recalled, Remembered, Report, Run};
use pipeline_testkit::{Heard, a_run};
use tempfile::TempDir;

pub(crate) struct Project {
    /// The project is one folder of it, so that there can be others beside.
    pub(crate) root: TempDir,
    pub(crate) heard: Heard,
}

impl Project {
    /// A project with a few files.
    pub(crate) fn new() -> Self {
        let project = Self::empty();
        project.write("mix.exs", "project");
        project.write("lib/shop/cart.ex", "cart");
        project.write("lib/shop.ex", "shop");
        project
    }

    pub(crate) fn empty() -> Self {
        let project = Self { root: tempfile::tempdir().unwrap(), heard: Heard::new() };
        fs::create_dir(project.path("")).unwrap();
        project
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join("shop").join(name)
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.path(".pipeline/cache/gates")
    }

    pub(crate) fn write(&self, name: &str, content: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn write_all<'a>(&self, files: impl Iterator<Item = (&'a String, &'a String)>) {
        for (name, content) in files {
            self.write(name, content);
        }
    }

    pub(crate) fn mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    pub(crate) fn link(&self, name: &str, target: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let _ = fs::remove_file(&path);
        std::os::unix::fs::symlink(target, path).unwrap();
    }

    /// A cache as a new process would have it.
    pub(crate) fn cache(&self) -> FileCache {
        FileCache::at(self.folder())
    }

    pub(crate) fn run(&self) -> Run {
        let mut run = a_run("v1").events(self.heard.events());
        run.workdir = self.path("");
        run
    }

    /// What a new process knows of it.
    pub(crate) async fn recall(&self, asked: &Asked) -> Recalled {
        recall(&self.cache(), asked, &self.run()).await
    }

    pub(crate) async fn is_known(&self, asked: &Asked) -> bool {
        self.recall(asked).await.answer.is_some()
    }

    /// Runs a gate that passes.
    pub(crate) async fn pass(&self, asked: &Asked) {
        self.pass_with(&self.cache(), asked).await;
    }

    pub(crate) async fn pass_with(&self, cache: &FileCache, asked: &Asked) {
        recall(cache, asked, &self.run()).await;
        cache.keep(asked, &answer(Report::passed()), &self.run()).await;
    }

    pub(crate) async fn why(&self, asked: &Asked) -> Why {
        self.cache().why(asked, &self.run()).await
    }

    /// What changed, as `why` says it.
    pub(crate) async fn changes(&self, asked: &Asked) -> Vec<String> {
        match self.why(asked).await {
            Why::Unknown { changes, compared_with } => {
                assert_eq!(compared_with, when());
                changes.iter().map(ToString::to_string).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    /// All files below the cache's folder.
    pub(crate) fn cached_files(&self) -> Vec<PathBuf> {
        files(&self.folder())
    }
}

/// The files below a folder.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

pub(crate) async fn recall(cache: &FileCache, asked: &Asked, run: &Run) -> Recalled {
    let mut recalled = cache.recall(std::slice::from_ref(asked), run).await;
    assert_eq!(recalled.len(), 1);
    recalled.remove(0)
}

/// The gate `test`, which reads these.
pub(crate) fn reads(globs: &[&str]) -> Asked {
    let files = globs.iter().map(|it| (*it).to_owned()).collect();
    asks(Inputs { files, ..Inputs::default() })
}

pub(crate) fn asks(inputs: Inputs) -> Asked {
    Asked { gate: "test".into(), inputs: Some(inputs) }
}

pub(crate) fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
}

pub(crate) fn answer(report: Report) -> Remembered {
    Remembered { report, at: when(), took_ms: 4_200 }
}

pub(crate) fn when() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_mins(29_574_152)
}
