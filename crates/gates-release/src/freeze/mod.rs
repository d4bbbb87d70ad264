//! Times at which nobody deploys: pure, over a clock's answer.

mod gate;
mod window;

pub use gate::FreezeGate;
pub use window::{FreezeError, Moment, Span, Window};

use jiff::Timestamp;

/// So many windows that touch each other are followed; after that nobody knows when it ends.
const MOST_CHAINED: usize = 60;

/// A time at which nobody deploys, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Freeze {
    /// When.
    pub window: Window,
    /// Why, for people.
    pub reason: String,
}

/// It is frozen.
#[derive(Clone, Debug, PartialEq)]
pub struct Frozen<'a> {
    /// By what.
    pub freeze: &'a Freeze,
    /// When it thaws, windows that follow at once included; `None` when no end is in sight.
    pub until: Option<Timestamp>,
}

/// Is it frozen now? Of several freezes, the one that lasts longest is told.
///
/// ```
/// use gates_release::{Freeze, Window, frozen};
///
/// let zone = "Europe/Berlin";
/// let weekend = Window::weekly("fri 16:00", "mon 08:00", zone)?;
/// let freezes = [Freeze { window: weekend, reason: "the weekend".into() }];
/// let saturday = "2026-11-28T12:00:00Z".parse()?;
/// let until = frozen(&freezes, saturday).and_then(|it| it.until);
/// assert_eq!(until, Some("2026-11-30T07:00:00Z".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn frozen(freezes: &[Freeze], now: Timestamp) -> Option<Frozen<'_>> {
    let (freeze, first) = covering(freezes, now)?;
    let mut until = first;
    for _ in 0..MOST_CHAINED {
        match covering(freezes, until) {
            Some((_, later)) => until = later,
            None => return Some(Frozen { freeze, until: Some(until) }),
        }
    }
    Some(Frozen { freeze, until: None })
}

/// The next freeze that is not yet, and when it begins.
#[must_use]
pub fn upcoming(freezes: &[Freeze], now: Timestamp) -> Option<(&Freeze, Timestamp)> {
    let begins = |it| Some((it, Freeze::next_start(it, now)?));
    freezes.iter().filter_map(begins).min_by_key(|(_, at)| *at)
}

/// The freeze that covers this moment longest, and until when.
fn covering(freezes: &[Freeze], at: Timestamp) -> Option<(&Freeze, Timestamp)> {
    let ends = |it| Some((it, Freeze::end(it, at)?));
    freezes.iter().filter_map(ends).max_by_key(|(_, until)| *until)
}

impl Freeze {
    fn end(&self, at: Timestamp) -> Option<Timestamp> {
        let around = self.window.around(at).into_iter();
        around.filter(|(from, to)| *from <= at && at < *to).map(|(_, to)| to).max()
    }

    fn next_start(&self, now: Timestamp) -> Option<Timestamp> {
        self.window.around(now).into_iter().map(|(from, _)| from).filter(|it| *it > now).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn freeze(window: Result<Window, FreezeError>, reason: &str) -> Freeze {
        Freeze { window: window.unwrap(), reason: reason.into() }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn every_kind_of_window_begins_and_ends_where_it_says() {
        let berlin = "Europe/Berlin";
        let once = || Window::once("2026-12-20T00:00:00+01:00", "2027-01-04", berlin);
        let weekend = || Window::weekly("fri 16:00", "mon 08:00", berlin);
        let evenings = || Window::daily(&["mon", "tue"], Some("22:00"), Some("06:00"), berlin);
        let days = || Window::daily(&["sat", "sun"], None, None, "UTC");
        let table = [
            (once(), "2026-12-19T22:59:59Z", None),
            (once(), "2026-12-19T23:00:00Z", Some("2027-01-03T23:00:00Z")),
            (once(), "2027-01-03T23:00:00Z", None),
            (weekend(), "2026-11-27T14:59:59Z", None),
            (weekend(), "2026-11-27T15:00:00Z", Some("2026-11-30T07:00:00Z")),
            (weekend(), "2026-11-30T06:59:59Z", Some("2026-11-30T07:00:00Z")),
            (weekend(), "2026-11-30T07:00:00Z", None),
            // Until 06:00 of the day after, and not on Wednesday's evening.
            (evenings(), "2026-12-01T21:30:00Z", Some("2026-12-02T05:00:00Z")),
            (evenings(), "2026-12-02T21:30:00Z", None),
            // Two whole days that touch are one.
            (days(), "2026-11-28T00:00:00Z", Some("2026-11-30T00:00:00Z")),
            (days(), "2026-11-30T00:00:00Z", None),
        ];
        for (window, now, until) in table {
            let freezes = [freeze(window, "because")];
            let found = frozen(&freezes, at(now)).map(|it| it.until.unwrap());
            assert_eq!(found, until.map(at), "{:?} {now}", freezes[0].window);
        }
    }

    #[test]
    fn summer_time_moves_the_window_and_not_the_clock_on_the_wall() {
        let weekend = [freeze(Window::weekly("fri 16:00", "mon 08:00", "Europe/Berlin"), "x")];
        // The clocks go back on 2026-10-25: Friday is in summer time, Monday is not.
        let until = frozen(&weekend, at("2026-10-23T14:00:00Z")).unwrap().until;
        assert_eq!(until, Some(at("2026-10-26T07:00:00Z")));
        assert!(frozen(&weekend, at("2026-10-23T13:59:59Z")).is_none());
    }

    #[test]
    fn the_longest_is_told_and_the_next_is_known() {
        let freezes = [
            freeze(Window::daily(&["fri"], Some("12:00"), Some("24:00"), "UTC"), "fridays"),
            freeze(Window::once("2026-11-27T00:00:00Z", "2026-12-01T00:00:00Z", "UTC"), "sale"),
        ];
        let now = frozen(&freezes, at("2026-11-27T13:00:00Z")).unwrap();
        assert_eq!(
            (now.freeze.reason.as_str(), now.until),
            ("sale", Some(at("2026-12-01T00:00:00Z")))
        );
        let (next, begins) = upcoming(&freezes, at("2026-12-01T00:00:00Z")).unwrap();
        assert_eq!((next.reason.as_str(), begins), ("fridays", at("2026-12-04T12:00:00Z")));
        assert_eq!(upcoming(&freezes[1..], at("2026-12-01T00:00:00Z")), None);
    }

    #[test]
    fn what_never_thaws_has_no_end() {
        let all = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let always = [freeze(Window::daily(&all, None, None, "UTC"), "for ever")];
        assert_eq!(frozen(&always, at("2026-12-04T12:00:00Z")).unwrap().until, None);
    }
}
