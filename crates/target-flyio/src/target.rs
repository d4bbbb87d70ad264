//! The deployer: an app at Fly.io, in the core's words.

use std::collections::BTreeSet;
use std::sync::OnceLock;
use std::time::Duration;

use async_trait::async_trait;
use pipeline_core::{Conclusion, Context, Deployer, Deployment, Fault, Snapshot, Stage};
use reqwest::Client;
use serde_json::Value;
use tokio::time::Instant;

use crate::api::{Api, Machine, Platform, Power};
use crate::boots::Boots;
use crate::build::KnownImage;
use crate::config::FlyConfig;
use crate::desired::{Desired, speaks_http};
use crate::error::FlyError;
use crate::leases::Leases;
use crate::plan::{Kind, Order, StageData, stages};
use crate::proof::Proof;
use crate::record::World;
use crate::recording::Recording;
use crate::session::{Heed, Session};
use crate::steady::Steady;
use crate::traffic::Traffic;
use crate::view::{MachineStatus, deployment};

/// One app at Fly.io.
///
/// Whatever fails at whatever moment, [`advance`](Deployer::advance) and [`restore`](Deployer::restore)
/// begin by leasing and reading every machine and go on from what they find, in this process or another.
#[derive(Debug)]
pub struct FlyTarget {
    name: String,
    pub(crate) config: FlyConfig,
    desired: Desired,
    pub(crate) api: Api,
    pub(crate) platform: Platform,
    pub(crate) http: Client,
    pub(crate) leases: Leases,
    /// When the first stage was begun, by this process.
    began: OnceLock<Instant>,
    recording: Recording,
    pub(crate) steady: Steady,
    pub(crate) boots: Boots,
}

impl FlyTarget {
    /// An app, to be deployed as `config` and its `fly.toml` say.
    #[must_use]
    pub fn new(config: FlyConfig) -> Self {
        let desired = Desired::of(&config.fly_toml);
        Self::wanting(config, desired)
    }

    /// An app, to be deployed exactly as an earlier run did: `stage_data` is the data of any stage that
    /// run recorded. `fly.toml` is not looked at; strategy and image are that run's, unless the run that
    /// is to come brings an image of its own.
    ///
    /// # Errors
    /// When `stage_data` was not written by this crate.
    pub fn from_recorded(config: FlyConfig, stage_data: &Value) -> Result<Self, FlyError> {
        let stage = StageData::read(stage_data)?;
        let region = stage.works.iter().find_map(|it| it.region.clone());
        let desired = Desired { region, ..Desired::recorded(stage.templates, &stage.image) };
        Ok(Self::wanting(FlyConfig { strategy: stage.strategy, ..config }, desired))
    }

    /// How long all stages together may take.
    #[must_use]
    pub fn deadline(&self) -> Duration {
        self.config.deadline
    }

    /// Releases, images and logs of the app.
    #[must_use]
    pub fn platform(&self) -> &Platform {
        &self.platform
    }

    /// A builder for an image that is in the registry already: it finds out the digest.
    #[must_use]
    pub fn known_image(&self, reference: &str) -> KnownImage {
        KnownImage::new(self.platform.clone(), reference)
    }

    /// What runs now, machine by machine, by id.
    ///
    /// # Errors
    /// When the API gives no answer.
    pub async fn status(&self) -> Result<Vec<MachineStatus>, FlyError> {
        let mut machines = self.api.machines().await?;
        machines.retain(|it| it.power() != crate::api::Power::Gone && it.foreign().is_none());
        machines.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(machines.iter().map(MachineStatus::of).collect())
    }

    /// Looks, once it is polled, whether the token may see the app, and whether the registry has `image`: what a deploy would
    /// else come to only after its gates. Where nobody can tell now, the deploy itself finds out.
    ///
    /// # Errors
    /// When a deploy would come to nothing.
    pub fn can_begin(
        &self,
        image: Option<String>,
    ) -> impl Future<Output = Result<(), FlyError>> + use<> {
        let (api, platform) = (self.api.clone(), self.platform.clone());
        // A digest may be of another registry.
        let image = image.filter(|it| !it.contains('@'));
        async move {
            match api.machines().await {
                Err(error) if error.is_unauthorized() || error.is_not_found() => {
                    return Err(error.into());
                }
                _ => {}
            }
            let Some(image) = image else { return Ok(()) };
            match platform.image(&image).await {
                Ok(None) => Err(FlyError::NoImage { image }),
                _ => Ok(()),
            }
        }
    }

    fn wanting(config: FlyConfig, desired: Desired) -> Self {
        let api = Api::of(&config);
        // One client: each reads all the certificates that the system trusts.
        let http = api.http().clone();
        let platform = Platform::of(&config, &http);
        let leases = Leases::new(&api, config.lease_ttl);
        let name = format!("flyio:{}", config.app);
        let (began, recording) = (OnceLock::new(), Recording::default());
        let (steady, boots) = (Steady::default(), Boots::default());
        Self { name, config, desired, api, platform, http, leases, began, recording, steady, boots }
    }

    /// The stage, its machines under the release that Fly.io knows.
    pub(crate) async fn recorded(
        &self,
        stage: &StageData,
        machines: &[Machine],
        cx: &Context,
    ) -> StageData {
        let told = (stage, &self.config.fly_toml.definition);
        let release = self.recording.begin(&self.platform, told, (machines, cx)).await;
        stage.under(release.as_ref())
    }

    /// Finds out which release is taken back, if this process does not know it.
    pub(crate) async fn learn(&self, machines: &[Machine], cx: &Context) {
        self.recording.learn(machines, cx.run().as_str()).await;
    }

    pub(crate) fn began(&self) -> Option<Instant> {
        self.began.get().copied()
    }

    fn seen(&self, machines: &[Machine], cx: &Context) -> Option<Deployment> {
        deployment(machines, cx.run().as_str(), &self.config)
    }

    /// What runs, as it can be asked. Whether the proxy hands anything to machines that are out of the pool, not even what is pinned
    /// to them, nobody promises: where it answers in the place of every one of them that is well, they have no address.
    async fn seen_from_outside(&self, machines: &[Machine], cx: &Context) -> Option<Deployment> {
        let mut deployment = self.seen(machines, cx)?;
        let well = |it: &&Machine| it.is_checked() && it.is_healthy() && speaks_http(&it.config);
        let out = machines.iter().filter(|it| it.cordoned && it.power() == Power::Up).filter(well);
        let out: BTreeSet<String> = out.map(|it| it.id.clone()).collect();
        let traffic = Traffic { http: &self.http, config: &self.config };
        if traffic.shut(&out).await == out {
            for instance in deployment.instances.iter_mut().filter(|it| out.contains(&it.id)) {
                instance.address = None;
            }
        }
        Some(deployment)
    }
}

#[async_trait]
impl Deployer for FlyTarget {
    fn target(&self) -> &str {
        &self.name
    }

    async fn snapshot(&self, cx: &Context) -> Result<Snapshot, Fault> {
        let machines = self.api.machines().await.map_err(FlyError::from)?;
        let mut world = World::of(&machines, self.config.unreachable)?;
        if self.desired.needs_volumes(&world) {
            world = world.with_volumes(self.api.volumes().await.map_err(FlyError::from)?);
        }
        let ours: Vec<Machine> =
            machines.into_iter().filter(|it| world.machine(&it.id).is_some()).collect();
        let current = self.seen_from_outside(&ours, cx).await;
        Ok(Snapshot { current, data: world.to_data() })
    }

    async fn stages(&self, from: &Snapshot, cx: &Context) -> Result<Vec<Stage>, Fault> {
        let world = World::read(&from.data)?;
        let built = cx.artifact().map(|it| it.reference.as_str());
        let order = Order {
            run: cx.run().as_str(),
            version: &cx.release().version,
            image: built.or(self.desired.image.as_deref()).unwrap_or_default(),
            strategy: self.config.strategy,
            max_unavailable: self.config.max_unavailable,
            ha: self.config.ha,
            bake: self.config.bake,
        };
        let proof = Proof::of(&world, &self.platform).await.warnings(self.config.strategy)?;
        let mut stages = stages(&world, &self.desired, &order)?;
        if let Some(first) = stages.first_mut() {
            first.warnings.extend(proof);
        }
        Ok(stages)
    }

    async fn advance(
        &self,
        stage: &Stage,
        from: &Snapshot,
        cx: &Context,
    ) -> Result<Deployment, Fault> {
        let (data, world) = (StageData::read(&stage.data)?, World::read(&from.data)?);
        self.began.get_or_init(Instant::now);
        let heed = if stage.settles { Heed::Never } else { Heed::BetweenMachines };
        let machines = Session::new(self, cx, heed).leaving(&world).advance(&data, &world).await?;
        if stage.settles {
            self.leases.release_all().await;
        }
        let mut deployment = self.seen_from_outside(&machines, cx).await.unwrap_or_default();
        let any = |it: &Deployment| it.subjects().any(|it| it.address.is_some());
        let is_shut = self.seen(&machines, cx).is_some_and(|it| any(&it)) && !any(&deployment);
        deployment.awaits_users = is_shut && data.kind == Kind::Green;
        if let Some(took) = self.boots.take() {
            deployment.numbers.insert("boot_ms".to_owned(), took);
        }
        Ok(deployment)
    }

    async fn restore(&self, to: &Snapshot, cx: &Context) -> Result<Deployment, Fault> {
        let world = World::read(&to.data)?;
        let restored = Session::new(self, cx, Heed::Never).leaving(&world).restore(&world).await?;
        let restored_to = self.seen_from_outside(&restored.machines, cx).await;
        let mut deployment = restored_to.unwrap_or_default();
        if let Some(took) = restored.traffic_back {
            let took = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
            deployment.numbers.insert("traffic_back_ms".to_owned(), took);
        }
        Ok(deployment)
    }

    async fn finish(&self, ended: Option<Conclusion>, cx: &Context) {
        self.leases.release_all().await;
        self.recording.end(&self.platform, ended, cx).await;
    }
}
