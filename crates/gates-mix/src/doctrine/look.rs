//! Reads what is needed to begin: the files of the project, and what git says.

use std::collections::BTreeMap;
use std::path::Path;
use std::thread::ScopedJoinHandle;

use super::codebase::{Change, Codebase, Entry, Scope};
use super::error::DoctrineError;
use super::files::{is_made, role, walk};
use super::git::{Asker, Git, Listing};
use crate::layout::Layout;

/// The project in this folder, with the files that are meant.
pub(super) fn look(dir: &Path, scope: &Scope) -> Result<Codebase, DoctrineError> {
    let (asked, apps) = std::thread::scope(|threads| {
        let apps = threads.spawn(|| Layout::applications(dir));
        (asked(Asker::of(dir), scope), apps.join().unwrap_or_default())
    });
    let (listing, git) = match asked {
        Ok((listing, git)) => (listing, Some(git)),
        Err(DoctrineError::NoRepository { .. } | DoctrineError::NoGit)
            if !matches!(scope, Scope::Changed { .. } | Scope::Staged) =>
        {
            (Listing { tracked: walk(dir), ..Listing::default() }, None)
        }
        Err(error) => return Err(error),
    };
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

/// Asks for the files, and beside that for what changed and for the commits: each look costs about as much as the others.
fn asked(asker: Asker, scope: &Scope) -> Result<(Listing, Git), DoctrineError> {
    std::thread::scope(|threads| {
        let untracked = threads.spawn(|| asker.untracked());
        let since = threads.spawn(|| since(asker, scope));
        let tracked = asker.tracked();
        let untracked = joined(untracked);
        let since = joined(since);
        // Where there is no repository, this one says so best.
        let mut listing = Listing { tracked: tracked?, untracked: untracked?, changed: None };
        let (changed, git) = since?;
        listing.changed = changed.map(|mut changed| {
            let new = listing.untracked.iter().filter(|_| matches!(scope, Scope::Changed { .. }));
            changed.extend(new.map(|it| (it.clone(), Change::Added)));
            changed
        });
        Ok((listing, git))
    })
}

/// What changed since the branch left the one that it is compared with, and its commits.
fn since(
    asker: Asker,
    scope: &Scope,
) -> Result<(Option<BTreeMap<String, Change>>, Git), DoctrineError> {
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
    std::thread::scope(|threads| {
        let commits = threads.spawn(|| base.as_deref().map(|it| asker.commits(it)).transpose());
        let changed = asker.changed(scope, base.as_deref())?;
        let lines = match &changed {
            Some(changed) if !changed.is_empty() => asker.lines(scope, base.as_deref(), changed)?,
            _ => BTreeMap::new(),
        };
        let commits = joined(commits)?.unwrap_or_default();
        Ok((changed, Git { base: base.clone(), commits, lines, dirty: None }))
    })
}

fn joined<T>(thread: ScopedJoinHandle<'_, Result<T, DoctrineError>>) -> Result<T, DoctrineError> {
    let died = |_| DoctrineError::Git { what: "look".into(), said: "its reader died".into() };
    thread.join().map_err(died)?
}

fn entries(listing: Listing, scope: &Scope) -> BTreeMap<String, Entry> {
    let mut changed = listing.changed.unwrap_or_default();
    if let Scope::Only(paths) = scope {
        changed = paths.iter().map(|it| (it.clone(), Change::Modified)).collect();
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
