//! The file format of Gitleaks: what a file says, before it is known what it means.
//!
//! <https://github.com/gitleaks/gitleaks#configuration>. Keys are compared without case, as Gitleaks does.

use std::collections::BTreeSet;

use serde::Deserialize;
use toml::{Table, Value};

/// A whole file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct File {
    pub(super) extend: Extend,
    pub(super) rules: Vec<RuleText>,
    allowlist: Option<AllowText>,
    allowlists: Vec<AllowText>,
}

/// What it builds upon.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Extend {
    pub(super) usedefault: bool,
    pub(super) path: Option<String>,
    pub(super) disabledrules: Vec<String>,
}

/// `[[rules]]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RuleText {
    pub(super) id: String,
    pub(super) description: String,
    pub(super) regex: Option<String>,
    pub(super) entropy: Option<f64>,
    pub(super) secretgroup: Option<usize>,
    pub(super) keywords: Vec<String>,
    pub(super) path: Option<String>,
    pub(super) tags: Vec<String>,
    pub(super) skipreport: bool,
    /// Is it one of ours, as far as we wrote it?
    #[serde(skip)]
    pub(super) ours: bool,
    allowlist: Option<AllowText>,
    allowlists: Vec<AllowText>,
}

/// `[allowlist]`, or one of `[[allowlists]]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct AllowText {
    pub(super) condition: Option<String>,
    pub(super) commits: Vec<String>,
    pub(super) paths: Vec<String>,
    pub(super) regexes: Vec<String>,
    pub(super) regextarget: Option<String>,
    pub(super) stopwords: Vec<String>,
    pub(super) targetrules: Vec<String>,
}

const FILE: &[&str] =
    &["title", "description", "minversion", "extend", "rules", "allowlist", "allowlists"];
const EXTEND: &[&str] = &["usedefault", "path", "disabledrules"];
const RULE: &[&str] = &[
    "id",
    "description",
    "regex",
    "entropy",
    "secretgroup",
    "keywords",
    "path",
    "tags",
    "skipreport",
    "allowlist",
    "allowlists",
];
const ALLOW: &[&str] = &[
    "description",
    "condition",
    "commits",
    "paths",
    "regexes",
    "regextarget",
    "stopwords",
    "targetrules",
];

impl File {
    /// What the text says, and which of its keys nobody knows. `Err` says where and what is wrong.
    pub(super) fn read(text: &str) -> Result<(Self, Vec<String>), String> {
        let table: Table = text.parse().map_err(|wrong: toml::de::Error| wrong.to_string())?;
        let mut unknown = BTreeSet::new();
        strangers(&table, &mut unknown);
        let file = lower(Value::Table(table)).try_into::<Self>();
        let file = file.map_err(|wrong| wrong.to_string().trim().to_owned())?;
        let warnings = unknown.into_iter().map(|key| format!("{key} is not known, and ignored"));
        Ok((file, warnings.collect()))
    }

    pub(super) fn allowlists(&self) -> impl Iterator<Item = &AllowText> {
        self.allowlist.iter().chain(&self.allowlists)
    }

    /// This file upon another one: a rule that both have is the other's with what this one says of it.
    pub(super) fn upon(mut self, base: Self) -> Self {
        let disabled = |id: &str| self.extend.disabledrules.iter().any(|it| it == id);
        let below = base.rules.into_iter().filter(|it| !disabled(&it.id));
        let mut rules = Vec::new();
        for rule in below {
            let same = self.rules.iter().position(|it| it.id == rule.id);
            rules.push(match same {
                Some(at) => self.rules.remove(at).upon(rule),
                None => rule,
            });
        }
        self.rules.append(&mut rules);
        self.allowlists.extend(base.allowlist.into_iter().chain(base.allowlists));
        self
    }
}

impl AllowText {
    /// Does it speak of this rule? One that names none speaks of all.
    pub(super) fn is_about(&self, id: &str) -> bool {
        self.targetrules.is_empty() || self.targetrules.iter().any(|it| it == id)
    }
}

impl RuleText {
    pub(super) fn allowlists(&self) -> impl Iterator<Item = &AllowText> {
        self.allowlist.iter().chain(&self.allowlists)
    }

    fn upon(mut self, base: Self) -> Self {
        if self.description.is_empty() {
            self.description = base.description;
        }
        self.ours = base.ours && self.regex.is_none();
        self.regex = self.regex.or(base.regex);
        self.entropy = self.entropy.or(base.entropy);
        self.secretgroup = self.secretgroup.or(base.secretgroup);
        self.path = self.path.or(base.path);
        self.keywords.extend(base.keywords);
        self.tags.extend(base.tags);
        self.allowlists.extend(base.allowlist.into_iter().chain(base.allowlists));
        self
    }
}

/// The same with all keys in lower case.
fn lower(value: Value) -> Value {
    match value {
        Value::Table(table) => {
            let entries = table.into_iter().map(|(key, it)| (key.to_lowercase(), lower(it)));
            Value::Table(entries.collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(lower).collect()),
        other => other,
    }
}

/// The keys that nobody knows.
fn strangers(table: &Table, unknown: &mut BTreeSet<String>) {
    let mut ask = |table: &Table, known: &[&str], place: &str| {
        let strange = table.keys().filter(|key| !known.contains(&key.to_lowercase().as_str()));
        unknown.extend(strange.map(|key| format!("{place}`{key}`")));
    };
    ask(table, FILE, "");
    tables(table, "extend").for_each(|it| ask(it, EXTEND, "extend: "));
    let both = |it| ["allowlist", "allowlists"].into_iter().flat_map(move |key| tables(it, key));
    both(table).for_each(|it| ask(it, ALLOW, "allowlist: "));
    for rule in tables(table, "rules") {
        let id = rule.get("id").and_then(Value::as_str).unwrap_or("?");
        ask(rule, RULE, &format!("rule \"{id}\": "));
        both(rule).for_each(|it| ask(it, ALLOW, &format!("rule \"{id}\": allowlist: ")));
    }
}

/// The table, or the tables of the array, under this key.
fn tables<'a>(table: &'a Table, key: &str) -> impl Iterator<Item = &'a Table> + use<'a> {
    let found = table.iter().find(|(it, _)| it.eq_ignore_ascii_case(key)).map(|(_, it)| it);
    let items = match found {
        Some(Value::Array(items)) => items.as_slice(),
        Some(other) => std::slice::from_ref(other),
        None => &[],
    };
    items.iter().filter_map(Value::as_table)
}
