//! The body of a request on its way to a machine, kept as far as it may have to be sent again.

use std::{
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, ready},
};

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};

use crate::runtime::lock;

/// A request with a longer body cannot be replayed (fly.io docs:
/// networking/dynamic-request-routing; the page on error codes still says 10 MB).
const MOST: usize = 1 << 20;

/// The body of a request.
#[derive(Debug)]
pub(super) enum Outgoing {
    /// From the client, while it comes; a copy is kept.
    Live(Incoming, Copy),
    /// Once more, from the copy.
    Again(Option<Bytes>),
}

/// What has passed of a body.
#[derive(Clone, Debug, Default)]
pub(super) struct Copy(Arc<Mutex<Passed>>);

#[derive(Debug, Default)]
struct Passed {
    bytes: Vec<u8>,
    is_whole: bool,
    is_too_long: bool,
}

impl Outgoing {
    /// The body and what will be kept of it.
    pub(super) fn new(body: Incoming) -> (Self, Copy) {
        let copy = Copy::default();
        lock(&copy.0).is_whole = body.is_end_stream();
        (Self::Live(body, copy.clone()), copy)
    }
}

impl Copy {
    /// The body once more, if all of it has passed and it was short enough.
    pub(super) fn again(&self) -> Option<Outgoing> {
        let passed = lock(&self.0);
        let usable = passed.is_whole && !passed.is_too_long;
        usable.then(|| Outgoing::Again(Some(Bytes::copy_from_slice(&passed.bytes))))
    }

    fn note(&self, frame: Option<&Frame<Bytes>>, ended: bool) {
        let mut passed = lock(&self.0);
        passed.is_whole |= ended;
        let Some(frame) = frame else { return };
        match frame.data_ref() {
            Some(data) if passed.bytes.len() + data.len() <= MOST => {
                passed.bytes.extend_from_slice(data);
            }
            _ => {
                passed.is_too_long = true;
                passed.bytes = Vec::new();
            }
        }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        match self.get_mut() {
            Self::Live(body, copy) => {
                let frame = ready!(Pin::new(&mut *body).poll_frame(cx));
                match &frame {
                    Some(Ok(frame)) => copy.note(Some(frame), body.is_end_stream()),
                    Some(Err(_)) => {} // it is not whole
                    None => copy.note(None, true),
                }
                Poll::Ready(frame)
            }
            Self::Again(body) => Poll::Ready(body.take().map(|body| Ok(Frame::data(body)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Live(body, _) => body.is_end_stream(),
            Self::Again(body) => body.as_ref().is_none_or(Bytes::is_empty),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Live(body, _) => body.size_hint(),
            Self::Again(body) => {
                SizeHint::with_exact(body.as_ref().map_or(0, |body| body.len() as u64))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_there_again_only_when_all_of_it_has_passed_and_was_kept() {
        let data = |size: usize| Frame::data(Bytes::from(vec![7; size]));
        let copy = Copy::default();
        copy.note(Some(&data(3)), false);
        assert!(copy.again().is_none(), "the rest is still to come");
        copy.note(Some(&data(MOST - 3)), true);
        assert_eq!(copy.again().unwrap().size_hint().exact(), Some(MOST as u64));
        copy.note(Some(&data(1)), true);
        assert!(copy.again().is_none(), "it is too long");
    }
}
