//! A health that changes with time.

use std::{str::FromStr, time::Duration};

/// What `/api/v1/health` says, and for how long: `pass:5000,fail:2000,pass` is well for five
/// seconds, sick for two, and well from then on. Where the last part has a time too, it begins
/// again. Empty: always well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HealthScript(Vec<(bool, Option<Duration>)>);

impl HealthScript {
    /// Sick from the beginning.
    #[must_use]
    pub fn failing() -> Self {
        Self(vec![(false, None)])
    }

    /// Whether it is well so long after the start.
    #[must_use]
    pub fn passes(&self, up: Duration) -> bool {
        let mut times = self.0.iter().map(|(_, time)| *time);
        // A round that is longer than time can be told has no end that anybody sees.
        let round = times.try_fold(Duration::ZERO, |sum, time| sum.checked_add(time?));
        let round = round.filter(|round| !round.is_zero());
        let mut left = match round {
            Some(round) => Duration::from_nanos_u128(up.as_nanos() % round.as_nanos()),
            None => up,
        };
        for (passes, time) in &self.0 {
            match time {
                Some(time) if left >= *time => left -= *time,
                _ => return *passes,
            }
        }
        true
    }
}

impl FromStr for HealthScript {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let parts: Vec<&str> = text.split(',').map(str::trim).collect();
        let last = parts.len() - 1;
        let part = |(place, part): (usize, &&str)| {
            let (word, time) = part.split_once(':').map_or((*part, None), |(w, t)| (w, Some(t)));
            let passes = match word {
                "pass" => true,
                "fail" => false,
                _ => return Err(()),
            };
            let time = time.map(|t| t.parse().map(Duration::from_millis).map_err(|_| ()));
            let time = time.transpose()?;
            // A part without an end has to be the last.
            if time.is_none() && place < last { Err(()) } else { Ok((passes, time)) }
        };
        parts.iter().enumerate().map(part).collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_followed_to_its_end_or_for_ever() {
        let at = |script: &str, millis| {
            script.parse::<HealthScript>().unwrap().passes(Duration::from_millis(millis))
        };
        let table = [
            ("pass", 0, true),
            ("fail", 99_000, false),
            ("fail:200,pass", 199, false),
            ("fail:200,pass", 200, true),
            ("fail:200,pass", 99_000, true),
            ("pass:100,fail:50", 99, true),
            ("pass:100,fail:50", 100, false),
            ("pass:100,fail:50", 150, true),
            ("pass:100,fail:50", 1649, false),
        ];
        for (script, millis, wanted) in table {
            assert_eq!(at(script, millis), wanted, "{script} at {millis}");
        }
        assert!(HealthScript::default().passes(Duration::ZERO));
        let endless = vec!["pass:18446744073709551615"; 2000].join(",");
        assert!(at(&endless, 1), "all its parts together are longer than time can be told");
    }

    #[test]
    fn words_without_meaning_are_refused() {
        for text in ["", "maybe", "pass,fail", "pass:soon", "pass:1,,fail"] {
            assert_eq!(text.parse::<HealthScript>(), Err(()), "{text}");
        }
    }
}
