//! Which answers are kept, and for how long.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use pipeline_core::{Asked, Earlier, Finding, GateCache, Gates, Report, Step, Trust};
use pipeline_testkit::{Answer, ScriptedGate, a_run};

use crate::project::{Project, answer, map, reads, recall};

#[tokio::test]
async fn an_answer_comes_back_as_it_was() {
    let project = Project::new();
    let gate = reads(&["lib/**"]);
    let refused = Report::refused(Finding::error("1 test failed").at("test/cart_test.exs", 12))
        .number("coverage", 0.1 + 0.2);
    let alert = Report::alert(Finding::warning("slow"));
    for report in [refused, alert, Report::passed()] {
        let (cache, given) = (project.cache(), answer(report));
        recall(&cache, &gate, &project.run()).await;
        cache.keep(&gate, &given, &project.run()).await;
        assert_eq!(project.recall(&gate).await.answer, Some(given));
    }
    assert_eq!(project.heard.text(), "");
}

#[tokio::test]
async fn what_could_not_tell_is_not_kept_but_how_it_went_is() {
    let project = Project::new();
    let gate = reads(&["lib/**"]);
    let unknown = Report::inconclusive(Finding::warning("no idea")).number("tests", 40.0);
    let cache = project.cache();
    recall(&cache, &gate, &project.run()).await;
    cache.keep(&gate, &answer(unknown), &project.run()).await;
    let recalled = project.recall(&gate).await;
    let numbers = [("tests".to_owned(), 40.0)].into();
    assert_eq!(recalled.answer, None);
    assert_eq!(recalled.earlier, Some(Earlier { took_ms: 4_200, numbers }));
}

#[tokio::test]
async fn a_gate_that_declares_nothing_is_remembered_by_how_it_went() {
    let project = Project::new();
    let gate = Asked { gate: "smoke".into(), inputs: None };
    project.pass(&gate).await;
    let recalled = project.recall(&gate).await;
    assert_eq!(recalled.answer, None);
    assert_eq!(recalled.earlier.map(|it| it.took_ms), Some(4_200));
}

#[tokio::test]
async fn how_it_went_is_known_although_something_changed() {
    let project = Project::new();
    let gate = reads(&["lib/**"]);
    project.pass(&gate).await;
    project.write("lib/shop.ex", "changed");
    assert_eq!(project.recall(&gate).await.earlier.map(|it| it.took_ms), Some(4_200));
}

#[tokio::test]
async fn nothing_is_kept_of_what_changed_meanwhile() {
    let project = Project::new();
    let gate = reads(&["lib/**"]);
    let cache = project.cache();
    recall(&cache, &gate, &project.run()).await;
    project.write("lib/shop.ex", "changed");
    project.write("lib/shop/cart.ex", "changed");
    cache.keep(&gate, &answer(Report::passed()), &project.run()).await;
    assert!(!project.is_known(&gate).await);
    assert_eq!(
        project.heard.text(),
        "warning: what `test` reads changed while it ran: its answer is not remembered \
         (lib/shop.ex changed, and 1 more)"
    );
}

#[tokio::test]
async fn nothing_is_kept_that_was_not_looked_at_before() {
    let project = Project::new();
    let gate = reads(&["lib/**"]);
    project.cache().keep(&gate, &answer(Report::passed()), &project.run()).await;
    assert!(!project.is_known(&gate).await);
}

/// Another run that looks meanwhile must not lend its look to the first one.
#[tokio::test]
async fn each_run_is_held_to_its_own_look() {
    let project = Project::new();
    let (cache, gate) = (project.cache(), reads(&["lib/**"]));
    let mut other = a_run("v2");
    other.workdir = project.path("");
    recall(&cache, &gate, &project.run()).await;
    project.write("lib/shop.ex", "changed");
    recall(&cache, &gate, &other).await;
    cache.keep(&gate, &answer(Report::passed()), &project.run()).await;
    assert!(!project.is_known(&gate).await);
    cache.keep(&gate, &answer(Report::passed()), &other).await;
    assert!(project.is_known(&gate).await);
}

#[tokio::test]
async fn the_newest_twenty_answers_are_kept() {
    let project = Project::new();
    let gate = reads(&["lib/**"]);
    for version in 0..25_u64 {
        project.write("lib/shop.ex", &version.to_string());
        project.pass(&gate).await;
        let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 + version);
        let is_new = |it: &fs::Metadata| it.modified().unwrap() > old + Duration::from_hours(1);
        for path in project.cached_files() {
            let named = path.file_stem().is_some_and(|it| it.len() == 64);
            if named && is_new(&fs::metadata(&path).unwrap()) {
                fs::File::options().write(true).open(&path).unwrap().set_modified(old).unwrap();
            }
        }
    }
    let mut known = Vec::new();
    for version in 0..25_u64 {
        project.write("lib/shop.ex", &version.to_string());
        known.extend(project.is_known(&gate).await.then_some(version));
    }
    assert_eq!(known, (5..25).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_dead_processes_left_is_removed() {
    let project = Project::new();
    let gate = reads(&["lib/**"]);
    project.pass(&gate).await;
    let (young, old) = (".pipeline/cache/gates/test/.tmpA", ".pipeline/cache/gates/test/.tmpB");
    project.write(young, "{");
    project.write(old, "{");
    let file = fs::File::options().write(true).open(project.path(old)).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1)).unwrap();
    project.write("lib/shop.ex", "changed");
    project.pass(&gate).await;
    assert!(project.path(young).exists());
    assert!(!project.path(old).exists());
}

#[tokio::test]
async fn values_of_variables_are_written_nowhere() {
    let project = Project::new();
    let secret = "tr0ub4dor&3-and-more";
    let inputs = pipeline_core::Inputs {
        files: vec!["lib/**".into()],
        environment: vec!["DATABASE_URL".into()],
        ..pipeline_core::Inputs::default()
    };
    let gate = crate::project::asks(inputs);
    let cache = project.cache().environment(map(&[("DATABASE_URL", secret)]));
    project.pass_with(&cache, &gate).await;
    cache.why(&gate, &project.run()).await;
    let files = project.cached_files();
    assert!(files.len() >= 3, "{files:?}");
    for file in files {
        let bytes = fs::read(&file).unwrap();
        assert!(!bytes.windows(secret.len()).any(|it| it == secret.as_bytes()), "{file:?}");
    }
    assert!(!format!("{cache:?}").contains(secret));
}

/// As the pipeline uses it: a gate that is asked once too often fails the test.
#[tokio::test]
async fn a_gate_is_not_asked_again_until_something_changes() {
    let project = Project::new();
    let inputs = reads(&["lib/**"]).inputs.unwrap();
    let refused = Answer::refuse("1 test failed");
    let gate = ScriptedGate::new([refused, Answer::pass()]).reads(inputs);
    let gates = |trust| {
        let step = Step::gate("test", gate.clone());
        Gates::builder().gate(step).cache(Arc::new(project.cache()), trust).build().unwrap()
    };
    let first = gates(Trust::All).check(&project.run()).await;
    let again = gates(Trust::All).check(&project.run()).await;
    assert_eq!((first[0].cached, again[0].cached), (false, true));
    assert_eq!(first[0].outcome, again[0].outcome);
    // Not all that it depends on is declared: production asks it, and keeps what it says now.
    let asked = gates(Trust::Declared).check(&project.run()).await;
    assert!(!asked[0].cached && asked[0].outcome == Some(Ok(Report::passed())));
    let known = gates(Trust::All).check(&project.run()).await;
    assert_eq!((known[0].cached, &known[0].outcome), (true, &asked[0].outcome));
}
