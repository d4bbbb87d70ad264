//! Every call of the Machines API, in the order of arrival.

use std::sync::{
    Mutex,
    atomic::{AtomicU64, Ordering},
};

use serde::{Deserialize, Serialize};

use crate::runtime::lock;

/// One call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiCall {
    /// Counts from 1.
    pub seq: u64,
    /// For example `POST`.
    pub method: String,
    /// For example `/v1/apps/shop/machines`.
    pub path: String,
    /// Without the question mark; empty if there is none.
    pub query: String,
    /// The status that was sent; `None` if the connection was broken instead, or the caller went
    /// away before the answer.
    pub status: Option<u16>,
    /// Whether the call came with a lease nonce.
    pub nonce: bool,
    /// What a hook did to it, in words.
    pub fault: Option<String>,
}

/// All calls so far.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    count: AtomicU64,
    calls: Mutex<Vec<ApiCall>>,
}

impl Journal {
    pub(super) fn next(&self) -> u64 {
        self.count.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Takes a call down as soon as it arrives; its end is filled in later.
    pub(super) fn begin(&self, call: ApiCall) {
        lock(&self.calls).push(call);
    }

    pub(super) fn end(&self, seq: u64, status: Option<u16>) {
        self.change(seq, |call| call.status = status);
    }

    pub(super) fn fault(&self, seq: u64, fault: &str) {
        self.change(seq, |call| {
            let before = call.fault.take().map(|before| format!("{before}, "));
            call.fault = Some(before.unwrap_or_default() + fault);
        });
    }

    fn change(&self, seq: u64, change: impl FnOnce(&mut ApiCall)) {
        let mut calls = lock(&self.calls);
        calls.iter_mut().rev().find(|call| call.seq == seq).map(change);
    }

    pub(crate) fn calls(&self) -> Vec<ApiCall> {
        let mut calls = lock(&self.calls).clone();
        calls.sort_by_key(|call| call.seq);
        calls
    }
}
