//! Names for requests, of the shape of Fly.io's: a ULID and the region of the edge.

use std::sync::atomic::{AtomicU64, Ordering};

use hyper::header::HeaderValue;

use crate::{
    clock::Millis,
    dice::{Dice, scattered},
    ids::ulid_digits,
};

/// The header that names a request for whoever has to look into it.
pub(crate) const REQUEST_ID: &str = "fly-request-id";

/// A source of names that many threads may ask at once.
#[derive(Debug)]
pub(crate) struct RequestIds {
    next: AtomicU64,
    region: String,
}

impl RequestIds {
    /// Names for an edge; where they begin is a roll of `dice`.
    pub(crate) fn new(region: &str, mut dice: Dice) -> Self {
        Self { next: AtomicU64::new(dice.roll()), region: region.to_owned() }
    }

    /// A name that was not given out before.
    pub(crate) fn next(&self, now: Millis) -> HeaderValue {
        let random = scattered(self.next.fetch_add(1, Ordering::Relaxed));
        let bits = (u128::from(now.unsigned_abs()) << 80) | (u128::from(random) << 16);
        let name: Vec<u8> = ulid_digits(bits).chain([b'-']).chain(self.region.bytes()).collect();
        HeaderValue::from_maybe_shared(hyper::body::Bytes::from(name))
            .unwrap_or_else(|_| HeaderValue::from_static("unnamed"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_ulids_with_the_region_and_no_two_are_the_same() {
        let ids = RequestIds::new("fra", Dice::new(Some(1), 0));
        let named = |_| ids.next(1_786_701_455_120).to_str().unwrap().to_owned();
        let names: BTreeSet<String> = (0..10_000).map(named).collect();
        assert_eq!(names.len(), 10_000);
        let name = names.first().unwrap();
        assert!(crate::ids::is_ulid(&name[..crate::ids::ULID]) && name.ends_with("-fra"), "{name}");
    }
}
