//! Users: requests through the proxy, all the time, counted on their side.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

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
#[derive(Debug, Default)]
struct Seen {
    answered: AtomicU64,
    lost: AtomicU64,
}

impl Load {
    /// Users of this address, who ask for these paths in turn.
    pub(crate) fn on(url: &str, paths: &[String]) -> Self {
        let seen = Arc::new(Seen::default());
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
    }
}
