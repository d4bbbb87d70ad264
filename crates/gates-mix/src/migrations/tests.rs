//! Migrations as people write them, and what can be undone of them.

use std::path::Path;
use std::process::Command;

use pipeline_core::Severity;

use super::*;

fn migration(text: &str) -> Migration {
    Migration { path: "priv/repo/migrations/1_a.exs".into(), text: Some(text.into()) }
}

/// What is said about a migration with these functions.
fn of(functions: &str) -> Option<String> {
    let text = format!("defmodule Shop.A do\n  use Ecto.Migration\n{functions}\nend\n");
    let found = irreversible(&[migration(&text)]).pop()?;
    assert_eq!(found.severity, Severity::Error, "{found:?}");
    Some(format!("{}: {}", found.line.unwrap(), found.message))
}

#[test]
fn what_ecto_can_run_backward_can_be_undone() {
    for functions in [
        "  def change do\n    create table(:a) do\n      add :name, :string\n    end\n    create index(:a, [:name])\n  end",
        "  def change do\n    alter table(:a) do\n      remove :name, :string, default: \"\"\n      remove :b, :text\n    end\n  end",
        "  def change do\n    alter table(:a) do\n      modify :name, :text, from: :string\n      modify :b, :text, null: false, from: {:text, null: true}\n    end\n  end",
        "  def change, do: execute(\"CREATE EXTENSION citext\", \"DROP EXTENSION citext\")",
        "  def change do\n    drop index(:a, [:name])\n    drop_if_exists unique_index(:a, [:b])\n  end",
        "  def change do\n    rename table(:a), :b, to: :c\n    create constraint(:a, :positive, check: \"n > 0\")\n  end",
        "  def change do\n    if direction() == :up do\n      execute \"TRUNCATE a\"\n    end\n  end",
        "  def up, do: execute(\"A\")\n  def down, do: execute(\"B\")",
        "  def up do\n    drop table(:a)\n  end\n  def down do\n    create table(:a)\n  end",
        // Ecto takes down/0 where there is one.
        "  def change, do: execute(\"A\")\n  def down, do: execute(\"B\")",
        "  def change do\n    alter table(:a), do: modify(:name, :text, options())\n  end\n  defp options, do: [from: :string]",
        "  # reversible: nobody reads this table yet\n  def up, do: execute(\"TRUNCATE a\")",
        "  def up, do: execute(\"A\")\n  # reversible\n  def down, do: :ok",
        "  def helper, do: execute(\"A\")",
    ] {
        assert_eq!(of(functions), None, "{functions}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn what_has_no_way_back_is_told_with_its_line() {
    for (functions, told) in [
        ("  def up, do: execute(\"A\")", "3: it has up/0 and no down/0, so it cannot be undone"),
        (
            "  def up, do: execute(\"A\")\n  def down do\n    raise Ecto.MigrationError, \"no way\"\n  end",
            "5: its down/0 raises, so it cannot be undone",
        ),
        (
            "  def up, do: execute(\"A\")\n  def down, do: raise(\"no\")",
            "4: its down/0 raises, so it cannot be undone",
        ),
        (
            "  def up, do: execute(\"A\")\n  def down, do: :ok",
            "4: its down/0 does nothing, so it cannot be undone",
        ),
        (
            "  def up, do: execute(\"A\")\n  def down do\n  end",
            "4: its down/0 does nothing, so it cannot be undone",
        ),
        ("  def change, do: execute(\"A\")", "3: `execute/1` in change/0 cannot be undone"),
        (
            "  def change do\n    alter table(:a) do\n      remove :name\n    end\n  end",
            "5: `remove/1` in change/0 cannot be undone without the column's type",
        ),
        (
            "  def change do\n    alter table(:a) do\n      remove_if_exists :name, :string\n    end\n  end",
            "5: `remove_if_exists/2` in change/0 cannot be undone",
        ),
        (
            "  def change do\n    drop table(:carts)\n  end",
            "4: `drop table` in change/0 cannot be undone: Ecto does not know what was there",
        ),
        (
            "  def change do\n    drop_if_exists constraint(:carts, :n)\n  end",
            "4: `drop_if_exists constraint` in change/0 cannot be undone: Ecto does not know what was there",
        ),
        (
            "  def change do\n    alter table(:a) do\n      modify :name, :text\n    end\n  end",
            "5: `modify/2` in change/0 cannot be undone without `from:`",
        ),
        (
            "  def change do\n    alter table(:a) do\n      modify :name, :text, null: false\n    end\n  end",
            "5: `modify/3` in change/0 cannot be undone without `from:`",
        ),
        (
            "  def change, do: clean()\n  defp clean, do: execute(\"A\")",
            "4: `execute/1` in change/0 cannot be undone",
        ),
        (
            "  # irreversible: the old column held the currency\n  def change, do: rename(table(:a), :b, to: :c)",
            "3: it cannot be undone: the old column held the currency",
        ),
        ("  # irreversible\n  def change, do: nil", "3: it cannot be undone: its comment says so"),
    ] {
        assert_eq!(of(functions).as_deref(), Some(told), "{functions}");
    }
}

#[test]
fn what_nobody_can_read_is_neither_a_yes_nor_a_no() {
    let gone = Migration { path: "priv/repo/migrations/2_b.exs".into(), text: None };
    let found = irreversible(&[migration("defmodule A do\n  def change("), gone]);
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|it| it.severity == Severity::Warning), "{found:?}");
    // Unless its own comment says it.
    assert_eq!(irreversible(&[migration("# reversible\ndefmodule A do")]), []);
    // A script that is no migration, and one that does nothing.
    assert_eq!(irreversible(&[migration("IO.puts(:hi)"), migration("")]), []);
    let alike = "  # reversibly written\n  def up, do: execute(\"A\")";
    assert!(of(alike).is_some(), "a comment that only begins alike");
}

proptest::proptest! {
    #[test]
    fn foreign_text_does_no_harm(text in "(defmodule A do |use Ecto.Migration|def (up|down|change)|, do: |drop|execute\\(|modify|\\PC){0,40}") {
        let _ = irreversible(&[migration(&text)]);
    }
}

fn git(dir: &Path, args: &[&str]) {
    let set = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"];
    let done = Command::new("git").args(set).args(args).current_dir(dir).output().unwrap();
    assert!(done.status.success(), "{args:?}: {done:?}");
}

fn write(dir: &Path, path: &str) {
    let path = dir.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, "defmodule A do\n  use Ecto.Migration\n  def up, do: nil\nend\n").unwrap();
}

#[test]
fn only_migrations_that_came_after_the_revision_are_new() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    git(dir, &["init", "-q"]);
    write(dir, "shop/apps/cart/priv/repo/migrations/1_old.exs");
    git(dir, &["add", "."]);
    git(dir, &["commit", "-qm", "one"]);
    git(dir, &["tag", "one"]);
    for path in [
        "shop/apps/cart/priv/repo/migrations/2_new.exs",
        "shop/priv/tenants/migrations/3_new.exs",
        "shop/priv/repo/migrations/readme.md",
        "shop/lib/migrations/4.exs",
        "elsewhere/priv/repo/migrations/5.exs",
    ] {
        write(dir, path);
    }
    git(dir, &["add", "."]);
    git(dir, &["commit", "-qm", "two"]);
    let shop = dir.join("shop");
    let new = new_since(&shop, "one").unwrap();
    let paths: Vec<_> = new.iter().map(|it| it.path.as_str()).collect();
    assert_eq!(
        paths,
        ["apps/cart/priv/repo/migrations/2_new.exs", "priv/tenants/migrations/3_new.exs"]
    );
    assert_eq!(irreversible(&new).len(), 2);
    assert_eq!(new_since(&shop, "HEAD").unwrap(), []);
    for unknown in ["0123456789012345678901234567890123456789", "--output=x"] {
        let said = new_since(&shop, unknown).unwrap_err();
        let source = std::error::Error::source(&said).unwrap().to_string();
        assert_eq!(source, format!("git knows no commit `{unknown}`"));
    }
    assert!(any(&shop) && !any(&shop.join("lib")));
    assert!(new_since(Path::new("/"), "HEAD").is_err() && !any(Path::new("/")), "no repository");
    std::fs::remove_dir_all(dir.join(".git")).unwrap();
    assert!(any(&shop) && new_since(&shop, "one").is_err(), "they are there, and git cannot tell");
}
