//! The folder: all that outlives a run. Every file is written beside its place and renamed, so that nobody reads half of one.

use std::fs;
use std::io::{self, ErrorKind};
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use pipeline_core::{Address, Side};
use serde::{Deserialize, Serialize};

use crate::error::Error;

#[derive(Clone, Debug)]
pub(crate) struct Folder(pub(crate) PathBuf);

/// A process that runs, or shall run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Instance {
    pub(crate) id: String,
    pub(crate) version: String,
    pub(crate) port: u16,
    /// The run that made it.
    pub(crate) run: String,
}

impl Instance {
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// As verifiers see it.
    pub(crate) fn seen(&self, run: &str, front: &[String]) -> pipeline_core::Instance {
        let url = format!("http://{}", self.address());
        pipeline_core::Instance {
            id: self.id.clone(),
            side: if self.run == run { Side::New } else { Side::Old },
            region: None,
            serving: front.contains(&self.address()),
            address: Some(Address { url, headers: [].into() }),
        }
    }
}

impl Folder {
    /// The program of a release.
    pub(crate) fn program(&self, version: &str) -> Result<PathBuf, Error> {
        let path = self.0.join("releases").join(version).join("run");
        if path.is_file() { Ok(path) } else { Err(Error::NoRelease(path)) }
    }

    pub(crate) fn instance_file(&self, id: &str) -> PathBuf {
        self.0.join("instances").join(id)
    }

    pub(crate) fn log(&self, id: &str) -> PathBuf {
        self.0.join("logs").join(id)
    }

    /// Where users' requests go.
    pub(crate) fn front(&self) -> Result<Vec<String>, Error> {
        let path = self.0.join("front");
        let text = there(fs::read_to_string(&path)).map_err(|error| Error::File(path, error))?;
        Ok(text.unwrap_or_default().lines().map(str::to_owned).collect())
    }

    /// Sends users to these, in one stroke.
    pub(crate) fn send_to(&self, instances: &[Instance]) -> Result<(), Error> {
        let lines: String = instances.iter().map(|it| it.address() + "\n").collect();
        replace(&self.0.join("front"), &lines)
    }

    pub(crate) fn instances(&self) -> Result<Vec<Instance>, Error> {
        let folder = self.0.join("instances");
        let wrong = |error| Error::File(folder.clone(), error);
        let Some(entries) = there(fs::read_dir(&folder)).map_err(wrong)? else {
            return Ok(Vec::new());
        };
        let paths = entries.map(|it| it.map(|it| it.path())).collect::<Result<Vec<_>, _>>();
        let mut paths = paths.map_err(wrong)?;
        paths.retain(|it| it.extension().is_none_or(|it| it != "new"));
        paths.sort();
        paths.iter().map(|path| read(path)).collect()
    }

    /// The instance of this name; it gets a port, and is written down, if there is none yet.
    pub(crate) fn instance(&self, id: &str, version: &str, run: &str) -> Result<Instance, Error> {
        if let Some(known) = self.instances()?.into_iter().find(|it| it.id == id) {
            return Ok(known);
        }
        let (id, version, run) = (id.to_owned(), version.to_owned(), run.to_owned());
        let made = Instance { id, version, port: free_port()?, run };
        self.write(&made)?;
        Ok(made)
    }

    pub(crate) fn write(&self, instance: &Instance) -> Result<(), Error> {
        let text = serde_json::to_string(instance).expect("plain data can be written as JSON");
        replace(&self.instance_file(&instance.id), &text)
    }

    pub(crate) fn forget(&self, instance: &Instance) -> Result<(), Error> {
        let path = self.instance_file(&instance.id);
        there(fs::remove_file(&path)).map(drop).map_err(|error| Error::File(path, error))
    }
}

fn read(path: &Path) -> Result<Instance, Error> {
    let text = fs::read_to_string(path).map_err(|error| Error::File(path.into(), error))?;
    serde_json::from_str(&text).map_err(|error| Error::File(path.into(), error.into()))
}

fn replace(path: &Path, text: &str) -> Result<(), Error> {
    let next = path.with_extension("new");
    let parent = path.parent().unwrap_or(Path::new("."));
    let written = fs::create_dir_all(parent)
        .and_then(|()| fs::write(&next, text))
        .and_then(|()| fs::rename(&next, path));
    written.map_err(|error| Error::File(path.into(), error))
}

/// What is not there is no error.
fn there<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// A port that nobody listens on just now.
fn free_port() -> Result<u16, Error> {
    let asked = TcpListener::bind(("127.0.0.1", 0)).and_then(|it| it.local_addr());
    asked.map(|it| it.port()).map_err(Error::NoPort)
}
