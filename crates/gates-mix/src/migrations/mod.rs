//! Migrations that cannot be undone: a release that ran one must not be taken back by itself.
//!
//! A rollback brings back the image, not the schema. Where a migration can be undone, the schema is near enough to what it
//! was for a person to see what to do; where it cannot, the release before would run on data that it does not know.

mod new;
mod reversible;

pub use new::{MigrationsError, any, new_since};

use elixir_syntax::{Code, Module, Tree};
use pipeline_core::Finding;

use reversible::no_way_back;

/// The rule of these findings.
const RULE: &str = "migration/irreversible";

/// A migration's source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// Its file, relative to the project.
    pub path: String,
    /// What stands in it; `None` where it could not be read.
    pub text: Option<String>,
}

/// The migrations that cannot be undone, each as an error, and those of which nobody can tell, each as a warning. Pure.
///
/// It goes by what Ecto can run backward, see [Ecto.Migration](https://hexdocs.pm/ecto_sql/Ecto.Migration.html): `up` needs a
/// `down` that does something, and in `change` every command must have a way back. Whoever knows better says so in a comment:
/// `# reversible`, or `# irreversible: why`.
///
/// ```
/// use gates_mix::migrations::{Migration, irreversible};
///
/// let text = "defmodule A do\n  use Ecto.Migration\n  def change, do: execute(\"TRUNCATE carts\")\nend";
/// let path = "priv/repo/migrations/20260325_a.exs".to_owned();
/// let found = irreversible(&[Migration { path, text: Some(text.into()) }]);
/// assert_eq!(found[0].message, "`execute/1` in change/0 cannot be undone");
/// ```
#[must_use]
pub fn irreversible(migrations: &[Migration]) -> Vec<Finding> {
    migrations.iter().filter_map(look).collect()
}

/// What keeps one migration from being undone, if anything does.
fn look(migration: &Migration) -> Option<Finding> {
    let path = &migration.path;
    let unknown = |what: String| {
        let remedy = "say in it `# reversible`, or `# irreversible: why`";
        Some(Finding::warning(what).rule(RULE).in_file(path).remedy(remedy))
    };
    let Some(text) = &migration.text else {
        return unknown("it cannot be read, so nobody can tell whether it can be undone".into());
    };
    let tree = Tree::parse(text);
    if let Some(said) = said(&tree) {
        let (line, why) = said?;
        return Some(found(path, line, why));
    }
    if let Some(error) = tree.errors().first() {
        let what =
            format!("it is no Elixir ({error}), so nobody can tell whether it can be undone");
        return unknown(what);
    }
    let code = Code::of(&tree);
    let mut migrations = code.modules().iter().filter(|it| is_migration(it));
    let (node, what) = migrations.find_map(|it| no_way_back(&code, it))?;
    Some(found(path, node.line(), what))
}

fn found(path: &str, line: u32, what: String) -> Finding {
    let remedy =
        "write what undoes it, or say in it `# reversible` if the release before can live with it";
    Finding::error(what).rule(RULE).at(path, line).remedy(remedy)
}

/// What a comment says: that it can be undone (`Some(None)`), or that it cannot, where, and why.
#[expect(clippy::option_option, reason = "nothing said, said yes, said no")]
fn said(tree: &Tree) -> Option<Option<(u32, String)>> {
    let is_word = |text: &str, word: &str| {
        let rest = text.strip_prefix(word)?;
        let ends = !rest.starts_with(|it: char| it.is_alphanumeric() || it == '_');
        ends.then(|| rest.trim_start_matches(':').trim().to_owned())
    };
    tree.comments().find_map(|comment| {
        let text = comment.text();
        if is_word(text, "reversible").is_some() {
            return Some(None);
        }
        let why = is_word(text, "irreversible")?;
        let why = if why.is_empty() { "its comment says so".into() } else { why };
        Some(Some((comment.line(), format!("it cannot be undone: {why}"))))
    })
}

fn is_migration(module: &Module) -> bool {
    module.uses.iter().any(|it| it.module.rsplit('.').next() == Some("Migration"))
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
