//! Users: requests through the proxy, all the time, counted on their side.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// How many users there are.
const USERS: usize = 4;

/// How often each of them asks.
const PAUSE: Duration = Duration::from_millis(20);

/// A load that lasts until it is dropped.
#[derive(Debug)]
pub(crate) struct Load {
    seen: Arc<Seen>,
    _users: JoinSet<()>,
}

/// What the users saw.
#[derive(Debug)]
struct Seen {
    answered: AtomicU64,
    lost: AtomicU64,
    gap: Mutex<Gap>,
}

/// How long nobody got anything.
#[derive(Debug)]
struct Gap {
    since: Instant,
    longest: Duration,
}

impl Gap {
    /// Somebody got something, or nobody asks any more.
    fn close(&mut self) -> Duration {
        let now = Instant::now();
        self.longest = self.longest.max(now - self.since);
        self.since = now;
        self.longest
    }
}

impl Seen {
    fn new() -> Self {
        let gap = Mutex::new(Gap { since: Instant::now(), longest: Duration::ZERO });
        Self { answered: AtomicU64::default(), lost: AtomicU64::default(), gap }
    }

    fn close_gap(&self) -> Duration {
        self.gap.lock().unwrap_or_else(PoisonError::into_inner).close()
    }
}

impl Load {
    /// Users of this address, who ask for these paths in turn.
    pub(crate) fn on(url: &str, paths: &[String]) -> Self {
        let seen = Arc::new(Seen::new());
        let mut users = JoinSet::new();
        for user in 0..USERS {
            let urls = paths.iter().map(|path| format!("{url}{path}")).collect();
            users.spawn(ask(urls, user, Arc::clone(&seen)));
        }
        Self { seen, _users: users }
    }

    /// How many requests were answered with a success, and how many were not, since the last time this was asked.
    pub(crate) fn count(&self) -> (u64, u64) {
        let take = |counter: &AtomicU64| counter.swap(0, Ordering::Relaxed);
        (take(&self.seen.answered), take(&self.seen.lost))
    }

    /// The longest time so far in which no request of anybody was answered with a success.
    pub(crate) fn longest_gap(&self) -> Duration {
        self.seen.close_gap()
    }
}

async fn ask(urls: Vec<String>, user: usize, seen: Arc<Seen>) {
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build();
    let Ok(client) = client else { return };
    let mut ticks = interval(PAUSE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for turn in user.. {
        ticks.tick().await;
        let answer = client.get(&urls[turn % urls.len()]).send().await;
        let good = match answer {
            Ok(answer) if answer.status().is_success() => answer.bytes().await.is_ok(),
            _ => false,
        };
        let counter = if good { &seen.answered } else { &seen.lost };
        counter.fetch_add(1, Ordering::Relaxed);
        if good {
            seen.close_gap();
        }
    }
}
