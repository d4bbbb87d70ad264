//! What was typed to look back: `history`, `trends`, `show`.

use clap::{Args, ValueEnum, value_parser};
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;
use jiff::{Span, Timestamp};
use store_sql::{RunFilter, RunKind, RunOutcome};

use super::ExportFiles;

#[derive(Debug, Default, Args)]
pub(crate) struct History {
    /// Only this environment
    pub(crate) environment: Option<String>,
    /// How many runs
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
    /// Only runs that ended so
    #[arg(long, value_enum, ignore_case = true, value_name = "OUTCOME")]
    pub(crate) outcome: Option<Outcome>,
    /// Only runs that began then or later: a length of time ago (7d, 12h), a day (2026-03-01) or a moment, in UTC
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    pub(crate) since: Option<Moment>,
    /// Only runs that began before then; of a day, all of it counts
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    pub(crate) until: Option<Moment>,
    /// Only runs of this commit; its first characters are enough
    #[arg(long, value_name = "COMMIT")]
    pub(crate) revision: Option<String>,
    /// Only runs that this one started
    #[arg(long, value_name = "NAME")]
    pub(crate) who: Option<String>,
    /// Only runs of this kind
    #[arg(long, value_enum, value_name = "KIND")]
    pub(crate) kind: Option<Kind>,
    /// Only runs without an end: they run just now, or were interrupted
    #[arg(long, conflicts_with = "outcome")]
    pub(crate) unfinished: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Trends {
    /// Only this environment; all that have runs if not said
    pub(crate) environment: Option<String>,
    /// Look at so many of the newest deploys
    #[arg(long, default_value_t = 50, value_name = "N", value_parser = value_parser!(u32).range(20..=500))]
    pub(crate) window: u32,
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The run, as a version such as v12 or as its long name; the newest if not said
    pub(crate) run: Option<String>,
    #[command(flatten)]
    pub(crate) files: ExportFiles,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Outcome {
    /// The new release serves
    Pass,
    /// It was stopped before the new release served
    Fail,
    /// It was taken back
    Rollback,
    /// Somebody stopped it
    Abort,
    /// A person is needed
    Stuck,
}

/// What a run does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// It brings a release
    Deploy,
    /// It brings a recorded release back
    Rollback,
}

/// A moment as people name it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Moment {
    /// So long before now.
    Ago(Span),
    /// A day of UTC.
    Day(Date),
    /// A moment.
    At(Timestamp),
}

impl History {
    /// The runs that are asked for, by a clock that says `now`.
    pub(crate) fn filter(&self, now: Timestamp) -> RunFilter {
        RunFilter {
            environment: self.environment.clone(),
            outcome: self.outcome.map(Into::into),
            unfinished: self.unfinished,
            since: self.since.map(|it| it.begins(now)),
            until: self.until.map(|it| it.ends(now)),
            kind: self.kind.map(Into::into),
            who: self.who.clone(),
            revision: self.revision.clone(),
            limit: Some(self.limit),
            ..RunFilter::default()
        }
    }
}

impl Moment {
    /// The first moment of it.
    pub(crate) fn begins(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Ago(span) => {
                let then = Offset::UTC.to_datetime(now).saturating_sub(span);
                Offset::UTC.to_timestamp(then).unwrap_or(Timestamp::MIN)
            }
            Self::Day(day) => midnight(day),
            Self::At(at) => at,
        }
    }

    /// The first moment after it.
    pub(crate) fn ends(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Day(day) => day.tomorrow().map_or(Timestamp::MAX, midnight),
            other => other.begins(now),
        }
    }
}

fn midnight(day: Date) -> Timestamp {
    Offset::UTC.to_timestamp(day.at(0, 0, 0, 0)).unwrap_or(Timestamp::MAX)
}

/// Moments without a place are told in UTC, as `history` prints them.
const IN_UTC: [&str; 4] =
    ["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"];

fn moment(text: &str) -> Result<Moment, String> {
    let plain = text.strip_suffix(" UTC").unwrap_or(text);
    let at = || text.parse().ok().map(Moment::At);
    let in_utc = || {
        let at = IN_UTC.iter().find_map(|it| DateTime::strptime(it, plain).ok())?;
        Offset::UTC.to_timestamp(at).ok().map(Moment::At)
    };
    let day = || Date::strptime("%Y-%m-%d", text).ok().map(Moment::Day);
    let ago = || text.parse().ok().map(|span: Span| Moment::Ago(span.abs()));
    at().or_else(in_utc).or_else(day).or_else(ago).ok_or_else(|| {
        "write how long ago, such as 7d or 12h, a day, such as 2026-03-01, or a moment, such as 2026-03-01T14:30Z".into()
    })
}

impl From<Outcome> for RunOutcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Pass => Self::Pass,
            Outcome::Fail => Self::Fail,
            Outcome::Rollback => Self::Rollback,
            Outcome::Abort => Self::Abort,
            Outcome::Stuck => Self::Stuck,
        }
    }
}

impl From<Kind> for RunKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Deploy => Self::Deploy,
            Kind::Rollback => Self::Rollback,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_people_write_them() {
        let now: Timestamp = "2026-03-25T14:32:00Z".parse().unwrap();
        let table = [
            ("7d", "2026-03-18T14:32:00Z", "2026-03-18T14:32:00Z"),
            ("12h", "2026-03-25T02:32:00Z", "2026-03-25T02:32:00Z"),
            ("2 weeks", "2026-03-11T14:32:00Z", "2026-03-11T14:32:00Z"),
            ("7 days ago", "2026-03-18T14:32:00Z", "2026-03-18T14:32:00Z"),
            ("2026-03-01", "2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z"),
            ("2026-03-01T14:30Z", "2026-03-01T14:30:00Z", "2026-03-01T14:30:00Z"),
            ("2026-03-01 14:30 UTC", "2026-03-01T14:30:00Z", "2026-03-01T14:30:00Z"),
            ("2026-03-01 14:30", "2026-03-01T14:30:00Z", "2026-03-01T14:30:00Z"),
            ("2026-03-01T14:30", "2026-03-01T14:30:00Z", "2026-03-01T14:30:00Z"),
            ("2026-03-01T14:30+02:00", "2026-03-01T12:30:00Z", "2026-03-01T12:30:00Z"),
        ];
        for (text, begins, ends) in table {
            let read = moment(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(read.begins(now).to_string(), begins, "{text}");
            assert_eq!(read.ends(now).to_string(), ends, "{text}");
        }
        for text in [
            "2026-03-01T14:30[Europe/Berlin]",
            "2026-03-01 14:30+02:00 UTC",
            "",
            "soon",
            "7",
            "2026-13-01",
            "-",
            "d7",
        ] {
            assert!(moment(text).is_err(), "{text}");
        }
    }
}
