//! Which files count, and what of them.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use pipeline_core::Inputs;

use crate::project::{Project, asks, map, reads};

type Act = fn(&Project);

#[tokio::test]
async fn what_did_not_change_is_known() {
    let project = Project::new();
    let gate = reads(&["lib/**", "mix.exs", "nothing/**"]);
    assert!(!project.is_known(&gate).await);
    project.pass(&gate).await;
    assert!(project.is_known(&gate).await);
    project.write("README.md", "not read");
    assert!(project.is_known(&gate).await);
}

#[tokio::test]
async fn what_changed_is_not_known_until_it_is_back() {
    let changes: [(&str, Act, Act); 6] = [
        ("content", |it| it.write("lib/shop.ex", "SHOP"), |it| it.write("lib/shop.ex", "shop")),
        (
            "added",
            |it| it.write("lib/new.ex", ""),
            |it| fs::remove_file(it.path("lib/new.ex")).unwrap(),
        ),
        (
            "removed",
            |it| fs::remove_file(it.path("lib/shop.ex")).unwrap(),
            |it| it.write("lib/shop.ex", "shop"),
        ),
        (
            "renamed",
            |it| fs::rename(it.path("lib/shop.ex"), it.path("lib/store.ex")).unwrap(),
            |it| fs::rename(it.path("lib/store.ex"), it.path("lib/shop.ex")).unwrap(),
        ),
        ("executable", |it| it.mode("lib/shop.ex", 0o755), |it| it.mode("lib/shop.ex", 0o644)),
        (
            "a link instead",
            |it| it.link("lib/shop.ex", "shop/cart.ex"),
            |it| {
                fs::remove_file(it.path("lib/shop.ex")).unwrap();
                it.write("lib/shop.ex", "shop");
            },
        ),
    ];
    for (what, change, back) in changes {
        let project = Project::new();
        let gate = reads(&["lib/**"]);
        project.pass(&gate).await;
        change(&project);
        assert!(!project.is_known(&gate).await, "{what}");
        back(&project);
        assert!(project.is_known(&gate).await, "{what}");
    }
}

#[tokio::test]
async fn the_same_size_under_an_old_time_is_seen() {
    let project = Project::new();
    let gate = reads(&["lib/**"]);
    project.pass(&gate).await;
    let path = project.path("lib/shop.ex");
    let before = fs::metadata(&path).unwrap().modified().unwrap();
    project.write("lib/shop.ex", "shoq");
    fs::File::options().write(true).open(&path).unwrap().set_modified(before).unwrap();
    assert!(!project.is_known(&gate).await);
}

#[tokio::test]
async fn everything_that_is_declared_counts() {
    let project = Project::new();
    let inputs = Inputs {
        files: vec!["lib/**".into()],
        tools: map(&[("elixir", "1.14.0")]),
        settings: map(&[("min_coverage", "80")]),
        environment: vec!["MIX_ENV".into()],
        complete: false,
    };
    project.pass(&asks(inputs.clone())).await;
    assert!(project.is_known(&asks(inputs.clone())).await);
    let others = [
        Inputs { files: vec!["lib/**".into(), "lib/**/*".into()], ..inputs.clone() },
        Inputs { tools: map(&[("elixir", "1.15.7")]), ..inputs.clone() },
        Inputs { tools: map(&[]), ..inputs.clone() },
        Inputs { settings: map(&[("min_coverage", "90")]), ..inputs.clone() },
        Inputs { environment: vec![], ..inputs.clone() },
        Inputs { complete: true, ..inputs.clone() },
    ];
    for other in others {
        assert!(!project.is_known(&asks(other.clone())).await, "{other:?}");
    }
    let mut other = asks(inputs);
    other.gate = "credo".into();
    assert!(!project.is_known(&other).await);
}

#[tokio::test]
async fn a_variable_may_be_unset_empty_or_something() {
    let project = Project::new();
    let gate = asks(Inputs { environment: vec!["MIX_ENV".into()], ..Inputs::default() });
    let values = [map(&[]), map(&[("MIX_ENV", "")]), map(&[("MIX_ENV", "test")])];
    for value in &values {
        let cache = project.cache().environment(value.clone());
        let known = crate::project::recall(&cache, &gate, &project.run()).await;
        assert_eq!(known.answer, None, "{value:?}");
        project.pass_with(&cache, &gate).await;
    }
    for value in &values {
        let mut value = value.clone();
        value.insert("HOME".into(), "is not asked for".into());
        let cache = project.cache().environment(value.clone());
        let known = crate::project::recall(&cache, &gate, &project.run()).await;
        assert!(known.answer.is_some(), "{value:?}");
    }
}

#[tokio::test]
async fn what_is_beside_the_project_is_read() {
    let project = Project::new();
    project.write("../dep/lib/dep.ex", "dep");
    let absolute = format!("{}/dep/**", project.root.path().display());
    for gate in [reads(&["../dep/**"]), reads(&[&absolute])] {
        project.pass(&gate).await;
        assert!(project.is_known(&gate).await);
        project.write("../dep/lib/dep.ex", "changed");
        assert!(!project.is_known(&gate).await);
        project.write("../dep/lib/dep.ex", "dep");
    }
}

#[tokio::test]
async fn what_tools_leave_behind_counts_only_where_it_is_named() {
    let project = Project::new();
    let left = ["deps/x/lib/x.ex", "_build/test/x", "cover/x.html", ".git/HEAD", ".elixir_ls/x"];
    let left = left.into_iter().chain(["node_modules/x.js", "assets/node_modules/x.js"]);
    let all = reads(&["**"]);
    project.pass(&all).await;
    for name in left {
        project.write(name, "left behind");
        assert!(project.is_known(&all).await, "{name}");
        let (folder, _) = name.rsplit_once('/').unwrap();
        let named = reads(&["lib/**", &format!("{folder}/*")]);
        project.pass(&named).await;
        project.write(name, "changed");
        assert!(!project.is_known(&named).await, "{name}");
    }
}

#[tokio::test]
async fn one_gate_naming_a_dependency_does_not_make_others_read_it() {
    let project = Project::new();
    project.write("deps/x/mix.exs", "x");
    let mut gates = [reads(&["**/*.exs"]), reads(&["**/*.ex", "deps/x/mix.exs"])];
    gates[1].gate = "audit".into();
    let cache = project.cache();
    cache_all(&project, &cache, &gates).await;
    project.write("deps/x/mix.exs", "changed");
    let known = pipeline_core::GateCache::recall(&cache, &gates, &project.run()).await;
    let known: Vec<_> = known.iter().map(|it| it.answer.is_some()).collect();
    assert_eq!(known, [true, false]);
}

async fn cache_all(
    project: &Project,
    cache: &gate_cache::FileCache,
    gates: &[pipeline_core::Asked],
) {
    for gate in gates {
        project.pass_with(cache, gate).await;
    }
}

#[tokio::test]
async fn folders_that_are_only_named_like_what_is_left_behind_count() {
    let project = Project::new();
    let gate = reads(&["lib/**"]);
    for name in ["lib/shop/cover/page.ex", "lib/deps/graph.ex"] {
        project.write(name, "source");
        project.pass(&gate).await;
        project.write(name, "changed");
        assert!(!project.is_known(&gate).await, "{name}");
    }
}

#[tokio::test]
async fn what_git_ignores_counts() {
    let project = Project::new();
    project.write(".gitignore", "*.ignored\n");
    project.write("lib/x.ignored", "read all the same");
    let gate = reads(&["lib/**"]);
    project.pass(&gate).await;
    project.write("lib/x.ignored", "changed");
    assert!(!project.is_known(&gate).await);
}

#[tokio::test]
async fn a_link_counts_with_what_it_leads_to() {
    let project = Project::new();
    project.write("../elsewhere/a.ex", "a");
    project.write("../elsewhere/b.ex", "a");
    project.link("lib/file.ex", "../../elsewhere/a.ex");
    project.link("lib/folder", "../../elsewhere");
    project.link("lib/broken", "user@host.123");
    project.link("lib/circle", "circle");
    project.link("lib/back", "..");
    project.link("lib/shop/back", "../../lib");
    let gate = reads(&["lib/**"]);
    project.pass(&gate).await;
    assert!(project.is_known(&gate).await);

    project.write("../elsewhere/a.ex", "changed");
    let changes = project.changes(&gate).await;
    assert_eq!(changes, ["lib/file.ex changed", "lib/folder/a.ex changed"]);
    project.write("../elsewhere/a.ex", "a");
    project.link("lib/file.ex", "../../elsewhere/b.ex");
    assert_eq!(project.changes(&gate).await, ["lib/file.ex changed"]);
    project.link("lib/file.ex", "../../elsewhere/a.ex");
    project.link("lib/broken", "user@host.456");
    assert_eq!(project.changes(&gate).await, ["lib/broken changed"]);
}

#[tokio::test]
async fn links_that_lead_to_each_other_end() {
    let project = Project::new();
    project.link("a/b", "../b");
    project.link("b/a", "../a");
    project.write("a/x.ex", "x");
    let gates = [reads(&["**"]), reads(&["a/b/a/x.ex"])];
    for gate in gates {
        project.pass(&gate).await;
        assert!(project.is_known(&gate).await);
        project.write("a/x.ex", "changed");
        assert!(!project.is_known(&gate).await);
        project.write("a/x.ex", "x");
    }
}

#[tokio::test]
async fn strange_names_and_things_that_are_no_files_do_no_harm() {
    let project = Project::new();
    let strange = [&b"lib/\xff.ex"[..], b"lib/\xfe.ex", b"lib/new\nline.ex", b"lib/[a]*.ex"];
    for name in strange {
        let name = Path::new(std::ffi::OsStr::from_bytes(name));
        fs::write(project.path("").join(name), "x").unwrap();
    }
    let _socket = std::os::unix::net::UnixListener::bind(project.path("lib/socket")).unwrap();
    let gate = reads(&["lib/**"]);
    project.pass(&gate).await;
    assert!(project.is_known(&gate).await);
    let name = Path::new(std::ffi::OsStr::from_bytes(strange[0]));
    fs::remove_file(project.path("").join(name)).unwrap();
    assert!(!project.is_known(&gate).await);
}

#[tokio::test]
async fn a_glob_that_is_none_is_told_and_nothing_is_kept() {
    let project = Project::new();
    let gate = reads(&["lib/[a"]);
    project.pass(&gate).await;
    assert!(!project.is_known(&gate).await);
    let heard = project.heard.text();
    assert!(
        heard.starts_with(
            "warning: what `test` reads is not known, so no answer is kept: its glob `lib/[a`"
        ),
        "{heard}"
    );
    assert!(matches!(project.why(&gate).await, gate_cache::Why::CannotLook { .. }));
}
