//! The way to one machine: how much is under way on it, and the connections that wait there to
//! be used again.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

use super::backend::Link;
use crate::{runtime::lock, world::Address};

/// How long a connection without a request is kept (fly.io docs: reference/load-balancing,
/// "about 4 seconds").
pub(super) const IDLE: Duration = Duration::from_secs(4);

/// Where requests wait for room on any machine of an app.
#[derive(Debug, Default)]
pub(super) struct Queue {
    freed: Notify,
    waiting: AtomicUsize,
}

impl Queue {
    /// Returns when a request has ended somewhere, or the time is over. What ends between the
    /// look that found no room and this call is not noticed: hence the time.
    pub(super) async fn wait(&self, most: Duration) {
        let _place = Place::new(self);
        let _ = tokio::time::timeout(most, self.freed.notified()).await; // either will do
    }
}

/// One request in a queue, until it is dropped.
struct Place<'a>(&'a Queue);

impl<'a> Place<'a> {
    fn new(queue: &'a Queue) -> Self {
        queue.waiting.fetch_add(1, Ordering::Relaxed);
        Self(queue)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What the proxy itself knows of a machine.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) machine: Arc<str>,
    under_way: AtomicUsize,
    waking: AtomicBool,
    /// At which change of the world the machine was last known not to be suspended.
    awake_at: AtomicU64,
    idle: Mutex<Vec<Parked>>,
    queue: Arc<Queue>,
}

/// A connection that waits for its next request.
#[derive(Debug)]
struct Parked {
    link: Link,
    address: Address,
    since: Instant,
}

impl Lane {
    pub(super) fn new(machine: &str, queue: &Arc<Queue>) -> Arc<Self> {
        Arc::new(Self {
            machine: machine.into(),
            under_way: AtomicUsize::new(0),
            waking: AtomicBool::new(false),
            awake_at: AtomicU64::new(u64::MAX),
            idle: Mutex::default(),
            queue: Arc::clone(queue),
        })
    }

    pub(super) fn load(&self) -> usize {
        self.under_way.load(Ordering::Relaxed)
    }

    pub(super) fn is_waking(&self) -> bool {
        self.waking.load(Ordering::Relaxed)
    }

    /// The right to start the machine, for one request at a time.
    pub(super) fn wake(self: &Arc<Self>) -> Option<Waking> {
        let first = !self.waking.swap(true, Ordering::Relaxed);
        first.then(|| Waking(Arc::clone(self)))
    }

    /// Whether the machine is not suspended; `look` is asked only if the world has changed since.
    pub(super) fn is_awake(&self, change: u64, look: impl FnOnce() -> bool) -> bool {
        let awake = self.awake_at.load(Ordering::Relaxed) == change || look();
        if awake {
            self.awake_at.store(change, Ordering::Relaxed);
        }
        awake
    }

    /// Counts one more request until the load is dropped; `None` if it is one too many.
    pub(super) fn enter(self: &Arc<Self>, hard_limit: Option<usize>) -> Option<Load> {
        let limit = hard_limit.unwrap_or(usize::MAX);
        let step = |load: usize| (load < limit).then_some(load + 1);
        let entered = self.under_way.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step);
        entered.is_ok().then(|| Load(Arc::clone(self)))
    }

    /// Keeps a connection for the next request.
    pub(super) fn park(&self, link: Link, address: Address) {
        let parked = Parked { link, address, since: Instant::now() };
        lock(&self.idle).push(parked);
    }

    /// The connection that was used last, if it leads to where the machine is now.
    pub(super) fn unpark(&self, address: Address) -> Option<Link> {
        let fits = |parked: &Parked| parked.address == address && parked.since.elapsed() < IDLE;
        let mut idle = lock(&self.idle);
        while let Some(parked) = idle.pop() {
            if fits(&parked) {
                return Some(parked.link);
            }
        }
        None
    }

    /// Closes what has waited for too long.
    pub(super) fn sweep(&self) {
        lock(&self.idle).retain(|parked| parked.since.elapsed() < IDLE);
    }
}

/// A machine that is being started on behalf of a request.
#[derive(Debug)]
pub(super) struct Waking(Arc<Lane>);

impl Drop for Waking {
    fn drop(&mut self) {
        self.0.waking.store(false, Ordering::Relaxed);
    }
}

/// One request under way.
#[derive(Debug)]
pub(super) struct Load(Arc<Lane>);

impl Load {
    pub(super) fn lane(&self) -> &Lane {
        &self.0
    }

    pub(super) fn shared(&self) -> Arc<Lane> {
        Arc::clone(&self.0)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
        if self.0.queue.waiting.load(Ordering::Relaxed) > 0 {
            self.0.queue.freed.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, duplex};

    use super::*;

    #[test]
    fn a_load_counts_until_it_is_dropped_and_never_beyond_the_hard_limit() {
        let lane = Lane::new("a", &Arc::default());
        let first = lane.enter(Some(2)).unwrap();
        let _second = lane.enter(Some(2)).unwrap();
        assert!(lane.enter(Some(2)).is_none());
        assert_eq!(lane.load(), 2);
        drop(first);
        assert_eq!(lane.load(), 1);
        assert!(lane.enter(None).is_some());
    }

    #[test]
    fn one_request_at_a_time_starts_a_machine() {
        let lane = Lane::new("a", &Arc::default());
        let waking = lane.wake();
        assert!(waking.is_some() && lane.is_waking() && lane.wake().is_none());
        drop(waking);
        assert!(lane.wake().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_is_told_of_room() {
        let queue = Arc::new(Queue::default());
        let lane = Lane::new("a", &queue);
        let load = lane.enter(Some(1)).unwrap();
        let began = Instant::now();
        let free = async {
            tokio::task::yield_now().await;
            drop(load);
        };
        tokio::join!(queue.wait(Duration::from_secs(5)), free);
        assert_eq!(began.elapsed(), Duration::ZERO);
        queue.wait(Duration::from_secs(5)).await;
        assert_eq!(began.elapsed(), Duration::from_secs(5), "nothing ended");
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_kept_for_four_seconds_and_then_closed() {
        let lane = Lane::new("a", &Arc::default());
        let park = async || {
            let (ours, theirs) = duplex(64);
            lane.park(Link::over(ours).await.unwrap(), Address::Loopback(1));
            theirs
        };
        let _open = park().await;
        tokio::time::advance(IDLE.mul_f32(0.9)).await;
        lane.sweep();
        assert!(lane.unpark(Address::Loopback(1)).is_some());
        assert!(lane.unpark(Address::Loopback(1)).is_none(), "there was one");
        let _open = park().await;
        assert!(lane.unpark(Address::Loopback(2)).is_none(), "it leads to an earlier boot");
        let mut other_side = park().await;
        tokio::time::advance(IDLE).await;
        lane.sweep();
        assert_eq!(other_side.read(&mut [0; 1]).await.unwrap(), 0, "it was closed");
        assert!(lane.unpark(Address::Loopback(1)).is_none());
    }
}
