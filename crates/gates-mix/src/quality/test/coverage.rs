//! The tables of coverage that `mix test --cover` prints: Mix's own, and the one of `ExCoveralls`.

use pipeline_core::Evidence;
use pipeline_process::one_line;
use serde_json::{Map, Value};

use crate::layout::Layout;

/// How many modules are told.
const MOST_TOLD: usize = 500;
/// The longest name of a module, in bytes.
const LONGEST: usize = 200;

/// What is said about the coverage of one application.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Coverage {
    pub(super) app: Option<String>,
    /// In per cent.
    pub(super) total: f64,
    /// The limit it is below, in per cent.
    pub(super) below: Option<f64>,
    /// Its modules, or its files where `ExCoveralls` tells of them, each in per cent.
    pub(super) modules: Vec<(String, f64)>,
}

/// All tables in the text, in order.
pub(super) fn read(text: &str) -> Vec<Coverage> {
    let mut reader = Reader::default();
    text.lines().for_each(|line| reader.take(line));
    reader.found
}

/// The least covered modules, for people to look at: `{module: percent}`, in an umbrella
/// `{app: {module: percent}}`. Where some are left out, `modules` says how many there are.
pub(super) fn evidence(tables: &[Coverage], layout: &Layout) -> Option<Evidence> {
    let of = |table: &Coverage| table.app.clone().filter(|_| !layout.apps.is_empty());
    let rows = tables.iter().flat_map(|table| {
        table.modules.iter().map(move |(module, percent)| (*percent, of(table), module))
    });
    let mut rows: Vec<_> = rows.collect();
    rows.sort_by(|one, two| one.0.total_cmp(&two.0).then_with(|| one.1.cmp(&two.1)));
    let (all, mut told) = (rows.len(), Map::new());
    for (percent, app, module) in rows.into_iter().take(MOST_TOLD) {
        let of = match app {
            Some(app) => told.entry(app).or_insert_with(|| Map::new().into()).as_object_mut(),
            None => Some(&mut told),
        };
        of.and_then(|it| it.insert(one_line(module, LONGEST), percent.into()));
    }
    if all > MOST_TOLD {
        told.entry("modules").or_insert(all.into());
    }
    (all > 0).then(|| Evidence::new("coverage", Value::Object(told)))
}

#[derive(Default)]
struct Reader {
    app: Option<String>,
    table: Option<Table>,
    /// Has the last table missed its limit?
    below: bool,
    found: Vec<Coverage>,
}

/// A table that has not come to its total.
#[derive(Default)]
struct Table {
    /// How many lines were drawn across it.
    rules: u32,
    rows: Vec<(String, f64)>,
}

impl Reader {
    fn take(&mut self, line: &str) {
        if let Some(app) = line.strip_prefix("==> ") {
            (self.app, self.table, self.below) = (Some(app.trim().to_owned()), None, false);
        } else if line.starts_with("Importing cover results: ") {
            // `mix test.coverage` has one table for all applications.
            self.app = None;
        } else if is_heading(line) {
            self.table = Some(Table::default());
        } else if let Some((name, percent)) = row(line).or_else(|| row_of_excoveralls(line)) {
            self.take_row(name, percent);
        } else if line.starts_with("Coverage test failed, threshold not met") {
            self.below = true;
        } else {
            self.take_other(line);
        }
    }

    fn take_row(&mut self, name: &str, percent: f64) {
        // Above the second line it is a module of that name.
        let is_total = name == "Total" && self.table.as_ref().is_none_or(|it| it.rules != 1);
        if is_total {
            self.end(percent);
        } else if let Some(table) = &mut self.table {
            table.rows.push((name.to_owned(), percent));
        }
    }

    fn take_other(&mut self, line: &str) {
        let threshold = line.trim().strip_prefix("Threshold:").filter(|_| self.below);
        let minimum = line.strip_prefix("FAILED: Expected minimum coverage of ");
        let minimum = minimum.and_then(|it| it.split_once(',')).map(|(limit, _)| limit);
        if let Some(limit) = threshold.or(minimum) {
            self.found.iter_mut().rev().take(1).for_each(|last| last.below = percent(limit));
            self.below = false;
        } else if let Some((_, total)) = line.split_once("[TOTAL]") {
            if let Some(total) = percent(total) {
                self.end(total);
            }
        } else if let Some(table) = self.table.as_mut().filter(|_| is_rule(line)) {
            table.rules += 1;
        }
    }

    fn end(&mut self, total: f64) {
        let table = self.table.take().unwrap_or_default();
        self.found.push(Coverage {
            app: self.app.clone(),
            total,
            below: None,
            modules: table.rows,
        });
    }
}

fn is_heading(line: &str) -> bool {
    let mut cells = line.trim().trim_matches('|').split('|').map(str::trim);
    let of_mix = cells.next() == Some("Percentage") && cells.next() == Some("Module");
    of_mix || line.split_whitespace().take(2).eq(["COV", "FILE"])
}

fn is_rule(line: &str) -> bool {
    line.contains("---") && line.trim().bytes().all(|it| b"-|".contains(&it))
}

/// `  83.33% | Shop`, since 1.19 with a bar at both ends.
fn row(line: &str) -> Option<(&str, f64)> {
    let (number, name) = line.trim().trim_matches('|').split_once('|')?;
    Some((name.trim(), percent(number)?)).filter(|(name, _)| !name.is_empty())
}

/// ` 83.3% lib/shop.ex          12        6        1`.
fn row_of_excoveralls(line: &str) -> Option<(&str, f64)> {
    let (number, rest) = line.trim().split_once("% ")?;
    let mut words = rest.split_whitespace();
    let name = words.next()?;
    let is_row = words.by_ref().take(3).filter(|it| it.parse::<u64>().is_ok()).count() == 3;
    Some((name, percent(&format!("{number}%"))?)).filter(|_| is_row && words.next().is_none())
}

fn percent(text: &str) -> Option<f64> {
    let number: f64 = text.trim().strip_suffix('%')?.trim().parse().ok()?;
    (0.0..=100.0).contains(&number).then_some(number)
}

#[cfg(test)]
#[path = "coverage_tests.rs"]
mod tests;
