//! A set of rules: ours, a user's, or both.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::allow::Allow;
use super::error::SecretsError;
use super::format::File;
use super::keywords::Keywords;
use super::place::Place;
use super::rule::Rule;
use super::scan::scan;
use super::secret::Secret;

/// Ours, in the format of Gitleaks.
const OURS: &str = include_str!("rules.toml");
const OURS_NAME: &str = "the built-in rules";
/// How many files may build upon each other; Gitleaks allows as many.
const DEEPEST: usize = 2;
/// A text that holds NUL so near to its beginning is none, in bytes.
const BINARY_WITHIN: usize = 8 * 1024;
/// Larger files are not looked at, in bytes, unless somebody says so.
const LARGEST: usize = 16 * 1024 * 1024;

/// What to look for in files. Compiling takes a few hundredths of a second, so make it once; cheap to clone.
///
/// ```
/// use gates_mix::SecretRules;
///
/// let rules = SecretRules::built_in()?;
/// let config = concat!("config :shop, token: \"gl", "pat-8xQz3RvL1mTn5WyK7bDc\"\n");
/// let found = rules.scan("config/prod.exs", config.as_bytes());
/// assert_eq!(found[0].rule, "gitlab-pat");
/// assert_eq!((found[0].line, found[0].column), (1, 23));
/// assert_eq!(found[0].shown, "glpa…");
/// # Ok::<(), gates_mix::SecretsError>(())
/// ```
#[derive(Clone, Debug)]
pub struct SecretRules {
    pub(super) rules: Arc<[Rule]>,
    pub(super) keywords: Keywords,
    allows: Vec<Arc<Allow>>,
    warnings: Vec<String>,
    largest: usize,
}

/// Why a file was not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// It is no text: it holds NUL among its first 8 KiB.
    Binary,
    /// It is larger than the bound.
    TooLarge,
}

impl SecretRules {
    /// Ours alone: more than a hundred kinds of tokens, keys and passwords.
    pub fn built_in() -> Result<Self, SecretsError> {
        Self::compile(Path::new(OURS_NAME), &ours()?, Vec::new())
    }

    /// Those of a `gitleaks.toml`, and ours where it says `useDefault = true`. What it extends by `path` lies beside it.
    pub fn load(path: &Path) -> Result<Self, SecretsError> {
        let mut warnings = Vec::new();
        let file = open(path, DEEPEST, &mut warnings)?;
        Self::compile(path, &file, warnings)
    }

    /// Looks at files of at most so many bytes. 16 MiB if not said.
    #[must_use]
    pub fn largest(self, bytes: usize) -> Self {
        Self { largest: bytes, ..self }
    }

    /// What the file of rules says and nobody understands, to be told to people.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The ids of all rules, in their order.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|it| it.id.as_str())
    }

    /// Why [`scan`](Self::scan) does not look into such a file; `None` = it does.
    #[must_use]
    pub fn unread(&self, bytes: &[u8]) -> Option<Unread> {
        let head = &bytes[..bytes.len().min(BINARY_WITHIN)];
        if memchr::memchr(0, head).is_some() {
            return Some(Unread::Binary);
        }
        (bytes.len() > self.largest).then_some(Unread::TooLarge)
    }

    /// The ids of rules whose expression cannot be compiled; a user's are compiled when they are read.
    #[cfg(test)]
    pub(super) fn broken(&self) -> Vec<&str> {
        let wrong = |it: &&Rule| it.regex.as_ref().is_some_and(|it| it.get().is_none());
        self.rules.iter().filter(wrong).map(|it| it.id.as_str()).collect()
    }

    /// The secrets in this file, in its order. Of what is [`unread`](Self::unread), only rules about paths say something.
    ///
    /// `path` is relative to the project and has `/` between its parts. A marker such as `# SEAL:OK reason` is for the caller: look
    /// for it in [`Secret::line`]. Lines with `gitleaks:allow` are silent here.
    #[must_use]
    pub fn scan(&self, path: &str, bytes: &[u8]) -> Vec<Secret> {
        if self.allows.iter().any(|it| it.allows_file(path)) {
            return Vec::new();
        }
        let mut found = self.by_path(path);
        if self.unread(bytes).is_none() {
            found.extend(scan(self, path, bytes));
        }
        found
    }

    /// How large a file may be that is looked at.
    pub(super) fn bound(&self) -> usize {
        self.largest
    }

    /// Is this secret allowed because of the commit that brought it?
    pub(super) fn allows_commit(&self, rule: &str, commit: &str) -> bool {
        let own = self.rules.iter().filter(|it| it.id == rule).flat_map(|it| &it.allows);
        own.chain(&self.allows).any(|it| it.allows_commit(commit))
    }

    /// What is a secret by its name alone.
    fn by_path(&self, path: &str) -> Vec<Secret> {
        let about = |rule: &&Rule| {
            let allowed = || rule.allows.iter().any(|it| it.allows_file(path));
            rule.regex.is_none() && rule.is_about(path) && !allowed()
        };
        let rules = self.rules.iter().filter(about);
        rules.map(|rule| Secret::new(rule, b"", Place::FIRST)).collect()
    }

    fn compile(path: &Path, file: &File, warnings: Vec<String>) -> Result<Self, SecretsError> {
        let wrong = |entry: String, (key, what)| SecretsError::Entry {
            path: path.to_owned(),
            entry,
            key,
            what,
        };
        let mut rules = Vec::new();
        for text in file.rules.iter().filter(|it| !it.skipreport) {
            let rule = Rule::compile(text);
            rules.push(rule.map_err(|it| wrong(format!("rule \"{}\"", text.id), it))?);
        }
        let mut allows = Vec::new();
        for (number, text) in file.allowlists().enumerate() {
            let allow = Allow::compile(text).map(Arc::new);
            let allow = allow.map_err(|it| wrong(format!("allow-list {}", number + 1), it))?;
            let meant = rules.iter_mut().filter(|it| text.is_about(&it.id));
            meant.for_each(|it| it.allows.push(Arc::clone(&allow)));
            if text.targetrules.is_empty() {
                allows.push(allow);
            }
        }
        let keywords = Keywords::of(&rules)
            .map_err(|what| SecretsError::Format { path: path.to_owned(), what })?;
        Ok(Self { rules: rules.into(), keywords, allows, warnings, largest: LARGEST })
    }
}

fn ours() -> Result<File, SecretsError> {
    let (mut file, _) = read(Path::new(OURS_NAME), OURS)?;
    file.rules.iter_mut().for_each(|it| it.ours = true);
    Ok(file)
}

/// The file with all that it builds upon.
fn open(path: &Path, deep: usize, warnings: &mut Vec<String>) -> Result<File, SecretsError> {
    let text = fs::read_to_string(path)
        .map_err(|source| SecretsError::Unreadable { path: path.to_owned(), source })?;
    let (mut file, told) = read(path, &text)?;
    warnings.extend(told.iter().map(|it| format!("{}: {it}", path.display())));
    if let Some(base) = file.extend.path.take() {
        if deep == 0 {
            let what = format!("extend: path: more than {DEEPEST} files build upon each other");
            return Err(SecretsError::Format { path: path.to_owned(), what });
        }
        let beside = path.parent().unwrap_or(Path::new("")).join(base);
        file = file.upon(open(&beside, deep - 1, warnings)?);
    }
    if file.extend.usedefault { Ok(file.upon(ours()?)) } else { Ok(file) }
}

fn read(path: &Path, text: &str) -> Result<(File, Vec<String>), SecretsError> {
    let wrong = |what| SecretsError::Format { path: path.to_owned(), what };
    let (file, warnings) = File::read(text).map_err(wrong)?;
    let mut seen = BTreeSet::new();
    for rule in &file.rules {
        if rule.id.is_empty() {
            return Err(wrong(format!("a rule has no id (\"{}\")", rule.description)));
        }
        if !seen.insert(&rule.id) {
            return Err(wrong(format!("two rules have the id \"{}\"", rule.id)));
        }
    }
    Ok((file, warnings))
}
