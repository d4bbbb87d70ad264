//! Whether this side kept its own schedule. If it did not, a latency says nothing. Pure.

use std::time::Duration;

/// Later than this is late.
const LATE: Duration = Duration::from_millis(5);

/// More than this share of late requests makes all of them void; a single one may be.
const SHARE: f64 = 0.01;

/// How punctual the requests were.
#[derive(Clone, Debug, Default)]
pub(super) struct Punctual {
    pub(super) sent: u32,
    pub(super) late: u32,
}

impl Punctual {
    pub(super) fn take(&mut self, late: Duration) {
        self.sent += 1;
        self.late += u32::from(late > LATE);
    }

    /// The share that was late.
    pub(super) fn share(&self) -> f64 {
        f64::from(self.late) / f64::from(self.sent.max(1))
    }

    /// Was this machine too busy to measure? In words.
    pub(super) fn complaint(&self) -> Option<String> {
        let Self { sent, late } = self;
        (*late > 1 && self.share() > SHARE).then(|| {
            format!(
                "this machine was too busy to measure: {late} of {sent} requests left more than 5 ms late"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(late: u32, sent: u32) -> Option<String> {
        let mut punctual = Punctual::default();
        for number in 0..sent {
            punctual.take(Duration::from_millis(if number < late { 6 } else { 5 }));
        }
        punctual.complaint()
    }

    #[test]
    fn one_late_request_may_be_chance_and_one_in_a_hundred_may_be() {
        assert_eq!(complaint(1, 40), None);
        assert_eq!(complaint(4, 400), None);
        insta::assert_snapshot!(complaint(2, 40).unwrap(),
            @"this machine was too busy to measure: 2 of 40 requests left more than 5 ms late");
        assert!(complaint(5, 400).is_some());
    }
}
