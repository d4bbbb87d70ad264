//! What the tests share: answers as a command would give them, and reports as text.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use pipeline_core::{Fault, Finding, Level, Report};
use pipeline_process::Redactor;
use secrecy::SecretString;

use crate::answer::{Answer, Reading};
use crate::error::Error;
use crate::project::Project;
use crate::reader::Reader;

/// What `reader` makes of this output of `lint`, of the project `/home/ann/shop`.
pub(crate) fn read(reader: &Reader, text: &str, code: i32) -> Result<Report, Error> {
    let answer = Answer {
        command: "lint".into(),
        code,
        said: text.into(),
        text: text.into(),
        source: "standard output".into(),
    };
    let redactor = Redactor::new(&[SecretString::from("hunter22".to_owned())]);
    let project = Project { roots: vec!["/home/ann/shop".into()] };
    reader.read(&Reading { answer: &answer, project: &project, redactor: &redactor })
}

pub(crate) fn told(reader: &Reader, text: &str, code: i32) -> String {
    told_as_text(read(reader, text, code))
}

/// What `reader` makes of `fixtures/FOLDER/NAME`.
pub(crate) fn told_of(reader: &Reader, file: &str, code: i32) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(file);
    told(reader, &fs::read_to_string(path).unwrap(), code)
}

pub(crate) fn told_as_text(answer: Result<Report, Error>) -> String {
    let report = match answer {
        Ok(report) => report,
        Err(error) => {
            let fault = Fault::from(error);
            let hint = fault.next_step().unwrap_or_default();
            return format!("FAULT {}\n  hint: {hint}", fault.message());
        }
    };
    let numbers: Vec<_> =
        report.numbers().iter().map(|(name, it)| format!("{name}={it}")).collect();
    let mut told = format!("{:?} {}\n", report.verdict(), numbers.join(" "));
    for finding in report.findings() {
        writeln!(told, "  {}", finding_as_text(finding)).unwrap();
    }
    told
}

fn finding_as_text(finding: &Finding) -> String {
    let place = finding.place().unwrap_or("-".into());
    let rule = finding.rule.as_deref().unwrap_or("-");
    let level = if finding.level == Level::Advisory { " (advisory)" } else { "" };
    let remedy = finding.remedy.as_ref().map_or(String::new(), |it| format!(" -> {it}"));
    format!("{place} {rule} {:?}{level}: {}{remedy}", finding.severity, finding.message)
}
