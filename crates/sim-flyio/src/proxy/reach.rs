//! Finding a machine for a request: choosing, queueing, starting one, trying elsewhere. Nothing
//! of this shows the request to any machine.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};

use super::{
    Proxy,
    backend::Link,
    failure::Failure,
    lane::{Lane, Load},
    pick::Choice,
    site::{Seat, Site},
    wish::Wish,
};
use crate::world::{Address, Concurrency, MachineKey, Presence};

/// How many connections are tried for one request (fly.io docs: monitoring/error-codes, PR03).
const TRIES: usize = 90;
/// The pause before all machines that refused are tried once more: from this, doubled each time,
/// up to that. 90 tries of one machine take less than two seconds so; the platform names no number.
const BACKOFF: Duration = Duration::from_millis(2);
const BACKOFF_MOST: Duration = Duration::from_millis(20);
/// How often a request that waits looks around.
const LOOK: Duration = Duration::from_millis(20);
/// How long a machine may take to be started by a request, checks and the proxy's own ignorance
/// included.
const WAKE: Duration = Duration::from_secs(30);

/// A machine that can be sent a request.
#[derive(Debug)]
pub(super) struct Reached {
    pub(super) link: Link,
    pub(super) load: Load,
    pub(super) address: Address,
    pub(super) concurrency: Concurrency,
}

/// The attempts to find a machine for one request.
#[derive(Debug)]
pub(super) struct Search<'a> {
    proxy: &'a Proxy,
    site: &'a Site,
    wish: &'a Wish,
    began: Instant,
    tries: usize,
    backoff: Duration,
    /// Machines that refused since the last pause.
    refused: Vec<Arc<Lane>>,
    /// What the last one said.
    last: Option<String>,
}

impl<'a> Search<'a> {
    pub(super) fn new(proxy: &'a Proxy, site: &'a Site, wish: &'a Wish) -> Self {
        let (began, backoff) = (Instant::now(), BACKOFF);
        Self { proxy, site, wish, began, tries: 0, backoff, refused: Vec::new(), last: None }
    }

    /// Goes on until there is a connection, or nothing is left to hope for.
    pub(super) async fn next(&mut self) -> Result<Reached, Failure> {
        loop {
            let view = self.site.view(&self.proxy.platform);
            let edge = &self.proxy.platform.config.edge_region;
            match self.site.choose(&view, (self.wish, edge), &self.refused) {
                Choice::Go(place) => {
                    if let Some(reached) = self.attempt(&view.seats[place]).await? {
                        return Ok(reached);
                    }
                }
                Choice::Wake(place) => self.wake(&view.seats[place]).await?,
                Choice::Await => {
                    self.patience(WAKE, "PM03: no machine was started in time")?;
                    sleep(LOOK).await;
                }
                Choice::Queue => {
                    let most = self.proxy.platform.config.queue_timeout;
                    self.patience(most, "PR03: all machines are at their hard limit")?;
                    self.site.queue.wait(LOOK.min(most)).await;
                }
                Choice::Nobody => self.nobody().await?,
            }
        }
    }

    fn patience(&self, most: Duration, text: &str) -> Result<(), Failure> {
        let over = self.began.elapsed() >= most;
        if over { Err(Failure::unavailable(text)) } else { Ok(()) }
    }

    /// Connects to a machine; `None` means that another one has to be chosen.
    async fn attempt(&mut self, seat: &Seat) -> Result<Option<Reached>, Failure> {
        let service = seat.route.service.as_deref().expect("only services are chosen");
        let address = seat.route.address.expect("only started machines are chosen");
        let Some(load) = seat.lane.enter(service.hard_limit) else {
            return Ok(None); // another request was faster
        };
        let change = self.proxy.platform.age();
        let look = || self.presence(&seat.lane.machine) != Presence::Frozen;
        if !seat.lane.is_awake(change, look) {
            // The kernel would take a connection, and nobody would ever answer.
            let error = std::io::Error::other("it is suspended");
            return self.missed(&seat.lane, &error).map(|()| None);
        }
        let concurrency = service.concurrency;
        // A pinned request may go to a machine whose connections are being drained.
        if concurrency == Concurrency::Requests && self.wish.forced.is_none() {
            while let Some(mut link) = seat.lane.unpark(address) {
                if link.is_free_now().await {
                    return Ok(Some(Reached { link, load, address, concurrency }));
                }
            }
        }
        match Link::connect(&self.proxy.platform, address).await {
            Ok(link) => Ok(Some(Reached { link, load, address, concurrency })),
            Err(error) => self.missed(&seat.lane, &error).map(|()| None),
        }
    }

    /// Notes that a machine could not be given the request.
    pub(super) fn missed(
        &mut self,
        lane: &Arc<Lane>,
        error: &dyn std::error::Error,
    ) -> Result<(), Failure> {
        self.tries += 1;
        let last = format!("{} ({error})", lane.machine);
        if self.tries >= TRIES {
            let text = format!("PR03: no machine took it in {TRIES} attempts; the last: {last}");
            return Err(Failure::broken(text));
        }
        self.refused.push(Arc::clone(lane));
        self.last = Some(last);
        Ok(())
    }

    /// Nobody is left to choose. Machines that refused are tried again after a pause, unless
    /// their workers say that they do not run: then the view of the edge is out of date.
    async fn nobody(&mut self) -> Result<(), Failure> {
        let Some(last) = self.last.as_ref().filter(|_| !self.refused.is_empty()) else {
            return Err(self.nobody_at_all());
        };
        let presences: Vec<Presence> =
            self.refused.iter().map(|lane| self.presence(&lane.machine)).collect();
        let hope = |presence: &Presence| *presence != Presence::Gone;
        let runs = |p: &Presence| matches!(p, Presence::Started | Presence::Starting);
        if !presences.iter().any(runs) {
            let code = if presences.iter().any(hope) { "PR04" } else { "PR02" };
            return Err(Failure::broken(format!("{code}: no connection to {last}")));
        }
        sleep(self.backoff).await;
        self.backoff = (self.backoff * 2).min(BACKOFF_MOST);
        self.refused.clear();
        Ok(())
    }

    fn nobody_at_all(&self) -> Failure {
        match (&self.last, &self.wish.forced) {
            (Some(last), _) => Failure::broken(format!("PR03: no machine is left after {last}")),
            (None, Some(machine)) => {
                Failure::unavailable(format!("PR01: machine {machine} cannot be reached"))
            }
            (None, None) => {
                Failure::unavailable("PR01: no known healthy instances found for route")
            }
        }
    }

    /// Starts a machine and waits until the proxy itself may send the request there.
    async fn wake(&mut self, seat: &Seat) -> Result<(), Failure> {
        let Some(_waking) = seat.lane.wake() else { return Ok(()) };
        let key = &seat.route.key;
        let platform = &self.proxy.platform;
        let started = platform.commit(|world| world.autostart(key));
        // Somebody may have started it since the edge was told of it.
        let runs = |p| matches!(p, Presence::Started | Presence::Starting);
        if let Err(refusal) = started
            && !runs(self.presence(&key.machine))
        {
            let error = std::io::Error::other(format!("PM07: {}", refusal.error));
            return self.missed(&seat.lane, &error);
        }
        let began = Instant::now();
        while began.elapsed() < WAKE {
            let view = self.site.view(platform);
            let now = view.seats.iter().find(|now| now.route.key == *key);
            let pinned = self.wish.forced.is_some();
            if now.is_some_and(|now| super::pick::takes_requests(&now.route, pinned)) {
                return Ok(());
            }
            if !runs(self.presence(&key.machine)) {
                let error = std::io::Error::other("PM07: it did not start");
                return self.missed(&seat.lane, &error);
            }
            sleep(LOOK).await;
        }
        Err(Failure::unavailable(format!("PM03: machine {} was not started in time", key.machine)))
    }

    fn presence(&self, machine: &str) -> Presence {
        let key = MachineKey { app: self.site.name.clone(), machine: machine.to_owned() };
        self.proxy.platform.read(|world| world.presence(&key))
    }
}
