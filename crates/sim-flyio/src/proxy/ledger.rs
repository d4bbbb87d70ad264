//! What users got to see: how many requests, how many of them were lost, for how long nothing
//! was answered. This is the measure of a way to deploy.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::{clock::Millis, runtime::lock};

/// The account of one app. Requests that were pinned to a machine are probes of whoever deploys,
/// not users, and are counted apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// Requests that came in, answered or not.
    pub requests: u64,
    /// Requests that got a whole answer from a machine, whatever its status.
    pub answered: u64,
    /// Requests that are under way now.
    pub in_flight: u64,
    /// Requests that the proxy had to refuse, or whose answer broke off.
    pub lost: Vec<Lost>,
    /// The longest time in which requests were waiting and none was answered by a machine with a
    /// status below 500. In calm times it is the time of the slowest request.
    #[serde(rename = "longest_gap_ms", with = "millis")]
    pub longest_gap: Duration,
    /// Answers that the app itself gave with a status of 500 or above.
    pub app_errors: u64,
    /// Pinned requests that came in.
    pub probes: u64,
    /// Those of them that were lost.
    pub probes_lost: Vec<Lost>,
}

/// A request without a whole answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    /// When it was lost, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// For example `GET`.
    pub method: String,
    /// For example `/dashboard`.
    pub path: String,
    /// The machine that had taken it, if one had.
    pub machine: Option<String>,
    /// What happened.
    pub why: String,
}

mod millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(time: &Duration, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_u64(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_millis)
    }
}

/// A ledger while it is written.
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
pub(crate) struct Ledgers(Mutex<HashMap<String, Arc<Mutex<Book>>>>);

impl Ledgers {
    /// What is in the ledger now; empty for an app that nobody asked for anything. A gap that
    /// has not ended is measured up to now, if requests are waiting in it.
    pub(crate) fn of(&self, app: &str) -> Ledger {
        let book = self.book(app);
        let mut book = lock(&book);
        if book.waiting > 0 {
            book.measure(Instant::now());
        }
        Ledger { in_flight: book.waiting, ..book.ledger.clone() }
    }

    fn book(&self, app: &str) -> Arc<Mutex<Book>> {
        Arc::clone(lock(&self.0).entry(app.to_owned()).or_default())
    }

    /// Takes a request in.
    pub(super) fn open(&self, app: &str, entry: Lost, pinned: bool) -> Entry {
        let book = self.book(app);
        {
            let mut book = lock(&book);
            if pinned {
                book.ledger.probes += 1;
            } else {
                book.ledger.requests += 1;
                book.arrive(Instant::now());
            }
        }
        Entry { book, request: entry, pinned, status: None, open: true }
    }
}

/// A request under way. Dropped without an end, its client went away by itself.
#[derive(Debug)]
pub(super) struct Entry {
    book: Arc<Mutex<Book>>,
    request: Lost,
    pinned: bool,
    status: Option<u16>,
    open: bool,
}

impl Entry {
    /// The machine that has taken the request.
    pub(super) fn taken_by(&mut self, machine: &str) {
        self.request.machine = Some(machine.to_owned());
    }

    /// The head of the answer is here.
    pub(super) fn head(&mut self, status: u16) {
        self.status = Some(status);
    }

    /// The whole answer went to the client.
    pub(super) fn answered(&mut self) {
        let status = self.status.unwrap_or(200);
        self.close(status < 500, |ledger| {
            ledger.answered += 1;
            ledger.app_errors += u64::from(status >= 500);
        });
    }

    /// There is no whole answer, and it is not the client's doing.
    pub(super) fn lost(&mut self, at_ms: Millis, why: String) {
        let lost = Lost { at_ms, why, ..self.request.clone() };
        if self.pinned && self.open {
            self.open = false;
            return lock(&self.book).ledger.probes_lost.push(lost);
        }
        self.close(false, |ledger| ledger.lost.push(lost));
    }

    fn close(&mut self, well: bool, write: impl FnOnce(&mut Ledger)) {
        if !std::mem::take(&mut self.open) || self.pinned {
            return;
        }
        let mut book = lock(&self.book);
        write(&mut book.ledger);
        if !well {
            book.measure(Instant::now());
        }
        book.leave(Instant::now(), well);
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.close(false, |_| {});
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
        *START + Duration::from_millis(millis)
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
        let request = || Lost {
            at_ms: 0,
            method: "GET".into(),
            path: "/".into(),
            machine: None,
            why: String::new(),
        };
        ledgers.open("shop", request(), true).lost(1, "gone".into());
        drop(ledgers.open("shop", request(), false));
        let mut answered = ledgers.open("shop", request(), false);
        answered.head(500);
        answered.answered();
        let ledger = ledgers.of("shop");
        assert_eq!((ledger.requests, ledger.answered, ledger.app_errors), (2, 1, 1));
        assert_eq!((ledger.probes, ledger.probes_lost.len(), ledger.lost.len()), (1, 1, 0));
        assert_eq!(ledgers.of("other"), Ledger::default());
    }
}
