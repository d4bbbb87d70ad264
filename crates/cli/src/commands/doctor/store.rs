//! The store: a copy of it is opened, so that nothing in it changes and nothing is made.

use std::path::{Path, PathBuf};

use nix::sys::statvfs::statvfs;
use nix::unistd::{AccessFlags, access};
use store_sql::Store;

use super::check::{Check, PATIENCE, within};
use crate::app::wall;
use crate::config::{Config, Environment};
use crate::error::chain;
use crate::whoami;
use crate::wire::target_name;

/// A larger store is not copied, only to look at it.
const LARGEST: u64 = 512 * 1024 * 1024;

/// Free space below which a run may not find room for its journal, and for its logs, in MiB.
const NEEDED: (u64, u64) = (50, 1024);

pub(super) async fn look(config: &Config, chosen: &[&Environment]) -> Vec<Check> {
    let url = match config.store_url.get() {
        Ok(url) => url,
        Err(error) => {
            return vec![Check::bad("store", error.to_string()).mend(
                "set that variable; `pipeline config --explain store.url_env` says what it holds",
            )];
        }
    };
    let Some(path) = url.strip_prefix("sqlite:").map(PathBuf::from) else {
        return vec![server(url).await];
    };
    let mut checks = Vec::new();
    let existing = path.ancestors().find(|it| it.exists()).unwrap_or(Path::new("/"));
    if access(existing, AccessFlags::W_OK).is_err() {
        checks.push(
            Check::bad("store", format!("{} cannot be written", existing.display()))
                .mend("let this user write there, or name another place: url in [store]"),
        );
    } else if path.is_file() {
        match within("store", PATIENCE, inside(&path, chosen)).await {
            Ok(more) => checks.extend(more),
            Err(late) => checks.push(late),
        }
    } else {
        checks.push(Check::good(
            "store",
            format!("none yet; the first run makes {}", path.display()),
        ));
    }
    checks.extend(space(existing));
    checks
}

/// What a copy of the store says.
async fn inside(path: &Path, chosen: &[&Environment]) -> Vec<Check> {
    let copied = copy(path);
    let folder = match copied {
        Ok(folder) => folder,
        Err(why) => return vec![Check::unknown("store", why).mend("may this user read it?")],
    };
    let url = format!("sqlite:{}", folder.path().join("store.db").display());
    let store = match Store::open(&url, wall()).await {
        Ok(store) => store,
        Err(error) => {
            let why = chain(&error).replace(
                &folder.path().join("store.db").display().to_string(),
                &path.display().to_string(),
            );
            return vec![Check::bad("store", why).mend("if a newer pipeline wrote it, use that one; else put the file away, and a new one is made")];
        }
    };
    let mut checks = vec![Check::good("store", path.display().to_string())];
    for environment in chosen {
        checks.extend(open(&store, environment).await);
    }
    store.close().await;
    checks
}

/// The file, and what has not found its way into it yet.
fn copy(path: &Path) -> Result<tempfile::TempDir, String> {
    let size = path.metadata().map_or(0, |it| it.len());
    if size > LARGEST {
        return Err(format!("{} has {} MiB, too many to look into it", path.display(), size >> 20));
    }
    let told = |error: std::io::Error| format!("{} cannot be read: {error}", path.display());
    let folder = tempfile::tempdir().map_err(told)?;
    std::fs::copy(path, folder.path().join("store.db")).map_err(told)?;
    let wal = PathBuf::from(format!("{}-wal", path.display()));
    if wal.is_file() {
        std::fs::copy(wal, folder.path().join("store.db-wal")).map_err(told)?;
    }
    Ok(folder)
}

/// Whoever is at work, or was when it ended.
async fn open(store: &Store, environment: &Environment) -> Vec<Check> {
    let (mut checks, target) = (Vec::new(), target_name(environment));
    let name = &environment.name;
    let holder = store.holder(&target).await.ok().flatten();
    if let Some(it) = &holder {
        let gone = whoami::is_gone(store, &it.owner);
        let message = format!("{name} is locked by {} until {:.0}", it.owner, it.until);
        checks.push(if gone {
            Check::warn("lock", format!("{message}; that process is gone"))
                .mend("the next run takes it over")
        } else {
            Check::warn("lock", message)
                .mend("wait for its end; the lock of a process that died elsewhere ends by itself")
        });
    }
    if let (None, Ok(Some(run))) = (&holder, store.unfinished(&target).await) {
        checks.push(Check::warn("run", format!("{} of {name} was interrupted", run.version)).mend(
            format!(
                "`pipeline resume {0}` goes on, `pipeline resume {0} --back` takes it back",
                run.version
            ),
        ));
    }
    checks
}

fn space(at: &Path) -> Option<Check> {
    let free = statvfs(at).ok().map(|it| (it.blocks_available() * it.fragment_size()) >> 20)?;
    let told = format!("{free} MiB free at {}", at.display());
    let remedy = "make room: the journal of a run is written before what it tells of is done";
    Some(match free {
        it if it < NEEDED.0 => Check::bad("disk", told).mend(remedy),
        it if it < NEEDED.1 => Check::warn("disk", told).mend(remedy),
        _ => Check::good("disk", told),
    })
}

/// A server is asked whether there are tables, over a connection as every command makes it; none are made.
async fn server(url: &str) -> Check {
    let place = match store_sql::place_of(url) {
        Ok(place) => place,
        Err(error) => {
            return Check::bad("store", chain(&error))
                .mend("`pipeline config --explain store.url`");
        }
    };
    match within("store", PATIENCE, Store::exists(url)).await {
        Err(late) => late,
        Ok(Ok(true)) => Check::good("store", format!("{place} answers, and has tables")),
        Ok(Ok(false)) => {
            Check::good("store", format!("{place} answers; the first run makes the store there"))
        }
        Ok(Err(error)) => Check::bad("store", chain(&error))
            .mend("is the server there, and its address right in [store]?"),
    }
}
