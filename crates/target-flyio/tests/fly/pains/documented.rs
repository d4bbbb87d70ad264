//! The table of `docs/fly.md` has every pain, and names tests that there are.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const CRATE: &str = env!("CARGO_MANIFEST_DIR");

/// The rows of the table of pains: the cells between the bars.
fn rows() -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(root().join("docs/fly.md")).unwrap();
    let (_, table) = text.split_once("## What other deployers get wrong").unwrap();
    let table = table.split("\n## ").next().unwrap();
    let lines = table.lines().filter(|it| it.starts_with("| ") && !it.starts_with("| #"));
    lines
        .map(|it| it.trim_matches('|').split(" | ").map(|it| it.trim().to_owned()).collect())
        .collect()
}

fn root() -> PathBuf {
    Path::new(CRATE).join("../..")
}

/// The tests that a cell names, as file and name.
fn tests(cell: &str) -> Vec<(&str, &str)> {
    cell.split('`').filter_map(|it| it.split_once("::")).collect()
}

/// Where a file of the table is.
fn place(file: &str) -> PathBuf {
    let whole = ["crates/", "tests/"].iter().any(|it| file.starts_with(it));
    if whole { root().join(file) } else { Path::new(CRATE).join("tests").join(file) }
}

/// Is it a test there, and not a function of that name?
fn is_test(text: &str, name: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let heads = [format!("fn {name}("), format!("async fn {name}(")];
    let found = lines.iter().position(|line| heads.iter().any(|head| line.starts_with(head)));
    found.is_some_and(|at| {
        at > 0 && lines[at - 1].starts_with("#[") && lines[at - 1].contains("test")
    })
}

#[test]
fn every_pain_has_a_row_with_its_source_and_a_test() {
    let rows = rows();
    let numbers: Vec<String> = rows.iter().map(|it| it[0].clone()).collect();
    let wanted: Vec<String> = (1..=39).map(|it: u32| it.to_string()).collect();
    assert_eq!(numbers, wanted);
    for row in &rows {
        assert_eq!(row.len(), 4, "{row:?}");
        assert!(row[1].contains("](https://"), "{row:?}");
        assert!(!tests(&row[3]).is_empty(), "{row:?}");
    }
}

#[test]
fn every_test_that_is_named_is_there() {
    let rows = rows();
    let named: BTreeSet<(&str, &str)> = rows.iter().flat_map(|it| tests(&it[3])).collect();
    let lacks = |(file, name): &&(&str, &str)| {
        !std::fs::read_to_string(place(file)).is_ok_and(|text| is_test(&text, name))
    };
    let missing: Vec<_> = named.iter().filter(lacks).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}
