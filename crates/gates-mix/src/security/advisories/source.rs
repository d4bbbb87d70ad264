//! Where advisories come from.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use pipeline_core::Finding;

use super::error::AdvisoryError;
use super::lock::Lock;
use super::online::{Osv, told};
use super::policy::advisory;
use super::{Advisories, folder};

/// A folder whose newest advisory is older than this has likely not been brought up to date.
const OLD: Duration = Duration::from_hours(60 * 24);

/// Where advisories come from. Several of them complete each other.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Source {
    /// A database that is asked.
    Osv(Osv),
    /// A folder of OSV documents (an unzipped dump of the ecosystem Hex), or of `packages/NAME/ID.yml` as the Elixir
    /// community keeps them. Bringing it up to date is for whoever names it.
    Folder(PathBuf),
}

impl Source {
    /// What it says of the locked packages; a folder says all it knows.
    pub(crate) async fn advisories(
        &self,
        lock: &Lock,
        now: SystemTime,
    ) -> Result<Advisories, AdvisoryError> {
        match self {
            Self::Osv(osv) => osv.advisories(lock, now).await,
            Self::Folder(dir) => Ok(aged(folder::read(dir)?, &dir.display().to_string(), now)),
        }
    }

    /// What its answer depends on, beside the day.
    pub(crate) fn setting(&self) -> String {
        match self {
            Self::Osv(osv) => osv.address(),
            Self::Folder(dir) => folder::digest(dir).unwrap_or_else(|| "unreadable".into()),
        }
    }
}

/// With its age: that of the newest advisory in it.
fn aged(advisories: Advisories, name: &str, now: SystemTime) -> Advisories {
    let newest = advisories.list.iter().filter_map(|it| it.changed).max();
    let since = |it: Timestamp| now.duration_since(SystemTime::try_from(it).ok()?).ok();
    let age = newest.and_then(since);
    let old = age.filter(|age| *age > OLD).map(|age| {
        let message = format!("the newest advisory in {name} is {} old", told(age));
        let finding = Finding::warning(message).rule("security/stale");
        advisory(finding.remedy("bring the folder up to date"))
    });
    let notes = advisories.notes.into_iter().chain(old).collect();
    Advisories { age, notes, ..advisories }
}
