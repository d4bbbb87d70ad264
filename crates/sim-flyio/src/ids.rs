//! Identifiers of the shapes Fly.io uses: machine ids, ULIDs, nonces.

use std::hash::{BuildHasher, RandomState};

use crate::clock::Millis;

/// Crockford's alphabet, the one ULIDs are written in.
const BASE32: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A source of identifiers. All of its output follows from the seed and the times it is given.
#[derive(Debug)]
pub(crate) struct Ids {
    state: u64,
    last_ulid: u128,
}

impl Ids {
    /// Differs from run to run.
    #[cfg(test)]
    pub(crate) fn random() -> Self {
        Self::seeded(random_seed())
    }

    /// The same for the same seed.
    pub(crate) fn seeded(seed: u64) -> Self {
        Self { state: seed, last_ulid: 0 }
    }

    /// Fourteen lower-case hexadecimal digits, as machine ids have.
    pub(crate) fn machine(&mut self) -> String {
        format!("{:014x}", self.next() >> 8)
    }

    /// Sixteen hexadecimal digits, as lease nonces have at least twelve.
    pub(crate) fn nonce(&mut self) -> String {
        format!("{:016x}", self.next())
    }

    /// A ULID that is greater than every one given out before, even within one millisecond.
    pub(crate) fn ulid(&mut self, now: Millis) -> String {
        let random = (u128::from(self.next()) << 15) & ((1 << 79) - 1);
        let wanted = (u128::from(now.unsigned_abs()) << 80) | random;
        self.last_ulid = wanted.max(self.last_ulid + 1);
        let digit = |place: u32| BASE32[((self.last_ulid >> (5 * place)) & 31) as usize];
        (0..26).rev().map(|place| char::from(digit(place))).collect()
    }

    fn next(&mut self) -> u64 {
        splitmix64(&mut self.state)
    }
}

/// A seed that differs from run to run.
pub(crate) fn random_seed() -> u64 {
    RandomState::new().hash_one("sim-flyio")
}

/// Splitmix64 (Steele, Lea and Flood 2014): small, and good enough for names and dice.
pub(crate) fn splitmix64(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Whether `text` has the shape of a machine id.
pub(crate) fn is_machine_id(text: &str) -> bool {
    text.len() == 14 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether `text` has the shape of a ULID.
pub(crate) fn is_ulid(text: &str) -> bool {
    text.len() == 26 && text.bytes().all(|b| BASE32.contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_shapes_of_the_platform() {
        let mut ids = Ids::random();
        assert!(is_machine_id(&ids.machine()));
        assert!(is_ulid(&ids.ulid(1_786_701_455_120)));
        assert_eq!(ids.nonce().len(), 16);
        assert!(!is_machine_id("not-a-machine!") && !is_ulid("01j"));
    }

    #[test]
    fn ulids_grow_within_a_millisecond_and_when_the_clock_steps_back() {
        let mut ids = Ids::random();
        let made: Vec<String> = [5, 5, 5, 4, 6].into_iter().map(|at| ids.ulid(at)).collect();
        assert!(made.is_sorted() && made.windows(2).all(|pair| pair[0] != pair[1]), "{made:?}");
    }
}
