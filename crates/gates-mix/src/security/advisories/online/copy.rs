//! The copy on disk of what a database said: for each package which advisories it has and when that was asked, and each
//! advisory as it was.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::http::Listed;

/// What a database said of one package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Listing {
    /// Which database.
    pub(super) base: String,
    /// When, in seconds since 1970.
    pub(super) asked: u64,
    pub(super) vulns: Vec<Listed>,
}

impl Listing {
    /// How old it is; `None` where it is from the future, and so from a clock that was wrong.
    pub(super) fn age(&self, now: SystemTime) -> Option<Duration> {
        now.duration_since(SystemTime::UNIX_EPOCH + Duration::from_secs(self.asked)).ok()
    }
}

#[derive(Clone, Debug)]
pub(super) struct Copy {
    dir: PathBuf,
}

impl Copy {
    pub(super) fn at(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    /// What this database last said of a package. A file that cannot be read is not there.
    pub(super) fn listing(&self, package: &str, base: &str) -> Option<Listing> {
        let text = fs::read_to_string(self.listing_file(package)).ok()?;
        serde_json::from_str(&text).ok().filter(|it: &Listing| it.base == base)
    }

    /// An advisory as it was.
    pub(super) fn advisory(&self, id: &str) -> Option<String> {
        fs::read_to_string(self.advisory_file(id)).ok()
    }

    /// An advisory that has not changed since.
    pub(super) fn current(&self, listed: &Listed) -> Option<String> {
        let text = self.advisory(&listed.id)?;
        let json: Value = serde_json::from_str(&text).ok()?;
        let at = |text: &str| text.parse::<Timestamp>().ok();
        let has = at(json["modified"].as_str()?)?;
        (has >= at(&listed.modified)?).then_some(text)
    }

    pub(super) fn keep_listing(&self, package: &str, listing: &Listing) -> io::Result<()> {
        write(&self.listing_file(package), &serde_json::to_string(listing)?)
    }

    pub(super) fn keep_advisory(&self, id: &str, text: &str) -> io::Result<()> {
        write(&self.advisory_file(id), text)
    }

    fn listing_file(&self, package: &str) -> PathBuf {
        self.dir.join("packages").join(format!("{}.json", file_name(package)))
    }

    fn advisory_file(&self, id: &str) -> PathBuf {
        self.dir.join("advisories").join(format!("{}.json", file_name(id)))
    }
}

/// The name itself where it is a plain word, else a digest of it.
fn file_name(name: &str) -> String {
    let plain = |it: char| it.is_ascii_alphanumeric() || "-_".contains(it);
    if !name.is_empty() && name.len() <= 100 && name.chars().all(plain) {
        return name.to_owned();
    }
    format!("{:x}", Sha256::digest(name))
}

/// Whole or not at all, whoever else writes it.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(dir)?;
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    file.write_all(text.as_bytes())?;
    file.persist(path)?;
    Ok(())
}
