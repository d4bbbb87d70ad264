//! How things stand at this moment: the store, what the other environment says itself, and git.

use std::path::PathBuf;

use async_trait::async_trait;
use gates_release::{Candidate, Facts, Look, Running};
use jiff::Timestamp;
use pipeline_core::{Clock, Context, Fault};
use target_flyio::{FlyTarget, MachineStatus};

use super::source::standing;
use crate::app::{Setting, wall};
use crate::config::Environment;
use crate::error::{CliError, chain};
use crate::stores::Stores;
use crate::wire;

/// Asks each time anew.
pub(super) struct Now {
    store_url: String,
    stores: Stores,
    source: Environment,
    /// Or why it cannot be asked.
    target: Result<FlyTarget, String>,
    dir: PathBuf,
}

impl Now {
    pub(super) fn of(setting: Setting<'_>, from: &str) -> Result<Self, CliError> {
        let config = setting.config;
        let source = config.environment(from)?;
        let target = wire::fly_target(Setting { environment: source, ..setting });
        Ok(Self {
            store_url: config.store_url.get()?.to_owned(),
            stores: config.stores.clone(),
            source: source.clone(),
            target: target.map_err(|error| error.to_string()),
            dir: config.dir.clone(),
        })
    }

    async fn running(&self, chosen: &Candidate) -> Running {
        match &self.target {
            Err(why) => Running::Unknown(why.clone()),
            Ok(target) => match target.status().await {
                Ok(machines) => running(&chosen.image, &machines),
                Err(error) => Running::Unknown(chain(&error)),
            },
        }
    }
}

#[async_trait]
impl Look for Now {
    async fn facts(&self, chosen: &Candidate, _: &Context) -> Result<Facts, Fault> {
        let store = self.stores.open(&self.store_url).await?;
        let standing = standing(&store, &self.source).await.map_err(Fault::permanent)?;
        Ok(Facts {
            standing,
            running: self.running(chosen).await,
            checked_out: wire::revision(&self.dir).await,
            now: Timestamp::try_from(wall().now()).unwrap_or(Timestamp::MAX),
        })
    }
}

/// Do all machines run this image? Its digest alone counts: it may have several names.
fn running(image: &str, machines: &[MachineStatus]) -> Running {
    let Some(wanted) = digest(image) else {
        return Running::Unknown(format!("{image} has no digest"));
    };
    if machines.is_empty() {
        return Running::Other("nothing runs there".into());
    }
    if let Some(other) = machines.iter().find(|it| digest(&it.image).is_some_and(|it| it != wanted))
    {
        return Running::Other(format!("machine {} runs {}", other.id, other.image));
    }
    match machines.iter().find(|it| digest(&it.image).is_none()) {
        Some(silent) => Running::Unknown(format!("machine {} does not say its digest", silent.id)),
        None => Running::Same,
    }
}

fn digest(image: &str) -> Option<&str> {
    image.rsplit_once('@').map(|(_, digest)| digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(id: &str, image: &str) -> MachineStatus {
        MachineStatus {
            id: id.into(),
            region: "fra".into(),
            state: "started".into(),
            version: "v1".into(),
            image: image.into(),
            cordoned: false,
            checks: Vec::new(),
        }
    }

    #[test]
    fn what_runs_is_compared_by_digest_machine_by_machine() {
        let image = "registry.fly.io/shop-staging:v2@sha256:2";
        let all = |images: &[&str]| {
            let machines = images.iter().enumerate().map(|(n, it)| machine(&format!("m{n}"), it));
            running(image, &machines.collect::<Vec<_>>())
        };
        assert_eq!(all(&[image, "registry.fly.io/shop@sha256:2"]), Running::Same);
        let other = "machine m1 runs shop:v1@sha256:1".to_owned();
        assert_eq!(all(&[image, "shop:v1@sha256:1", "shop:v2"]), Running::Other(other));
        assert_eq!(all(&[]), Running::Other("nothing runs there".into()));
        let silent = "machine m1 does not say its digest".to_owned();
        assert_eq!(all(&[image, "shop:v2"]), Running::Unknown(silent));
    }
}
