//! What runs at a target: which instances, of which side, and how to address each of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What runs at the target after a stage, a restore, or right now.
///
/// ```
/// use pipeline_core::{Deployment, Instance, Side};
///
/// let instance = |id: &str, side, serving| {
///     Instance { id: id.into(), side, region: None, serving, address: None }
/// };
/// // Green beside blue, before the switch: green is judged, and users do not reach it yet.
/// let beside = Deployment {
///     version: "v2".into(),
///     instances: vec![instance("blue", Side::Old, true), instance("green", Side::New, false)],
///     ..Deployment::default()
/// };
/// assert_eq!(beside.subjects().map(|it| it.id.as_str()).collect::<Vec<_>>(), ["green"]);
/// assert!(!beside.is_public());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// The version that a person would say is deployed; empty where nothing is.
    pub version: String,
    /// The artifact it runs, if the target can say.
    pub artifact: Option<String>,
    /// Where users reach it.
    pub url: Option<String>,
    /// Every instance there is, old ones too.
    pub instances: Vec<Instance>,
    /// Are the new instances kept from users, and from everybody else, until a later stage lets them in? Nothing can be asked of
    /// them until then, and that is no reason to go back. Only a deployer whose next stage lets them in may say so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub awaits_users: bool,
    /// What reaching it measured, such as `traffic_back_ms`, for people and for history.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub numbers: BTreeMap<String, u64>,
}

/// One running copy of the application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// Its name at the target, such as a machine id.
    pub id: String,
    /// Does it run the new release or the old one?
    pub side: Side,
    /// Where it runs.
    pub region: Option<String>,
    /// Do users' requests reach it?
    pub serving: bool,
    /// How to reach this one and no other; `None` where the target has no way to.
    pub address: Option<Address>,
}

/// Old or new, seen from the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// What ran before the run.
    Old,
    /// What the run brings.
    New,
}

/// How to reach one instance: an address, and headers that pin a request to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// Where to send the request.
    pub url: String,
    /// Headers to send with it, such as `fly-force-instance-id`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
}

impl Deployment {
    /// The instances that a verifier should judge: the new ones; where there are none (nothing was
    /// deployed, or it was taken back) all of them.
    pub fn subjects(&self) -> impl Iterator<Item = &Instance> {
        let any_new = self.instances.iter().any(|instance| instance.side == Side::New);
        self.instances.iter().filter(move |instance| !any_new || instance.side == Side::New)
    }

    /// Do users' requests reach a [subject](Self::subjects)? If not, looking at [`url`](Self::url) proves
    /// nothing about it.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.subjects().any(|instance| instance.serving)
    }

    /// What there is where nothing runs: no version, no instance.
    #[must_use]
    pub fn nothing() -> Self {
        Self::default()
    }

    /// Does nothing run here? Then there is nothing to verify either. A deployment that names a version
    /// runs something, whether its target can list instances or not.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.version.is_empty() && self.instances.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instance(id: &str, side: Side, serving: bool) -> Instance {
        Instance { id: id.into(), side, region: None, serving, address: None }
    }

    #[test]
    fn green_beside_blue_is_judged_alone_and_is_not_public_before_the_switch() {
        let beside = Deployment {
            instances: vec![instance("b", Side::Old, true), instance("g", Side::New, false)],
            ..Deployment::default()
        };
        assert_eq!(beside.subjects().map(|it| it.id.as_str()).collect::<Vec<_>>(), ["g"]);
        assert!(!beside.is_public());
    }

    #[test]
    fn what_was_taken_back_is_judged_whole() {
        let old = Deployment {
            instances: vec![instance("a", Side::Old, true), instance("b", Side::Old, false)],
            ..Deployment::default()
        };
        assert_eq!(old.subjects().count(), 2);
        assert!(old.is_public());
    }
}
