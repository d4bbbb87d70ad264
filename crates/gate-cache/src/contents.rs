//! What files hold, as digests: read by several threads, and only where the index does not know.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde::{Deserialize, Serialize};

use crate::digest::{Digest, Fields};
use crate::error::Error;
use crate::index::{Index, Stamp};
use crate::walk::{Found, What, is_gone};

/// How many threads read at most.
const MOST_THREADS: usize = 4;
/// How many files a thread takes at a time.
const BATCH: usize = 64;

/// What there is under a name: its kind, and the digest of what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(crate) struct Mark {
    kind: char,
    digest: Digest,
}

impl Mark {
    /// The first byte of the digest's text says the kind: a file, one to execute, a link, neither, may not be read.
    pub(crate) const KINDS: [char; 5] = ['f', 'x', 'l', 'o', 'c'];

    /// Adds itself to a fingerprint.
    pub(crate) fn add_to(&self, fields: &mut Fields) {
        fields.text(self.kind.encode_utf8(&mut [0; 4]));
        fields.bytes(self.digest.bytes());
    }

    fn other() -> Self {
        Self { kind: 'o', digest: Digest::of(b"") }
    }

    fn closed() -> Self {
        Self { kind: 'c', digest: Digest::of(b"") }
    }
}

impl From<Mark> for String {
    fn from(mark: Mark) -> Self {
        format!("{}{}", mark.kind, mark.digest)
    }
}

impl TryFrom<String> for Mark {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let kind = Self::KINDS.into_iter().find(|kind| text.starts_with(*kind));
        let kind = kind.ok_or("no kind of file")?;
        let digest = text[1..].to_owned().try_into().map_err(|_| "no digest")?;
        Ok(Self { kind, digest })
    }
}

/// A file as it was read, or as the index knows it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Read {
    pub(crate) stamp: Stamp,
    pub(crate) digest: Digest,
    pub(crate) how: How,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// It was not opened.
    Known,
    /// It was read, and the index may have it.
    Settled,
    /// It was read, and its times are too young to know it by them.
    Young,
}

/// What is known of one name. `None` where it is gone by now.
pub(crate) type Marked = Result<Option<(Mark, Option<Read>)>, Error>;

/// Looks into files.
pub(crate) struct Contents<'a> {
    pub(crate) workdir: &'a Path,
    pub(crate) index: &'a Index,
    /// Says what time the file system has, in seconds since 1970; `None` where that cannot be told.
    pub(crate) clock: &'a (dyn Fn() -> Option<i64> + Sync),
    /// What it said, once it was needed.
    pub(crate) now: OnceLock<Option<i64>>,
}

impl Contents<'_> {
    /// Looks into all of these, and answers in their order.
    pub(crate) fn of_all(&self, found: &[&Found]) -> Vec<Marked> {
        let next = AtomicUsize::new(0);
        let work = || {
            let mut marked = Vec::new();
            loop {
                let from = next.fetch_add(BATCH, Ordering::Relaxed);
                let Some(rest) = found.get(from..).filter(|rest| !rest.is_empty()) else { break };
                let batch = rest.iter().take(BATCH).enumerate();
                marked.extend(batch.map(|(at, found)| (from + at, self.of(found))));
            }
            marked
        };
        let threads = thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
        let threads = threads.min(found.len().div_ceil(BATCH));
        let mut marked: Vec<_> = thread::scope(|scope| {
            let started: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
            let mut marked = work();
            for thread in started {
                marked.extend(thread.join().unwrap_or_else(|it| std::panic::resume_unwind(it)));
            }
            marked
        });
        marked.sort_unstable_by_key(|(at, _)| *at);
        marked.into_iter().map(|(_, marked)| marked).collect()
    }

    fn of(&self, found: &Found) -> Marked {
        let path = self.workdir.join(&found.path);
        let marked = match &found.what {
            What::File => self.file(&path),
            What::Link => self.link(&path),
            What::Other => Ok(Some((Mark::other(), None))),
            What::Closed(error) => Err(io::Error::new(error.kind(), error.to_string())),
        };
        match marked {
            Err(error) if is_gone(&error) => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                Ok(Some((Mark::closed(), None)))
            }
            other => other.map_err(Error::read(&found.path)),
        }
    }

    /// A file, also through links.
    fn file(&self, path: &Path) -> io::Result<Option<(Mark, Option<Read>)>> {
        let metadata = fs::metadata(path)?;
        if !metadata.is_file() {
            return Ok(Some((Mark::other(), None)));
        }
        let stamp = Stamp::of(&metadata);
        let read = match self.index.get(&stamp) {
            Some(digest) => Read { stamp, digest, how: How::Known },
            None => self.read(path)?,
        };
        Ok(Some((Mark { kind: kind(&metadata), digest: read.digest }, Some(read))))
    }

    /// A link: where it leads, and what is there. One that leads to nothing, or round in circles, is the text alone.
    fn link(&self, path: &Path) -> io::Result<Option<(Mark, Option<Read>)>> {
        let mut fields = Fields::default();
        fields.bytes(fs::read_link(path)?.as_os_str().as_bytes());
        let there = fs::metadata(path).is_ok();
        let (mark, read) = if there { self.file(path)?.unzip() } else { (None, None) };
        if let Some(mark) = mark {
            mark.add_to(&mut fields);
        }
        Ok(Some((Mark { kind: 'l', digest: fields.digest() }, read.flatten())))
    }

    /// Reads it. What is written meanwhile is young, however old its times are.
    fn read(&self, path: &Path) -> io::Result<Read> {
        let now = *self.now.get_or_init(self.clock);
        let mut file = File::open(path)?;
        let stamp = Stamp::of(&file.metadata()?);
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(&mut file)?;
        let settled = now.is_some_and(|now| stamp.is_settled(now));
        let steady = Stamp::of(&file.metadata()?) == stamp;
        let how = if settled && steady { How::Settled } else { How::Young };
        Ok(Read { stamp, digest: hasher.finalize().into(), how })
    }
}

fn kind(file: &Metadata) -> char {
    if file.permissions().mode() & 0o111 == 0 { 'f' } else { 'x' }
}
