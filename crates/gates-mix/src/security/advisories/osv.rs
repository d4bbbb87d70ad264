//! Advisories in the format of OSV (ossf.github.io/osv-schema).

use std::collections::BTreeMap;

use jiff::Timestamp;
use osv::schema::{Affected, Event, Range, RangeType, Vulnerability};
use semver::Version;
use serde_json::Value;

use super::advisory::{self, Advisory};
use super::severity::Rating;
use super::version::{Op, Requirement, lenient};

/// The keys that are read. Words that a later schema adds elsewhere make nothing unreadable.
const READ: [&str; 8] = [
    "id",
    "modified",
    "withdrawn",
    "aliases",
    "summary",
    "affected",
    "severity",
    "database_specific",
];

/// What an OSV document says of packages of Hex: nothing where it is withdrawn or about others.
pub(super) fn read(text: &str) -> Result<Vec<Advisory>, String> {
    let mut json: Value =
        serde_json::from_str(text).map_err(|error| format!("no JSON: {error}"))?;
    prune(&mut json).ok_or("it is no object")?;
    let vulnerability: Vulnerability =
        serde_json::from_value(json).map_err(|error| format!("no OSV: {error}"))?;
    if vulnerability.withdrawn.is_some() {
        return Ok(Vec::new());
    }
    let mut packages: BTreeMap<&str, Vec<&Affected>> = BTreeMap::new();
    for affected in vulnerability.affected.iter().flatten() {
        if let Some(package) = &affected.package {
            packages.entry(&package.name).or_default().push(affected);
        }
    }
    packages.into_iter().map(|(name, all)| of_package(&vulnerability, name, &all)).collect()
}

/// Leaves what is read: of the ranges those of versions, of the packages those of Hex.
fn prune(json: &mut Value) -> Option<()> {
    let object = json.as_object_mut()?;
    object.retain(|key, _| READ.contains(&key.as_str()));
    only_cvss(object.get_mut("severity"));
    let Some(affected) = object.get_mut("affected").and_then(Value::as_array_mut) else {
        return Some(());
    };
    affected.retain(|it| it["package"]["ecosystem"] == "Hex");
    for one in affected.iter_mut().filter_map(Value::as_object_mut) {
        one.retain(|key, _| ["package", "ranges", "versions", "severity"].contains(&key.as_str()));
        only_cvss(one.get_mut("severity"));
        if let Some(ranges) = one.get_mut("ranges").and_then(Value::as_array_mut) {
            ranges.retain(|it| it["type"] != "GIT");
        }
    }
    Some(())
}

fn only_cvss(severity: Option<&mut Value>) {
    if let Some(all) = severity.and_then(Value::as_array_mut) {
        all.retain(|it| ["CVSS_V2", "CVSS_V3", "CVSS_V4"].iter().any(|kind| it["type"] == *kind));
    }
}

fn of_package(from: &Vulnerability, name: &str, all: &[&Affected]) -> Result<Advisory, String> {
    let id = advisory::id(&from.id).ok_or("its id is no name")?;
    let mut vulnerable = Vec::new();
    let mut fixed = Vec::new();
    for affected in all {
        vulnerable.push(requirement(affected)?);
        let events = affected.ranges.iter().flatten().flat_map(|it| &it.events);
        fixed.extend(events.filter_map(|event| match event {
            Event::Fixed(version) => lenient(version),
            _ => None,
        }));
    }
    let aliases = from.aliases.iter().flatten().filter_map(|it| advisory::id(it));
    Ok(Advisory {
        aliases: aliases.filter(|it| *it != id).collect(),
        id,
        package: name.to_owned(),
        title: advisory::title(from.summary.as_deref().unwrap_or_default()),
        rating: rating(from, all),
        vulnerable: Requirement::Any(vulnerable),
        fixed,
        changed: Timestamp::from_second(from.modified.timestamp()).ok(),
    })
}

/// The database's own word, or else the worst of the vectors.
fn rating(from: &Vulnerability, all: &[&Affected]) -> Rating {
    let said = from.database_specific.as_ref().and_then(|it| it["severity"].as_str());
    if let Some(rating) = said.and_then(Rating::of_word) {
        return rating;
    }
    let of_packages = all.iter().filter_map(|it| it.severity.as_ref());
    let vectors = from.severity.iter().chain(of_packages).flatten();
    let rated = vectors.filter_map(|it| Rating::of_vector(&it.score));
    rated.max().unwrap_or(Rating::Unrated)
}

/// Which versions are affected: all of them where it names none.
fn requirement(affected: &Affected) -> Result<Requirement, String> {
    let exact = affected.versions.iter().flatten().map(|it| Ok(is(Op::Equal, parsed(it)?)));
    let mut any = exact.collect::<Result<Vec<_>, String>>()?;
    for range in affected.ranges.iter().flatten() {
        any.extend(spans(range)?);
    }
    Ok(if any.is_empty() { Requirement::EVERY } else { Requirement::Any(any) })
}

/// The stretches between the events of a range, in the order of the versions (schema: evaluation).
fn spans(range: &Range) -> Result<Vec<Requirement>, String> {
    if !matches!(range.range_type, RangeType::Semver | RangeType::Ecosystem) {
        return Ok(Vec::new());
    }
    let mut events = range.events.iter().filter_map(at).collect::<Result<Vec<_>, _>>()?;
    events.sort_by(|(one, kind, _), (two, other, _)| one.cmp_precedence(two).then(kind.cmp(other)));
    let (mut spans, mut open) = (Vec::new(), None);
    for (version, kind, start) in events {
        let lower = match kind {
            Kind::Introduced if open.is_none() => {
                open =
                    Some(if start { Requirement::EVERY } else { is(Op::GreaterOrEqual, version) });
                continue;
            }
            Kind::Introduced => continue,
            Kind::Fixed | Kind::LastAffected => open.take(),
        };
        let op = if kind == Kind::Fixed { Op::Less } else { Op::LessOrEqual };
        spans.extend(lower.map(|lower| Requirement::All(vec![lower, is(op, version)])));
    }
    spans.extend(open);
    Ok(spans)
}

/// What happens at a version. At the same one, a fix comes before a new beginning, and an end after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Fixed,
    Introduced,
    LastAffected,
}

/// An event with its version, and whether it is the beginning of all, which is written `0`. Limits are left out: without
/// them more is affected, never less.
fn at(event: &Event) -> Option<Result<(Version, Kind, bool), String>> {
    let (text, kind) = match event {
        Event::Introduced(text) => (text, Kind::Introduced),
        Event::Fixed(text) => (text, Kind::Fixed),
        Event::LastAffected(text) => (text, Kind::LastAffected),
        _ => return None,
    };
    let start = text == "0" && kind == Kind::Introduced;
    Some(parsed(text).map(|version| (version, kind, start)))
}

fn is(op: Op, version: Version) -> Requirement {
    Requirement::Is(op, version)
}

fn parsed(text: &str) -> Result<Version, String> {
    lenient(text).ok_or_else(|| format!("`{text}` is no version"))
}

#[cfg(test)]
#[path = "osv_tests.rs"]
mod tests;
