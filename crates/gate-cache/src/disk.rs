//! Files of the cache: written whole or not at all, and read only if they are what was written.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tempfile::NamedTempFile;

use crate::digest::Digest;
use crate::error::Error;
use crate::walk::is_gone;

/// The version of the files' format. Files of another version are left alone.
const SCHEMA: u32 = 1;

/// What every file holds: a body, and what proves that it is as it was written.
#[derive(Serialize, Deserialize)]
struct Sealed<'a> {
    schema: u32,
    digest: Digest,
    #[serde(borrow)]
    body: &'a RawValue,
}

/// Reads what was written with [`write_sealed`]. A damaged file is removed, and then there is none.
pub(crate) fn read_sealed<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, Error> {
    let Some(bytes) = read(path)? else { return Ok(None) };
    match open(&bytes) {
        Opened::Body(body) => Ok(Some(body)),
        Opened::OtherSchema => Ok(None),
        Opened::Damaged => {
            tracing::debug!(path = %path.display(), "removes a damaged file");
            fs::remove_file(path).map_err(Error::write(path))?;
            Ok(None)
        }
    }
}

/// Writes a value so that it can be read with [`read_sealed`].
pub(crate) fn write_sealed(path: &Path, value: &impl Serialize) -> Result<(), Error> {
    let bytes = seal(value).map_err(|error| Error::write(path)(error.into()))?;
    write(path, &bytes)
}

/// The file's bytes; `None` where there is no file.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if is_gone(&error) => Ok(None),
        Err(error) => Err(Error::read(path)(error)),
    }
}

/// Puts the bytes in place of the file, all at once. Its folder is made if it is not there.
///
/// Nothing waits for the disk: after a power failure a file may be damaged, and then it is not believed.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let put = |folder: &Path| -> io::Result<()> {
        fs::create_dir_all(folder)?;
        let mut file = NamedTempFile::new_in(folder)?;
        file.write_all(bytes)?;
        file.persist(path)?;
        Ok(())
    };
    put(path.parent().unwrap_or(path)).map_err(Error::write(path))
}

/// What time it is by the clock of the file system that the folder is on, in seconds since 1970.
pub(crate) fn now(folder: &Path) -> Result<i64, Error> {
    let look = || -> io::Result<i64> {
        fs::create_dir_all(folder)?;
        Ok(NamedTempFile::new_in(folder)?.as_file().metadata()?.mtime())
    };
    look().map_err(Error::write(folder))
}

fn seal(value: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let body = serde_json::value::to_raw_value(value)?;
    let digest = Digest::of(body.get().as_bytes());
    serde_json::to_vec(&Sealed { schema: SCHEMA, digest, body: &body })
}

enum Opened<T> {
    Body(T),
    OtherSchema,
    Damaged,
}

fn open<T: DeserializeOwned>(bytes: &[u8]) -> Opened<T> {
    #[derive(Deserialize)]
    struct Schema {
        schema: u32,
    }
    let schema = serde_json::from_slice::<Schema>(bytes);
    if schema.is_ok_and(|it| it.schema != SCHEMA) {
        return Opened::OtherSchema;
    }
    let sealed = serde_json::from_slice::<Sealed<'_>>(bytes).ok();
    let whole = sealed.filter(|it| Digest::of(it.body.get().as_bytes()) == it.digest);
    let body = whole.and_then(|it| serde_json::from_str(it.body.get()).ok());
    body.map_or(Opened::Damaged, Opened::Body)
}
