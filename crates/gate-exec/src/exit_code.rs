//! A command whose exit code is its answer.

use std::collections::BTreeSet;

use pipeline_core::{Evidence, Finding, Report};
use pipeline_process::{Tail, one_line};

use crate::answer::{Answer, Reading};
use crate::error::Error;

/// So many of its last lines are part of the finding.
const LAST: usize = 5;
/// How much of each, in bytes.
const LONGEST: usize = 200;

pub(crate) fn read(reading: &Reading<'_>, refuse: &BTreeSet<i32>) -> Result<Report, Error> {
    let Answer { command, code, said, .. } = reading.answer;
    if *code == 0 {
        return Ok(Report::passed());
    }
    let tail = Tail::of(said);
    if !refuse.contains(code) {
        return Err(Error::Code { command: command.clone(), code: *code, tail });
    }
    let message = format!("`{command}` said no (exit code {code}): {}", last(said));
    let finding = Finding::error(message).rule("exit-code");
    Ok(Report::refused(finding).evidence(Evidence::new("output", tail.to_string())))
}

/// The last lines as one.
fn last(said: &str) -> String {
    let lines = said.lines().map(|line| one_line(line, LONGEST)).filter(|line| !line.is_empty());
    let lines: Vec<_> = lines.collect();
    match &lines[lines.len().saturating_sub(LAST)..] {
        [] => "it said nothing".into(),
        last => last.join(" / "),
    }
}

#[cfg(test)]
#[path = "exit_code_tests.rs"]
mod tests;
