//! Names for requests, of the shape of Fly.io's: a ULID and the region of the edge.

use std::sync::atomic::{AtomicU64, Ordering};

use hyper::header::HeaderValue;

use crate::{clock::Millis, dice::Dice, ids::ulid_digits};

/// A source of names that many threads may ask at once.
#[derive(Debug)]
pub(super) struct RequestIds {
    next: AtomicU64,
    region: String,
}

impl RequestIds {
    /// Names for an edge; where they begin is a roll of `dice`.
    pub(super) fn new(region: &str, mut dice: Dice) -> Self {
        Self { next: AtomicU64::new(dice.roll()), region: region.to_owned() }
    }

    /// A name that was not given out before.
    pub(super) fn next(&self, now: Millis) -> HeaderValue {
        let random = scatter(self.next.fetch_add(1, Ordering::Relaxed));
        let bits = (u128::from(now.unsigned_abs()) << 80) | (u128::from(random) << 16);
        let name: Vec<u8> = ulid_digits(bits).chain([b'-']).chain(self.region.bytes()).collect();
        HeaderValue::from_maybe_shared(hyper::body::Bytes::from(name))
            .unwrap_or_else(|_| HeaderValue::from_static("unnamed"))
    }
}

/// The last step of splitmix64 (Steele, Lea and Flood 2014): no two numbers become the same one.
fn scatter(number: u64) -> u64 {
    let mixed = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
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
