//! A `fly.toml` as text: its tree, where its keys are, and what is to be said about them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::reader::Section;
use super::{FlyTomlError, Place};

/// Where every key of the file is, by its whole name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Places {
    file: PathBuf,
    places: BTreeMap<String, Place>,
}

/// A file, and what is to be said about it.
pub(super) struct Document<'a> {
    path: &'a Path,
    text: &'a str,
    pub(super) remarks: RefCell<Vec<Remark>>,
}

/// What a person should know about one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Remark {
    pub(crate) place: Place,
    pub(crate) message: String,
}

impl Places {
    /// Where a key is or, where the file does not have it, the nearest table that it would be in.
    pub(crate) fn of(&self, key: &str) -> Place {
        if let Some(place) = self.places.get(key) {
            return place.clone();
        }
        match key.rfind(['.', '[']) {
            Some(end) => self.of(&key[..end]),
            None => Place { file: self.file.clone(), line: 1, column: 1 },
        }
    }
}

impl<'a> Document<'a> {
    pub(super) fn new(path: &'a Path, text: &'a str) -> Self {
        Self { path, text, remarks: RefCell::default() }
    }

    pub(super) fn tree(&self) -> Result<DeTable<'a>, FlyTomlError> {
        DeTable::parse(self.text).map(Spanned::into_inner).map_err(|error| FlyTomlError::Syntax {
            place: self.place(&error.span().unwrap_or(0..0)),
            message: error.message().to_owned(),
        })
    }

    pub(super) fn root(&'a self, tree: &'a DeTable<'a>) -> Section<'a> {
        self.section(String::new(), tree, 0..0)
    }

    /// What was said so far, in the order of the file.
    pub(super) fn remarks(&self) -> Vec<Remark> {
        let mut remarks = self.remarks.take();
        remarks.sort_by_key(|it| (it.place.line, it.place.column));
        remarks
    }

    /// The folder that files are named relative to.
    pub(super) fn folder(&self) -> &Path {
        self.path.parent().unwrap_or_else(|| Path::new(""))
    }

    /// Where every key is, by its whole name.
    pub(super) fn places(&self, tree: &DeTable<'_>) -> Places {
        let mut places = BTreeMap::new();
        self.walk("", tree, &mut places);
        Places { file: self.path.to_owned(), places }
    }

    fn walk(&self, prefix: &str, table: &DeTable<'_>, places: &mut BTreeMap<String, Place>) {
        for (name, value) in table {
            self.visit(format!("{prefix}{}", name.get_ref()), value, places);
        }
    }

    fn visit(
        &self,
        key: String,
        value: &Spanned<DeValue<'_>>,
        places: &mut BTreeMap<String, Place>,
    ) {
        match value.get_ref() {
            DeValue::Table(inner) => self.walk(&format!("{key}."), inner, places),
            DeValue::Array(array) => {
                for (index, it) in array.iter().enumerate() {
                    self.visit(format!("{key}[{index}]"), it, places);
                }
            }
            _ => {}
        }
        places.insert(key, self.place(&value.span()));
    }

    pub(super) fn section(
        &'a self,
        prefix: String,
        table: &'a DeTable<'a>,
        span: Range<usize>,
    ) -> Section<'a> {
        Section::new(self, prefix, table, span)
    }

    pub(super) fn place(&self, span: &Range<usize>) -> Place {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line = before.lines().count().max(1) + usize::from(before.ends_with('\n'));
        let line = if before.is_empty() { 1 } else { line };
        let column = before.rsplit('\n').next().map_or(0, |it| it.chars().count()) + 1;
        Place { file: self.path.to_owned(), line, column }
    }
}
