//! What is seen only with `mix.exs` and `mix.lock` side by side.

use std::collections::{BTreeMap, BTreeSet};

use elixir_syntax::{Code, Tree};

use super::license::{self, Verdict};
use super::lock::{self, Locked};
use super::{DEPTH, Deps, LICENSE, LOCK, SOURCE, declared, projects};
use crate::doctrine::{Codebase, Found};

/// A dependency and where it is declared.
struct Wanted {
    name: String,
    path: String,
    line: u32,
    is_git: bool,
}

pub(super) fn look(settings: &Deps, codebase: &Codebase, found: &mut Found) {
    let projects: Vec<_> = projects(codebase).collect();
    let mut lockfile = "mix.lock".to_owned();
    let mut wanted = Vec::new();
    for path in &projects {
        let (declared, named) = read(codebase, path);
        wanted.extend(declared);
        // The applications of an umbrella share the lock of the whole.
        lockfile = named.filter(|_| path == "mix.exs").unwrap_or(lockfile);
    }
    let is_meant = |path: &str| {
        !codebase.partial || codebase.files.get(path).is_some_and(|it| it.change.is_some())
    };
    if wanted.is_empty() || !projects.iter().chain([&lockfile]).any(|it| is_meant(it)) {
        return;
    }
    let Ok(text) = std::fs::read_to_string(codebase.dir.join(&lockfile)) else {
        return no_lock(&wanted, &lockfile, "there is none", found);
    };
    if !codebase.files.get(&lockfile).is_some_and(|it| it.tracked) {
        return no_lock(&wanted, &lockfile, "git does not keep it", found);
    }
    let tree = Tree::parse(text);
    let lock = lock::read(&tree);
    locked(&wanted, &lock, &lockfile, found);
    source(&wanted, &lock, found);
    depth(settings, &wanted, &lock, found);
    for locked in lock.values() {
        licenses(settings, codebase, locked, |message| {
            found.path(&LICENSE, &lockfile, Some(locked.node.line()), message);
        });
    }
}

/// The dependencies from elsewhere, and the name of the lock.
fn read(codebase: &Codebase, path: &str) -> (Vec<Wanted>, Option<String>) {
    let text = std::fs::read_to_string(codebase.dir.join(path)).unwrap_or_default();
    let tree = Tree::parse(text);
    let code = Code::of(&tree);
    let declarations = declared::read(&code);
    let foreign = declarations.all.iter().filter(|it| !it.is_own());
    let wanted = foreign.map(|it| Wanted {
        name: it.name.to_owned(),
        path: path.to_owned(),
        line: it.node.line(),
        is_git: it.git().is_some(),
    });
    (wanted.collect(), declarations.lockfile.map(ToOwned::to_owned))
}

fn no_lock(wanted: &[Wanted], lockfile: &str, why: &str, found: &mut Found) {
    let Some(first) = wanted.first() else { return };
    let message = format!(
        "{} dependencies are declared, but their versions are not locked in {lockfile}: {why}",
        wanted.len()
    );
    found.path(&LOCK, &first.path, Some(first.line), message);
}

fn locked(wanted: &[Wanted], lock: &BTreeMap<&str, Locked>, lockfile: &str, found: &mut Found) {
    for it in wanted.iter().filter(|it| !lock.contains_key(it.name.as_str())) {
        let message = format!("`{}` has no entry in {lockfile}", it.name);
        found.path(&LOCK, &it.path, Some(it.line), message);
    }
}

fn source(wanted: &[Wanted], lock: &BTreeMap<&str, Locked>, found: &mut Found) {
    let taker = |name: &str| lock.values().find(|it| it.takes.contains(&name)).map(|it| it.name);
    let declarer = |name: &str| wanted.iter().find(|it| it.name == name && !it.is_git);
    for it in wanted.iter().filter(|it| it.is_git) {
        let from_hex = taker(&it.name)
            .map(|other| format!("`{other}` takes it"))
            .or_else(|| declarer(&it.name).map(|other| format!("{} takes it", other.path)));
        if let Some(who) = from_hex {
            let message = format!("`{}` comes from git here, but {who} from Hex", it.name);
            found.path(&SOURCE, &it.path, Some(it.line), message);
        }
    }
}

fn depth(settings: &Deps, wanted: &[Wanted], lock: &BTreeMap<&str, Locked>, found: &mut Found) {
    let (mut known, mut told) = (BTreeMap::new(), BTreeSet::new());
    for it in wanted {
        let Some((name, _)) = lock.get_key_value(it.name.as_str()) else { continue };
        let chain = lock::longest_chain(name, lock, &mut known);
        if chain.len() > settings.max_depth && told.insert(*name) {
            let message = format!(
                "`{name}` brings a chain of {} packages, more than {}: {}",
                chain.len(),
                settings.max_depth,
                chain.join(" -> ")
            );
            found.path(&DEPTH, &it.path, Some(it.line), message);
        }
    }
}

/// Where the metadata of a package is not there, nobody knows its licences: they are not told.
fn licenses(settings: &Deps, codebase: &Codebase, locked: &Locked, mut tell: impl FnMut(String)) {
    let name = locked.name;
    for license in license::of_package(&codebase.dir, name).unwrap_or_default() {
        match license::judge(&license, &settings.allowed, &settings.prohibited) {
            Verdict::Allowed => {}
            Verdict::Review => {
                tell(format!("`{name}` is under `{license}`, which is none of the usual licences"));
            }
            Verdict::Prohibited => {
                tell(format!(
                    "`{name}` is under `{license}`, which binds all that is built with it"
                ));
            }
        }
    }
}
