//! Where a fault strikes: at calls of the APIs, or when the program of a machine is started.

use std::{fmt, str::FromStr};

use super::{FaultError, glob};

/// The part of a path that names a machine.
const MACHINE: &str = "/v1/apps/*/machines/*";

/// Every action by its name: method (`|` between alternatives) and path.
const ACTIONS: [(&str, &str, &str); 58] = [
    ("any", "*", "/**"),
    ("app-list", "GET", "/v1/apps"),
    ("app-create", "POST", "/v1/apps"),
    ("app-get", "GET", "/v1/apps/*"),
    ("app-delete", "DELETE", "/v1/apps/*"),
    ("list", "GET", "/v1/apps/*/machines"),
    ("create", "POST", "/v1/apps/*/machines"),
    ("get", "GET", MACHINE),
    ("update", "POST", MACHINE),
    ("destroy", "DELETE", MACHINE),
    ("start", "POST", "/v1/apps/*/machines/*/start"),
    ("stop", "POST", "/v1/apps/*/machines/*/stop"),
    ("restart", "POST", "/v1/apps/*/machines/*/restart"),
    ("suspend", "POST", "/v1/apps/*/machines/*/suspend"),
    ("signal", "POST", "/v1/apps/*/machines/*/signal"),
    ("cordon", "POST", "/v1/apps/*/machines/*/cordon"),
    ("uncordon", "POST", "/v1/apps/*/machines/*/uncordon"),
    ("exec", "POST", "/v1/apps/*/machines/*/exec"),
    ("wait", "GET", "/v1/apps/*/machines/*/wait"),
    ("events", "GET", "/v1/apps/*/machines/*/events"),
    ("versions", "GET", "/v1/apps/*/machines/*/versions"),
    ("ps", "GET", "/v1/apps/*/machines/*/ps"),
    ("lease", "POST", "/v1/apps/*/machines/*/lease"),
    ("lease-get", "GET", "/v1/apps/*/machines/*/lease"),
    ("lease-release", "DELETE", "/v1/apps/*/machines/*/lease"),
    ("metadata", "GET", "/v1/apps/*/machines/*/metadata"),
    ("metadata-patch", "PATCH|PUT", "/v1/apps/*/machines/*/metadata"),
    ("metadata-get", "GET", "/v1/apps/*/machines/*/metadata/*"),
    ("metadata-set", "POST", "/v1/apps/*/machines/*/metadata/*"),
    ("metadata-remove", "DELETE", "/v1/apps/*/machines/*/metadata/*"),
    ("volume-list", "GET", "/v1/apps/*/volumes"),
    ("volume-create", "POST", "/v1/apps/*/volumes"),
    ("volume-get", "GET", "/v1/apps/*/volumes/*"),
    ("volume-update", "POST|PUT", "/v1/apps/*/volumes/*"),
    ("volume-destroy", "DELETE", "/v1/apps/*/volumes/*"),
    ("volume-extend", "PUT", "/v1/apps/*/volumes/*/extend"),
    ("volume-snapshots", "GET|POST", "/v1/apps/*/volumes/*/snapshots"),
    ("secret-list", "GET", "/v1/apps/*/secrets"),
    ("secret-update", "POST", "/v1/apps/*/secrets"),
    ("secret-get", "GET", "/v1/apps/*/secrets/*"),
    ("secret-set", "POST", "/v1/apps/*/secrets/*"),
    ("secret-remove", "DELETE", "/v1/apps/*/secrets/*"),
    ("ip-list", "GET", "/v1/apps/*/ip_assignments"),
    ("ip-assign", "POST", "/v1/apps/*/ip_assignments"),
    ("ip-remove", "DELETE", "/v1/apps/*/ip_assignments/*"),
    ("regions", "GET", "/v1/platform/regions"),
    ("placements", "POST", "/v1/platform/placements"),
    ("token", "GET", "/v1/tokens/current"),
    ("org-get", "GET", "/api/v1/organizations/*"),
    ("build-create", "POST", "/api/v1/builds"),
    ("build-finish", "POST", "/api/v1/builds/finish"),
    ("release-create", "POST", "/api/v1/releases"),
    ("release-update", "PATCH", "/api/v1/releases/*"),
    ("release-list", "GET", "/api/v1/apps/*/releases"),
    ("release-current", "GET", "/api/v1/apps/*/releases/current"),
    ("release-all-current", "GET", "/api/v1/releases/all_current"),
    ("logs", "GET", "/api/v1/apps/*/logs"),
    ("graphql", "POST", "/graphql"),
];

/// The methods that a general form may name; `*` is any of them.
const METHODS: [&str; 6] = ["*", "GET", "POST", "PUT", "PATCH", "DELETE"];

/// What happens in the world, where faults of machines strike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// A machine is created, updated, destroyed or uncordoned, and the call was not refused.
    Create,
    Update,
    Destroy,
    Uncordon,
    /// The program of a machine is about to be started, for whatever reason.
    Boot,
}

impl Occasion {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Destroy => "destroy",
            Self::Uncordon => "uncordon",
            Self::Boot => "boot",
        }
    }
}

/// Where a fault strikes: a named action, `METHOD PATH`, or `boot`. Read from text; the names are
/// listed with [`crate::Fault`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultPoint {
    /// The name of an action or `boot`; empty in the general form.
    name: &'static str,
    method: String,
    path: String,
}

impl FaultPoint {
    /// The names of all actions that a fault can be put at, without `boot`.
    pub fn actions() -> impl Iterator<Item = &'static str> {
        ACTIONS.iter().map(|(name, ..)| *name)
    }

    /// The name of the action that a call is, if it has one.
    #[must_use]
    pub fn action(method: &str, path: &str) -> Option<&'static str> {
        let is = |(_, own, glob): &&(&str, &str, &str)| {
            own.split('|').any(|own| own == method) && glob::path(glob, path)
        };
        ACTIONS.iter().find(is).map(|(name, ..)| *name)
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn is_boot(&self) -> bool {
        self.name == "boot"
    }

    /// Whether calls of this kind may name a machine; of the general form that is not known.
    pub(super) fn may_name_a_machine(&self) -> bool {
        self.name.is_empty() || self.name == "any" || self.path.starts_with(MACHINE)
    }

    pub(super) fn may_read(&self) -> bool {
        let mut methods = self.method.split('|');
        !self.is_boot() && methods.any(|method| method == "*" || method == "GET")
    }

    pub(super) fn takes(&self, method: &str, path: &str) -> bool {
        let named = self.method.split('|').any(|own| own == "*" || own == method);
        named && glob::path(&self.path, path)
    }
}

impl FromStr for FaultPoint {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let text = text.trim();
        if text == "boot" {
            let nothing = String::new;
            return Ok(Self { name: "boot", method: nothing(), path: nothing() });
        }
        if let Some((name, method, path)) = ACTIONS.iter().find(|(name, ..)| *name == text) {
            return Ok(Self { name, method: (*method).to_owned(), path: (*path).to_owned() });
        }
        let unknown = || FaultError::Point { point: text.to_owned() };
        let (method, path) = text.split_once(' ').ok_or_else(unknown)?;
        let (method, path) = (method.to_uppercase(), path.trim());
        if !method.split('|').all(|one| METHODS.contains(&one)) || !path.starts_with('/') {
            return Err(unknown());
        }
        Ok(Self { name: "", method, path: path.to_owned() })
    }
}

impl fmt::Display for FaultPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name {
            "" => write!(f, "{} {}", self.method, self.path),
            name => f.write_str(name),
        }
    }
}

#[cfg(test)]
impl FaultPoint {
    /// Method and path, as patterns.
    pub(super) fn sample(&self) -> (&str, &str) {
        (&self.method, &self.path)
    }
}
