//! Everything that a gate's answer depends on, as it is at one moment.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use pipeline_core::Inputs;
use serde::{Deserialize, Serialize};

use crate::contents::Mark;
use crate::digest::{Digest, Fields};

/// What an answer depends on. Two that are equal have the same fingerprint, and others have another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Listing {
    /// The version of this crate. The gates are of the same version, and read what their tools say in their own ways.
    pub(crate) version: String,
    pub(crate) complete: bool,
    pub(crate) globs: BTreeSet<String>,
    pub(crate) tools: BTreeMap<String, String>,
    pub(crate) settings: BTreeMap<String, String>,
    /// Digests of the values; `None` where a variable is not set.
    pub(crate) environment: BTreeMap<String, Option<Digest>>,
    pub(crate) files: BTreeMap<String, Mark>,
}

impl Listing {
    /// What the gate declares, with these values of variables and these files.
    pub(crate) fn new(
        inputs: &Inputs,
        environment: &BTreeMap<String, Digest>,
        files: BTreeMap<String, Mark>,
    ) -> Self {
        let value = |name: &String| (name.clone(), environment.get(name).copied());
        Self {
            version: env!("CARGO_PKG_VERSION").into(),
            complete: inputs.complete,
            globs: inputs.files.iter().cloned().collect(),
            tools: inputs.tools.clone(),
            settings: inputs.settings.clone(),
            environment: inputs.environment.iter().map(value).collect(),
            files,
        }
    }

    /// The digest of all of it, and of the gate's name.
    pub(crate) fn fingerprint(&self, gate: &str) -> Digest {
        let Self { version, complete, globs, tools, settings, environment, files } = self;
        let mut fields = Fields::default();
        for text in ["gate-cache 1", version, gate] {
            fields.text(text);
        }
        fields.count(usize::from(*complete));
        fields.count(globs.len());
        for glob in globs {
            fields.text(glob);
        }
        for pairs in [tools, settings] {
            fields.count(pairs.len());
            for text in pairs.iter().flat_map(|(name, value)| [name, value]) {
                fields.text(text);
            }
        }
        fields.count(environment.len());
        for (name, value) in environment {
            fields.text(name);
            fields.bytes(value.as_ref().map_or(&[], |digest| digest.bytes()));
        }
        fields.count(files.len());
        for (name, mark) in files {
            fields.text(name);
            mark.add_to(&mut fields);
        }
        fields.digest()
    }
}

/// A path as text. One that is no UTF-8 gets its digest at the end, so that no two paths are the same text.
pub(crate) fn name(path: &Path) -> String {
    match path.to_str() {
        Some(path) => path.to_owned(),
        None => format!("{} ({})", path.display(), Digest::of(path.as_os_str().as_bytes())),
    }
}
