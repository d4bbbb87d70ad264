//! Every call of the APIs, in the order of arrival, and the faults that befell machines.

mod file;

use std::{
    collections::{BTreeMap, VecDeque},
    io,
    path::Path,
    sync::Mutex,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use self::file::JournalFile;
use crate::{
    FaultPoint,
    clock::{Millis, rfc3339_millis},
    runtime::lock,
};

/// How many calls that have ended are kept in memory; a file has all of them.
const KEPT: usize = 100_000;

/// What the method of an entry is that is not a call, but a fault that befell a machine.
const EVENT: &str = "EVENT";

/// One call; or a fault that befell a machine outside of any call, with the method `EVENT`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiCall {
    /// Counts from 1.
    pub seq: u64,
    /// When it arrived: RFC 3339, in UTC, to the millisecond.
    pub at: String,
    /// For example `POST`.
    pub method: String,
    /// For example `/v1/apps/shop/machines`.
    pub path: String,
    /// Without the question mark; empty if there is none.
    pub query: String,
    /// The status that was sent; `None` if the connection was broken instead, or the caller went
    /// away before the answer.
    pub status: Option<u16>,
    /// From its arrival to its end, in milliseconds; `None` while it is under way.
    pub took_ms: Option<u64>,
    /// Whether the call came with a lease nonce.
    pub nonce: bool,
    /// Who held the lease of its machine when it arrived.
    pub holder: Option<String>,
    /// What a hook and faults did to it: the faults as they are written, with commas between.
    pub fault: Option<String>,
    /// The app that it names.
    pub app: Option<String>,
    /// The machine that it names.
    pub machine: Option<String>,
}

impl ApiCall {
    /// Whether it is no call, but a fault that befell a machine outside of any.
    #[must_use]
    pub fn is_event(&self) -> bool {
        self.method == EVENT
    }

    /// What faults call it, such as `create`; others go by method and path.
    #[must_use]
    pub fn action(&self) -> Option<&'static str> {
        FaultPoint::action(&self.method, &self.path)
    }
}

/// All calls so far, as far as they are kept.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    calls: Mutex<Calls>,
    file: Option<JournalFile>,
}

#[derive(Debug, Default)]
struct Calls {
    last: u64,
    under_way: BTreeMap<u64, ApiCall>,
    ended: VecDeque<ApiCall>,
}

impl Calls {
    fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    fn keep(&mut self, call: ApiCall) {
        if self.ended.len() == KEPT {
            self.ended.pop_front();
        }
        self.ended.push_back(call);
    }
}

impl Journal {
    /// A journal that is also written to a file, one JSON object a line, as calls end. An older
    /// file of that name is overwritten.
    pub(crate) fn at(path: Option<&Path>) -> io::Result<Self> {
        let file = path.map(JournalFile::create).transpose()?;
        Ok(Self { calls: Mutex::default(), file })
    }

    /// Takes a call down as soon as it arrives, and numbers it.
    pub(crate) fn begin(&self, call: ApiCall) -> u64 {
        let mut calls = lock(&self.calls);
        let seq = calls.number();
        calls.under_way.insert(seq, ApiCall { seq, ..call });
        seq
    }

    /// Ends a call; a second end is none.
    pub(crate) fn end(&self, seq: u64, status: Option<u16>, took: Duration) {
        let mut calls = lock(&self.calls);
        let Some(mut call) = calls.under_way.remove(&seq) else { return };
        call.status = status;
        call.took_ms = Some(u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
        self.write(&call);
        calls.keep(call);
    }

    /// Names what befell a call that is under way.
    pub(crate) fn fault(&self, seq: u64, fault: &str) {
        if let Some(call) = lock(&self.calls).under_way.get_mut(&seq) {
            let before = call.fault.take().map(|before| format!("{before}, "));
            call.fault = Some(before.unwrap_or_default() + fault);
        }
    }

    /// Takes down what befell a machine outside of any call.
    pub(crate) fn event(&self, now: Millis, (app, machine): (String, String), fault: String) {
        let mut calls = lock(&self.calls);
        let call = ApiCall {
            seq: calls.number(),
            at: rfc3339_millis(now),
            method: EVENT.to_owned(),
            path: format!("/v1/apps/{app}/machines/{machine}"),
            fault: Some(fault),
            app: Some(app),
            machine: Some(machine),
            ..ApiCall::default()
        };
        self.write(&call);
        calls.keep(call);
    }

    /// What is kept, in the order of arrival.
    pub(crate) fn calls(&self) -> Vec<ApiCall> {
        let calls = lock(&self.calls);
        let mut all: Vec<_> = calls.ended.iter().chain(calls.under_way.values()).cloned().collect();
        drop(calls);
        all.sort_by_key(|call| call.seq);
        all
    }

    /// Writes out what is buffered; nothing is written afterwards.
    pub(crate) fn close(&self) {
        if let Some(file) = &self.file {
            file.close();
        }
    }

    /// What has gone wrong with the file, if anything has.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.file.as_ref().and_then(JournalFile::trouble)
    }

    fn write(&self, call: &ApiCall) {
        if let Some(file) = &self.file {
            file.write(line(call));
        }
    }
}

/// Calls as NDJSON: one JSON object a line.
pub(crate) fn ndjson(calls: &[ApiCall]) -> String {
    calls.iter().map(line).collect()
}

fn line(call: &ApiCall) -> String {
    serde_json::to_string(call).expect("strings and numbers are JSON") + "\n"
}

#[cfg(test)]
mod tests;
