//! What a `mix.lock` says: each package with what it needs in turn.

use std::collections::BTreeMap;

use elixir_syntax::{Node, Tag, Tree};

/// A locked package.
#[derive(Clone, Debug)]
pub(super) struct Locked<'t> {
    /// Its application.
    pub(super) name: &'t str,
    /// Its entry.
    pub(super) node: Node<'t>,
    /// The applications that it cannot do without.
    pub(super) needs: Vec<&'t str>,
    /// The applications that it takes from Hex, if they are there at all.
    pub(super) takes: Vec<&'t str>,
}

/// The locked packages by application. The shape of an entry is that of Hex's `hex_lock`:
/// `{:hex, package, version, checksum, managers, dependencies, repository, checksum}`.
pub(super) fn read(tree: &Tree) -> BTreeMap<&str, Locked<'_>> {
    let map = tree.root().descendants().find(|it| it.tag() == Tag::Map);
    let pairs = map.into_iter().flat_map(Node::kids).filter(|it| it.tag() == Tag::Pair);
    pairs.filter_map(locked).map(|it| (it.name, it)).collect()
}

fn locked(node: Node) -> Option<Locked> {
    let (key, entry) = (node.kid(0)?, node.kid(1)?);
    let is_git = entry.kid(0).is_some_and(|it| it.name() == "git");
    let dependencies = if is_git { None } else { entry.kid(5) };
    let dependencies =
        || dependencies.into_iter().flat_map(Node::kids).filter(|it| it.tag() == Tag::Tuple);
    let optional = |it: &Node| {
        let options = it.kids().next_back();
        options.and_then(|it| it.value("optional")).is_some_and(|it| it.name() == "true")
    };
    Some(Locked {
        name: key.name(),
        node,
        needs: dependencies()
            .filter(|it| !optional(it))
            .filter_map(|it| it.kid(0))
            .map(Node::name)
            .collect(),
        takes: dependencies().filter_map(|it| it.kid(0)).map(Node::name).collect(),
    })
}

/// The longest chain of packages that need each other, from `name` on.
pub(super) fn longest_chain<'t>(
    name: &'t str,
    lock: &BTreeMap<&'t str, Locked<'t>>,
    known: &mut BTreeMap<&'t str, Vec<&'t str>>,
) -> Vec<&'t str> {
    if let Some(chain) = known.get(name) {
        return chain.clone();
    }
    // Until it is known, it is none: a circle ends here.
    known.insert(name, Vec::new());
    let needs = lock.get(name).map(|it| it.needs.as_slice()).unwrap_or_default();
    let chains =
        needs.iter().filter(|it| lock.contains_key(*it)).map(|it| longest_chain(it, lock, known));
    let mut chain = vec![name];
    chain.extend(chains.max_by_key(Vec::len).unwrap_or_default());
    known.insert(name, chain.clone());
    chain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_read_and_chains_are_followed() {
        let tree = Tree::parse(
            r#"%{
  "a": {:hex, :a, "1.0.0", "00", [:mix], [{:b, "~> 1.0", [hex: :b, repo: "hexpm", optional: false]}, {:d, "~> 1.0", [hex: :d, repo: "hexpm", optional: true]}], "hexpm", "00"},
  "b": {:hex, :b, "1.0.0", "00", [:mix], [{:c, "~> 1.0", [hex: :c, repo: "hexpm", optional: false]}], "hexpm", "00"},
  "c": {:git, "https://example.org/c.git", "0123", [tag: "v1"]},
  "d": {:hex, :d, "1.0.0", "00", [:rebar3], [{:d, "1.0", []}], "hexpm", "00"},
}"#,
        );
        let lock = read(&tree);
        assert_eq!(lock.keys().copied().collect::<Vec<_>>(), ["a", "b", "c", "d"]);
        assert_eq!((&lock["a"].needs[..], &lock["a"].takes[..]), (&["b"][..], &["b", "d"][..]));
        let mut known = BTreeMap::new();
        assert_eq!(longest_chain("a", &lock, &mut known), ["a", "b", "c"]);
        assert_eq!(longest_chain("d", &lock, &mut known), ["d"]);
        assert!(read(&Tree::parse("<<<<<<< HEAD")).is_empty());
    }
}
