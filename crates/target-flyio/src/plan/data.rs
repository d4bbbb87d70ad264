//! What a stage carries: all that doing it needs, whatever the configuration says by then.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::Strategy;
use crate::error::FlyError;
use crate::group::TestSpec;
use crate::one_off::OneOff;

/// The layout of a stage's data; counted up when an older reader would misread it.
const SCHEMA: u32 = 1;

/// What a stage does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// The release command, before any machine of the app is touched.
    Release,
    /// The first machines of an app.
    Create,
    /// One machine of each group with traffic gets the new release in place, before the others.
    Canary,
    /// Machines get the new release in place.
    Roll,
    /// New machines beside the old ones, without traffic.
    Green,
    /// Traffic to the new ones.
    Switch,
    /// What nobody uses goes.
    Settle,
}

/// One stage of one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct StageData {
    pub(crate) schema: u32,
    pub(crate) kind: Kind,
    pub(crate) run: String,
    pub(crate) version: String,
    pub(crate) image: String,
    pub(crate) strategy: Strategy,
    pub(crate) max_unavailable: f64,
    /// How long a canary must prove itself.
    #[serde(default)]
    pub(crate) bake: Duration,
    /// The release command, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) release: Option<OneOff>,
    /// The machines that carry the release in the end.
    pub(crate) works: Vec<Work>,
    /// The machines that do not.
    pub(crate) retired: Vec<Retired>,
    /// One whole configuration a group, for whoever wants this release again.
    pub(crate) templates: BTreeMap<String, Value>,
}

/// One machine of the new release.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Work {
    pub(crate) place: Place,
    pub(crate) group: String,
    pub(crate) region: Option<String>,
    /// Must it run, or may it rest?
    pub(crate) runs: bool,
    /// Did somebody take it out of the proxy's pool, so that it stays out?
    pub(crate) cordoned: bool,
    /// The launch ids of the new machines that it stands by for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) stands_by: Vec<String>,
    /// The machine checks that it must pass once it is up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tests: Vec<TestSpec>,
    pub(crate) config: Value,
}

/// Which machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Place {
    /// One that is there, by its id.
    Machine(String),
    /// A new one, by the launch id in its metadata.
    Launch(String),
}

/// A machine that goes in the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Retired {
    pub(crate) id: String,
    pub(crate) group: String,
    /// Did it run when the run began?
    pub(crate) ran: bool,
    /// Is there a new machine in its stead, or is it of a group that is no more, or left over?
    pub(crate) replaced: bool,
}

impl StageData {
    pub(crate) fn read(data: &Value) -> Result<Self, FlyError> {
        let unreadable = |source| FlyError::Foreign { what: "stage", source };
        let stage: Self = serde_json::from_value(data.clone()).map_err(unreadable)?;
        if stage.schema != SCHEMA {
            let text = format!("layout {}, wanted {SCHEMA}", stage.schema);
            return Err(unreadable(serde::de::Error::custom(text)));
        }
        Ok(stage)
    }

    pub(crate) fn to_data(&self) -> Value {
        serde_json::to_value(self).expect("plain data with text keys")
    }

    pub(crate) fn new(kind: Kind, image: &str, strategy: Strategy) -> Self {
        Self {
            schema: SCHEMA,
            kind,
            run: String::new(),
            version: String::new(),
            image: image.to_owned(),
            strategy,
            max_unavailable: 1.0,
            bake: Duration::ZERO,
            release: None,
            works: Vec::new(),
            retired: Vec::new(),
            templates: BTreeMap::new(),
        }
    }
}
