use pipeline_core::Gate;

use super::*;
use crate::testing::context;
use crate::{Compile, Credo, Format, MixProject, Test};

/// Folders beside each other that go with this value: `shop` is the project.
struct Disk(tempfile::TempDir);

impl Disk {
    fn with(files: &[(&str, &str)]) -> Self {
        let disk = Self(tempfile::tempdir().unwrap());
        for (path, deps) in files {
            let file = disk.0.path().join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, deps).unwrap();
        }
        disk
    }

    fn told(&self) -> Vec<String> {
        let dir = self.0.path().join("shop");
        folders(&dir, &Layout::of(&dir)).into_iter().collect()
    }
}

#[test]
fn paths_are_literals_in_code() {
    for (text, found) in [
        ("{:jason, path: \"../jason\"}", &["../jason"][..]),
        ("{:a, \"~> 1.0\", path: \"a\", only: :test}, {:b, path:\n \"b/c\"}", &["a", "b/c"]),
        ("# {:old, path: \"../old\"}\n{:new, path: \"../new\"} # path: \"../no\"", &["../new"]),
        ("{:x, \"a # b\", path: \"x\"}, {:y, \"\\\"#\", path: \"y\"}", &["x", "y"]),
        ("apps_path: \"apps\", build_path: \"b\", deps_path: \"d\"", &[]),
        ("path: \"#{root}/x\", path: root(), path: \"\", path: \"open", &[]),
        ("", &[]),
    ] {
        assert_eq!(paths(text), found, "{text}");
    }
}

#[test]
fn dependencies_of_dependencies_are_followed_and_come_round_again() {
    let disk = Disk::with(&[
        ("shop/mix.exs", "app: :shop, {:jason, path: \"../jason\"}, {:v, path: \"./vendor/v/\"}"),
        ("shop/vendor/v/mix.exs", "{:erl, path: \"../../../erl\"}, {:shop, path: \"../..\"}"),
        ("jason/mix.exs", "{:deep, path: \"../deep/er\"}, {:v, path: \"../shop/vendor/v\"}"),
        ("deep/er/mix.exs", "{:jason, path: \"../../jason\"}, {:gone, path: \"../gone\"}"),
        ("erl/rebar.config", "{deps, []}."),
    ]);
    assert_eq!(disk.told(), ["../deep/er", "../erl", "../jason", "vendor/v"]);
}

#[test]
fn applications_of_an_umbrella_are_none_and_have_some() {
    let disk = Disk::with(&[
        ("shop/mix.exs", "apps_path: \"apps\""),
        ("shop/apps/web/mix.exs", "app: :web, {:core, path: \"../core\"}"),
        ("shop/apps/core/mix.exs", "app: :core, {:money, path: \"../../../money\"}"),
        ("money/mix.exs", ""),
    ]);
    assert_eq!(disk.told(), ["../money"]);
}

#[test]
fn a_folder_that_nothing_is_built_in_and_one_that_is_named_whole_are_told_apart() {
    let disk = Disk::with(&[("shop/mix.exs", ""), ("money/mix.exs", ""), ("notes/a.md", "")]);
    let root = disk.0.path().canonicalize().unwrap();
    let deps = format!("path: \"{0}/money\", path: \"{0}/notes\", path: \"/\"", root.display());
    fs::write(root.join("shop/mix.exs"), deps).unwrap();
    assert_eq!(disk.told(), ["../money"]);
}

#[test]
fn there_is_a_limit() {
    let names: Vec<_> = (0..MOST + 20).map(|it| format!("d{it}/mix.exs")).collect();
    let deps: Vec<_> = (0..MOST + 20).map(|it| format!("path: \"../d{it}\"")).collect();
    let deps = deps.join("\n");
    let files = names.iter().map(|it| (it.as_str(), "")).chain([("shop/mix.exs", deps.as_str())]);
    assert_eq!(Disk::with(&files.collect::<Vec<_>>()).told().len(), MOST);
}

#[test]
fn globs_stand_in_each_folder() {
    let disk = Disk::with(&[("shop/mix.exs", "path: \"../a\", path: \"b\""), ("a/mix.exs", "")]);
    let dir = disk.0.path().join("shop");
    assert_eq!(
        globs(&dir, &Layout::of(&dir), &["mix.exs", "lib/**"]),
        ["../a/mix.exs", "../a/lib/**"]
    );
    assert_eq!(globs(&dir.join("gone"), &Layout::default(), &["mix.exs"]), Vec::<String>::new());
}

#[test]
fn the_gates_read_what_they_need_of_a_path_dependency() {
    let disk = Disk::with(&[("shop/mix.exs", "path: \"../a\""), ("a/mix.exs", "")]);
    let project = MixProject::at(disk.0.path().join("shop"));
    let gates: [(Box<dyn Gate>, &[&str]); 4] = [
        (
            Box::new(Compile::new(project.clone())),
            &["mix.exs", "lib/**", "src/**", "include/**", "priv/**", "config/**"],
        ),
        (
            Box::new(Test::new(project.clone())),
            &["mix.exs", "lib/**", "src/**", "include/**", "priv/**", "config/**"],
        ),
        (Box::new(Format::new(project.clone())), &[".formatter.exs"]),
        (Box::new(Credo::new(project)), &["mix.exs", "lib/**"]),
    ];
    for (gate, below) in gates {
        let files = gate.inputs(&context()).unwrap().files;
        let read: Vec<_> = files.iter().filter_map(|it| it.strip_prefix("../a/")).collect();
        assert_eq!(read, below);
    }
}
