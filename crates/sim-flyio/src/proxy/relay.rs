//! The body of an answer on its way from a machine to a client.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http_body_util::Full;
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};

use super::{backend::Link, lane::Load, ledger::Entry};
use crate::{
    runtime::Platform,
    world::{Address, Concurrency},
};

/// What the proxy answers with.
#[derive(Debug)]
pub(super) enum Answer {
    /// Its own words.
    Own(Full<Bytes>),
    /// Those of a machine.
    Relayed(Box<Relay>),
}

/// A body that streams, and enters its end into the ledger.
#[derive(Debug)]
pub(super) struct Relay {
    pub(super) body: Incoming,
    pub(super) source: Source,
    pub(super) entry: Entry,
    pub(super) platform: Arc<Platform>,
}

/// Where a body comes from: a connection, until it is done with.
#[derive(Debug)]
pub(super) struct Source {
    /// Counts as load until the last byte.
    pub(super) open: Option<(Link, Load)>,
    pub(super) address: Address,
    pub(super) concurrency: Concurrency,
}

impl Source {
    /// The whole answer is here: the connection may serve again.
    fn release(&mut self, cx: &mut Context<'_>) {
        let Some((mut link, load)) = self.open.take() else { return };
        if self.concurrency == Concurrency::Requests && link.is_free(cx) {
            load.lane().park(link, self.address);
        }
    }
}

impl Relay {
    /// A body of a known length is not polled once more after its last byte, and one of no
    /// length is not polled at all.
    pub(super) fn note_end(&mut self, cx: &mut Context<'_>) {
        if self.body.is_end_stream() {
            self.source.release(cx);
            self.entry.answered();
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        if let Some((link, _)) = &mut self.source.open {
            link.drive(cx);
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        match &frame {
            Some(Ok(_)) => self.note_end(cx),
            Some(Err(error)) => {
                let why = format!("the answer broke off: {error}");
                self.entry.lost(self.platform.clock.now(), why);
            }
            None => {
                self.source.release(cx);
                self.entry.answered();
            }
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
