//! Which of many a fault means: by app, machine, region, image or process group.

use std::fmt;

use super::{FaultError, glob};

/// What a scope can ask for.
const KEYS: [&str; 5] = ["app", "machine", "region", "image", "group"];

/// Whom a call or an event is about, as far as that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Subject {
    pub(crate) app: Option<String>,
    pub(crate) machine: Option<String>,
    pub(crate) region: Option<String>,
    /// `registry/repository:tag`, without the digest.
    pub(crate) image: Option<String>,
    pub(crate) group: Option<String>,
}

impl Subject {
    fn get(&self, key: &str) -> Option<&str> {
        let value = match key {
            "app" => &self.app,
            "machine" => &self.machine,
            "region" => &self.region,
            "image" => &self.image,
            _ => &self.group,
        };
        value.as_deref()
    }
}

/// Patterns that all have to fit; none at all fits everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Scope(Vec<(&'static str, String)>);

impl Scope {
    /// Asks for one thing more.
    pub(super) fn add(&mut self, key: &str, pattern: &str) -> Result<(), FaultError> {
        let known = KEYS.into_iter().find(|known| *known == key.trim());
        let unknown = || FaultError::Scope { scope: format!("{key}={pattern}") };
        let pattern = pattern.trim();
        if pattern.is_empty() || pattern.contains([',', ']']) {
            return Err(unknown());
        }
        self.0.push((known.ok_or_else(unknown)?, pattern.to_owned()));
        Ok(())
    }

    /// Reads `key=pattern,key=pattern`.
    pub(super) fn read(text: &str) -> Result<Self, FaultError> {
        let mut scope = Self::default();
        for part in text.split(',') {
            let unknown = || FaultError::Scope { scope: part.to_owned() };
            let (key, pattern) = part.split_once('=').ok_or_else(unknown)?;
            scope.add(key, pattern)?;
        }
        Ok(scope)
    }

    pub(super) fn takes(&self, subject: &Subject) -> bool {
        let fits = |key: &str, pattern: &str| {
            subject.get(key).is_some_and(|value| glob::word(pattern, value))
        };
        self.0.iter().all(|(key, pattern)| fits(key, pattern))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> =
            self.0.iter().map(|(key, pattern)| format!("{key}={pattern}")).collect();
        if parts.is_empty() { Ok(()) } else { write!(f, "[{}]", parts.join(",")) }
    }
}
