//! Reading typed values out of a table, with the place of whatever is wrong. Every key that is asked for
//! counts as known; `finish` warns of the others.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::document::{Document, Remark};
use super::value::{integer, json, nearest, scalar};
use super::{FlyTomlError, Place};
use crate::duration;

/// One table of it.
pub(super) struct Section<'a> {
    document: &'a Document<'a>,
    /// Its name with a dot behind it; empty at the root.
    prefix: String,
    table: &'a DeTable<'a>,
    /// Where it begins.
    span: Range<usize>,
    known: RefCell<BTreeSet<String>>,
}

type Node<'a> = &'a Spanned<DeValue<'a>>;

impl<'a> Section<'a> {
    pub(super) fn new(
        document: &'a Document<'a>,
        prefix: String,
        table: &'a DeTable<'a>,
        span: Range<usize>,
    ) -> Self {
        Self { document, prefix, table, span, known: RefCell::default() }
    }

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
        // The older form is a text of digits (flyctl: `patches.go`).
        let number =
            |it: &DeValue<'_>| it.as_str().map_or_else(|| integer(it), |it| it.parse().ok());
        let port = |it: &DeValue<'_>| number(it).filter(|it| (1..=65_535).contains(it));
        self.read(key, "must be a port from 1 to 65535", port)
    }

    pub(super) fn number(&self, key: &str) -> Result<Option<f64>, FlyTomlError> {
        self.read(key, "must be a number", |it| match it {
            DeValue::Float(float) => float.as_str().parse().ok(),
            other => integer(other).and_then(|it| u32::try_from(it).ok()).map(f64::from),
        })
    }

    /// A duration as text, or a bare number of `unit`s. An empty text is none (flyctl: `patches.go`).
    pub(super) fn duration(
        &self,
        key: &str,
        unit: Duration,
    ) -> Result<Option<Duration>, FlyTomlError> {
        if self.table.get(key).is_some_and(|it| it.get_ref().as_str() == Some("")) {
            self.known.borrow_mut().insert(key.to_owned());
            return Ok(None);
        }
        let times = |count: u64| unit.checked_mul(u32::try_from(count).ok()?);
        self.read(key, "must be a duration such as \"10s\" or \"1m30s\"", |it| match it {
            DeValue::String(text) => duration::parse(text),
            other => integer(other).and_then(times),
        })
    }

    /// A duration that flyctl takes with a unit only: to it a bare number is nanoseconds, which nobody
    /// means (fly-go: `duration.go`).
    pub(super) fn duration_with_unit(&self, key: &str) -> Result<Option<Duration>, FlyTomlError> {
        if self.table.get(key).is_some_and(|it| integer(it.get_ref()).is_some()) {
            let why = "is taken as seconds; flyctl takes a bare number as nanoseconds, so write \
                       it with its unit, such as \"60s\"";
            self.warn(key, why);
        }
        self.duration(key, Duration::from_secs(1))
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

    /// A list of texts, or one text for a list of one.
    pub(super) fn words(&self, key: &str) -> Result<Option<Vec<String>>, FlyTomlError> {
        match self.table.get(key).and_then(|it| it.get_ref().as_str()) {
            Some(_) => Ok(self.text(key)?.map(|word| vec![word])),
            None => self.texts(key),
        }
    }

    /// A text, or a number written out.
    pub(super) fn scalar(&self, key: &str) -> Result<Option<String>, FlyTomlError> {
        self.read(key, "must be a text or a number", scalar)
    }

    /// A table of texts; numbers and booleans are written out, as flyctl does.
    pub(super) fn map(&self, key: &str) -> Result<BTreeMap<String, String>, FlyTomlError> {
        match self.section(key)? {
            Some(section) => section.own_map(),
            None => Ok(BTreeMap::new()),
        }
    }

    /// The same of this table itself.
    pub(super) fn own_map(&self) -> Result<BTreeMap<String, String>, FlyTomlError> {
        let text = |(name, value): (&Spanned<_>, Node<'_>)| {
            let name: &std::borrow::Cow<'_, str> = name.get_ref();
            let text = scalar(value.get_ref()).ok_or_else(|| self.error(name, "must be a text"))?;
            Ok((name.to_string(), text))
        };
        self.table.iter().map(text).collect()
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
            Some(table) => Ok(Some(self.inner(key, table, node.span()))),
            None => Err(self.error(key, "must be a table")),
        }
    }

    /// The tables of a list; a single table counts as a list of one.
    pub(super) fn sections(&self, key: &str) -> Result<Vec<Section<'a>>, FlyTomlError> {
        let Some(node) = self.get(key) else { return Ok(Vec::new()) };
        let table = |(index, it): (usize, Node<'a>)| {
            let table = it.get_ref().as_table();
            table.map(|table| self.inner(&format!("{key}[{index}]"), table, it.span()))
        };
        let tables: Option<Vec<_>> = match node.get_ref() {
            DeValue::Table(table) => Some(vec![self.inner(key, table, node.span())]),
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
        let message = format!("`{}{key}` {problem}", self.prefix);
        self.document.remarks.borrow_mut().push(Remark { place: self.place(key), message });
    }

    /// Warns of every key that nobody asked for.
    pub(super) fn finish(&self) {
        let known = self.known.borrow().clone();
        for name in self.table.keys().map(Spanned::get_ref) {
            if !known.contains(&**name) {
                let meant = nearest(name, &known).map(|it| format!("; did you mean `{it}`?"));
                let why = "is no key that is known here, so it is not applied";
                self.warn(name, &format!("{why}{}", meant.unwrap_or_default()));
            }
        }
    }

    /// Does the file say anything of this key?
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Is it a list, where a table is the usual form?
    pub(super) fn is_list(&self, key: &str) -> bool {
        self.table.get(key).is_some_and(|it| it.get_ref().is_array())
    }

    /// Takes a key as known, whatever its value. Is it there?
    pub(super) fn know(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Its own name, such as `services[0]`.
    pub(super) fn own_name(&self) -> &str {
        self.prefix.trim_end_matches('.')
    }

    /// The folder that files are named relative to.
    pub(super) fn folder(&self) -> &Path {
        self.document.folder()
    }

    fn inner(&self, key: &str, table: &'a DeTable<'a>, span: Range<usize>) -> Section<'a> {
        self.document.section(format!("{}{key}.", self.prefix), table, span)
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
        self.document.place(&own.or_else(first).unwrap_or_else(|| self.span.clone()))
    }
}
