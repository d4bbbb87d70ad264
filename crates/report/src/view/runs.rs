//! The table of runs.

use serde::Serialize;

use crate::page::Page;
use crate::path::run_path;
use crate::words;

/// One run.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    version: String,
    path: String,
    environment: String,
    began: String,
    sign: &'static str,
    outcome: &'static str,
    kind: &'static str,
    duration: String,
    who: String,
    host: String,
    revision: Option<[String; 2]>,
    image: Option<[String; 2]>,
    bad: Option<String>,
}

/// All runs of the page, newest first.
pub(crate) fn rows(page: &Page) -> Vec<Row> {
    let mut all: Vec<_> = page.environments.iter().flat_map(|it| &it.runs).collect();
    all.sort_by_key(|it| std::cmp::Reverse(it.row().number));
    all.into_iter().map(|it| row(it.row())).collect()
}

fn row(row: &store_sql::RunRow) -> Row {
    let (sign, outcome) = words::outcome(row);
    Row {
        version: row.version.clone(),
        path: run_path(&row.version),
        environment: row.begun.environment.clone(),
        began: words::moment(row.started),
        sign,
        outcome,
        kind: words::kind(row.begun.kind),
        duration: row.duration_ms().map_or_else(|| "–".into(), words::took),
        who: row.begun.who.clone(),
        host: row.begun.host.clone(),
        revision: row.begun.revision.as_ref().map(|it| [words::revision(it), it.clone()]),
        image: row.begun.image.as_ref().map(|it| [words::image(it), it.clone()]),
        bad: row.bad.clone(),
    }
}
