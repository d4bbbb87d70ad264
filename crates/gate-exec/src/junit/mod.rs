//! `JUnit` XML, the format in which most test runners say what failed.

mod case;
mod suites;

use pipeline_core::{Finding, Report};

use self::case::Trouble;
use self::suites::Counts;
use crate::answer::Reading;
use crate::error::Error;
use crate::findings::{Findings, number};

pub(crate) fn read(reading: &Reading<'_>) -> Result<Report, Error> {
    let source = &reading.answer.source;
    if reading.text().trim().is_empty() {
        return Err(reading.unreadable(format!("{source} is empty")));
    }
    let mut findings = Findings::new(reading);
    let counts = suites::read(reading.text(), |trouble| findings.push(finding(trouble)));
    let counts = counts.map_err(|what| {
        let what = reading.line(&what);
        reading.unreadable(format!("{source} is not JUnit XML: {what}"))
    })?;
    if findings.is_empty() && counts.claimed > 0 {
        return Err(reading.unreadable(format!("{source} counts failures and names none")));
    }
    let none_ran = findings.is_empty() && counts.tests == counts.skipped;
    let report = if none_ran && reading.answer.code == 0 {
        findings.inconclusive(none(&counts))
    } else {
        findings.judged()?
    };
    Ok(counts.numbers().into_iter().fold(report, number))
}

fn finding(trouble: &Trouble) -> Finding {
    let (file, line) = trouble.place().map_or((None, None), |(file, line)| (Some(file), line));
    let message = trouble.message(file.is_none());
    Finding { file, line, ..Finding::error(message).rule(trouble.rule()) }
}

fn none(counts: &Counts) -> Finding {
    let message = match counts.skipped {
        0 => "no test ran".to_owned(),
        skipped => format!("no test ran, {skipped} skipped"),
    };
    Finding::warning(message)
        .rule("test/none")
        .remedy("add tests, or look whether filters exclude all of them")
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
