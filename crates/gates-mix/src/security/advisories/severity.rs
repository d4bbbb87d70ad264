//! How bad an advisory says it is.

use std::fmt;

use cvss::Cvss;

/// The four words of the advisory databases, and none.
///
/// A score is turned into a word by the scale of CVSS (first.org/cvss/v3.1/specification-document, section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rating {
    /// Score 0.1 to 3.9.
    Low,
    /// 4.0 to 6.9; GitHub calls it moderate.
    Medium,
    /// Nobody has rated it. It counts as high, because what nobody knows is no comfort.
    Unrated,
    /// 7.0 to 8.9.
    High,
    /// 9.0 and more.
    Critical,
}

impl Rating {
    /// The word of a database, in any case.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        match word.trim().to_ascii_lowercase().as_str() {
            "low" | "none" => Some(Self::Low),
            "medium" | "moderate" => Some(Self::Medium),
            "high" | "important" => Some(Self::High),
            "critical" => Some(Self::Critical),
            _ => None,
        }
    }

    /// What a CVSS vector such as `CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H` comes to.
    #[must_use]
    pub fn of_vector(vector: &str) -> Option<Self> {
        let cvss: Cvss = vector.trim().parse().ok()?;
        Self::of_word(cvss.severity().as_str())
    }
}

impl fmt::Display for Rating {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::Unrated => "unrated",
            Self::High => "high",
            Self::Critical => "critical",
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_and_vectors_come_to_the_same_scale() {
        for (vector, rating) in [
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Some(Rating::Critical)),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Some(Rating::High)),
            ("CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", Some(Rating::Medium)),
            ("CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N", Some(Rating::Low)),
            ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:H/SC:N/SI:N/SA:N", Some(Rating::High)),
            ("CVSS:9.9/AV:N", None),
            ("7.5", None),
            ("", None),
        ] {
            assert_eq!(Rating::of_vector(vector), rating, "{vector}");
        }
        let words = ["MODERATE", "high", " Low ", "critical", "bad"].map(Rating::of_word);
        let wanted = [Rating::Medium, Rating::High, Rating::Low, Rating::Critical].map(Some);
        assert_eq!(words, [&wanted[..], &[None]].concat()[..]);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "CVSS:[0-9.]{0,3}(/[A-Z]{1,2}:[A-Z]){0,12}", any: String) {
            let _ = (Rating::of_vector(&text), Rating::of_vector(&any));
        }
    }
}
