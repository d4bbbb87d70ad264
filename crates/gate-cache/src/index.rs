//! What was hashed before: a file that its folder's entry shows to be the same is not read again.
//!
//! An entry is known by device and inode, and trusted where size, modification time and change time are the same. The
//! change time cannot be set, so that content of the same size under an old modification time is seen. A file
//! that was written less than two seconds before it was read is not taken in: it may be written again within the same tick
//! of the clock.

use std::collections::HashMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;

use crate::digest::Digest;

const FORMAT: &[u8] = b"gate-cache index 1\n";
/// One entry: seven numbers of eight bytes, and a digest.
const ENTRY: usize = 7 * 8 + 32;
/// How many entries are kept of files that nobody asked about: 4 MB.
const MOST_UNASKED: usize = 50_000;
/// How old a file must be, in seconds, before its times tell whether it is the same. Git's rule; FAT counts in two seconds.
const SETTLED: i64 = 2;

/// What tells whether a file is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    /// Seconds since 1970, nanoseconds.
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    pub(crate) fn of(file: &Metadata) -> Self {
        Self {
            device: file.dev(),
            inode: file.ino(),
            size: file.size(),
            modified: (file.mtime(), file.mtime_nsec()),
            changed: (file.ctime(), file.ctime_nsec()),
        }
    }

    /// May its times be trusted, `now` being seconds since 1970 by the file system's clock before it was read?
    pub(crate) fn is_settled(&self, now: i64) -> bool {
        self.modified.0.max(self.changed.0).saturating_add(SETTLED) < now
    }

    fn numbers(&self) -> [[u8; 8]; 7] {
        [
            self.device.to_le_bytes(),
            self.inode.to_le_bytes(),
            self.size.to_le_bytes(),
            self.modified.0.to_le_bytes(),
            self.modified.1.to_le_bytes(),
            self.changed.0.to_le_bytes(),
            self.changed.1.to_le_bytes(),
        ]
    }
}

/// Digests of files, by device and inode.
#[derive(Debug, Default)]
pub(crate) struct Index {
    known: HashMap<(u64, u64), Entry>,
    /// Does it know more than its file does?
    pub(crate) grown: bool,
}

#[derive(Debug)]
struct Entry {
    stamp: Stamp,
    digest: Digest,
    /// Did this process ask about it?
    asked: bool,
}

impl Index {
    /// The digest of the file with this stamp, if nothing about it has changed.
    pub(crate) fn get(&self, stamp: &Stamp) -> Option<Digest> {
        let entry = self.known.get(&(stamp.device, stamp.inode))?;
        (entry.stamp == *stamp).then_some(entry.digest)
    }

    /// Takes in what was just hashed.
    pub(crate) fn insert(&mut self, stamp: Stamp, digest: Digest) {
        self.grown = true;
        self.known.insert((stamp.device, stamp.inode), Entry { stamp, digest, asked: true });
    }

    /// Notes that this process asked about it.
    pub(crate) fn touch(&mut self, stamp: &Stamp) {
        if let Some(entry) = self.known.get_mut(&(stamp.device, stamp.inode)) {
            entry.asked = true;
        }
    }

    /// The index as a file holds it: a line that names the format, the entries, and the digest of all that.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let (asked, others): (Vec<_>, Vec<_>) = self.known.values().partition(|it| it.asked);
        let entries = asked.into_iter().chain(others.into_iter().take(MOST_UNASKED));
        let mut bytes = FORMAT.to_vec();
        for entry in entries {
            bytes.extend(entry.stamp.numbers().as_flattened());
            bytes.extend(entry.digest.bytes());
        }
        bytes.extend(Digest::of(&bytes).bytes());
        bytes
    }

    /// Reads it back; `None` where the file is damaged or of another format.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (signed, digest) = bytes.split_last_chunk::<32>()?;
        let entries = signed.strip_prefix(FORMAT)?;
        if Digest::of(signed).bytes() != digest || entries.len() % ENTRY != 0 {
            return None;
        }
        let known = entries.chunks_exact(ENTRY).map(entry).collect::<Option<_>>()?;
        Some(Self { known, grown: false })
    }
}

fn entry(bytes: &[u8]) -> Option<((u64, u64), Entry)> {
    let (numbers, digest) = bytes.split_last_chunk::<32>()?;
    let number = |at: usize| Some(u64::from_le_bytes(*numbers.get(at * 8..)?.first_chunk()?));
    let signed = |at: usize| number(at).map(u64::cast_signed);
    let stamp = Stamp {
        device: number(0)?,
        inode: number(1)?,
        size: number(2)?,
        modified: (signed(3)?, signed(4)?),
        changed: (signed(5)?, signed(6)?),
    };
    let entry = Entry { stamp, digest: (*digest).into(), asked: false };
    Some(((stamp.device, stamp.inode), entry))
}
