//! What is kept of one gate: its answers, how it went last, and what it read.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use pipeline_core::{Earlier, Remembered, Verdict};
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::disk;
use crate::error::Error;
use crate::listing::Listing;

/// How many answers of a gate are kept: enough to go back and forth between branches.
const MOST_ANSWERS: usize = 20;
/// After that long, a file that was being written belongs to a process that died.
const ABANDONED: Duration = Duration::from_hours(1);

/// The folder of one gate.
pub(crate) struct Answers<'a> {
    gate: &'a str,
    folder: PathBuf,
}

/// An answer's file.
#[derive(Serialize, Deserialize)]
struct Kept {
    gate: String,
    fingerprint: Digest,
    answer: Remembered,
}

/// How a gate went last time.
#[derive(Serialize, Deserialize)]
struct Last {
    gate: String,
    earlier: Earlier,
}

/// What a gate read when its answer was last kept.
#[derive(Serialize, Deserialize)]
pub(crate) struct Compared {
    gate: String,
    pub(crate) at: SystemTime,
    pub(crate) listing: Listing,
}

impl<'a> Answers<'a> {
    /// Those of this gate, below the cache's folder.
    pub(crate) fn of(gate: &'a str, cache: &Path) -> Self {
        Self { gate, folder: cache.join(folder_name(gate)) }
    }

    /// The answer with this fingerprint.
    pub(crate) fn get(&self, fingerprint: Digest) -> Result<Option<Remembered>, Error> {
        let kept: Option<Kept> = disk::read_sealed(&self.file(fingerprint))?;
        let ours = |it: &Kept| it.gate == self.gate && it.fingerprint == fingerprint;
        Ok(kept.filter(ours).map(|it| it.answer).filter(is_answer))
    }

    /// How it went last time.
    pub(crate) fn earlier(&self) -> Result<Option<Earlier>, Error> {
        let last: Option<Last> = disk::read_sealed(&self.folder.join("last.json"))?;
        Ok(last.filter(|it| it.gate == self.gate).map(|it| it.earlier))
    }

    /// What it read when its answer was last kept.
    pub(crate) fn compared(&self) -> Result<Option<Compared>, Error> {
        let compared: Option<Compared> = disk::read_sealed(&self.folder.join("listing.json"))?;
        Ok(compared.filter(|it| it.gate == self.gate))
    }

    /// Keeps how it went, whatever came of it.
    pub(crate) fn went(&self, answer: &Remembered) -> Result<(), Error> {
        let numbers = answer.report.numbers().clone();
        let earlier = Earlier { took_ms: answer.took_ms, numbers };
        let last = Last { gate: self.gate.into(), earlier };
        disk::write_sealed(&self.folder.join("last.json"), &last)
    }

    /// Keeps an answer with what it rests on, and drops the oldest ones.
    pub(crate) fn put(&self, answer: &Remembered, listing: &Listing) -> Result<(), Error> {
        let (gate, at) = (self.gate.to_owned(), answer.at);
        let fingerprint = listing.fingerprint(&gate);
        let file = self.file(fingerprint);
        let kept = Kept { gate: gate.clone(), fingerprint, answer: answer.clone() };
        disk::write_sealed(&file, &kept)?;
        self.drop_oldest(&file);
        let compared = Compared { gate, at, listing: listing.clone() };
        disk::write_sealed(&self.folder.join("listing.json"), &compared)
    }

    fn file(&self, fingerprint: Digest) -> PathBuf {
        self.folder.join(format!("{fingerprint}.json"))
    }

    /// Drops the oldest answers, but not `newest`, and what processes that died have left. What cannot be dropped stays.
    fn drop_oldest(&self, newest: &Path) {
        let mut files = files(&self.folder);
        let now = files.iter().find(|it| it.1 == newest).map(|it| it.0);
        files
            .retain(|(at, path)| path != newest && (is_kept(path) || is_abandoned(path, *at, now)));
        files.sort_by(|a, b| b.cmp(a));
        let (answers, abandoned): (Vec<_>, Vec<_>) =
            files.into_iter().map(|it| it.1).partition(|path| is_kept(path));
        for path in answers.iter().skip(MOST_ANSWERS - 1).chain(&abandoned) {
            if let Err(error) = fs::remove_file(path) {
                tracing::debug!(%error, path = %path.display(), "an old file stays");
            }
        }
    }
}

/// May it be remembered? What could not tell must be asked again.
pub(crate) fn is_answer(answer: &Remembered) -> bool {
    answer.report.verdict() != Verdict::Inconclusive
}

/// The files of a folder, each with when it was written.
fn files(folder: &Path) -> Vec<(SystemTime, PathBuf)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let dated = |entry: fs::DirEntry| Some((entry.metadata().ok()?.modified().ok()?, entry.path()));
    entries.filter_map(dated).collect()
}

fn is_kept(path: &Path) -> bool {
    let stem = path.file_stem().and_then(|it| it.to_str()).unwrap_or_default();
    let json = path.extension().is_some_and(|it| it == "json");
    json && Digest::try_from(stem.to_owned()).is_ok()
}

/// A file that was begun by a process that died.
fn is_abandoned(path: &Path, at: SystemTime, now: Option<SystemTime>) -> bool {
    let name = path.file_name().and_then(|it| it.to_str()).unwrap_or_default();
    let age = now.and_then(|now| now.duration_since(at).ok()).unwrap_or_default();
    name.starts_with(".tmp") && age > ABANDONED
}

/// The gate's name where it can be a folder's, else as much of it as can, and its digest: no two gates share a folder.
fn folder_name(gate: &str) -> String {
    const LONGEST: usize = 60;
    let plain = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || "-_.".contains(it);
    let good = !gate.is_empty() && gate.len() <= LONGEST && !gate.starts_with('.');
    if good && gate.chars().all(plain) {
        return gate.into();
    }
    let safe = gate.chars().take(LONGEST).map(|it| if plain(it) { it } else { '_' });
    let safe: String = safe.collect();
    format!("{}-{}", safe.trim_start_matches('.'), &Digest::of(gate.as_bytes()).to_string()[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_gates_share_a_folder() {
        let gates = ["test", "exec.licenses", "a b", "a_b", "Test", "", ".", "..", ".index", "a/b"];
        let long = "x".repeat(300);
        let names: Vec<_> =
            gates.iter().chain([&long.as_str()]).map(|it| folder_name(it)).collect();
        let different: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(different.len(), names.len(), "{names:?}");
        assert_eq!(names[0], "test");
        assert_eq!(names[1], "exec.licenses");
        for name in names {
            assert!(!name.starts_with('.') && !name.contains('/') && name.len() < 100, "{name}");
        }
    }
}
