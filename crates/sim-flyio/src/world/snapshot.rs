//! Snapshots of volumes. They can be taken and listed; nothing is in them.

use serde_json::{Value, json};

use super::{World, refusal::Refusal};
use crate::{
    clock::{Millis, rfc3339},
    digest::sha256,
};

/// How long a snapshot is kept if its volume does not say (fly.io docs: volumes/snapshots).
pub(super) const RETENTION_DAYS: u64 = 5;
const DAY: Millis = 24 * 60 * 60 * 1000;

/// A snapshot.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    id: String,
    created_at: Millis,
    retention_days: u64,
    volume_size: u64,
}

impl Snapshot {
    fn is_kept(&self, now: Millis) -> bool {
        let days = i64::try_from(self.retention_days).unwrap_or(i64::MAX);
        now - self.created_at < days.saturating_mul(DAY)
    }

    fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "status": "created",
            "created_at": rfc3339(self.created_at),
            "digest": sha256(self.id.as_bytes()),
            "retention_days": self.retention_days,
            "size": 0,
            "volume_size": self.volume_size,
        })
    }
}

impl World {
    pub(crate) fn take_snapshot(&mut self, app: &str, volume: &str) -> Result<Value, Refusal> {
        let (now, id) = (self.host.now, self.host.ulid());
        let volume = self.change_volume(app, volume)?;
        let snapshot = Snapshot {
            id: format!("vs_{}", id[6..].to_lowercase()),
            created_at: now,
            retention_days: volume.snapshot_retention,
            volume_size: volume.size_gb << 30,
        };
        let shown = snapshot.to_json();
        volume.snapshots.retain(|snapshot| snapshot.is_kept(now));
        volume.snapshots.push(snapshot);
        Ok(shown)
    }

    /// Those that are kept, newest first.
    pub(crate) fn list_snapshots(&self, app: &str, id: &str) -> Result<Value, Refusal> {
        let now = self.host.now;
        let found = self.app(app)?.visible_volumes(now).find(|volume| volume.id == id);
        let volume = found.ok_or_else(|| Refusal::not_found("volume"))?;
        let kept = volume.snapshots.iter().rev().filter(|snapshot| snapshot.is_kept(now));
        Ok(kept.map(Snapshot::to_json).collect())
    }
}
