//! Reads what is needed to begin: the files of the project, and what git says.

use std::collections::BTreeMap;
use std::path::Path;

use super::codebase::{Codebase, Entry, Scope};
use super::error::DoctrineError;
use super::files::{is_made, role, walk};
use super::git::{Asker, Git, Listing};
use crate::layout::Layout;

/// The project in this folder, with the files that are meant.
pub(super) fn look(dir: &Path, scope: &Scope) -> Result<Codebase, DoctrineError> {
    let asker = Asker::of(dir);
    let (listing, git) = match asker {
        Some(asker) => asked(asker, scope)?,
        None if matches!(scope, Scope::Changed { .. } | Scope::Staged) => {
            return Err(DoctrineError::NoRepository { dir: dir.display().to_string() });
        }
        None => (Listing { tracked: walk(dir), ..Listing::default() }, None),
    };
    let apps = Layout::applications(dir);
    Ok(Codebase {
        dir: dir.to_owned(),
        files: entries(listing, scope),
        umbrella: apps.is_some(),
        apps: apps.unwrap_or_default(),
        partial: *scope != Scope::All,
        git,
        outlines: Vec::new(),
    })
}

fn asked(asker: Asker, scope: &Scope) -> Result<(Listing, Option<Git>), DoctrineError> {
    let named = match scope {
        Scope::Changed { base } => base.as_deref(),
        _ => None,
    };
    let base = match (asker.left_at(named), scope) {
        (Ok(base), _) => Some(base),
        (Err(error), Scope::Changed { .. }) => return Err(error),
        // A repository without commits has nothing to compare with.
        (Err(_), _) => None,
    };
    let (files, rest) = std::thread::scope(|threads| {
        let files = threads.spawn(|| asker.files(scope, base.as_deref()));
        let commits = base.as_deref().map(|it| asker.commits(it)).transpose();
        let lines = asker.lines(scope, base.as_deref());
        let died =
            || DoctrineError::Git { what: "ls-files".into(), said: "its reader died".into() };
        (files.join().unwrap_or_else(|_| Err(died())), commits.and_then(|it| Ok((it, lines?))))
    });
    let (commits, lines) = rest?;
    let git = Git { base, commits: commits.unwrap_or_default(), lines, dirty: None };
    Ok((files?, Some(git)))
}

fn entries(listing: Listing, scope: &Scope) -> BTreeMap<String, Entry> {
    let mut changed = listing.changed.unwrap_or_default();
    if let Scope::Only(paths) = scope {
        changed = paths.iter().map(|it| (it.clone(), super::codebase::Change::Modified)).collect();
    }
    let tracked = listing.tracked.into_iter().map(|it| (it, true));
    let all = tracked.chain(listing.untracked.into_iter().map(|it| (it, false)));
    let entry = |(path, tracked): (String, bool)| {
        let entry = Entry { role: role(&path), tracked, change: changed.get(&path).copied() };
        (path, entry)
    };
    // What tools made is looked at only where it is kept: that is a fault of its own.
    all.filter(|(path, tracked)| *tracked || !is_made(path)).map(entry).collect()
}
