//! The PLTs: what Dialyzer knows of code that it does not look at. Building one takes minutes, so they are kept.
//!
//! Two layers: Erlang and Elixir, which all projects share, and on top of them all else that a project uses. Each
//! is named by what is in it, so that one which is there is right, and never checked again.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use pipeline_core::Context;

use super::erlang::Erlang;
use super::files::{count, fingerprint};
use crate::error::Error;

/// Of each layer so many are kept: the one in use, and the one of the branch before.
const KEPT: usize = 2;

/// The folder of the PLTs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plts<'a> {
    pub(super) dir: &'a Path,
    pub(super) erlang: &'a Erlang<'a>,
}

/// One PLT: the modules in these folders, on top of another one.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    pub(super) base: Option<PathBuf>,
    pub(super) modules: Vec<PathBuf>,
    plt: PathBuf,
}

impl Plts<'_> {
    /// The PLT of all that the project uses: found, or built.
    pub(super) async fn find(&self, cx: &Context) -> Result<PathBuf, Error> {
        fs::create_dir_all(self.dir).map_err(failed(self.dir))?;
        let (files, more) = (self.erlang.files, self.erlang.files.more());
        // Whatever is put on top of it looks its modules up where they were.
        let places = format!("{:?}", files.core);
        let below = fingerprinted(files.core.clone(), places).await?;
        let name = format!("core-erlang-{}-elixir-{}-{below}.plt", files.erlang, files.elixir);
        let plt = self.dir.join(name);
        let core = Layer { base: None, modules: files.core.clone(), plt };
        if !core.plt.is_file() {
            cx.note("building the PLT of Erlang and Elixir: once per version, takes minutes");
            self.build(&core, cx).await?;
        }
        let modules = count(&more)?;
        if modules == 0 {
            return Ok(core.plt);
        }
        let name = format!("project-{}.plt", fingerprinted(vec![more.clone()], below).await?);
        let more = Layer { base: Some(core.plt), modules: vec![more], plt: self.dir.join(name) };
        if !more.plt.is_file() {
            cx.note(format_args!(
                "building the PLT of {modules} modules of dependencies: again when they change, takes minutes"
            ));
            self.build(&more, cx).await?;
        }
        Ok(more.plt)
    }

    /// Builds one beside the folder, and moves it there whole: whoever comes meanwhile, or is killed, leaves
    /// no half one.
    async fn build(&self, layer: &Layer, cx: &Context) -> Result<(), Error> {
        let unfinished = self.erlang.build(layer, cx).await?;
        let failed = failed(&layer.plt);
        // A folder that a CI service keeps may be read by another user later.
        let readable = fs::Permissions::from_mode(0o644);
        let mut moved = tempfile::Builder::new();
        let mut moved = moved.permissions(readable).tempfile_in(self.dir).map_err(&failed)?;
        let mut built = fs::File::open(&unfinished).map_err(&failed)?;
        io::copy(&mut built, &mut moved).map_err(&failed)?;
        moved.as_file().sync_all().map_err(&failed)?;
        moved.persist(&layer.plt).map_err(|it| failed(it.error))?;
        forget_old(self.dir, &layer.plt).map_err(failed)
    }
}

/// Takes away one that Dialyzer could not read.
pub(super) fn remove(plt: &Path) -> Result<(), Error> {
    gone(plt).map_err(failed(plt))
}

/// Removes those of the same layer beyond the newest ones.
fn forget_old(dir: &Path, newest: &Path) -> io::Result<()> {
    let mut old = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path != newest && layer(&path).is_some() && layer(&path) == layer(newest) {
            old.push((fs::metadata(&path)?.modified()?, path));
        }
    }
    old.sort();
    let beyond = old.len().saturating_sub(KEPT - 1);
    old[..beyond].iter().try_for_each(|(_, path)| gone(path))
}

/// `core` or `project`.
fn layer(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()?.strip_suffix(".plt")?.split('-').next()
}

/// Removes a file, unless somebody else has done so.
fn gone(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn failed(path: &Path) -> impl Fn(io::Error) -> Error + use<> {
    let path = path.to_owned();
    move |source| Error::Plt { path: path.clone(), source }
}

/// Reads tens of megabytes: aside, so that other gates go on.
async fn fingerprinted(folders: Vec<PathBuf>, text: String) -> Result<String, Error> {
    let read = tokio::task::spawn_blocking(move || fingerprint(&folders, &text)).await;
    Ok(read.map_err(io::Error::other)??)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn of_each_layer_the_newest_two_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let names = ["core-1.plt", "core-2.plt", "core-3.plt", "project-1.plt", "notes.txt"];
        for (age, name) in names.iter().enumerate() {
            let file = fs::File::create(dir.path().join(name)).unwrap();
            let seconds = Duration::from_secs(age.try_into().unwrap());
            file.set_modified(SystemTime::UNIX_EPOCH + seconds).unwrap();
        }
        forget_old(dir.path(), &dir.path().join("core-3.plt")).unwrap();
        let left = names.map(|name| dir.path().join(name).exists());
        assert_eq!(left, [false, true, true, true, true]);
    }
}
