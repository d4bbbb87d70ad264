//! Rules about what git knows, in real repositories: commits, changed lines, and what is not committed.

use std::fs;
use std::path::Path;
use std::process::Command;

use gates_mix::doctrine::pillars::{Deps, Gitl, Hygiene, Know, M5m, Rdme};
use gates_mix::doctrine::{Doctrine, Pillar, Scanned, Scope, Settings, Status, standard};
use tempfile::TempDir;

/// A repository of its own, on the branch `main`.
struct Repository {
    dir: TempDir,
}

impl Repository {
    fn new() -> Self {
        let repository = Self { dir: tempfile::tempdir().expect("there is room for a folder") };
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn git(&self, args: &[&str]) {
        let who =
            ["-c", "user.name=Jo", "-c", "user.email=jo@example.org", "-c", "commit.gpgsign=false"];
        let mut git = Command::new("git");
        git.args(who).args(args).current_dir(self.path());
        git.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
        let output = git.output().expect("git is there");
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn write(&self, path: &str, content: impl AsRef<[u8]>) -> &Self {
        let file = self.path().join(path);
        fs::create_dir_all(file.parent().expect("a file is in a folder")).expect("it can be made");
        fs::write(file, content).expect("it can be written");
        self
    }

    fn commit(&self, message: &str) -> &Self {
        self.git(&["add", "--all", "--force"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
        self
    }

    fn scan(&self, pillar: impl Pillar + 'static, scope: &Scope) -> Scanned {
        let doctrine = Doctrine::new(vec![Box::new(pillar)]);
        doctrine.scan(self.path(), scope, &|| false).expect("it can be looked at")
    }
}

fn changed() -> Scope {
    Scope::Changed { base: Some("main".to_owned()) }
}

/// The places of a rule: `file:line`.
fn places(scanned: &Scanned, rule: &str) -> Vec<String> {
    let of_rule = scanned.violations.iter().filter(|it| it.rule == rule);
    of_rule.map(|it| format!("{}:{}", it.path, it.line.unwrap_or(0))).collect()
}

/// The messages of a rule.
fn messages<'a>(scanned: &'a Scanned, rule: &str) -> Vec<&'a str> {
    let of_rule = scanned.violations.iter().filter(|it| it.rule == rule);
    of_rule.map(|it| it.message.as_str()).collect()
}

#[test]
fn blanks_are_told_only_where_lines_changed() {
    let repository = Repository::new();
    repository.write("lib/a.ex", "old  \nkept\n").commit("chore: begin");
    repository.git(&["config", "diff.mnemonicPrefix", "true"]);
    repository.git(&["checkout", "--quiet", "-b", "work"]);
    repository
        .write("lib/a.ex", "old  \nnew \nkept\n\t\nlast\t")
        .write("lib/größe.ex", "x \n")
        .write("lib/crlf.ex", "fine\r\nnot \r\n")
        .write("lib/fine.ex", "a\n\n  b\n\" \"\n")
        .write("README.md", "a line break  \n")
        .write("a.patch", "+a \n")
        .write("test/fixtures/a.txt", "a \n")
        .commit("feat: blanks");
    repository.write("untracked.ex", "x \n");
    let scanned = repository.scan(Hygiene::default(), &changed());
    assert_eq!(
        places(&scanned, "HYGIENE/whitespace"),
        ["lib/a.ex:2", "lib/a.ex:4", "lib/a.ex:5", "lib/crlf.ex:2", "lib/größe.ex:1"]
    );
    let columns: Vec<_> = scanned.violations.iter().map(|it| (it.column, it.width)).collect();
    assert_eq!(columns[..2], [(Some(4), 1), (Some(1), 1)]);
    let all = repository.scan(Hygiene::default(), &Scope::All);
    assert!(places(&all, "HYGIENE/whitespace").is_empty(), "nobody asked for changes");
}

#[test]
fn what_is_staged_is_looked_at_as_it_is_staged() {
    let repository = Repository::new();
    repository.write("lib/a.ex", "a\n").commit("chore: begin");
    repository.write("lib/a.ex", "a\nb \n").write("lib/b.ex", "<<<<<<< HEAD\n");
    repository.git(&["add", "--all"]);
    repository.write("lib/a.ex", "a\nb\n").write("lib/b.ex", "mended\n");
    let scanned = repository.scan(Hygiene::default(), &Scope::Staged);
    assert_eq!(places(&scanned, "HYGIENE/whitespace"), ["lib/a.ex:2"]);
    assert_eq!(places(&scanned, "HYGIENE/conflict"), ["lib/b.ex:1"]);
}

fn text(size: usize) -> String {
    "line\n".repeat(size / 5 + 1)
}

fn noise(size: usize) -> Vec<u8> {
    [0, 1, 2, 3].repeat(size / 4 + 1)
}

#[test]
fn large_files_are_told_also_those_that_nobody_reads() {
    let repository = Repository::new();
    repository
        .write("lib/large.ex", text(1 << 20))
        .write("docs/huge.txt", text(6 << 20))
        .write("docs/long.txt", text((4 << 20) + 10))
        .write("docs/small.txt", text(1000 << 10))
        .write("priv/static/a.bin", noise(5 << 20))
        .write("priv/static/b.bin", noise(9 << 20))
        .write("priv/static/c.bin", noise(2 << 20))
        .write("priv/static/d.bin", noise((4 << 20) + 10))
        .write("lib/empty.ex", "")
        .commit("chore: begin");
    repository.write("untracked.txt", text(2 << 20));
    let scanned = repository.scan(Hygiene::default(), &Scope::All);
    let large = ["docs/huge.txt:0", "docs/long.txt:0", "lib/large.ex:0"];
    let of_size = places(&scanned, "HYGIENE/size");
    assert_eq!(of_size[..3], large);
    assert_eq!(of_size[3..], ["priv/static/a.bin:0", "priv/static/b.bin:0"]);
    assert_eq!(messages(&scanned, "HYGIENE/size")[0], "this is text of 6.1 MiB, more than 1.0 MiB");
}

#[test]
fn what_is_no_text_has_its_places() {
    let repository = Repository::new();
    for path in ["docs/a.pdf", "lib/shop/logo.png", "logo.png", "priv/data.bin", "rel/tool"] {
        repository.write(path, noise(10));
    }
    for path in ["assets/images/a.png", "apps/web/assets/a.png", "test/support/a.png"] {
        repository.write(path, noise(10));
    }
    repository
        .write("docs/images/a.png", noise(10))
        .write("priv/static/a.png", noise(10))
        .write("lib/late.ex", [text(9 << 10).as_bytes(), &[0]].concat())
        .write("lib/latin.ex", b"caf\xe9\n")
        .commit("chore: begin");
    let scanned = repository.scan(Hygiene::default(), &Scope::All);
    assert_eq!(
        places(&scanned, "HYGIENE/binary"),
        ["docs/a.pdf:0", "lib/shop/logo.png:0", "logo.png:0", "priv/data.bin:0", "rel/tool:0"]
    );
}

#[test]
fn what_tools_make_is_told_once_for_a_folder() {
    let repository = Repository::new();
    repository
        .write("mix.exs", "defmodule A.MixProject do\nend\n")
        .write("deps/plug/mix.exs", "x")
        .write("deps/plug/lib/plug.ex", "x")
        .write("assets/node_modules/a/index.js", "x")
        .write("_build/dev/lib/a.app", "x")
        .write("cover/a.html", "x")
        .write("lib/a/deps/tree.ex", "x")
        .write("lib/a/cover.ex", "x")
        .commit("chore: begin");
    repository.write(".elixir_ls/log.txt", "x");
    let scanned = repository.scan(Hygiene::default(), &Scope::All);
    assert_eq!(
        messages(&scanned, "HYGIENE/artefact"),
        [
            "git keeps 1 file of `_build`, which tools make",
            "git keeps 1 file of `assets/node_modules`, which tools make",
            "git keeps 1 file of `cover`, which tools make",
            "git keeps 2 files of `deps`, which tools make",
        ]
    );
}

#[test]
fn before_a_deploy_everything_has_to_be_committed() {
    let repository = Repository::new();
    repository.write("lib/a.ex", "a\n").write("lib/b.ex", "b\n").commit("chore: begin");
    repository.write(".pipeline/pipeline.db", "x");
    let look = |deploying| {
        let doctrine = Doctrine::new(vec![Box::new(Hygiene::default())]).deploying(deploying);
        doctrine.scan(repository.path(), &Scope::All, &|| false).expect("it can be looked at")
    };
    assert!(messages(&look(true), "HYGIENE/git-state").is_empty(), "our own files are none of it");
    repository.write("lib/a.ex", "changed\n").write("new.txt", "x").write("other.txt", "x");
    fs::remove_file(repository.path().join("lib/b.ex")).expect("it can be removed");
    assert!(messages(&look(false), "HYGIENE/git-state").is_empty());
    let scanned = look(true);
    assert_eq!(
        messages(&scanned, "HYGIENE/git-state"),
        ["4 files are not as they are committed: M lib/a.ex, D lib/b.ex, ?? new.txt, …"]
    );
    assert_eq!(scanned.pillars[0].status, Status::Fail);
}

/// Commits of every kind, on a branch.
fn commits() -> Repository {
    let repository = Repository::new();
    repository.commit("begin, before the branch");
    repository.git(&["checkout", "--quiet", "-b", "work"]);
    for subject in [
        "feat: a",
        "fix(cart)!: b #12",
        "chore(deps-dev): c",
        "Revert \"wip\"",
        "docs: d\n\nCloses #7",
        "wip",
        "Feat: upper",
        "feature: no such kind",
        "fix:no blank",
        "(cart): no kind",
        "fix(): no scope",
    ] {
        repository.commit(subject);
    }
    repository.commit(&format!("perf: {}", "x".repeat(67)));
    repository.commit(&format!("perf: {}", "ä".repeat(66)));
    repository.git(&[
        "commit",
        "--quiet",
        "--allow-empty",
        "--author=dependabot[bot] <d@example.org>",
        "-m",
        "Bump x",
    ]);
    repository.git(&["checkout", "--quiet", "-b", "side", "main"]);
    repository.write("side.txt", "x").commit("ci: side");
    repository.git(&["checkout", "--quiet", "work"]);
    repository.git(&["merge", "--quiet", "--no-ff", "side", "-m", "Merge branch 'side'"]);
    repository
}

#[test]
fn commits_say_what_they_are() {
    let repository = commits();
    let scanned = repository.scan(Gitl::default(), &changed());
    let told = messages(&scanned, "GITL/format");
    let subjects: Vec<_> = told.iter().filter_map(|it| it.split('`').nth(1)).collect();
    assert_eq!(
        subjects,
        [
            "fix(): no scope",
            "(cart): no kind",
            "fix:no blank",
            "feature: no such kind",
            "Feat: upper",
            "wip"
        ]
    );
    let lengths = messages(&scanned, "GITL/length");
    assert_eq!(lengths.len(), 1, "{lengths:?}");
    assert!(lengths[0].contains("has 73 characters, more than 72"), "{lengths:?}");
    assert!(messages(&scanned, "GITL/issue").is_empty());
    assert_eq!(scanned.pillars[0].status, Status::Fail);

    let strict = Gitl { require_issue: true, ..Gitl::default() };
    // All but the two that name one, the merge, the revert and the bot's.
    assert_eq!(messages(&repository.scan(strict, &changed()), "GITL/issue").len(), 11);
}

#[test]
fn without_a_branch_to_compare_with_nobody_knows_the_commits() {
    let repository = Repository::new();
    repository.git(&["checkout", "--quiet", "-b", "trunk"]);
    repository.commit("no kind");
    let scanned = repository.scan(Gitl::default(), &Scope::All);
    assert_eq!(scanned.pillars[0].status, Status::NotApplicable);
    assert!(scanned.pillars[0].why.as_deref().is_some_and(|it| it.contains("no main branch")));
}

#[test]
fn large_commits_are_told_where_that_is_asked_for() {
    let repository = Repository::new();
    repository.write("lib/old/a.ex", "a\n".repeat(500)).commit("chore: begin");
    repository.git(&["checkout", "--quiet", "-b", "work"]);
    for index in 0..9 {
        repository.write(&format!("lib/{index}.ex"), "a\n");
    }
    repository.commit("feat: many files");
    repository.write("lib/0.ex", "b\n".repeat(401)).commit("feat: many lines");
    repository.write("lib/1.ex", "b\n".repeat(390)).commit("feat: fine");
    fs::create_dir_all(repository.path().join("lib/new")).expect("it can be made");
    repository.git(&["mv", "lib/old/a.ex", "lib/new/a.ex"]);
    repository.commit("refactor: renamed only");
    let asked = M5m { commits: true, ..M5m::default() };
    let scanned = repository.scan(asked, &changed());
    let told = messages(&scanned, "M5M/commit");
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[0]
            .ends_with("`feat: many lines` changes 1 files and 402 lines; 8 and 400 are the most"),
        "{told:?}"
    );
    assert!(told[1].contains("changes 9 files and 9 lines"), "{told:?}");
    let off = repository.scan(M5m::default(), &changed());
    assert_eq!(off.pillars[0].status, Status::NotApplicable);
}

/// Modules of which one is old, on a branch.
fn modules() -> Repository {
    let repository = Repository::new();
    repository.write("lib/shop/known.ex", "defmodule Shop.Known do\nend\n").commit("chore: begin");
    repository.git(&["checkout", "--quiet", "-b", "work"]);
    let module = |name: &str| format!("# A comment.\ndefmodule {name} do\nend\n");
    repository
        .write("lib/shop/known.ex", "defmodule Shop.Known do\n  def a, do: 1\nend\n")
        .write("lib/shop/risk_scorer.ex", module("Shop.RiskScorer"))
        .write("lib/shop/http_client.ex", module("Shop.HTTPClient"))
        .write("lib/shop/billing/invoice.ex", module("Shop.Billing.Invoice"))
        .write("lib/shop/ledger.ex", module("Shop.Ledger"))
        .write("lib/shop/basket.ex", module("Shop.Basket"))
        .write("lib/shop/tax.ex", module("Shop.Tax"))
        .write("lib/shop/orders/line.ex", module("Shop.Orders.Line"))
        .write("lib/shop/stock.ex", module("Shop.Stock"))
        .write("lib/shop/price.ex", module("Shop.Price"))
        .write("lib/shop/fine.ex", "# KNOW:OK plumbing\ndefmodule Shop.Fine do\nend\n")
        .write("test/shop/new_test.exs", module("Shop.NewTest"))
        .commit("feat: modules");
    repository
}

#[test]
fn new_modules_are_explained() {
    let repository = modules();
    let none = repository.scan(Know::default(), &changed());
    assert_eq!(none.pillars[0].status, Status::NotApplicable, "there is no glossary yet");

    repository
        .write("docs/glossary/risk-scorer.md", "# Risk scorer\n")
        .write("docs/glossary/billing.md", "# Billing\n")
        .write("GLOSSARY.md", "# Glossary\n\n## Ledger (GL)\n\n**HTTP client**: it asks.\n\n| term | |\n|---|---|\n| Basket | x |\n")
        .commit("docs: glossary");
    let scanned = repository.scan(Know::default(), &changed());
    assert_eq!(
        places(&scanned, "KNOW/new-module"),
        [
            "lib/shop/orders/line.ex:2",
            "lib/shop/price.ex:2",
            "lib/shop/stock.ex:2",
            "lib/shop/tax.ex:2"
        ]
    );
    assert_eq!(
        messages(&scanned, "KNOW/new-module")[0],
        "`Shop.Orders.Line` is new, and the glossary explains no line"
    );
    assert_eq!(scanned.suppressed.len(), 1);
    let all = repository.scan(Know::default(), &Scope::All);
    assert_eq!(all.pillars[0].status, Status::NotApplicable, "nobody asked for changes");
}

#[test]
fn a_lock_has_to_be_there_and_kept() {
    let repository = Repository::new();
    let mix_exs = "defmodule A.MixProject do\n  def project, do: [deps: deps()]\n  defp deps, do: [{:plug, \"~> 1.0\"}]\nend\n";
    repository.write("mix.exs", mix_exs).commit("chore: begin");
    let look = || repository.scan(Deps::default(), &Scope::All);
    let scanned = look();
    assert_eq!(places(&scanned, "DEPS/lock"), ["mix.exs:3"]);
    assert!(messages(&scanned, "DEPS/lock")[0].ends_with("not locked in mix.lock: there is none"));
    repository.write(
        "mix.lock",
        "%{\"plug\": {:hex, :plug, \"1.0.0\", \"00\", [:mix], [], \"hexpm\", \"00\"}}\n",
    );
    assert!(messages(&look(), "DEPS/lock")[0].ends_with("git does not keep it"));
    repository.commit("chore: lock");
    assert!(places(&look(), "DEPS/lock").is_empty());
    repository.git(&["checkout", "--quiet", "-b", "work"]);
    repository.write("lib/a.ex", "a\n").write("mix.exs", mix_exs.replace(":plug", ":jason"));
    assert_eq!(places(&repository.scan(Deps::default(), &changed()), "DEPS/lock"), ["mix.exs:3"]);
}

#[test]
fn one_application_needs_one_readme() {
    let repository = Repository::new();
    repository
        .write("mix.exs", "defmodule A.MixProject do\nend\n")
        .write("readme.md", "# A\n")
        .commit("chore: begin");
    repository.git(&["checkout", "--quiet", "-b", "work"]);
    repository.write("lib/a.ex", "a\n");
    let scanned = repository.scan(Rdme, &changed());
    assert_eq!(messages(&scanned, "RDME/app"), ["the project has readme.md, but no README.md"]);
}

#[test]
fn the_eighteenth_pillar_is_named_and_never_counted() {
    let repository = Repository::new();
    repository.write("README.md", "# A\n\nb\n\nc\n").commit("chore: begin");
    let doctrine = Doctrine::new(standard(&Settings::default()));
    let scanned =
        doctrine.scan(repository.path(), &Scope::All, &|| false).expect("it can be looked at");
    let last = scanned.pillars.last().expect("there are pillars");
    assert_eq!((last.code.as_str(), last.level, last.status), ("3NL", None, Status::NotApplicable));
    assert!(scanned.evaluated().all(|it| it.code != "3NL"));
}
