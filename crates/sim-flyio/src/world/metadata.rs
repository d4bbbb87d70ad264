//! Metadata: written in place, without a lease, without a new version.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Target, World, machine::Machine, refusal::Refusal};

/// Several keys at once; `null` and `""` remove a key.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct MetadataPatch {
    #[serde(default)]
    metadata: Map<String, Value>,
    machine_version: Option<String>,
}

impl World {
    pub(crate) fn metadata(&self, target: Target<'_>) -> Result<Value, Refusal> {
        Ok(json!(self.read(target)?.config().strings("metadata")))
    }

    pub(crate) fn metadata_key(&self, target: Target<'_>, key: &str) -> Result<Value, Refusal> {
        let metadata = self.read(target)?.config().strings("metadata");
        let value = metadata.get(key).ok_or_else(|| Refusal::not_found("metadata key"))?;
        Ok(json!({ "value": value }))
    }

    /// Sets a key, or removes it.
    pub(crate) fn set_metadata(
        &mut self,
        target: Target<'_>,
        key: &str,
        value: Value,
    ) -> Result<(), Refusal> {
        let metadata = Map::from_iter([(key.to_owned(), value)]);
        self.patch_metadata(target, MetadataPatch { metadata, machine_version: None })
    }

    /// Changes all keys or, if one is bad or the version is not the current one, none.
    pub(crate) fn patch_metadata(
        &mut self,
        target: Target<'_>,
        patch: MetadataPatch,
    ) -> Result<(), Refusal> {
        let (machine, host) = self.touch(target)?;
        let version = machine.version().id.clone();
        if let Some(stale) = patch.machine_version.filter(|wanted| *wanted != version) {
            let why = format!("machine version is {version}, not the expected {stale}");
            return Err(Refusal::precondition(why));
        }
        if !patch.metadata.values().all(|value| value.is_string() || value.is_null()) {
            return Err(Refusal::invalid("metadata values must be strings"));
        }
        machine.merge_metadata(patch.metadata);
        machine.updated_at = host.now;
        Ok(())
    }
}

impl Machine {
    fn merge_metadata(&mut self, changes: Map<String, Value>) {
        let config = &mut self.versions[self.current].config;
        if !config["metadata"].is_object() {
            config["metadata"] = json!({});
        }
        let metadata = config["metadata"].as_object_mut().expect("made one");
        for (key, value) in changes {
            match value.as_str() {
                None | Some("") => drop(metadata.remove(&key)),
                Some(_) => drop(metadata.insert(key, value)),
            }
        }
    }
}
