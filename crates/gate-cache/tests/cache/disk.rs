//! What the disk does to it: folders that cannot be used, damaged files, others that write at the same time.

use std::fs;
use std::path::Path;

use gate_cache::FileCache;
use pipeline_core::{GateCache, Report};

use crate::project::{Project, answer, reads, recall};

#[tokio::test]
async fn a_folder_that_cannot_be_used_is_told_once_in_a_run() {
    let project = Project::new();
    // A file where the folder should be: also those who may do everything cannot write there.
    project.write(".pipeline/cache/gates", "in the way");
    let (cache, mut gates) = (project.cache(), [reads(&["lib/**"]), reads(&["mix.exs"])]);
    gates[1].gate = "format".into();
    let recalled = cache.recall(&gates, &project.run()).await;
    assert!(recalled.iter().all(|it| it.answer.is_none() && it.earlier.is_none()));
    for gate in &gates {
        cache.keep(gate, &answer(Report::passed()), &project.run()).await;
    }
    cache.recall(&gates, &project.run()).await;
    let lines = project.heard.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with("warning: answers of gates may not be remembered: "), "{lines:?}");
    assert!(lines[0].contains("gates could not be written: make it writable"), "{lines:?}");
    let mut other = pipeline_testkit::a_run("v2").events(project.heard.events());
    other.workdir = project.path("");
    cache.keep(&gates[0], &answer(Report::passed()), &other).await;
    assert_eq!(project.heard.lines().len(), 2);
}

#[tokio::test]
async fn damaged_files_are_not_believed_and_made_anew() {
    let project = Project::new();
    let gate = reads(&["lib/**"]);
    project.pass(&gate).await;
    for file in project.cached_files() {
        let whole = fs::read(&file).unwrap();
        fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    }
    let recalled = project.recall(&gate).await;
    assert_eq!((recalled.answer, recalled.earlier), (None, None));
    project.pass(&gate).await;
    assert!(project.is_known(&gate).await);
    assert_eq!(project.heard.text(), "");
}

#[tokio::test]
async fn an_answer_under_another_name_is_not_believed() {
    let project = Project::new();
    let gate = reads(&["lib/**"]);
    let kept = |name: &str| project.folder().join(name);
    let answers = || -> Vec<_> {
        let files = project.cached_files().into_iter();
        files.filter(|it| it.file_stem().is_some_and(|it| it.len() == 64)).collect()
    };
    project.pass(&gate).await;
    let first = answers().remove(0);
    project.write("lib/shop.ex", "changed");
    project.pass(&gate).await;
    let second = answers().into_iter().find(|it| *it != first).unwrap();
    fs::copy(&first, &second).unwrap();
    assert!(!project.is_known(&gate).await);

    let mut other = gate.clone();
    other.gate = "credo".into();
    fs::rename(kept("test"), kept("credo")).unwrap();
    let recalled = project.recall(&other).await;
    assert_eq!((recalled.answer, recalled.earlier), (None, None));
}

#[tokio::test]
async fn files_of_another_version_are_left_alone() {
    let project = Project::new();
    let gate = reads(&["lib/**"]);
    project.pass(&gate).await;
    for file in project.cached_files() {
        if let Ok(text) = fs::read_to_string(&file) {
            fs::write(&file, text.replace(r#"{"schema":1,"#, r#"{"schema":2,"#)).unwrap();
        }
    }
    let before = project.cached_files().len();
    let recalled = project.recall(&gate).await;
    assert_eq!((recalled.answer, recalled.earlier), (None, None));
    assert_eq!(project.cached_files().len(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_at_once_do_not_disturb_each_other() {
    let project = Project::new();
    let gate = reads(&["lib/**"]);
    let work = || {
        let (cache, gate, run) = (project.cache(), gate.clone(), project.run());
        async move {
            for _ in 0..20 {
                recall(&cache, &gate, &run).await;
                cache.keep(&gate, &answer(Report::passed()), &run).await;
                assert!(recall(&cache, &gate, &run).await.answer.is_some());
            }
        }
    };
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..4 {
        all.spawn(work());
    }
    all.join_all().await;
    assert_eq!(project.heard.text(), "");
    let left: Vec<_> = project.cached_files();
    assert!(left.iter().all(|it| !name(it).starts_with(".tmp")), "{left:?}");
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

#[tokio::test]
async fn nobody_else_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let project = Project::new();
    project.pass(&reads(&["lib/**"])).await;
    for file in project.cached_files() {
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o077, 0, "{file:?}");
    }
}

/// Nothing is made before there is something to keep.
#[tokio::test]
async fn a_cache_of_nothing_leaves_no_trace() {
    let project = Project::new();
    let gate = pipeline_core::Asked { gate: "smoke".into(), inputs: None };
    let cache = FileCache::at(project.folder());
    recall(&cache, &gate, &project.run()).await;
    assert!(!project.folder().exists());
}
