//! `mix hex.audit` of Hex itself: packages that were retired and, since Hex 2.5, advisories.

use std::collections::BTreeSet;

use pipeline_core::{Context, Finding};
use semver::Version;

use crate::error::{Error, Trouble};
use crate::layout::Layout;
use crate::mix::{Answer, MixTask};
use crate::project::MixProject;
use crate::security::advisories::{
    Advisory, Hit, Lock, Rating, Requirement, blocks_nothing, id, title, version,
};
use crate::trouble;

/// Its words for "nothing": without advisories, and with them.
const NONE_RETIRED: &str = "No retired packages found";
const NONE_AT_ALL: &str = "No retired or security advisory packages found";
/// Its words for "something", which stand below what was found.
const RETIRED: &str = "Found retired packages";
const ADVISORIES: &str = "Found packages with security advisories";
/// Its words where the registry cannot be reached and what it once said stands in, however old.
const FROM_CACHE: &str = "(using cache instead)";
/// The reasons for which a retired package blocks.
const BLOCKING: [&str; 2] = ["security", "invalid"];

/// What Hex knows of the locked packages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct HexAudit {
    pub(crate) retired: Vec<Retired>,
    pub(crate) hits: Vec<Hit>,
    /// Has this Hex looked for advisories, and in what the registry says now?
    pub(crate) knows_advisories: bool,
    /// What the project lets be, as Hex writes it.
    pub(crate) ignored: Vec<String>,
}

/// A version that its authors took back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Retired {
    pub(crate) package: String,
    pub(crate) version: String,
    /// `security`, `invalid`, `deprecated`, `renamed` or `other`.
    pub(crate) reason: String,
    pub(crate) message: String,
    pub(crate) line: Option<u32>,
}

/// Runs it. Without the task Hex itself is not there.
pub(crate) async fn run(
    project: &MixProject,
    lock: &Lock,
    cx: &Context,
) -> Result<HexAudit, Error> {
    let answer = project.run(&task(), cx).await?;
    read(&answer, &project.layout(), lock)
}

/// Where there is no Hex, Mix compiles the project in search of such a task: so it takes its turn.
fn task() -> MixTask {
    MixTask::new(["hex.audit"]).env("MIX_ENV", "dev").apart()
}

impl HexAudit {
    /// What it means, beside advisories.
    pub(crate) fn findings(&self) -> impl Iterator<Item = Finding> {
        let ignored = self.ignored.iter().map(|it| {
            blocks_nothing(Finding::note(format!("ignored by the project's own settings: {it}")))
                .rule("security/ignore")
        });
        self.retired.iter().map(Retired::finding).chain(ignored)
    }
}

impl Retired {
    fn finding(&self) -> Finding {
        let Self { package, version, reason, message, line } = self;
        let message = if message.is_empty() { String::new() } else { format!(": {message}") };
        let message = format!("{package} {version} is retired ({reason}){message}");
        let finding = if BLOCKING.contains(&reason.as_str()) {
            Finding::error(message)
        } else {
            blocks_nothing(Finding::warning(message))
        };
        let finding = finding.rule("security/retired").in_file("mix.lock");
        let finding =
            finding.remedy(format!("run `mix hex.info {package}` and move to another version"));
        Finding { line: *line, ..finding }
    }
}

/// What its answer says. Outside of a project and without a lock it finds nothing either, and passes.
fn read(answer: &Answer, layout: &Layout, lock: &Lock) -> Result<HexAudit, Error> {
    if !layout.mix_exs {
        return Err(answer.trouble(Trouble::NotAProject));
    }
    let said = format!("{}\n{}", answer.text, answer.stderr);
    let says = |words: &str| said.lines().any(|line| line.trim() == words);
    let (some_retired, some_advisories) = (says(RETIRED), says(ADVISORIES));
    let audit = Reader { lock, audit: HexAudit::default() }.read(&answer.text);
    let silent = audit.retired.is_empty() && audit.hits.is_empty() && audit.ignored.is_empty();
    let told = some_retired != audit.retired.is_empty() && some_advisories != audit.hits.is_empty();
    let good = if answer.code == 0 {
        told && (says(NONE_RETIRED) || says(NONE_AT_ALL) || !silent)
    } else {
        told && (some_retired || some_advisories)
    };
    if !good {
        return Err(match trouble::read(&said, layout).filter(|_| answer.code != 0) {
            Some(Trouble::NoTask(_)) => answer.trouble(Trouble::NoInstaller("Hex".into())),
            Some(trouble) => answer.trouble(trouble),
            None => answer.unreadable("it does not say what is wrong"),
        });
    }
    let looked = audit.knows_advisories || says(NONE_AT_ALL);
    Ok(HexAudit { knows_advisories: looked && !said.contains(FROM_CACHE), ..audit })
}

struct Reader<'a> {
    lock: &'a Lock,
    audit: HexAudit,
}

/// Which part of the answer a line belongs to.
#[derive(Clone, Copy, PartialEq)]
enum Section {
    None,
    /// The table of Hex before 2.5.
    Table,
    Retired,
    Advisories,
    Ignored,
}

impl Reader<'_> {
    fn read(mut self, text: &str) -> HexAudit {
        let mut section = Section::None;
        for line in text.lines() {
            if let Some(begun) = begins(line) {
                self.audit.knows_advisories |= begun != Section::Table;
                section = begun;
            } else {
                self.line(section, line);
            }
        }
        self.audit
    }

    fn line(&mut self, section: Section, line: &str) {
        let below = line.strip_prefix("  ").filter(|it| !it.starts_with(' '));
        match section {
            Section::Table => {
                let retired = self.row(line);
                self.audit.retired.extend(retired);
            }
            Section::Retired => {
                let retired = below.and_then(|it| self.retired(it));
                self.audit.retired.extend(retired);
            }
            Section::Advisories => match below.and_then(|it| self.hit(it)) {
                Some(hit) => self.audit.hits.push(hit),
                None => self.more(line.strip_prefix("    ").unwrap_or_default()),
            },
            Section::Ignored => self.audit.ignored.extend(below.map(ToOwned::to_owned)),
            Section::None => {}
        }
    }

    /// `olddep      0.1.0    (security) has a hole`.
    fn row(&self, line: &str) -> Option<Retired> {
        let (package, rest) = line.trim().split_once(' ')?;
        let (version, why) = rest.trim().split_once(' ')?;
        self.of(package, version, why.trim())
    }

    /// `olddep 0.1.0 - (security) has a hole`.
    fn retired(&self, line: &str) -> Option<Retired> {
        let (what, why) = line.split_once(" - ")?;
        let (package, version) = what.split_once(' ')?;
        self.of(package, version, why)
    }

    fn of(&self, package: &str, version: &str, why: &str) -> Option<Retired> {
        let (reason, message) = why.strip_prefix('(')?.split_once(')')?;
        Some(Retired {
            package: package.to_owned(),
            version: version.to_owned(),
            reason: reason.to_owned(),
            message: title(message),
            line: self.lock.line(package),
        })
    }

    /// `vulndep 1.2.3 - EEF-CVE-2030-0001 (HIGH)`.
    fn hit(&self, line: &str) -> Option<Hit> {
        let (what, advisory) = line.split_once(" - ")?;
        let (package, written) = what.split_once(' ')?;
        let (name, rating) = advisory.split_once(' ').unwrap_or((advisory, ""));
        let word = rating.trim_matches(['(', ')']);
        let version: Version = version(written)?;
        let advisory = Advisory {
            id: id(name)?,
            aliases: BTreeSet::new(),
            package: package.to_owned(),
            title: String::new(),
            rating: Rating::of_word(word).unwrap_or(Rating::Unrated),
            vulnerable: Requirement::EVERY,
            fixed: Vec::new(),
            changed: None,
        };
        Some(Hit { advisory, version, line: self.lock.line(package) })
    }

    /// What stands below the first line of an advisory: its other names, its title, its address.
    fn more(&mut self, line: &str) {
        let Some(Hit { advisory, .. }) = self.audit.hits.last_mut() else { return };
        if let Some(names) = line.strip_prefix("aka: ") {
            advisory.aliases.extend(names.split(", ").filter_map(id));
        } else if advisory.title.is_empty() && !line.is_empty() {
            advisory.title = title(line);
        }
    }
}

fn begins(line: &str) -> Option<Section> {
    match line.trim_end() {
        "Retired:" => Some(Section::Retired),
        "Advisories:" => Some(Section::Advisories),
        "Ignored retired:" | "Ignored advisories:" => Some(Section::Ignored),
        line if line.starts_with("Dependency ") && line.contains("Retirement reason") => {
            Some(Section::Table)
        }
        _ => None,
    }
}

#[cfg(test)]
#[path = "hex_audit_tests.rs"]
mod tests;
