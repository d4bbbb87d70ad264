//! The lock on a target: one run at a time, with a fencing number that shuts out whoever lost it.
//!
//! The number grows with every new holder, so that a holder which slept through its expiry is told apart
//! from the one that came after it (Kleppmann, "How to do distributed locking", 2016).

use std::time::Duration;

use jiff::Timestamp;
use sqlx::{Any, Row, Transaction};
use tokio::time::{Instant, sleep};

use crate::error::StoreError;
use crate::holder::{Holder, Owner, holder_select, read_holder};
use crate::store::Store;

/// The lock on a target. Dropped without [`release`](Self::release) it stays until it expires.
#[derive(Debug)]
pub struct Lock {
    store: Store,
    claim: Claim,
}

/// What the holder of a lock can prove.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    pub(crate) target: String,
    pub(crate) fence: i64,
    pub(crate) ttl: Duration,
}

/// The expiry of a lock that was given back. Its row stays, so that its number goes on counting.
const RELEASED: i64 = 0;

impl Store {
    /// Takes the lock on a target for `ttl` if nobody holds it, or if it has expired. Else the error is
    /// [`StoreError::Held`].
    pub async fn lock(
        &self,
        target: &str,
        owner: &Owner,
        ttl: Duration,
    ) -> Result<Lock, StoreError> {
        let claim = Claim { target: target.to_owned(), fence: 0, ttl };
        self.take(claim, owner).await
    }

    /// Like [`lock`](Self::lock), and takes the lock over at once when its holder is dead for certain
    /// ([`is_dead`](Self::is_dead)).
    #[expect(clippy::too_many_arguments, reason = "what `lock` takes, and who is alive")]
    pub async fn lock_or_take_over(
        &self,
        target: &str,
        owner: &Owner,
        ttl: Duration,
        is_alive: impl Fn(u32) -> bool,
    ) -> Result<Lock, StoreError> {
        let dead = |it: &Holder| self.is_dead(&it.owner, owner, &is_alive);
        let seen = self.holder(target).await?.filter(dead);
        // Only the holder that was seen dead is replaced, not one that came in between.
        let fence = seen.map_or(0, |it| it.fence);
        self.take(Claim { target: target.to_owned(), fence, ttl }, owner).await
    }

    /// Is this owner dead for certain, as far as `seen_by` can tell? It is on the same machine, in a process of which
    /// `is_alive` says that it is gone. Where it is not known which machine either is on, a name that is the same says enough in a
    /// file, and nothing on a server, which all laptops and containers of one name may use.
    pub fn is_dead(&self, owner: &Owner, seen_by: &Owner, is_alive: impl Fn(u32) -> bool) -> bool {
        let same = match (&owner.machine, &seen_by.machine) {
            (Some(one), Some(other)) => one == other,
            _ => !self.is_server() && owner.host == seen_by.host,
        };
        same && !is_alive(owner.pid)
    }

    /// Who holds the lock on a target just now.
    pub async fn holder(&self, target: &str) -> Result<Option<Holder>, StoreError> {
        let rows = self.rows(&holder_select(target, self.now_ms())).await?;
        read_holder(target, rows.first())
    }

    /// Shows that a claim still holds, and renews it. Whoever has another claim cannot commit meanwhile.
    pub(crate) async fn renew(
        &self,
        claim: &Claim,
        tx: &mut Transaction<'_, Any>,
    ) -> Result<(), StoreError> {
        self.set_expiry(claim.expiry(self.now_ms()), claim, tx).await
    }

    /// Takes a lock that is free, has expired, or still has the fencing number of `claim`. One statement,
    /// so that no two can have it.
    async fn take(&self, claim: Claim, owner: &Owner) -> Result<Lock, StoreError> {
        let now = self.now_ms();
        let insert = sqlx::query(
            "INSERT INTO locks (target, fence, who, host, machine, pid, run, since, expires) \
             VALUES ($1, 1, $2, $3, $9, $4, $5, $6, $7) \
             ON CONFLICT (target) DO UPDATE SET fence = locks.fence + 1, who = excluded.who, \
             host = excluded.host, machine = excluded.machine, pid = excluded.pid, run = excluded.run, \
             since = excluded.since, expires = excluded.expires \
             WHERE locks.expires <= $6 OR locks.fence = $8 RETURNING fence",
        );
        let insert = insert
            .bind(claim.target.clone())
            .bind(owner.who.clone())
            .bind(owner.host.clone())
            .bind(i64::from(owner.pid))
            .bind(owner.run.as_ref().map(ToString::to_string))
            .bind(now)
            .bind(claim.expiry(now))
            .bind(claim.fence)
            .bind(owner.machine.clone());
        let mut tx = self.write().await?;
        let row = insert.fetch_optional(&mut *tx).await.map_err(|error| self.wrong(error))?;
        let Some(row) = row else { return Err(self.held(&claim, now, &mut tx).await?) };
        let fence = row.try_get(0).map_err(|error| self.wrong(error))?;
        self.commit(tx).await?;
        Ok(Lock { store: self.clone(), claim: Claim { fence, ..claim } })
    }

    /// Changes when a claim expires, if it still holds.
    async fn set_expiry(
        &self,
        expires: i64,
        claim: &Claim,
        tx: &mut Transaction<'_, Any>,
    ) -> Result<(), StoreError> {
        let update = sqlx::query(
            "UPDATE locks SET expires = $3 WHERE target = $1 AND fence = $2 AND expires > 0",
        );
        let update = update.bind(claim.target.clone()).bind(claim.fence).bind(expires);
        let done = update.execute(&mut **tx).await.map_err(|error| self.wrong(error))?;
        if done.rows_affected() == 1 {
            return Ok(());
        }
        let holder = self.holder_in(&claim.target, self.now_ms(), tx).await?.map(Box::new);
        Err(StoreError::Lost { target: claim.target.clone(), holder })
    }

    /// Why a lock was not given.
    async fn held(
        &self,
        claim: &Claim,
        now: i64,
        tx: &mut Transaction<'_, Any>,
    ) -> Result<StoreError, StoreError> {
        let target = claim.target.clone();
        Ok(match self.holder_in(&target, now, tx).await? {
            Some(Holder { owner, since, until, .. }) => {
                StoreError::Held { target, owner: Box::new(owner), since, until }
            }
            None => StoreError::Lost { target, holder: None },
        })
    }

    async fn holder_in(
        &self,
        target: &str,
        now: i64,
        tx: &mut Transaction<'_, Any>,
    ) -> Result<Option<Holder>, StoreError> {
        let rows = holder_select(target, now).all(&mut **tx).await;
        read_holder(target, rows.map_err(|error| self.wrong(error))?.first())
    }
}

impl Lock {
    /// Its fencing number: higher than that of every earlier holder of this lock.
    #[must_use]
    pub fn fence(&self) -> i64 {
        self.claim.fence
    }

    /// Renews it for another `ttl`. A lock that has expired and that nobody has taken yet is renewed too;
    /// a lost one is the error [`StoreError::Lost`], which names the new holder.
    pub async fn heartbeat(&self) -> Result<(), StoreError> {
        // Renewing it twice is renewing it.
        self.store.patiently(self.claim.ttl / 3, || self.beat()).await
    }

    async fn beat(&self) -> Result<(), StoreError> {
        let mut tx = self.store.write().await?;
        self.store.renew(&self.claim, &mut tx).await?;
        self.store.commit(tx).await
    }

    /// Renews it every third of its `ttl` for ever. Returns only when it is lost, or could not be renewed
    /// for a whole `ttl`; to be awaited beside the run that it protects.
    pub async fn keep(&self) -> StoreError {
        let ttl = self.claim.ttl;
        let mut renewed = Instant::now();
        loop {
            sleep((ttl / 3).max(Duration::from_millis(1))).await;
            match self.heartbeat().await {
                Ok(()) => renewed = Instant::now(),
                Err(lost @ StoreError::Lost { .. }) => return lost,
                Err(error) if renewed.elapsed() >= ttl => return error,
                Err(error) => tracing::debug!(%error, "the lock will be renewed later"),
            }
        }
    }

    /// Gives it back. What still holds its number is shut out.
    pub async fn release(self) -> Result<(), StoreError> {
        let mut tx = self.store.write().await?;
        self.store.set_expiry(RELEASED, &self.claim, &mut tx).await?;
        self.store.commit(tx).await
    }

    pub(crate) fn claim(&self) -> &Claim {
        &self.claim
    }
}

impl Claim {
    fn expiry(&self, now: i64) -> i64 {
        let ttl = i64::try_from(self.ttl.as_millis()).unwrap_or(i64::MAX);
        now.saturating_add(ttl).min(Timestamp::MAX.as_millisecond())
    }
}
