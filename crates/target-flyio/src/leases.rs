//! The leases of a run: taken on all machines before the first change, kept fresh in the background, given
//! back at the end. Dropped, they are no longer refreshed and run out by themselves.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt, join_all};
use pipeline_core::Context;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

use crate::api::{Api, ApiError, Guard, Sent};
use crate::error::FlyError;

/// A lease that ends this soon is waited out, however short our own are: twice flyctl's 13 s.
const LONG_ENOUGH: Duration = Duration::from_secs(26);

/// How long to wait where a machine is in the way of its own lease.
const IN_ITS_WAY: Duration = Duration::from_millis(500);

/// The leases that are held.
#[derive(Debug)]
pub(crate) struct Leases {
    book: Arc<Book>,
    refresher: Mutex<JoinSet<()>>,
}

#[derive(Debug)]
struct Book {
    api: Api,
    ttl: Duration,
    /// Held while leases are refreshed or given back: a refresh that came after its lease was given back
    /// would take a new one that nobody knows of.
    turn: tokio::sync::Mutex<()>,
    held: Mutex<BTreeMap<String, Held>>,
}

#[derive(Clone, Debug)]
struct Held {
    nonce: String,
    /// Counted from before the request was sent, so that it ends here no later than there.
    until: Instant,
}

impl Leases {
    pub(crate) fn new(api: &Api, ttl: Duration) -> Self {
        // The platform counts in whole seconds.
        let ttl = Duration::from_secs(ttl.as_secs().max(1));
        let book = Arc::new(Book {
            api: api.clone(),
            ttl,
            turn: tokio::sync::Mutex::default(),
            held: Mutex::default(),
        });
        Self { book, refresher: Mutex::default() }
    }

    /// The right to change a machine, if it is still ours.
    pub(crate) fn guard(&self, machine: &str) -> Result<Guard, FlyError> {
        let held = self.book.held().get(machine).cloned();
        match held.filter(|it| it.until > Instant::now()) {
            Some(held) => Ok(Guard::new(machine, &held.nonce)),
            None => Err(FlyError::LeaseLost { machine: machine.to_owned() }),
        }
    }

    /// The machines that are leased.
    pub(crate) fn held(&self) -> Vec<String> {
        self.book.held().keys().cloned().collect()
    }

    /// Leases all of `machines` or none. A lease that stands still and ends soon is waited out: it may be
    /// that of a run that was killed. One that moves belongs to somebody alive.
    pub(crate) async fn take(&self, machines: &[String], cx: &Context) -> Result<(), FlyError> {
        let missing = self.missing(machines);
        match self.take_each(&missing, cx).await.into_iter().next() {
            None => Ok(()),
            Some(error) => {
                self.release(&missing).await;
                Err(error)
            }
        }
    }

    /// Leases each of `machines` by itself, and says which could not be, and why.
    pub(crate) async fn take_each(&self, machines: &[String], cx: &Context) -> Vec<FlyError> {
        let missing = self.missing(machines);
        // Those that are granted at once must outlive the wait for the others.
        self.refresh_in_background();
        // All at once: each machine has a limit of its own (flyctl: leases of all machines in parallel).
        let asked: Vec<BoxFuture<'_, _>> =
            missing.iter().map(|id| self.book.take(id, cx).boxed()).collect();
        join_all(asked).await.into_iter().filter_map(Result::err).collect()
    }

    /// Gives all leases back and takes each anew, so that a request of ours that is still on its way
    /// cannot change anything any more.
    pub(crate) async fn renew_each(&self, machines: &[String], cx: &Context) -> Vec<FlyError> {
        self.release_all().await;
        self.take_each(machines, cx).await
    }

    fn missing(&self, machines: &[String]) -> Vec<String> {
        machines.iter().filter(|id| self.guard(id).is_err()).cloned().collect()
    }

    /// Takes over a lease that came with a creation.
    pub(crate) fn adopt(&self, machine: &str, nonce: &str, asked: Instant) {
        let held = Held { nonce: nonce.to_owned(), until: asked + self.book.ttl };
        self.book.held().insert(machine.to_owned(), held);
        self.refresh_in_background();
    }

    /// Forgets the lease of a machine that is destroyed.
    pub(crate) fn forget(&self, machine: &str) {
        self.book.held().remove(machine);
    }

    /// Gives all leases back, as well as may be: what is not given back runs out.
    pub(crate) async fn release_all(&self) {
        let all: Vec<String> = self.book.held().keys().cloned().collect();
        self.release(&all).await;
    }

    async fn release(&self, machines: &[String]) {
        let _turn = self.book.turn.lock().await;
        // Also those that should have ended by now: there, they may have begun a little later.
        let held: Vec<Guard> = {
            let mut book = self.book.held();
            let removed = machines.iter().map(|id| (id, book.remove(id)));
            removed.filter_map(|(id, held)| Some(Guard::new(id, &held?.nonce))).collect()
        };
        let released = held.iter().map(|guard| self.book.api.release(guard));
        for error in join_all(released).await.into_iter().filter_map(Result::err) {
            tracing::warn!(%error, "a lease could not be given back and will run out");
        }
    }

    fn refresh_in_background(&self) {
        let mut refresher = self.refresher.lock().unwrap_or_else(PoisonError::into_inner);
        if refresher.is_empty() {
            let book = self.book.clone();
            refresher.spawn(async move {
                let mut due = interval(book.ttl / 3);
                // After one that hung, the next comes at once: there is time for two before a lease ends.
                due.set_missed_tick_behavior(MissedTickBehavior::Delay);
                due.tick().await;
                loop {
                    due.tick().await;
                    book.refresh().await;
                }
            });
        }
    }
}

impl Book {
    fn held(&self) -> MutexGuard<'_, BTreeMap<String, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn holds(&self, machine: &str) -> bool {
        self.held().get(machine).is_some_and(|it| it.until > Instant::now())
    }

    async fn take(&self, machine: &str, cx: &Context) -> Result<(), FlyError> {
        let (began, mut first) = (Instant::now(), None::<String>);
        // Where our own refresh has prolonged it meanwhile, the lease in the way is ours.
        while !self.holds(machine) {
            let words = format!("pipeline {}", cx.run());
            match self.api.lease(machine, self.ttl, &words).await {
                Ok(Sent { answer: grant, at }) => {
                    let held = Held { nonce: grant.nonce, until: at + self.ttl };
                    self.held().insert(machine.to_owned(), held);
                    return Ok(());
                }
                Err(ApiError::Leased { owner, until, left, .. }) => {
                    let seen = Conflict { first: first.as_deref(), until: &until, left };
                    let Some(wait) = seen.wait(self.ttl, began.elapsed()) else {
                        let machine = machine.to_owned();
                        let leased = FlyError::Leased { machine, owner, until };
                        return self.is_own(leased).await;
                    };
                    if first.is_none() {
                        cx.note(format!(
                            "machine {machine} is leased by {owner} until {until}; waiting"
                        ));
                    }
                    first = Some(until);
                    sleep(wait).await;
                }
                Err(error) if error.wants_a_second_look() && began.elapsed() < self.ttl => {
                    sleep(IN_ITS_WAY).await;
                }
                // It went between being listed and now; whoever works on it will notice.
                Err(error) if error.is_not_found() => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// A lease in the way may be our own: a refresh that is under way counts there before it is known here.
    async fn is_own(&self, leased: FlyError) -> Result<(), FlyError> {
        drop(self.turn.lock().await);
        match &leased {
            FlyError::Leased { machine, .. } if self.holds(machine) => Ok(()),
            _ => Err(leased),
        }
    }

    async fn refresh(&self) {
        let _turn = self.turn.lock().await;
        let all: Vec<(String, Held)> =
            self.held().iter().map(|(id, held)| (id.clone(), held.clone())).collect();
        join_all(all.iter().map(|(id, held)| self.refresh_one(id, held))).await;
    }

    async fn refresh_one(&self, machine: &str, old: &Held) {
        let guard = Guard::new(machine, &old.nonce);
        let answer = timeout(self.ttl / 3, self.api.refresh(&guard, self.ttl)).await;
        let Ok(answer) = answer else { return };
        if let Ok(Sent { answer: grant, .. }) = &answer
            && grant.nonce != old.nonce
        {
            // A new lease: the old one had ended, and anything may have happened since.
            self.held().remove(machine);
            let _ = self.api.release(&Guard::new(machine, &grant.nonce)).await;
            return;
        }
        let mut held = self.held();
        let Some(current) = held.get_mut(machine).filter(|it| it.nonce == old.nonce) else {
            return;
        };
        match answer {
            Ok(Sent { at, .. }) => current.until = at + self.ttl,
            Err(error) if error.is_lease_lost() => {
                tracing::warn!(%error, "a lease was lost");
                held.remove(machine);
            }
            // The time it was granted for is still ours; after that `guard` refuses.
            Err(error) => tracing::warn!(%error, "a lease could not be refreshed"),
        }
    }
}

/// A lease in the way.
struct Conflict<'a> {
    /// When it was said to end when it was first met.
    first: Option<&'a str>,
    /// When it is said to end now.
    until: &'a str,
    /// How long that is, if it could be told.
    left: Option<Duration>,
}

impl Conflict<'_> {
    /// How long to wait before asking again; `None` is not to wait at all.
    fn wait(&self, ttl: Duration, waited: Duration) -> Option<Duration> {
        // The run that was killed may have been configured with a longer one.
        let most = if self.left.is_some() { (ttl * 2).max(LONG_ENOUGH) } else { ttl * 2 };
        let alive = self.first.is_some_and(|first| first != self.until);
        let too_long = self.left.is_some_and(|left| left > most);
        if alive || too_long || waited > most + Duration::from_secs(1) {
            return None;
        }
        let pause = self.left.unwrap_or(Duration::from_secs(1)) + Duration::from_millis(50);
        Some(pause.clamp(Duration::from_millis(200), Duration::from_secs(1)))
    }
}

#[cfg(test)]
#[path = "leases_tests.rs"]
mod tests;
