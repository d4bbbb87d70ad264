//! What the index may be trusted with. The clock is the test's, so that files can be old enough at once.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, SystemTime};

use pipeline_core::Inputs;
use pipeline_testkit::a_run;
use tempfile::TempDir;

use super::*;
use crate::index::{Index, Stamp};

/// A time at which every file of the test is old.
#[expect(clippy::unnecessary_wraps, reason = "it stands in for one that may fail")]
fn later(_: &Path) -> Result<i64, Error> {
    Ok(i64::MAX)
}

/// The moment at which the file of the test was last changed, however long ago that is.
#[expect(clippy::unnecessary_wraps, reason = "it stands in for one that may fail")]
fn just_then(cache: &Path) -> Result<i64, Error> {
    Ok(fs::metadata(cache.with_file_name("lib/shop.ex")).unwrap().ctime())
}

fn in_2100() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_hours(1_139_568)
}

struct Project(TempDir);

impl Project {
    fn new() -> Self {
        let project = Self(tempfile::tempdir().unwrap());
        fs::create_dir(project.0.path().join("lib")).unwrap();
        fs::write(project.file(), "shop").unwrap();
        project
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("lib/shop.ex")
    }

    fn index(&self) -> PathBuf {
        self.0.path().join("cache/.index")
    }

    fn cache(&self) -> FileCache {
        FileCache { clock: later, ..FileCache::at(self.0.path().join("cache")) }
    }

    fn fingerprint(&self, cache: &FileCache) -> Digest {
        let inputs = Inputs { files: vec!["lib/**".into()], ..Inputs::default() };
        let asked = Asked { gate: "test".into(), inputs: Some(inputs) };
        let mut run = a_run("v1");
        run.workdir = self.0.path().into();
        match cache.look(&[asked], &run, &mut cache.lock()).remove(0) {
            Looked::Seen(listing) => listing.fingerprint("test"),
            other => panic!("{other:?}"),
        }
    }

    fn stamp(&self) -> Stamp {
        Stamp::of(&fs::metadata(self.file()).unwrap())
    }
}

#[test]
fn a_file_that_did_not_change_is_not_read_again() {
    let project = Project::new();
    let before = project.fingerprint(&project.cache());
    // What the index says is believed without a look at the file.
    let mut index = Index::from_bytes(&fs::read(project.index()).unwrap()).unwrap();
    assert_eq!(index.get(&project.stamp()), Some(Digest::of(b"shop")));
    index.insert(project.stamp(), Digest::of(b"another"));
    fs::write(project.index(), index.to_bytes()).unwrap();
    assert_ne!(project.fingerprint(&project.cache()), before);
}

#[test]
fn a_known_file_with_the_same_size_under_an_old_time_is_read_again() {
    let project = Project::new();
    let cache = project.cache();
    let (before, old) = (project.fingerprint(&cache), project.stamp());
    let modified = fs::metadata(project.file()).unwrap().modified().unwrap();
    // The clock of the file system moves on in ticks; what is known is what the last tick left.
    while project.stamp() == old {
        fs::write(project.file(), "shoq").unwrap();
        let file = File::options().write(true).open(project.file()).unwrap();
        file.set_modified(modified).unwrap();
    }
    assert_ne!(project.fingerprint(&cache), before);
    assert_ne!(project.fingerprint(&project.cache()), before);
}

/// Written and read within one tick of the clock, it may be written once more, and nobody could tell.
#[test]
fn a_file_that_was_just_written_is_not_known_by_its_times() {
    let project = Project::new();
    let cache = FileCache { clock: just_then, ..project.cache() };
    project.fingerprint(&cache);
    assert!(!project.index().exists());
    let file = File::options().write(true).open(project.file()).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1)).unwrap();
    project.fingerprint(&cache);
    assert!(!project.index().exists(), "only the change time tells");
}

#[test]
fn a_file_settles_after_two_seconds() {
    let project = Project::new();
    let written = fs::metadata(project.file()).unwrap().ctime();
    assert!(!project.stamp().is_settled(written));
    assert!(!project.stamp().is_settled(written + 2));
    assert!(project.stamp().is_settled(written + 3));
    let file = File::options().write(true).open(project.file()).unwrap();
    file.set_modified(in_2100()).unwrap();
    assert!(!project.stamp().is_settled(written + 3));
}

#[test]
fn an_index_that_is_damaged_in_any_byte_is_none() {
    let project = Project::new();
    let mut index = Index::default();
    index.insert(project.stamp(), Digest::of(b"shop"));
    let whole = index.to_bytes();
    assert!(Index::from_bytes(&whole).is_some());
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        assert!(Index::from_bytes(&bytes).is_none(), "{at}");
        assert!(Index::from_bytes(&whole[..at]).is_none(), "{at}");
    }
}

#[test]
fn hard_links_and_renamed_folders_are_known_by_their_inode() {
    let project = Project::new();
    let cache = project.cache();
    project.fingerprint(&cache);
    fs::rename(project.0.path().join("lib"), project.0.path().join("src")).unwrap();
    let stamp = Stamp::of(&fs::metadata(project.0.path().join("src/shop.ex")).unwrap());
    let index = Index::from_bytes(&fs::read(project.index()).unwrap()).unwrap();
    assert_eq!(index.get(&stamp), Some(Digest::of(b"shop")));
}
