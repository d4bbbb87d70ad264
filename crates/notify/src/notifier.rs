//! The observer, its queues and its tasks: nothing here can hold a run up.

use std::collections::BTreeSet;
use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use pipeline_core::{Event, Observer};
use tokio::sync::mpsc::{Receiver, Sender, channel, error::TrySendError};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout, timeout_at};

use crate::channel::{Channel, NotDelivered, Patience};
use crate::digest::{About, Digest};
use crate::notice::{Notice, Topic};

/// So many notices may wait for a channel. A run has far fewer; more are dropped and counted.
const QUEUE: usize = 32;

/// A channel, and what it wants to hear.
pub struct Subscription {
    channel: Box<dyn Channel>,
    on: BTreeSet<Topic>,
    patience: Patience,
}

impl Subscription {
    /// A channel that hears of everything but success.
    pub fn new(channel: impl Channel + 'static) -> Self {
        let on = Topic::ALL.into_iter().filter(|it| *it != Topic::Success).collect();
        Self { channel: Box::new(channel), on, patience: Patience::default() }
    }

    /// Says what it wants to hear.
    #[must_use]
    pub fn on(mut self, topics: impl IntoIterator<Item = Topic>) -> Self {
        self.on = topics.into_iter().collect();
        self
    }

    /// Says how long it is tried.
    #[must_use]
    pub fn patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("channel", &self.channel.name())
            .field("on", &self.on)
            .finish_non_exhaustive()
    }
}

/// What a channel could not deliver, for a warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undelivered {
    /// The channel's name.
    pub channel: String,
    /// How many notices.
    pub notices: usize,
    /// Why, in words that follow a colon.
    pub why: String,
}

impl fmt::Display for Undelivered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = if self.notices == 1 { "" } else { "s" };
        write!(f, "{} was not told ({} notice{s}): {}", self.channel, self.notices, self.why)
    }
}

/// Delivers notices in the background. When it is dropped unclosed, what was not delivered is not.
pub struct Notifier {
    shared: Arc<Mutex<Shared>>,
    tasks: JoinSet<()>,
}

/// What observers and tasks share. The lock is held for moments, never over a wait.
struct Shared {
    digest: Digest,
    lines: Vec<Line>,
}

struct Line {
    name: String,
    on: BTreeSet<Topic>,
    /// `None` once it is closed.
    queue: Option<Sender<Notice>>,
    /// Notices that were taken on and are not delivered yet, or never will be.
    open: usize,
    why: Option<String>,
}

impl Notifier {
    /// Begins to listen for these channels. To be called within a Tokio runtime, on which it delivers.
    #[must_use]
    pub fn start(about: About, subscriptions: Vec<Subscription>) -> Self {
        let (mut lines, mut queues) = (Vec::new(), Vec::new());
        for Subscription { channel: told, on, patience } in subscriptions {
            let (queue, notices) = channel(QUEUE);
            let name = told.name().to_owned();
            lines.push(Line { name, on, queue: Some(queue), open: 0, why: None });
            queues.push((told, patience, notices));
        }
        let shared = Arc::new(Mutex::new(Shared { digest: Digest::new(about), lines }));
        let mut tasks = JoinSet::new();
        for (number, (told, patience, notices)) in queues.into_iter().enumerate() {
            let desk = Desk { shared: Arc::clone(&shared), number, patience };
            tasks.spawn(desk.work(told, notices));
        }
        Self { shared, tasks }
    }

    /// An observer for a run's events.
    #[must_use]
    pub fn observer(&self) -> impl Observer + use<> {
        Ear(Arc::clone(&self.shared))
    }

    /// Tells that the run stopped half-way, and why: no event says so.
    pub fn broken_off(&self, why: &str) {
        let mut shared = lock(&self.shared);
        let notice = shared.digest.broken_off(why);
        shared.send(&notice);
    }

    /// Waits until everything is delivered or given up, and no longer than this. Tells what was not delivered.
    pub async fn close(mut self, within: Duration) -> Vec<Undelivered> {
        for line in &mut lock(&self.shared).lines {
            line.queue = None;
        }
        let until = tokio::time::Instant::now() + within;
        while let Ok(Some(_)) = timeout_at(until, self.tasks.join_next()).await {}
        self.tasks.abort_all();
        let lines = mem::take(&mut lock(&self.shared).lines);
        let undelivered = lines.into_iter().filter(|it| it.open > 0);
        let told = undelivered.map(|it| Undelivered {
            channel: it.name,
            notices: it.open,
            why: it.why.unwrap_or_else(|| "no answer in time".into()),
        });
        told.collect()
    }
}

impl fmt::Debug for Notifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notifier").field("channels", &self.tasks.len()).finish_non_exhaustive()
    }
}

struct Ear(Arc<Mutex<Shared>>);

impl Observer for Ear {
    fn observe(&mut self, event: &Event) {
        let mut shared = lock(&self.0);
        if let Some(notice) = shared.digest.hear(event) {
            shared.send(&notice);
        }
    }
}

impl Shared {
    fn send(&mut self, notice: &Notice) {
        for line in self.lines.iter_mut().filter(|it| it.on.contains(&notice.topic)) {
            let Some(queue) = &line.queue else { continue };
            line.open += 1;
            if let Err(TrySendError::Full(_)) = queue.try_send(notice.clone()) {
                line.why = Some("too many notices waited for it".into());
            }
        }
    }
}

/// Where one channel's notices are worked off, one after the other.
struct Desk {
    shared: Arc<Mutex<Shared>>,
    number: usize,
    patience: Patience,
}

impl Desk {
    async fn work(self, told: Box<dyn Channel>, mut notices: Receiver<Notice>) {
        while let Some(notice) = notices.recv().await {
            let result = self.deliver(&*told, &notice).await;
            let mut shared = lock(&self.shared);
            // It is gone once the notifier was closed.
            let Some(line) = shared.lines.get_mut(self.number) else { return };
            match result {
                Ok(()) => line.open -= 1,
                Err(error) => line.why = Some(error.to_string()),
            }
        }
    }

    async fn deliver(&self, told: &dyn Channel, notice: &Notice) -> Result<(), NotDelivered> {
        let Patience { each, tries, pause } = self.patience;
        let pauses = ExponentialBuilder::default()
            .with_min_delay(pause)
            .with_factor(2.0)
            .with_max_times(tries.saturating_sub(1));
        let mut pauses = pauses.build();
        loop {
            let tried = timeout(each, told.deliver(notice)).await;
            let late = |_| Err(NotDelivered::ForNow(format!("no answer within {each:?}")));
            let error = match tried.unwrap_or_else(late) {
                Ok(()) => return Ok(()),
                Err(error @ NotDelivered::ForGood(_)) => return Err(error),
                Err(error) => error,
            };
            tracing::debug!(channel = told.name(), %error, "a notice was not delivered");
            self.note(&error);
            match pauses.next() {
                Some(pause) => sleep(pause).await,
                None => return Err(error),
            }
        }
    }

    /// So that a warning can say what is wrong, also where there is no time for all tries.
    fn note(&self, error: &NotDelivered) {
        if let Some(line) = lock(&self.shared).lines.get_mut(self.number) {
            line.why = Some(error.to_string());
        }
    }
}

fn lock(shared: &Mutex<Shared>) -> std::sync::MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[path = "notifier_tests.rs"]
mod tests;
