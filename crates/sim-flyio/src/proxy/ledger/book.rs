//! A ledger while it is written.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use hyper::{Method, Uri};
use tokio::time::Instant;

use super::{Ledger, Lost};
use crate::{clock::Millis, runtime::lock};

/// So many losses of a kind are described; the rest is counted.
const LISTED: usize = 10_000;

#[derive(Debug, Default)]
struct Book {
    ledger: Ledger,
    waiting: u64,
    /// Since when requests have been waiting and none was answered well.
    since: Option<Instant>,
}

impl Book {
    fn arrive(&mut self, now: Instant) {
        self.waiting += 1;
        self.since.get_or_insert(now);
    }

    /// `well`: a machine has answered with a status below 500.
    fn leave(&mut self, now: Instant, well: bool) {
        self.waiting -= 1;
        if well {
            self.measure(now);
            self.since = (self.waiting > 0).then_some(now);
        }
    }

    fn measure(&mut self, now: Instant) {
        let gap = self.since.map_or(Duration::ZERO, |since| now.duration_since(since));
        self.ledger.longest_gap = self.ledger.longest_gap.max(gap);
    }
}

/// The ledgers of all apps.
#[derive(Debug, Default)]
pub(crate) struct Ledgers(Mutex<HashMap<String, Account>>);

impl Ledgers {
    /// What is in the ledger now; empty for an app that nobody asked for anything. A gap that
    /// has not ended is measured up to now, if requests are waiting in it.
    pub(crate) fn of(&self, app: &str) -> Ledger {
        let Some(account) = lock(&self.0).get(app).cloned() else { return Ledger::default() };
        let mut book = lock(&account.0);
        if book.waiting > 0 {
            book.measure(Instant::now());
        }
        Ledger { in_flight: book.waiting, ..book.ledger.clone() }
    }

    /// The ledger of an app, to write into.
    pub(in crate::proxy) fn account(&self, app: &str) -> Account {
        lock(&self.0).entry(app.to_owned()).or_default().clone()
    }
}

/// The ledger of one app.
#[derive(Clone, Debug, Default)]
pub(in crate::proxy) struct Account(Arc<Mutex<Book>>);

impl Account {
    /// Takes a request in.
    pub(in crate::proxy) fn open(&self, (method, uri): (Method, Uri), pinned: bool) -> Entry {
        let mut book = lock(&self.0);
        if pinned {
            book.ledger.probes += 1;
        } else {
            book.ledger.requests += 1;
            book.arrive(Instant::now());
        }
        drop(book);
        let seen = Request { method, uri, machine: None };
        Entry { account: self.clone(), seen, pinned, status: None, open: true }
    }
}

/// What a loss is described by.
#[derive(Clone, Debug)]
struct Request {
    method: Method,
    uri: Uri,
    machine: Option<Arc<str>>,
}

impl Request {
    fn lost(&self, at_ms: Millis, why: String) -> Lost {
        Lost {
            at_ms,
            method: self.method.to_string(),
            path: self.uri.path().to_owned(),
            machine: self.machine.as_deref().map(str::to_owned),
            why,
        }
    }
}

fn list(list: &mut Vec<Lost>, unlisted: &mut u64, lost: Lost) {
    if list.len() < LISTED {
        list.push(lost);
    } else {
        *unlisted += 1;
    }
}

/// A request under way. Dropped without an end, its client went away by itself.
#[derive(Debug)]
pub(in crate::proxy) struct Entry {
    account: Account,
    seen: Request,
    pinned: bool,
    status: Option<u16>,
    open: bool,
}

impl Entry {
    /// The machine that has taken the request.
    pub(in crate::proxy) fn taken_by(&mut self, machine: &Arc<str>) {
        self.seen.machine = Some(Arc::clone(machine));
    }

    /// The head of the answer is here.
    pub(in crate::proxy) fn head(&mut self, status: u16) {
        self.status = Some(status);
    }

    /// The whole answer went to the client.
    pub(in crate::proxy) fn answered(&mut self) {
        let status = self.status.unwrap_or(200);
        self.close(status < 500, |ledger| {
            ledger.answered += 1;
            ledger.app_errors += u64::from(status >= 500);
        });
    }

    /// There is no answer, and it is the client's doing.
    pub(in crate::proxy) fn abandoned(&mut self) {
        self.close(false, |_| {});
    }

    /// There is no whole answer, and it is not the client's doing.
    pub(in crate::proxy) fn lost(&mut self, at_ms: Millis, why: String) {
        if self.pinned && self.open {
            self.open = false;
            let lost = self.seen.lost(at_ms, why);
            let ledger = &mut lock(&self.account.0).ledger;
            return list(&mut ledger.probes_lost, &mut ledger.probes_lost_unlisted, lost);
        }
        let seen = self.seen.clone();
        self.close(false, |ledger| {
            list(&mut ledger.lost, &mut ledger.lost_unlisted, seen.lost(at_ms, why));
        });
    }

    /// The request became a connection of another protocol.
    pub(in crate::proxy) fn upgraded(mut self) -> Upgrade {
        self.close(true, |ledger| {
            ledger.upgrades += 1;
            ledger.upgrades_open += 1;
        });
        let Self { account, seen, pinned, .. } = &self;
        Upgrade { account: account.clone(), seen: seen.clone(), pinned: *pinned }
    }

    fn close(&mut self, well: bool, write: impl FnOnce(&mut Ledger)) {
        if !std::mem::take(&mut self.open) || self.pinned {
            return;
        }
        let now = Instant::now();
        let mut book = lock(&self.account.0);
        write(&mut book.ledger);
        if !well {
            book.measure(now);
        }
        book.leave(now, well);
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.close(false, |_| {});
    }
}

/// A connection of another protocol, until it is dropped. Those of pinned requests are not in
/// the ledger.
#[derive(Debug)]
pub(in crate::proxy) struct Upgrade {
    account: Account,
    seen: Request,
    pinned: bool,
}

impl Upgrade {
    /// The platform ended it.
    pub(in crate::proxy) fn broken(&mut self, at_ms: Millis, why: String) {
        if !self.pinned {
            let lost = self.seen.lost(at_ms, why);
            let ledger = &mut lock(&self.account.0).ledger;
            list(&mut ledger.upgrades_broken, &mut ledger.upgrades_broken_unlisted, lost);
        }
    }
}

impl Drop for Upgrade {
    fn drop(&mut self) {
        if !self.pinned {
            lock(&self.account.0).ledger.upgrades_open -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
        *START + Duration::from_millis(millis)
    }

    fn open(ledgers: &Ledgers, pinned: bool) -> Entry {
        ledgers.account("shop").open((Method::GET, Uri::from_static("/cart?x=1")), pinned)
    }

    #[test]
    fn a_gap_lasts_from_the_first_unanswered_request_to_the_next_good_answer() {
        let mut book = Book::default();
        book.arrive(at(0));
        book.leave(at(5), true);
        assert_eq!(book.ledger.longest_gap, Duration::from_millis(5));
        book.arrive(at(1000)); // nobody waited in between: no gap
        book.leave(at(1001), false);
        book.arrive(at(1500));
        book.leave(at(1503), true);
        assert_eq!(book.ledger.longest_gap, Duration::from_millis(503));
        assert_eq!(book.since, None);
    }

    #[test]
    fn probes_are_counted_apart_and_abandoned_requests_are_not_lost() {
        let ledgers = Ledgers::default();
        open(&ledgers, true).lost(1, "gone".into());
        drop(open(&ledgers, false));
        let mut answered = open(&ledgers, false);
        answered.head(500);
        answered.answered();
        let ledger = ledgers.of("shop");
        assert_eq!((ledger.requests, ledger.answered, ledger.app_errors), (2, 1, 1));
        assert_eq!((ledger.probes, ledger.probes_lost.len(), ledger.lost.len()), (1, 1, 0));
        assert_eq!(ledger.probes_lost[0].path, "/cart");
        assert_eq!(ledgers.of("other"), Ledger::default());
    }

    #[test]
    fn losses_beyond_ten_thousand_are_counted_and_not_kept() {
        let ledgers = Ledgers::default();
        for _ in 0..LISTED + 7 {
            open(&ledgers, false).lost(1, "gone".into());
        }
        let ledger = ledgers.of("shop");
        assert_eq!((ledger.lost.len(), ledger.lost_unlisted), (LISTED, 7));
    }

    #[test]
    fn upgrades_are_open_until_they_are_dropped_and_broken_only_when_it_is_said() {
        let ledgers = Ledgers::default();
        let mut first = open(&ledgers, false).upgraded();
        let second = open(&ledgers, false).upgraded();
        drop(open(&ledgers, true).upgraded());
        let ledger = ledgers.of("shop");
        assert_eq!((ledger.upgrades, ledger.upgrades_open, ledger.in_flight), (2, 2, 0));
        first.broken(1, "stopped".into());
        drop((first, second));
        let ledger = ledgers.of("shop");
        assert_eq!((ledger.upgrades_open, ledger.upgrades_broken.len()), (0, 1));
        assert_eq!((ledger.answered, ledger.lost.len()), (0, 0));
    }
}
