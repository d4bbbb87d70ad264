//! Identifiers of the shapes Fly.io uses: machine ids, ULIDs, nonces.

use crate::{clock::Millis, dice::Dice};

/// Crockford's alphabet, the one ULIDs are written in.
const BASE32: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// How many digits a ULID has.
pub(crate) const ULID: usize = 26;

/// A source of identifiers. All of its output follows from the seed and the times it is given.
#[derive(Debug)]
pub(crate) struct Ids {
    dice: Dice,
    last_ulid: u128,
}

impl Ids {
    /// Identifiers of the rolls of `dice`.
    pub(crate) fn new(dice: Dice) -> Self {
        Self { dice, last_ulid: 0 }
    }

    /// Fourteen lower-case hexadecimal digits, as machine ids have.
    pub(crate) fn machine(&mut self) -> String {
        format!("{:014x}", self.dice.roll() >> 8)
    }

    /// Sixteen hexadecimal digits, as lease nonces have at least twelve.
    pub(crate) fn nonce(&mut self) -> String {
        format!("{:016x}", self.dice.roll())
    }

    /// A ULID that is greater than every one given out before, even within one millisecond.
    pub(crate) fn ulid(&mut self, now: Millis) -> String {
        let random = (u128::from(self.dice.roll()) << 15) & ((1 << 79) - 1);
        let wanted = (u128::from(now.unsigned_abs()) << 80) | random;
        self.last_ulid = wanted.max(self.last_ulid + 1);
        ulid_digits(self.last_ulid).map(char::from).collect()
    }
}

/// The digits of a ULID, the first one first.
pub(crate) fn ulid_digits(bits: u128) -> impl Iterator<Item = u8> {
    (0..ULID).rev().map(move |place| BASE32[((bits >> (5 * place)) & 31) as usize])
}

/// Whether `text` has the shape of a machine id.
pub(crate) fn is_machine_id(text: &str) -> bool {
    text.len() == 14 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether `text` has the shape of a ULID.
pub(crate) fn is_ulid(text: &str) -> bool {
    text.len() == ULID && text.bytes().all(|b| BASE32.contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_shapes_of_the_platform() {
        let mut ids = Ids::new(Dice::new(None, 0));
        assert!(is_machine_id(&ids.machine()));
        assert!(is_ulid(&ids.ulid(1_786_701_455_120)));
        assert_eq!(ids.nonce().len(), 16);
        assert!(!is_machine_id("not-a-machine!") && !is_ulid("01j"));
    }

    #[test]
    fn ulids_grow_within_a_millisecond_and_when_the_clock_steps_back() {
        let mut ids = Ids::new(Dice::new(None, 0));
        let made: Vec<String> = [5, 5, 5, 4, 6].into_iter().map(|at| ids.ulid(at)).collect();
        assert!(made.is_sorted() && made.windows(2).all(|pair| pair[0] != pair[1]), "{made:?}");
    }
}
