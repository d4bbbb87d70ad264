//! A database that is asked over HTTP, and the copy that stands in where it cannot be reached.

mod copy;
mod http;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use futures::{StreamExt, TryStreamExt, stream};
use pipeline_core::Finding;

use self::copy::{Copy, Listing};
pub use self::http::AskError;
use self::http::{Http, Listed};
use super::advisory;
use super::error::AdvisoryError;
use super::lock::Lock;
use super::policy;
use super::{Advisories, osv};

/// So many advisories are fetched at the same time.
const AT_ONCE: usize = 8;

/// A database that speaks OSV: `https://api.osv.dev` unless another is named.
///
/// It is told the names of the locked packages, and nothing else. What it says is kept where a folder is given; while the
/// copy is young the database is not asked, and when it cannot be reached an older copy is used, whose age is told. Without
/// an answer and without a copy nobody can tell.
///
/// ```
/// use std::time::Duration;
/// use gates_mix::Osv;
///
/// let osv = Osv::new().copy_dir("/var/cache/advisories").max_stale(Duration::from_secs(86_400));
/// # let _ = osv;
/// ```
#[derive(Clone, Debug)]
pub struct Osv {
    base: String,
    copy: Option<PathBuf>,
    max_age: Duration,
    max_stale: Duration,
    timeout: Duration,
    pause: Duration,
}

impl Default for Osv {
    fn default() -> Self {
        Self::new()
    }
}

impl Osv {
    /// The public database, without a copy.
    #[must_use]
    pub fn new() -> Self {
        Self {
            base: "https://api.osv.dev".into(),
            copy: None,
            max_age: Duration::from_hours(6),
            max_stale: Duration::from_hours(7 * 24),
            timeout: Duration::from_secs(20),
            pause: Duration::from_millis(500),
        }
    }

    /// Another database, by its address without `/v1`.
    #[must_use]
    pub fn base(self, url: impl Into<String>) -> Self {
        let url: String = url.into();
        Self { base: url.trim_end_matches('/').to_owned(), ..self }
    }

    /// The folder of the copy. Whoever may write to it can hide advisories.
    #[must_use]
    pub fn copy_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.copy = Some(dir.into());
        self
    }

    /// As long as the copy is younger, the database is not asked. 6 h if not said.
    #[must_use]
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = age;
        self
    }

    /// An older copy never stands in. 7 days if not said.
    #[must_use]
    pub fn max_stale(mut self, age: Duration) -> Self {
        self.max_stale = age;
        self
    }

    /// How long one answer may take. 20 s if not said.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The pause before a call is sent for the second time; it doubles from then on.
    #[cfg(test)]
    pub(crate) fn pause(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    /// Where it is, without anything else that was typed into its address.
    pub(crate) fn address(&self) -> String {
        let parsed = reqwest::Url::parse(&self.base);
        parsed.map_or_else(|_| "at its address".into(), |url| url.origin().ascii_serialization())
    }

    /// What it says of the locked packages.
    pub(crate) async fn advisories(
        &self,
        lock: &Lock,
        now: SystemTime,
    ) -> Result<Advisories, AdvisoryError> {
        let names: BTreeSet<&str> = lock.packages().map(|it| it.name).collect();
        let old = |name: &&&str| self.kept(name, now, self.max_age).is_none();
        let wanted: Vec<&str> = names.iter().filter(old).copied().collect();
        let mut notes = Vec::new();
        let fresh = match self.refresh(&wanted, now).await {
            Ok(fresh) => fresh,
            Err(error) => {
                notes.push(self.stale(&wanted, now, error)?);
                Fresh::default()
            }
        };
        notes.extend(self.keep(&fresh));
        let said: Vec<Said> =
            names.iter().filter_map(|name| self.said(name, &fresh, now)).collect();
        let age = said.iter().map(|it| it.age).max();
        let texts: BTreeMap<_, _> = said.into_iter().flat_map(|it| it.texts).collect();
        let list = texts.values().filter_map(|text| osv::read(text).ok()).flatten().collect();
        Ok(Advisories { list, unreadable: Vec::new(), age, notes })
    }

    /// A whole copy of what was said of a package, not older than this.
    fn kept(&self, name: &str, now: SystemTime, oldest: Duration) -> Option<Said> {
        let copy = Copy::at(self.copy.as_ref()?);
        let listing = copy.listing(name, &self.base)?;
        let age = listing.age(now).filter(|age| *age <= oldest)?;
        let texts = listing.vulns.iter().map(|it| {
            let text = copy.advisory(&it.id).filter(|text| osv::read(text).is_ok())?;
            Some((it.id.clone(), text))
        });
        Some(Said { age, texts: texts.collect::<Option<_>>()? })
    }

    fn said(&self, name: &str, fresh: &Fresh, now: SystemTime) -> Option<Said> {
        let Some(listing) = fresh.listings.get(name) else {
            return self.kept(name, now, self.max_age.max(self.max_stale));
        };
        let text = |it: &Listed| Some((it.id.clone(), fresh.texts.get(&it.id)?.clone()));
        let texts = listing.vulns.iter().filter_map(text).collect();
        Some(Said { age: Duration::ZERO, texts })
    }

    /// Asks about these packages: all of it, or nothing.
    async fn refresh(&self, wanted: &[&str], now: SystemTime) -> Result<Fresh, AskError> {
        if wanted.is_empty() {
            return Ok(Fresh::default());
        }
        let http = Http::new(self)?;
        let listed = http.listings(wanted).await?;
        let all: BTreeMap<&str, &Listed> =
            listed.values().flatten().map(|it| (it.id.as_str(), it)).collect();
        let calls: Vec<_> = all.into_values().map(|it| self.text(&http, it)).collect();
        let texts = stream::iter(calls).buffer_unordered(AT_ONCE).try_collect().await?;
        let asked = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let listing = |vulns| Listing { base: self.base.clone(), asked, vulns };
        let listings = listed.into_iter().map(|(name, vulns)| (name, listing(vulns))).collect();
        Ok(Fresh { listings, texts })
    }

    /// An advisory: the copy where it has not changed since.
    async fn text(&self, http: &Http<'_>, listed: &Listed) -> Result<(String, String), AskError> {
        let garbage =
            |what| AskError::Garbage { call: format!("GET /v1/vulns/{}", listed.id), what };
        let id = advisory::id(&listed.id).ok_or_else(|| garbage("its id is no name".into()))?;
        let kept = self.copy.as_ref().and_then(|dir| Copy::at(dir).current(listed));
        let text = match kept {
            Some(text) => text,
            None => http.advisory(&id).await?,
        };
        osv::read(&text).map_err(garbage)?;
        Ok((id, text))
    }

    /// Says that a copy stands in for the answer, where there is one of each package.
    fn stale(
        &self,
        wanted: &[&str],
        now: SystemTime,
        error: AskError,
    ) -> Result<Finding, AdvisoryError> {
        let ages = wanted.iter().map(|name| Some(self.kept(name, now, self.max_stale)?.age));
        let Some(ages) = ages.collect::<Option<Vec<_>>>() else {
            let copy = match &self.copy {
                None => "no copy is kept".into(),
                Some(dir) => {
                    format!("{} holds no copy younger than {}", dir.display(), told(self.max_stale))
                }
            };
            return Err(AdvisoryError::NoAnswer { base: self.address(), copy, source: error });
        };
        let age = told(ages.into_iter().max().unwrap_or_default());
        let (base, hint) = (self.address(), error.hint());
        let message =
            format!("{base} gave no answer ({error}): advisories are from a copy, {age} old");
        let finding = Finding::warning(message).rule("security/stale").remedy(hint);
        Ok(policy::advisory(finding))
    }

    /// Keeps what was said; a copy that cannot be written is told, and loses nothing today.
    fn keep(&self, fresh: &Fresh) -> Option<Finding> {
        let dir = self.copy.as_ref()?;
        let copy = Copy::at(dir);
        // A listing is kept when all that it lists is.
        let kept = fresh.texts.iter().try_for_each(|(id, text)| copy.keep_advisory(id, text));
        let listings =
            || fresh.listings.iter().try_for_each(|(name, it)| copy.keep_listing(name, it));
        let error = kept.and_then(|()| listings()).err()?;
        let message = format!(
            "the copy of the advisories in {} could not be written: {error}",
            dir.display()
        );
        let finding =
            Finding::note(message).rule("security/copy").remedy("make the folder writable");
        Some(policy::advisory(finding))
    }
}

/// What was said of one package, and how long ago.
struct Said {
    age: Duration,
    texts: BTreeMap<String, String>,
}

/// What the database just said.
#[derive(Default)]
struct Fresh {
    listings: BTreeMap<String, Listing>,
    texts: BTreeMap<String, String>,
}

/// `3 days`, `5 h`, `20 min`.
pub(crate) fn told(age: Duration) -> String {
    match age.as_secs() {
        secs if secs >= 2 * 86_400 => format!("{} days", secs / 86_400),
        secs if secs >= 2 * 3_600 => format!("{} h", secs / 3_600),
        secs => format!("{} min", secs / 60),
    }
}

#[cfg(test)]
#[path = "../online_tests.rs"]
mod tests;
