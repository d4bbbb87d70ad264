//! What brings an environment back to one verified release: decided from its runs alone. Pure.

use pipeline_core::{Conclusion, Record, State};
use store_sql::{RunKind, RunRow};

/// What to do about a run that did not end well, whatever users see.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Unended<'a> {
    /// It was interrupted half-way: it is taken back.
    TakeBack(&'a RunRow),
    /// It was interrupted where only forward leads to one release, or is stuck: it goes on.
    GoOn(&'a RunRow),
}

/// The run that has to be ended first, if there is one. `rows` are the runs of one target, newest first; `records` those of the
/// newest open one.
pub(super) fn unended<'a>(rows: &'a [RunRow], records: &[Record]) -> Option<Unended<'a>> {
    if let Some(open) = rows.iter().find(|it| it.ending.is_none()) {
        // What makes no sense may have touched anything: `resume` says so.
        let state = State::replay(records);
        match &state {
            Ok(state) if state.can_turn_back() => return Some(Unended::TakeBack(open)),
            Ok(state) if !state.touched() => {}
            Ok(_) | Err(_) => return Some(Unended::GoOn(open)),
        }
    }
    let is = |row: &RunRow, wanted: &[Conclusion]| {
        row.ending.and_then(|it| it.conclusion).is_some_and(|it| wanted.contains(&it))
    };
    let verified = [Conclusion::Succeeded, Conclusion::RolledBack];
    let since = rows.iter().take_while(|it| !is(it, &verified));
    let mut stuck = since.filter(|it| is(it, &[Conclusion::Stuck]));
    stuck.next().map(Unended::GoOn)
}

/// The release to bring back: of those that were verified and are not marked bad, the newest that is older than what is in place
/// and is another image. What a rollback has left behind is not gone back to. Where what is in place did not end whole, or nothing runs at all,
/// it is the last whole one itself, whatever its image: its machines were other ones.
pub(crate) fn way_back(rows: &[RunRow], runs: bool) -> Option<&RunRow> {
    let conclusion = |it: &RunRow| it.ending.and_then(|it| it.conclusion);
    let changed = [Conclusion::Succeeded, Conclusion::Left, Conclusion::Stuck];
    let last = rows.iter().find_map(|it| conclusion(it).filter(|it| changed.contains(it)))?;
    let whole = rows.iter().find(|it| conclusion(it) == Some(Conclusion::Succeeded))?;
    let brought = origin(rows, whole);
    let in_place = runs && last == Conclusion::Succeeded;
    if !in_place && brought.bad.is_none() {
        return Some(brought);
    }
    let good = |it: &&RunRow| {
        let deploy = it.begun.kind == RunKind::Deploy && it.bad.is_none();
        deploy && conclusion(it) == Some(Conclusion::Succeeded)
    };
    let older = rows.iter().filter(|it| it.number < brought.number);
    older.filter(good).find(|it| it.begun.image != brought.begun.image)
}

/// The run that first brought what this one brings back.
fn origin<'a>(rows: &'a [RunRow], row: &'a RunRow) -> &'a RunRow {
    let mut row = row;
    // A run restores an earlier one, so this ends.
    while let Some(earlier) = row
        .begun
        .restores
        .as_ref()
        .and_then(|id| rows.iter().find(|it| it.id == *id && it.number < row.number))
    {
        row = earlier;
    }
    row
}

#[cfg(test)]
#[path = "choice_tests.rs"]
mod tests;
