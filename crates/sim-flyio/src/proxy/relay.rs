//! The body of an answer on its way from a machine to a client.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http_body_util::Full;
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};

use super::{backend::Driver, ledger::Entry, pick::Load};
use crate::runtime::Platform;

/// What the proxy answers with.
#[derive(Debug)]
pub(super) enum Answer {
    /// Its own words.
    Own(Full<Bytes>),
    /// Those of a machine.
    Relayed(Box<Relay>),
}

/// A body that streams, and enters its end into the ledger.
pub(super) struct Relay {
    body: Incoming,
    driver: Option<Driver>,
    entry: Entry,
    platform: Arc<Platform>,
    /// Counts as load until the last byte.
    _load: Load,
}

impl std::fmt::Debug for Relay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Relay").field("entry", &self.entry).finish_non_exhaustive()
    }
}

/// Where a body comes from.
pub(super) struct Source {
    pub(super) body: Incoming,
    pub(super) driver: Option<Driver>,
}

impl Relay {
    pub(super) fn new(source: Source, entry: Entry, load: Load, platform: Arc<Platform>) -> Self {
        let Source { body, driver } = source;
        let mut relay = Self { body, driver, entry, platform, _load: load };
        relay.note_end();
        relay
    }

    /// A body of a known length is not polled once more after its last byte.
    fn note_end(&mut self) {
        if self.body.is_end_stream() {
            self.entry.answered();
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        if self.driver.as_mut().is_some_and(|driver| driver.as_mut().poll(cx).is_ready()) {
            self.driver = None;
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        match &frame {
            Some(Ok(_)) => self.note_end(),
            Some(Err(error)) => {
                let why = format!("the answer broke off: {error}");
                self.entry.lost(self.platform.clock.now(), why);
            }
            None => self.entry.answered(),
        }
        Poll::Ready(frame)
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        match self.get_mut() {
            Self::Own(body) => {
                let frame = ready!(Pin::new(body).poll_frame(cx));
                Poll::Ready(frame.map(|frame| frame.map_err(|never| match never {})))
            }
            Self::Relayed(relay) => relay.poll(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Own(body) => body.is_end_stream(),
            Self::Relayed(relay) => relay.body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Own(body) => body.size_hint(),
            Self::Relayed(relay) => relay.body.size_hint(),
        }
    }
}
