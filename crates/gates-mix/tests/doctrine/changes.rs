//! Rules about what changed and what was committed, in a real repository.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use gates_mix::doctrine::pillars::Tach;
use gates_mix::doctrine::{Doctrine, Scanned, Scope};
use pipeline_core::Level;
use tempfile::TempDir;

const CODE: &str = "defmodule Shop.Cart do\n  def add(x), do: x\nend\n";
const TEST: &str = "defmodule Shop.CartTest do\n  test \"adds\", do: assert true\nend\n";

struct Repository(TempDir);

impl Repository {
    /// With one commit on `main`, and a branch that leaves from it.
    fn new(files: &[(&str, &str)]) -> Self {
        let repository = Self(tempfile::tempdir().expect("there is room for a folder"));
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository.commit("feat: all of it", files);
        repository.git(&["checkout", "--quiet", "-b", "work"]);
        repository
    }

    fn dir(&self) -> &Path {
        self.0.path()
    }

    fn git(&self, args: &[&str]) {
        let own = [
            "-c",
            "user.name=Ann",
            "-c",
            "user.email=ann@example.com",
            "-c",
            "commit.gpgsign=false",
        ];
        let mut git = Command::new("git");
        let output =
            git.args(own).args(args).current_dir(self.dir()).output().expect("there is git");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn write(&self, files: &[(&str, &str)]) {
        for (path, text) in files {
            let file = self.dir().join(path);
            fs::create_dir_all(file.parent().expect("a file is in a folder"))
                .expect("it can be made");
            fs::write(file, text).expect("the file can be written");
        }
    }

    fn commit(&self, message: &str, files: &[(&str, &str)]) {
        self.write(files);
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", message]);
    }

    fn scan(&self, tach: Tach, scope: &Scope) -> Scanned {
        let doctrine = Doctrine::new(vec![Box::new(tach)]);
        doctrine.scan(self.dir(), scope, &|| false).expect("the repository can be read")
    }

    /// Where a rule is broken by what differs from `main`.
    fn changed(&self, rule: &str) -> BTreeSet<String> {
        paths(&self.scan(Tach::default(), &Scope::Changed { base: None }), rule)
    }
}

fn paths(scanned: &Scanned, rule: &str) -> BTreeSet<String> {
    let of_rule = scanned.violations.iter().filter(|it| it.rule == rule);
    of_rule.map(|it| it.path.clone()).collect()
}

fn set(paths: &[&str]) -> BTreeSet<String> {
    paths.iter().map(|it| (*it).to_owned()).collect()
}

/// With changed files of many kinds.
fn reworked() -> Repository {
    let repository = Repository::new(&[
        ("lib/shop/old.ex", "defmodule Shop.Old do\n  def f(x), do: x\nend\n"),
        ("lib/shop/cart.ex", CODE),
        (
            "lib/shop/moved.ex",
            "defmodule Shop.Moved do\n  def f(x), do: x\n  def g(x), do: x\nend\n",
        ),
        ("test/shop/moved_test.exs", TEST),
        ("lib/shop/tested.ex", CODE),
        ("test/shop/tested_test.exs", TEST),
        ("test/shop/emptied_test.exs", "defmodule Shop.EmptiedTest do\nend\n"),
    ]);
    repository.git(&["mv", "lib/shop/moved.ex", "lib/shop/renamed.ex"]);
    repository.commit(
        "feat: more",
        &[
            ("lib/shop/cart.ex", &CODE.replace("add", "put")),
            ("lib/shop/tested.ex", &CODE.replace("add", "put")),
            ("lib/shop/emptied.ex", CODE),
            ("lib/shop/decided.ex", &format!("# TACH:OK it is tested as a whole\n{CODE}")),
            ("lib/shop/repo.ex", CODE),
            ("lib/shop/error.ex", "defmodule Shop.Error do\n  defexception [:message]\nend\n"),
            ("lib/mix/tasks/shop.sync.ex", CODE),
        ],
    );
    repository.write(&[("lib/shop/untracked.ex", CODE)]);
    repository
}

#[test]
fn what_changed_needs_its_test_and_what_did_not_does_not() {
    let repository = reworked();
    let expected = [
        "lib/mix/tasks/shop.sync.ex",
        "lib/shop/cart.ex",
        "lib/shop/renamed.ex",
        "lib/shop/untracked.ex",
    ];
    let scanned = repository.scan(Tach::default(), &Scope::Changed { base: None });
    assert_eq!(paths(&scanned, "TACH/test-file"), set(&expected));
    assert!(
        scanned
            .violations
            .iter()
            .filter(|it| it.rule == "TACH/test-file")
            .all(|it| { it.level == Level::Blocking && it.message.contains("there is no test/") })
    );
    assert_eq!(scanned.suppressed.len(), 1);
    assert_eq!(scanned.tested, (2, 7));
    // An old test in which nothing is tested does not do.
    assert_eq!(paths(&scanned, "TACH/empty-test"), set(&["test/shop/emptied_test.exs"]));
}

#[test]
fn of_all_files_it_is_a_ratio_unless_a_team_wants_more() {
    let repository = Repository::new(&[
        ("mix.exs", "defmodule Shop.MixProject do\nend\n"),
        ("lib/shop/a.ex", CODE),
        ("lib/shop/b.ex", CODE),
        ("lib/shop/c.ex", CODE),
        ("lib/shop/d.ex", CODE),
        ("lib/shop/e.ex", CODE),
        ("test/shop/e_test.exs", TEST),
    ]);
    let scanned = repository.scan(Tach::default(), &Scope::All);
    let [violation] = &scanned.violations[..] else { panic!("{:?}", scanned.violations) };
    assert_eq!((violation.path.as_str(), violation.level), ("mix.exs", Level::Advisory));
    assert_eq!(
        violation.message,
        "4 of 5 files have no test of their own: lib/shop/a.ex, lib/shop/b.ex, lib/shop/c.ex and 1 more"
    );
    assert_eq!(scanned.tested, (1, 5));
    let scanned = repository.scan(Tach { full: true }, &Scope::All);
    assert_eq!(paths(&scanned, "TACH/test-file").len(), 4);
    assert!(scanned.violations.iter().all(|it| it.level == Level::Blocking));
}

#[test]
fn a_changed_page_needs_a_test_from_end_to_end() {
    let page =
        |name: &str| format!("defmodule ShopWeb.{name} do\n  use ShopWeb, :live_view\nend\n");
    let tagged = "defmodule T do\n  @tag :e2e\n  test \"x\", do: assert true\nend\n";
    let repository = Repository::new(&[("lib/shop_web/live/old_live.ex", &page("OldLive"))]);
    repository.commit(
        "feat: pages",
        &[
            ("lib/shop_web/live/a_live.ex", &page("ALive")),
            ("lib/shop_web/live/b_live.ex", &page("BLive")),
            ("test/shop_web/live/b_live_test.exs", TEST),
            ("lib/shop_web/live/c_live.ex", "defmodule C do\n  use Phoenix.LiveView\nend\n"),
            ("test/shop_web/live/c_live_test.exs", "# @tag :e2e\n"),
            ("lib/shop_web/live/d_live.ex", &page("DLive")),
            ("test/shop_web/live/d_live_test.exs", &tagged.replace("tag :e2e", "tag :slow")),
            ("lib/shop_web/live/e_live.ex", &format!("{}{}", page("EOneLive"), page("ETwoLive"))),
            ("lib/shop_web/live/f_live.ex", &page("FLive")),
            ("test/shop_web/live/f_live_test.exs", tagged),
            ("lib/shop_web/live/g_live.ex", &page("GLive")),
            ("test/e2e/g_live_e2e_test.exs", &tagged.replace("@tag :e2e", "@moduletag e2e: true")),
            ("lib/shop_web/live/h_live.ex", &page("HLive")),
            ("test/e2e/h_live_test.exs", &tagged.replace("@tag :e2e", "@tag [:slow, :e2e]")),
            ("lib/shop_web/part.ex", "defmodule P do\n  use ShopWeb, :live_component\nend\n"),
            (
                "lib/shop_web/text.ex",
                "defmodule T do\n  def f, do: \"use ShopWeb, :live_view\"\nend\n",
            ),
        ],
    );
    let expected = ["a", "b", "c", "d", "e"].map(|it| format!("lib/shop_web/live/{it}_live.ex"));
    assert_eq!(repository.changed("TACH/e2e"), expected.into_iter().collect());
    assert!(paths(&repository.scan(Tach::default(), &Scope::All), "TACH/e2e").is_empty());
}

#[test]
fn a_fix_brings_a_test() {
    let repository = Repository::new(&[("lib/shop/cart.ex", CODE)]);
    let code = |name: &str| (format!("lib/shop/{name}.ex"), CODE);
    let commit = |message: &str, names: &[&str], others: &[(&str, &str)]| {
        let files: Vec<_> = names.iter().map(|it| code(it)).collect();
        let files = files.iter().map(|(path, text)| (path.as_str(), *text));
        repository.commit(message, &files.chain(others.iter().copied()).collect::<Vec<_>>());
    };
    commit("fix: one", &["one"], &[]);
    commit("fix(cart): two", &["two"], &[("README.md", "two")]);
    commit("fix!: three\n\nIt has no test.", &["three", "three_more"], &[]);
    commit("Fix: four", &["four"], &[("config/test.exs", "four")]);
    commit("hotfix: five", &["five"], &[]);

    commit("fix: a", &["a"], &[("test/shop/a_test.exs", TEST)]);
    commit("fix: the docs", &[], &[("README.md", "x")]);
    commit("feat: b", &["b"], &[]);
    commit("fix the build", &["c"], &[]);
    commit("fix: snapshots", &["d"], &[("test/fixtures/d.json", "{}")]);
    commit("fix: tests alone", &[], &[("test/shop/e_test.exs", TEST)]);

    let expected = ["one", "two", "three", "four", "five"];
    let expected = expected.iter().map(|it| code(it).0).collect();
    assert_eq!(repository.changed("TACH/regression"), expected);
    let scanned = repository.scan(Tach::default(), &Scope::All);
    assert_eq!(paths(&scanned, "TACH/regression"), expected);
    let first = scanned.violations.iter().find(|it| it.path == "lib/shop/one.ex").unwrap();
    assert!(first.message.ends_with("`fix: one` changes code and no test"), "{}", first.message);
}
