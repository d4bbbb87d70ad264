//! Which advisories are about what is locked, and what that means.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use pipeline_core::Finding;
use semver::Version;

use super::advisory::{Advisory, merged};
use super::lock::{Lock, Locked};
use super::policy::{Ignore, Policy, advisory};
use super::severity::Rating;

/// An advisory about a locked version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hit {
    pub(crate) advisory: Advisory,
    pub(crate) version: Version,
    /// The line of `mix.lock`.
    pub(crate) line: Option<u32>,
}

/// What is wrong, and how much of it there is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Audit {
    /// The worst first.
    pub(crate) findings: Vec<Finding>,
    pub(crate) numbers: BTreeMap<&'static str, f64>,
}

/// The advisories that are about a locked version.
pub(crate) fn hits(lock: &Lock, advisories: &[Advisory]) -> Vec<Hit> {
    let mut hits = Vec::new();
    for package in lock.packages() {
        let about =
            |it: &&Advisory| it.package == package.name && it.vulnerable.matches(package.version);
        hits.extend(advisories.iter().filter(about).map(|advisory| Hit {
            advisory: advisory.clone(),
            version: package.version.clone(),
            line: Some(package.line),
        }));
    }
    hits
}

impl Audit {
    /// What these hits mean on this day. Hits of one package that share a name are one, whoever told of them.
    pub(crate) fn of(hits: Vec<Hit>, policy: &Policy, today: Date) -> Self {
        let (over, valid): (Vec<_>, Vec<_>) =
            policy.ignore.iter().partition(|it| it.is_over(today));
        let (mut audit, mut used) = (Self::default(), BTreeSet::new());
        audit
            .count(["critical", "high", "medium", "low", "unrated", "ignored"].map(|it| (it, 0.0)));
        for hit in joined(hits) {
            match valid.iter().find(|it| hit.advisory.is(&it.id)) {
                Some(ignore) => {
                    used.insert(ignore.id.as_str());
                    audit.ignored(&hit, ignore);
                }
                None => audit.found(&hit, policy),
            }
        }
        audit.findings.extend(over.into_iter().map(expired));
        let unused = valid.into_iter().filter(|it| !used.contains(it.id.as_str()));
        audit.findings.extend(unused.map(useless));
        audit
    }

    fn count<const N: usize>(&mut self, more: [(&'static str, f64); N]) {
        for (name, number) in more {
            *self.numbers.entry(name).or_default() += number;
        }
    }

    fn found(&mut self, hit: &Hit, policy: &Policy) {
        self.count([(name(hit.advisory.rating), 1.0)]);
        let finding = policy.finding(hit.advisory.rating, hit.message()).remedy(hit.remedy());
        self.findings.push(hit.placed(finding));
    }

    fn ignored(&mut self, hit: &Hit, ignore: &Ignore) {
        self.count([("ignored", 1.0)]);
        let message = format!("{}, ignored{}", hit.message(), ignore.told());
        self.findings.push(hit.placed(advisory(Finding::note(message))));
    }
}

impl Hit {
    /// `plug 1.3.0: Null Byte Injection in Plug.Static (high, CVE-2017-1000052)`.
    fn message(&self) -> String {
        let Advisory { package, title, rating, .. } = &self.advisory;
        let title = if title.is_empty() { "a known vulnerability" } else { title };
        format!("{package} {}: {title} ({rating}, {})", self.version, self.advisory.known_as())
    }

    fn remedy(&self) -> String {
        match self.advisory.fixed_above(&self.version) {
            Some(fixed) => format!("upgrade to {fixed} or later"),
            None => "no version without it is known here: read the advisory".into(),
        }
    }

    fn placed(&self, finding: Finding) -> Finding {
        let finding = finding.rule(format!("security/{}", self.advisory.id)).in_file("mix.lock");
        Finding { line: self.line, ..finding }
    }
}

/// Hits of the same locked version that share a name, as one; the worst first.
fn joined(hits: Vec<Hit>) -> Vec<Hit> {
    let mut of_version: BTreeMap<(Option<u32>, Version), Vec<Advisory>> = BTreeMap::new();
    for hit in hits {
        of_version.entry((hit.line, hit.version)).or_default().push(hit.advisory);
    }
    let hits = of_version.into_iter().flat_map(|((line, version), advisories)| {
        let hit = move |advisory| Hit { advisory, version: version.clone(), line };
        merged(advisories).into_iter().map(hit)
    });
    let mut hits: Vec<_> = hits.collect();
    hits.sort_by_key(|it| std::cmp::Reverse(it.advisory.rating));
    hits
}

/// Says which dependencies no advisory can be matched to.
pub(crate) fn unaudited(lock: &Lock) -> Option<Finding> {
    let of_hex: BTreeSet<u32> = lock.packages().map(|it| it.line).collect();
    let others = lock.entries.iter().filter(|it| !of_hex.contains(&it.line));
    let told = others.map(|it| match &it.locked {
        Locked::Hex { repo, .. } => format!("{} (of {repo})", it.name),
        Locked::Git { .. } => format!("{} (of git)", it.name),
        Locked::Other { scm } => format!("{} (by {scm})", it.name),
    });
    let told: Vec<_> = told.collect();
    if told.is_empty() {
        return None;
    }
    let message =
        format!("advisories are about packages of hexpm, and say nothing of {}", told.join(", "));
    Some(advisory(Finding::note(message)).rule("security/unaudited").in_file("mix.lock"))
}

fn expired(ignore: &Ignore) -> Finding {
    let until = ignore.until.unwrap_or_default();
    let message = format!("the exception for {} ended on {until}: {}", ignore.id, ignore.reason);
    let finding = Finding::warning(message).rule("security/ignore");
    advisory(finding.remedy("look at the advisory again, then renew the exception or remove it"))
}

fn useless(ignore: &Ignore) -> Finding {
    let message = format!("nothing that is locked has {}, which is ignored", ignore.id);
    advisory(Finding::note(message)).rule("security/ignore").remedy("remove the exception")
}

fn name(rating: Rating) -> &'static str {
    match rating {
        Rating::Low => "low",
        Rating::Medium => "medium",
        Rating::Unrated => "unrated",
        Rating::High => "high",
        Rating::Critical => "critical",
    }
}

#[cfg(test)]
#[path = "audit_tests.rs"]
mod tests;
