//! Findings as SARIF 2.1.0 (OASIS), for tools that show findings beside the code. The one writer of it.

use std::collections::{BTreeMap, BTreeSet};

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use pipeline_core::{Account, Finding, Level, Severity, StepEnd};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::label::{cause, stepless};
use crate::ndjson::timestamp;
use crate::text;

/// What may not stand in a path of a URI as it is.
const UNSAFE: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}')
    .add(b':');

/// Where the findings' files are.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The folder of the project within the repository, with a slash at its end; nothing where they are the same. Whoever
    /// shows findings beside the code wants paths from the top of the repository.
    pub within: &'a str,
    /// The file, relative to the project, at which findings are shown that have none: GitHub takes no log in which one
    /// result has no place.
    pub instead: &'a str,
}

impl Place<'_> {
    /// A file as a URI reference, relative to the top of the repository.
    fn uri(&self, file: &str) -> String {
        if let Some(absolute) = file.strip_prefix('/') {
            return format!("file:///{}", utf8_percent_encode(absolute, UNSAFE));
        }
        let file = file.strip_prefix("./").unwrap_or(file);
        utf8_percent_encode(&format!("{}{file}", self.within), UNSAFE).to_string()
    }
}

/// One finding, with what only some tools know of it.
#[derive(Clone, Debug)]
pub struct SarifResult<'a> {
    finding: &'a Finding,
    rule: &'a str,
    columns: u32,
    suppressed: Option<&'a str>,
    required: bool,
}

impl<'a> SarifResult<'a> {
    /// A finding of a step; where it names no rule, the step's name is one.
    #[must_use]
    pub fn new(finding: &'a Finding, step: &'a str) -> Self {
        let rule = finding.rule.as_deref().filter(|it| !it.is_empty()).unwrap_or(step);
        Self { finding, rule, columns: 0, suppressed: None, required: true }
    }

    /// It is so many columns wide.
    #[must_use]
    pub fn columns(self, columns: u32) -> Self {
        Self { columns, ..self }
    }

    /// It is lived with, and why.
    #[must_use]
    pub fn suppressed(self, why: &'a str) -> Self {
        Self { suppressed: Some(why), ..self }
    }

    fn level(&self) -> &'static str {
        match (self.finding.severity, self.finding.level) {
            (Severity::Error, Level::Blocking) if self.required => "error",
            (Severity::Error | Severity::Warning, _) => "warning",
            (Severity::Note, _) => "note",
        }
    }

    fn physical(&self, place: &Place<'_>) -> Value {
        let at = self.finding;
        let Some(file) = at.file.as_deref().filter(|it| !it.is_empty()) else {
            return json!({ "artifactLocation": { "uri": place.uri(place.instead) } });
        };
        let mut physical = json!({ "artifactLocation": { "uri": place.uri(file) } });
        if let Some(line) = at.line.filter(|it| *it > 0) {
            physical["region"] = json!({ "startLine": line });
            if let Some(column) = at.column.filter(|it| *it > 0) {
                physical["region"]["startColumn"] = json!(column);
                if self.columns > 0 {
                    physical["region"]["endColumn"] = json!(column + self.columns);
                }
            }
        }
        physical
    }

    fn value(&self, place: &Place<'_>, fingerprint: &str) -> Value {
        let at = self.finding;
        let mut result = json!({
            "ruleId": self.rule,
            "level": self.level(),
            "message": { "text": if at.message.is_empty() { self.rule } else { &at.message } },
            "locations": [{ "physicalLocation": self.physical(place) }],
            "partialFingerprints": { "pipelineFinding/v1": fingerprint },
        });
        if let Some(why) = self.suppressed {
            result["suppressions"] = json!([{ "kind": "inSource", "justification": why }]);
        }
        let known = [("remedy", &at.remedy), ("app", &at.app)];
        let known = known
            .into_iter()
            .filter_map(|(name, it)| Some((name, it.as_ref().filter(|it| !it.is_empty())?)));
        let properties: Map<String, Value> =
            known.map(|(name, it)| (name.to_owned(), json!(it))).collect();
        if !properties.is_empty() {
            result["properties"] = Value::Object(properties);
        }
        result
    }
}

/// A SARIF log of one run of one tool.
#[derive(Debug)]
pub struct Sarif<'a> {
    tool: &'a str,
    version: &'a str,
    place: Place<'a>,
    invocation: Option<Value>,
}

impl<'a> Sarif<'a> {
    /// A log of this tool in this version.
    #[must_use]
    pub fn new(tool: &'a str, version: &'a str, place: Place<'a>) -> Self {
        Self { tool, version, place, invocation: None }
    }

    /// The log with these results, each of which it has once.
    #[must_use]
    pub fn log(&self, results: &[SarifResult<'_>]) -> Value {
        let mut helps: BTreeMap<&str, Option<&str>> = BTreeMap::new();
        for result in results {
            let help = helps.entry(result.rule).or_default();
            *help = help.or(result.finding.remedy.as_deref().filter(|it| !it.is_empty()));
        }
        // GitHub wants all three of each rule.
        let rule = |(id, help): (&str, Option<&str>)| {
            let text = help.unwrap_or(id);
            json!({ "id": id, "shortDescription": { "text": id }, "fullDescription": { "text": text },
                    "help": { "text": text } })
        };
        let mut run = json!({
            "tool": { "driver": {
                "name": self.tool,
                "version": self.version,
                "semanticVersion": self.version,
                "rules": helps.into_iter().map(rule).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "results": self.results(results),
        });
        if let Some(invocation) = &self.invocation {
            run["invocations"] = json!([invocation]);
        }
        json!({
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [run],
        })
    }

    /// Several that are alike but for their line are told apart by their order.
    fn results(&self, results: &[SarifResult<'_>]) -> Vec<Value> {
        let mut alike: BTreeMap<[&str; 3], u64> = BTreeMap::new();
        let mut values = Vec::new();
        for result in results {
            let finding = result.finding;
            let key = [
                result.rule,
                finding.file.as_deref().unwrap_or_default(),
                finding.message.as_str(),
            ];
            let count = alike.entry(key).or_default();
            *count += 1;
            values.push(result.value(&self.place, &fingerprint(key, *count)));
        }
        values
    }
}

fn fingerprint(parts: [&str; 3], count: u64) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hash.update(count.to_le_bytes());
    let bytes: [u8; 32] = hash.finalize().into();
    format!("{:.32}", bytes.map(|it| format!("{it:02x}")).concat())
}

/// All findings of all steps of a run; a finding that several passes had stands there once. Why a step had no answer stands
/// with the invocation.
#[must_use]
pub fn sarif(account: &Account, version: &str, place: Place<'_>) -> Value {
    let mut results = Vec::new();
    let mut seen = BTreeSet::new();
    for (_, step) in account.steps() {
        let Some(StepEnd::Done { outcome: Ok(report), required, .. }) = &step.end else { continue };
        for finding in report.findings() {
            let key = (step.name.as_str(), serde_json::to_string(finding).unwrap_or_default());
            if seen.insert(key) {
                let result = SarifResult::new(finding, &step.name);
                results.push(SarifResult { required: *required, ..result });
            }
        }
    }
    let invocation = Some(invocation(account));
    Sarif { invocation, ..Sarif::new("pipeline", version, place) }.log(&results)
}

fn invocation(account: &Account) -> Value {
    let mut notifications = Vec::new();
    for (phase, step) in account.steps() {
        if let Some(StepEnd::Done { outcome: Err(fault), required, .. }) = &step.end {
            let text = format!("{} of {}: {}", step.name, phase.name(), text::fault(fault));
            notifications.push(notification(&step.name, &text, *required));
        }
    }
    for (_, it) in stepless(account) {
        let text = format!("{} of {}: {}", it.step, it.phase.name(), cause(&it.cause));
        notifications.push(notification(&it.step, &text, true));
    }
    let mut invocation = json!({
        "executionSuccessful": notifications.is_empty(),
        "toolExecutionNotifications": notifications,
    });
    for (name, at) in [("startTimeUtc", account.began), ("endTimeUtc", account.last)] {
        if let Some(at) = at {
            invocation[name] = json!(timestamp(at));
        }
    }
    invocation
}

fn notification(step: &str, text: &str, required: bool) -> Value {
    json!({
        "level": if required { "error" } else { "warning" },
        "message": { "text": text },
        "descriptor": { "id": step },
    })
}

#[cfg(test)]
#[path = "sarif_tests.rs"]
mod tests;
