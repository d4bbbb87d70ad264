//! A look at everything that gates read: one walk, and each file read at most once, for all of them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

use pipeline_core::{Asked, Inputs};

use crate::contents::{Contents, How, Mark, Marked};
use crate::digest::Digest;
use crate::error::Error;
use crate::globs::Globs;
use crate::index::Index;
use crate::listing::{Listing, name};
use crate::walk::{Found, What, walk};

/// What a gate reads.
#[derive(Debug)]
pub(crate) enum Looked {
    /// Nobody knows: it declares nothing.
    Undeclared,
    /// This.
    Seen(Listing),
    /// It could not be told, and why.
    Hidden(String),
}

/// Where to look.
pub(crate) struct Look<'a> {
    pub(crate) workdir: &'a Path,
    /// Digests of all variables' values.
    pub(crate) environment: &'a BTreeMap<String, Digest>,
    pub(crate) clock: &'a (dyn Fn() -> Option<i64> + Sync),
}

/// What a gate declares, with its globs made ready; `None` where it declares nothing.
type Declared<'a> = Option<(&'a Inputs, Result<Globs, Error>)>;

impl Look<'_> {
    /// Looks at what these gates read, in their order. What is learned on the way goes into the index.
    pub(crate) fn at(&self, asked: &[Asked], index: &mut Index) -> Vec<Looked> {
        let gates: Vec<_> = asked.iter().map(declared).collect();
        let globs = gates.iter().flatten().filter_map(|(_, globs)| globs.as_ref().ok());
        match walk(self.workdir, globs.flat_map(Globs::roots)) {
            Ok(found) => self.listings(&gates, &found, index),
            Err(error) => {
                let hidden = |_: &_| Looked::Hidden(error.to_string());
                gates.iter().map(|it| it.as_ref().map_or(Looked::Undeclared, hidden)).collect()
            }
        }
    }

    fn listings(&self, gates: &[Declared<'_>], found: &[Found], index: &mut Index) -> Vec<Looked> {
        let chosen = |gate: &Declared<'_>| match gate {
            Some((_, Ok(globs))) => chosen(globs, found),
            _ => Vec::new(),
        };
        let chosen: Vec<_> = gates.iter().map(chosen).collect();
        let seen = self.seen(&chosen, found, index);
        let looked = gates.iter().zip(&chosen).map(|(gate, files)| match gate {
            Some((inputs, Ok(_))) => {
                self.listing(inputs, files.iter().map(|file| (&found[*file], &seen[*file])))
            }
            Some((_, Err(error))) => Looked::Hidden(error.to_string()),
            None => Looked::Undeclared,
        });
        looked.collect()
    }

    /// Looks into each file that anybody has chosen. The others are not there.
    fn seen(&self, chosen: &[Vec<usize>], found: &[Found], index: &mut Index) -> Vec<Marked> {
        let mut wanted = vec![false; found.len()];
        chosen.iter().flatten().for_each(|file| wanted[*file] = true);
        let files: Vec<_> = found.iter().zip(&wanted).filter(|it| *it.1).map(|it| it.0).collect();
        let contents =
            Contents { workdir: self.workdir, index, clock: self.clock, now: OnceLock::new() };
        let marked = contents.of_all(&files);
        for read in marked.iter().flatten().flatten().filter_map(|(_, read)| *read) {
            match read.how {
                How::Known => index.touch(&read.stamp),
                How::Settled => index.insert(read.stamp, read.digest),
                How::Young => {}
            }
        }
        let mut marked = marked.into_iter();
        let seen = |wanted: &bool| wanted.then(|| marked.next()).flatten().unwrap_or(Ok(None));
        wanted.iter().map(seen).collect()
    }

    fn listing<'a>(
        &self,
        inputs: &Inputs,
        files: impl Iterator<Item = (&'a Found, &'a Marked)>,
    ) -> Looked {
        let marks = files.filter_map(|(found, marked)| match marked {
            Ok(None) => None,
            Ok(Some((mark, _))) => Some(Ok((name(&found.path), *mark))),
            Err(error) => Some(Err(error.to_string())),
        });
        match marks.collect::<Result<BTreeMap<String, Mark>, String>>() {
            Ok(files) => Looked::Seen(Listing::new(inputs, self.environment, files)),
            Err(why) => Looked::Hidden(why),
        }
    }
}

fn declared(asked: &Asked) -> Declared<'_> {
    asked.inputs.as_ref().map(|inputs| (inputs, Globs::new(&inputs.files)))
}

/// Which of the files the globs mean, by their place.
fn chosen(globs: &Globs, found: &[Found]) -> Vec<usize> {
    let means = |it: &Found| match it.what {
        What::Closed(_) => globs.reach(&it.path, it.guard),
        _ => globs.matches(&it.path, it.guard),
    };
    found.iter().enumerate().filter(|(_, it)| means(it)).map(|(at, _)| at).collect()
}
