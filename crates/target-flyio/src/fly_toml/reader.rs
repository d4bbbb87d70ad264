//! Reading typed values out of a TOML tree, with the place of whatever is wrong. Every key that is asked
//! for counts as known; `finish` warns of the others.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{FlyTomlError, Place};
use crate::duration;

/// A file, and what is to be said about it.
pub(super) struct Document<'a> {
    path: &'a Path,
    text: &'a str,
    warnings: RefCell<Vec<String>>,
}

/// One table of it.
pub(super) struct Section<'a> {
    document: &'a Document<'a>,
    /// Its name with a dot behind it; empty at the root.
    prefix: String,
    table: &'a DeTable<'a>,
    known: RefCell<BTreeSet<String>>,
}

type Node<'a> = &'a Spanned<DeValue<'a>>;

impl<'a> Document<'a> {
    pub(super) fn new(path: &'a Path, text: &'a str) -> Self {
        Self { path, text, warnings: RefCell::default() }
    }

    pub(super) fn tree(&self) -> Result<DeTable<'a>, FlyTomlError> {
        DeTable::parse(self.text).map(Spanned::into_inner).map_err(|error| FlyTomlError::Syntax {
            place: self.place(&error.span().unwrap_or(0..0)),
            message: error.message().to_owned(),
        })
    }

    pub(super) fn root(&'a self, tree: &'a DeTable<'a>) -> Section<'a> {
        self.section(String::new(), tree)
    }

    pub(super) fn warnings(&self) -> Vec<String> {
        self.warnings.take()
    }

    fn section(&'a self, prefix: String, table: &'a DeTable<'a>) -> Section<'a> {
        Section { document: self, prefix, table, known: RefCell::default() }
    }

    fn place(&self, span: &Range<usize>) -> Place {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line = before.lines().count().max(1) + usize::from(before.ends_with('\n'));
        let line = if before.is_empty() { 1 } else { line };
        let column = before.rsplit('\n').next().map_or(0, |it| it.chars().count()) + 1;
        Place { file: self.path.to_owned(), line, column }
    }
}

impl<'a> Section<'a> {
    pub(super) fn text(&self, key: &str) -> Result<Option<String>, FlyTomlError> {
        self.read(key, "must be a text", |it| it.as_str().map(str::to_owned))
    }

    pub(super) fn boolean(&self, key: &str) -> Result<Option<bool>, FlyTomlError> {
        self.read(key, "must be true or false", DeValue::as_bool)
    }

    pub(super) fn integer(&self, key: &str) -> Result<Option<u64>, FlyTomlError> {
        self.read(key, "must be a whole number that is not negative", integer)
    }

    pub(super) fn port(&self, key: &str) -> Result<Option<u64>, FlyTomlError> {
        let port = |it: &DeValue<'_>| integer(it).filter(|it| (1..=65_535).contains(it));
        self.read(key, "must be a port from 1 to 65535", port)
    }

    pub(super) fn number(&self, key: &str) -> Result<Option<f64>, FlyTomlError> {
        self.read(key, "must be a number", |it| match it {
            DeValue::Float(float) => float.as_str().parse().ok(),
            other => integer(other).and_then(|it| u32::try_from(it).ok()).map(f64::from),
        })
    }

    /// A duration as text, or a bare number of `unit`s.
    pub(super) fn duration(
        &self,
        key: &str,
        unit: Duration,
    ) -> Result<Option<Duration>, FlyTomlError> {
        let times = |count: u64| unit.checked_mul(u32::try_from(count).ok()?);
        self.read(key, "must be a duration such as \"10s\" or \"1m30s\"", |it| match it {
            DeValue::String(text) => duration::parse(text),
            other => integer(other).and_then(times),
        })
    }

    pub(super) fn one_of(&self, key: &str, known: &[&str]) -> Result<Option<String>, FlyTomlError> {
        let problem = format!("must be one of {}", known.join(", "));
        let among =
            |it: &DeValue<'_>| it.as_str().filter(|it| known.contains(it)).map(str::to_owned);
        self.read(key, &problem, among)
    }

    pub(super) fn texts(&self, key: &str) -> Result<Option<Vec<String>>, FlyTomlError> {
        let text = |it: Node<'_>| it.get_ref().as_str().map(str::to_owned);
        self.read(key, "must be a list of texts", |it| it.as_array()?.iter().map(text).collect())
    }

    /// A table of texts; numbers and booleans are written out, as flyctl does.
    pub(super) fn map(&self, key: &str) -> Result<BTreeMap<String, String>, FlyTomlError> {
        let Some(section) = self.section(key)? else { return Ok(BTreeMap::new()) };
        let mut map = BTreeMap::new();
        for (name, value) in section.table {
            let text = match value.get_ref() {
                DeValue::String(text) => text.to_string(),
                DeValue::Boolean(yes) => yes.to_string(),
                DeValue::Integer(number) => number.as_str().to_owned(),
                DeValue::Float(number) => number.as_str().to_owned(),
                _ => return Err(section.error(name.get_ref(), "must be a text")),
            };
            map.insert(name.get_ref().to_string(), text);
        }
        Ok(map)
    }

    /// A table whose keys are passed on as they are.
    pub(super) fn json(&self, key: &str) -> Result<Option<Value>, FlyTomlError> {
        self.read(key, "must be a table without dates", |it| {
            it.as_table()?;
            json(it)
        })
    }

    pub(super) fn section(&self, key: &str) -> Result<Option<Section<'a>>, FlyTomlError> {
        let Some(node) = self.get(key) else { return Ok(None) };
        match node.get_ref().as_table() {
            Some(table) => Ok(Some(self.inner(key, table))),
            None => Err(self.error(key, "must be a table")),
        }
    }

    /// The tables of a list; a single table counts as a list of one.
    pub(super) fn sections(&self, key: &str) -> Result<Vec<Section<'a>>, FlyTomlError> {
        let Some(node) = self.get(key) else { return Ok(Vec::new()) };
        let table = |(index, it): (usize, Node<'a>)| {
            let table = it.get_ref().as_table();
            table.map(|table| self.inner(&format!("{key}[{index}]"), table))
        };
        let tables: Option<Vec<_>> = match node.get_ref() {
            DeValue::Table(table) => Some(vec![self.inner(key, table)]),
            DeValue::Array(array) => array.iter().enumerate().map(table).collect(),
            _ => None,
        };
        tables.ok_or_else(|| self.error(key, "must be a list of tables"))
    }

    /// The tables inside a table, with their names.
    pub(super) fn named(&self, key: &str) -> Result<Vec<(String, Section<'a>)>, FlyTomlError> {
        let Some(section) = self.section(key)? else { return Ok(Vec::new()) };
        let names = section.table.keys().map(|name| name.get_ref().to_string());
        let named = names.map(|name| {
            let inner = section.section(&name)?;
            Ok((name, inner.expect("the name was just read")))
        });
        named.collect()
    }

    /// What is wrong with `key`, at its place or, where it is missing, at the table's first key.
    pub(super) fn error(&self, key: &str, problem: &str) -> FlyTomlError {
        let key_path = format!("{}{key}", self.prefix);
        FlyTomlError::Value { place: self.place(key), key: key_path, problem: problem.to_owned() }
    }

    pub(super) fn warn(&self, key: &str, problem: &str) {
        let warning = format!("{}: `{}{key}` {problem}", self.place(key), self.prefix);
        self.document.warnings.borrow_mut().push(warning);
    }

    /// Takes all other keys as known: they concern flyctl alone.
    pub(super) fn allow_rest(&self) {
        let all = self.table.keys().map(|name| name.get_ref().to_string());
        self.known.borrow_mut().extend(all);
    }

    /// Warns of every key that nobody asked for.
    pub(super) fn finish(&self) {
        let known = self.known.borrow().clone();
        for name in self.table.keys().map(Spanned::get_ref) {
            if !known.contains(&**name) {
                self.warn(name, "is not applied; what the machines have is kept");
            }
        }
    }

    fn inner(&self, key: &str, table: &'a DeTable<'a>) -> Section<'a> {
        self.document.section(format!("{}{key}.", self.prefix), table)
    }

    fn read<T>(
        &self,
        key: &str,
        problem: &str,
        read: impl Fn(&DeValue<'a>) -> Option<T>,
    ) -> Result<Option<T>, FlyTomlError> {
        let Some(node) = self.get(key) else { return Ok(None) };
        read(node.get_ref()).map(Some).ok_or_else(|| self.error(key, problem))
    }

    fn get(&self, key: &str) -> Option<Node<'a>> {
        self.known.borrow_mut().insert(key.to_owned());
        self.table.get(key)
    }

    fn place(&self, key: &str) -> Place {
        let own = self.table.get(key).map(Spanned::span);
        let first = || self.table.keys().map(Spanned::span).min_by_key(|span| span.start);
        self.document.place(&own.or_else(first).unwrap_or(0..0))
    }
}

fn integer(value: &DeValue<'_>) -> Option<u64> {
    let integer = value.as_integer()?;
    u64::from_str_radix(&integer.as_str().replace('_', ""), integer.radix()).ok()
}

fn json(value: &DeValue<'_>) -> Option<Value> {
    Some(match value {
        DeValue::String(text) => text.to_string().into(),
        DeValue::Integer(_) => integer(value)?.into(),
        DeValue::Float(float) => float.as_str().parse::<f64>().ok()?.into(),
        DeValue::Boolean(yes) => (*yes).into(),
        DeValue::Datetime(_) => return None,
        DeValue::Array(array) => {
            array.iter().map(|it| json(it.get_ref())).collect::<Option<Vec<_>>>()?.into()
        }
        DeValue::Table(table) => {
            let entries = table
                .iter()
                .map(|(key, it)| Some((key.get_ref().to_string(), json(it.get_ref())?)));
            Value::Object(entries.collect::<Option<_>>()?)
        }
    })
}
