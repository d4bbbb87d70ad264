//! What `why` says.

use gate_cache::Why;
use pipeline_core::{Asked, Inputs, Verdict};

use crate::project::{Project, asks, map, reads, when};

#[tokio::test]
async fn it_says_what_is_known() {
    let project = Project::new();
    let undeclared = Asked { gate: "test".into(), inputs: None };
    assert_eq!(project.why(&undeclared).await, Why::NeverCached);
    let gate = reads(&["lib/**"]);
    assert_eq!(project.why(&gate).await, Why::NoEarlier);
    project.pass(&gate).await;
    let (verdict, complete) = (Verdict::Passed, false);
    let known = Why::Known { at: when(), took_ms: 4_200, verdict, complete };
    assert_eq!(project.why(&gate).await, known);
    assert_eq!(project.heard.text(), "");
}

#[tokio::test]
async fn it_says_what_changed() {
    let project = Project::new();
    let inputs = Inputs {
        files: vec!["lib/**".into(), "test/**".into()],
        tools: map(&[("elixir", "1.14.0"), ("erlang", "25")]),
        settings: map(&[("min_coverage", "80")]),
        environment: ["MIX_ENV", "CI", "PORT", "HOST"].map(Into::into).into(),
        complete: true,
    };
    let env = map(&[("MIX_ENV", "test"), ("CI", "1"), ("HOST", "")]);
    project.pass_with(&project.cache().environment(env), &asks(inputs.clone())).await;

    project.write("lib/shop.ex", "changed");
    project.write("lib/new.ex", "new");
    std::fs::remove_file(project.path("lib/shop/cart.ex")).unwrap();
    let inputs = Inputs {
        files: vec!["lib/**".into(), "priv/**".into()],
        tools: map(&[("elixir", "1.15.7"), ("mix_audit", "2.1")]),
        settings: map(&[("min_coverage", "90"), ("strict", "true")]),
        environment: ["MIX_ENV", "CI", "PORT", "HOST", "LANG"].map(Into::into).into(),
        complete: false,
    };
    let env = map(&[("MIX_ENV", "dev"), ("PORT", "4000"), ("HOST", "")]);
    let cache = project.cache().environment(env);
    let Why::Unknown { changes, .. } = cache.why(&asks(inputs), &project.run()).await else {
        panic!("it is known")
    };
    let changes: Vec<_> = changes.iter().map(ToString::to_string).collect();
    let expected = [
        "not all that it depends on is declared any more",
        "glob priv/** added",
        "glob test/** removed",
        "elixir 1.14.0 -> 1.15.7",
        "erlang 25 -> none",
        "mix_audit none -> 2.1",
        "min_coverage 80 -> 90",
        "strict none -> true",
        "CI removed",
        "LANG added",
        "MIX_ENV changed",
        "PORT added",
        "lib/new.ex added",
        "lib/shop.ex changed",
        "lib/shop/cart.ex removed",
    ];
    assert_eq!(changes, expected);
}

#[tokio::test]
async fn nothing_changed_where_only_the_answer_is_lost() {
    let project = Project::new();
    let gate = reads(&["lib/**"]);
    project.pass(&gate).await;
    for file in project.cached_files() {
        if file.file_stem().is_some_and(|it| it.len() == 64) {
            std::fs::remove_file(file).unwrap();
        }
    }
    assert!(project.changes(&gate).await.is_empty());
}
