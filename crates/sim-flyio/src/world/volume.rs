//! Volumes: made and removed by calls, held by the machine that mounts them for as long as that
//! machine lives. They are records; nothing is stored in them.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    World,
    app::App,
    mount::bound,
    refusal::Refusal,
    snapshot::{RETENTION_DAYS, Snapshot},
};
use crate::clock::{Millis, rfc3339};

/// How long a volume shows that something is done to it. The simulator's own number.
const SETTLING: Millis = 50;
/// A volume that was deleted can be seen for so long (fly.io docs: volumes/volume-states say that
/// it is soft deleted; a day is the simulator's own number).
const KEPT: Millis = 24 * 60 * 60 * 1000;
/// Bounds of a size, and the size of a volume that does not say (fly.io docs: volumes/overview).
const LARGEST_GB: u64 = 500;
const DEFAULT_GB: u64 = 1;
const BLOCK: u64 = 4096;

/// What was last done to a volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Create,
    Extend,
    Destroy,
}

/// A volume.
#[derive(Clone, Debug)]
pub(crate) struct Volume {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) region: String,
    pub(super) size_gb: u64,
    pub(super) encrypted: bool,
    fstype: String,
    pub(super) snapshot_retention: u64,
    auto_backup_enabled: bool,
    created_at: Millis,
    last: (Step, Millis),
    pub(super) snapshots: Vec<Snapshot>,
}

/// The body of a create request. A copy of something else would have to hold its content, so it
/// is refused.
#[derive(Debug, Deserialize)]
pub(crate) struct NewVolume {
    name: String,
    region: Option<String>,
    size_gb: Option<u64>,
    encrypted: Option<bool>,
    fstype: Option<String>,
    snapshot_retention: Option<u64>,
    auto_backup_enabled: Option<bool>,
    snapshot_id: Option<String>,
    source_volume_id: Option<String>,
}

/// The body of an update request: what it does not name stays.
#[derive(Debug, Deserialize)]
pub(crate) struct VolumeChange {
    snapshot_retention: Option<u64>,
    auto_backup_enabled: Option<bool>,
}

impl Volume {
    pub(super) fn is_deleted(&self) -> bool {
        self.last.0 == Step::Destroy
    }

    fn is_visible(&self, now: Millis) -> bool {
        !self.is_deleted() || now - self.last.1 < KEPT
    }

    /// When it last changed.
    pub(super) fn updated_at(&self) -> Millis {
        self.last.1
    }

    pub(super) fn state(&self, now: Millis) -> &'static str {
        let settled = now - self.last.1 >= SETTLING;
        match (self.last.0, settled) {
            (Step::Create, false) => "creating",
            (Step::Extend, false) => "extending",
            (Step::Destroy, false) => "scheduling_destroy",
            (Step::Destroy, true) => "pending_destroy",
            (Step::Create | Step::Extend, true) => "created",
        }
    }

    pub(super) fn to_json(&self, holder: Option<&str>, now: Millis) -> Value {
        let bytes = self.size_gb << 30;
        let blocks = bytes / BLOCK;
        json!({
            "id": self.id,
            "name": self.name,
            "state": self.state(now),
            "type": "local",
            "size_gb": self.size_gb,
            "region": self.region,
            "zone": format!("{}-0", self.region),
            "encrypted": self.encrypted,
            "fstype": self.fstype,
            "attached_machine_id": holder,
            "attached_alloc_id": holder,
            "created_at": rfc3339(self.created_at),
            "snapshot_retention": self.snapshot_retention,
            "auto_backup_enabled": self.auto_backup_enabled,
            "host_status": "ok",
            "block_size": BLOCK,
            "blocks": blocks,
            "blocks_avail": blocks,
            "blocks_free": blocks,
            "bytes_total": bytes,
            "bytes_used": 0,
        })
    }
}

impl NewVolume {
    fn validate(&self) -> Result<(), Refusal> {
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        if !(1..=30).contains(&self.name.len()) || !self.name.bytes().all(fits) {
            let why = "volume name may have a-z, 0-9 and underscores only, at most 30 of them";
            return Err(Refusal::invalid(why));
        }
        if self.snapshot_id.is_some() || self.source_volume_id.is_some() {
            let why = "volumes from snapshots and forks are not simulated; create an empty one";
            return Err(Refusal::invalid(why));
        }
        size(self.size_gb.unwrap_or(DEFAULT_GB))?;
        retention(self.snapshot_retention)
    }
}

fn size(gb: u64) -> Result<(), Refusal> {
    let why = format!("size_gb must be between 1 and {LARGEST_GB}");
    (1..=LARGEST_GB).contains(&gb).then_some(()).ok_or_else(|| Refusal::invalid(why))
}

/// Days (fly.io docs: volumes/snapshots).
fn retention(days: Option<u64>) -> Result<(), Refusal> {
    match days {
        Some(days) if !(1..=60).contains(&days) => {
            Err(Refusal::invalid("snapshot_retention must be between 1 and 60 days"))
        }
        _ => Ok(()),
    }
}

impl App {
    /// The volumes that can be seen at `now`, oldest first.
    pub(super) fn visible_volumes(&self, now: Millis) -> impl Iterator<Item = &Volume> {
        self.volumes.iter().filter(move |volume| volume.is_visible(now))
    }

    /// One that was not deleted.
    pub(super) fn living_volume(&self, id: &str) -> Result<&Volume, Refusal> {
        let found = self.volumes.iter().find(|volume| volume.id == id && !volume.is_deleted());
        found.ok_or_else(|| Refusal::not_found("volume"))
    }
}

impl World {
    /// Creates an empty volume.
    pub(crate) fn create_volume(&mut self, app: &str, ask: NewVolume) -> Result<Value, Refusal> {
        self.app(app)?;
        ask.validate()?;
        let (now, id) = (self.host.now, self.host.ulid());
        let volume = Volume {
            id: format!("vol_{}", id[6..].to_lowercase()),
            name: ask.name,
            region: super::region::known(ask.region.as_deref())?.to_owned(),
            size_gb: ask.size_gb.unwrap_or(DEFAULT_GB),
            encrypted: ask.encrypted.unwrap_or(true),
            fstype: ask.fstype.unwrap_or_else(|| "ext4".to_owned()),
            snapshot_retention: ask.snapshot_retention.unwrap_or(RETENTION_DAYS),
            auto_backup_enabled: ask.auto_backup_enabled.unwrap_or(true),
            created_at: now,
            last: (Step::Create, now),
            snapshots: Vec::new(),
        };
        let shown = volume.to_json(None, now);
        let volumes = &mut self.apps.get_mut(app).expect("just read").volumes;
        volumes.retain(|volume| volume.is_visible(now)); // the others are gone for good
        volumes.push(volume);
        Ok(shown)
    }

    /// All volumes of an app, those that were deleted lately among them.
    pub(crate) fn list_volumes(&self, app: &str) -> Result<Value, Refusal> {
        let (app, now) = (self.app(app)?, self.host.now);
        let shown = app.visible_volumes(now).map(|it| it.to_json(app.holder(&it.id), now));
        Ok(shown.collect())
    }

    pub(crate) fn volume(&self, app: &str, id: &str) -> Result<Value, Refusal> {
        let (app, now) = (self.app(app)?, self.host.now);
        let found = app.visible_volumes(now).find(|volume| volume.id == id);
        let volume = found.ok_or_else(|| Refusal::not_found("volume"))?;
        Ok(volume.to_json(app.holder(id), now))
    }

    pub(crate) fn update_volume(
        &mut self,
        (app, id): (&str, &str),
        change: &VolumeChange,
    ) -> Result<Value, Refusal> {
        retention(change.snapshot_retention)?;
        let volume = self.change_volume(app, id)?;
        if let Some(days) = change.snapshot_retention {
            volume.snapshot_retention = days;
        }
        if let Some(enabled) = change.auto_backup_enabled {
            volume.auto_backup_enabled = enabled;
        }
        self.volume(app, id)
    }

    /// Makes a volume larger. A machine that runs has to be restarted to see it.
    pub(crate) fn extend_volume(
        &mut self,
        (app, id): (&str, &str),
        size_gb: u64,
    ) -> Result<Value, Refusal> {
        size(size_gb)?;
        let now = self.host.now;
        let volume = self.change_volume(app, id)?;
        if size_gb <= volume.size_gb {
            let old = volume.size_gb;
            let why = format!("size_gb must be more than the {old} that the volume has");
            return Err(Refusal::invalid(why));
        }
        (volume.size_gb, volume.last) = (size_gb, (Step::Extend, now));
        let owner = self.app(app)?;
        let holder = owner.holder(id).and_then(|machine| owner.machines.get(machine));
        let needs_restart = holder.is_some_and(|machine| machine.vm.is_some());
        Ok(json!({ "volume": self.volume(app, id)?, "needs_restart": needs_restart }))
    }

    /// Deletes a volume that no machine has.
    pub(crate) fn delete_volume(&mut self, app: &str, id: &str) -> Result<Value, Refusal> {
        let now = self.host.now;
        if let Some(holder) = self.app(app)?.holder(id) {
            return Err(bound(holder));
        }
        self.change_volume(app, id)?.last = (Step::Destroy, now);
        self.volume(app, id)
    }

    /// A volume that has not been deleted.
    pub(super) fn change_volume(&mut self, app: &str, id: &str) -> Result<&mut Volume, Refusal> {
        self.app(app)?.living_volume(id)?;
        let volumes = &mut self.apps.get_mut(app).expect("just read").volumes;
        Ok(volumes.iter_mut().find(|volume| volume.id == id).expect("just read"))
    }
}
