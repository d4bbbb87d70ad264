//! When it is frozen: once, or every week, on the clock of a place.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span as Length, Timestamp};
use thiserror::Error;

/// So many days on either side of a moment are looked at: a span is a week at most.
const NEAR: i8 = 8;

/// Why a time cannot be understood.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum FreezeError {
    /// No day of the week.
    #[error("`{0}` is no day: write mon, tue, wed, thu, fri, sat or sun")]
    Day(String),
    /// No time of the day.
    #[error("`{0}` is no time of the day: write it as 16:00")]
    Time(String),
    /// No day with a time.
    #[error("`{0}` is no moment of a week: write it as `fri 16:00`")]
    Moment(String),
    /// No date.
    #[error("`{0}` is no date: write it as 2026-12-20, 2026-12-20T18:00 or 2026-12-20T18:00:00Z")]
    Date(String),
    /// No zone that the database of time zones knows.
    #[error("there is no time zone `{0}`: write it as Europe/Berlin or UTC")]
    Zone(String),
    /// It is over before it begins.
    #[error("it ends, at {to}, before it begins, at {from}")]
    Order {
        /// Its beginning.
        from: Timestamp,
        /// Its end.
        to: Timestamp,
    },
    /// Nothing is frozen.
    #[error("it names no day")]
    NoDay,
}

/// When it is frozen.
#[derive(Clone, Debug, PartialEq)]
pub enum Window {
    /// Once.
    Once {
        /// From then on.
        from: Timestamp,
        /// Until then.
        to: Timestamp,
        /// Whose clock people read.
        zone: TimeZone,
    },
    /// Every week.
    Weekly {
        /// Each from one moment of the week to another.
        spans: Vec<Span>,
        /// Whose clock.
        zone: TimeZone,
    },
}

/// From one moment of the week to another, at most a week later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// From then on.
    pub from: Moment,
    /// Until then.
    pub to: Moment,
}

/// A moment of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The day.
    pub day: Weekday,
    /// The time of that day.
    pub time: Time,
}

impl Window {
    /// From one date to another: with an offset, or on the clock of `zone`.
    pub fn once(from: &str, to: &str, zone: &str) -> Result<Self, FreezeError> {
        let zone = zone_of(zone)?;
        let (from, to) = (instant(from, &zone)?, instant(to, &zone)?);
        if from >= to {
            return Err(FreezeError::Order { from, to });
        }
        Ok(Self::Once { from, to, zone })
    }

    /// Every week from a moment such as `fri 16:00` to another.
    pub fn weekly(from: &str, to: &str, zone: &str) -> Result<Self, FreezeError> {
        let span = Span { from: Moment::parse(from)?, to: Moment::parse(to)? };
        Ok(Self::Weekly { spans: vec![span], zone: zone_of(zone)? })
    }

    /// On each of these days, from one time to another: from midnight, and to midnight, where nothing else is said.
    /// One that ends earlier than it begins ends on the day after.
    pub fn daily(
        days: &[&str],
        from: Option<&str>,
        to: Option<&str>,
        zone: &str,
    ) -> Result<Self, FreezeError> {
        let from = time(from.unwrap_or("00:00"))?;
        // The end of a day is the beginning of the next.
        let to = match to {
            None | Some("24:00") => Time::midnight(),
            Some(text) => time(text)?,
        };
        let span = |it: &&str| {
            let day = weekday(it)?;
            let ends = if to <= from { day.next() } else { day };
            Ok(Span { from: Moment { day, time: from }, to: Moment { day: ends, time: to } })
        };
        let spans = days.iter().map(span).collect::<Result<Vec<_>, _>>()?;
        if spans.is_empty() {
            return Err(FreezeError::NoDay);
        }
        Ok(Self::Weekly { spans, zone: zone_of(zone)? })
    }

    /// Whose clock people read.
    #[must_use]
    pub fn zone(&self) -> &TimeZone {
        let (Self::Once { zone, .. } | Self::Weekly { zone, .. }) = self;
        zone
    }

    /// A moment as people read it there: `Fri 2026-11-27 16:00 Europe/Berlin`.
    #[must_use]
    pub fn say(&self, at: Timestamp) -> String {
        let zone = self.zone();
        let name = zone.iana_name().unwrap_or("UTC");
        format!("{} {name}", at.to_zoned_datetime(zone.clone()).strftime("%a %Y-%m-%d %H:%M"))
    }

    /// All times from which to which it is frozen that begin within a good week of this moment.
    pub(super) fn around(&self, at: Timestamp) -> Vec<(Timestamp, Timestamp)> {
        match self {
            Self::Once { from, to, .. } => vec![(*from, *to)],
            Self::Weekly { spans, zone } => {
                let today = at.to_zoned_datetime(zone.clone()).date();
                let days = (-NEAR..=NEAR).filter_map(|it| in_days(today, it));
                let on = |day| spans.iter().filter_map(move |it| it.on(day, zone));
                days.flat_map(on).collect()
            }
        }
    }
}

impl Moment {
    fn parse(text: &str) -> Result<Self, FreezeError> {
        let (day, at) =
            text.trim().split_once(' ').ok_or_else(|| FreezeError::Moment(text.into()))?;
        Ok(Self { day: weekday(day)?, time: time(at.trim())? })
    }
}

impl Span {
    /// The one that begins on this day, if one does.
    fn on(&self, day: Date, zone: &TimeZone) -> Option<(Timestamp, Timestamp)> {
        if day.weekday() != self.from.day {
            return None;
        }
        let later = self.from.day.until(self.to.day);
        let later = if later == 0 && self.to.time <= self.from.time { 7 } else { later };
        let moment = |day: Date, time| zone.to_ambiguous_timestamp(day.to_datetime(time));
        let from = moment(day, self.from.time).compatible().ok()?;
        let to = moment(in_days(day, later)?, self.to.time).compatible().ok()?;
        Some((from, to))
    }
}

fn in_days(day: Date, days: i8) -> Option<Date> {
    day.checked_add(Length::new().days(days)).ok()
}

fn instant(text: &str, zone: &TimeZone) -> Result<Timestamp, FreezeError> {
    let wrong = || FreezeError::Date(text.into());
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    // Without an offset it is the clock of the zone; with one that is no time stamp it is nothing.
    let local = text.parse::<DateTime>().map_err(|_| wrong())?;
    zone.to_ambiguous_timestamp(local).compatible().map_err(|_| wrong())
}

fn weekday(text: &str) -> Result<Weekday, FreezeError> {
    Ok(match text.trim().to_ascii_lowercase().as_str() {
        "mon" | "monday" => Weekday::Monday,
        "tue" | "tuesday" => Weekday::Tuesday,
        "wed" | "wednesday" => Weekday::Wednesday,
        "thu" | "thursday" => Weekday::Thursday,
        "fri" | "friday" => Weekday::Friday,
        "sat" | "saturday" => Weekday::Saturday,
        "sun" | "sunday" => Weekday::Sunday,
        _ => return Err(FreezeError::Day(text.trim().into())),
    })
}

fn time(text: &str) -> Result<Time, FreezeError> {
    let plain = text.split_once(':').filter(|(hours, _)| (1..=2).contains(&hours.len()));
    let padded = plain.map(|(hours, rest)| format!("{hours:0>2}:{rest}"));
    let parsed = padded.and_then(|it| Time::strptime("%H:%M", it).ok());
    parsed.ok_or_else(|| FreezeError::Time(text.into()))
}

fn zone_of(name: &str) -> Result<TimeZone, FreezeError> {
    TimeZone::get(name).map_err(|_| FreezeError::Zone(name.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_time_is_refused_with_how_to_write_it() {
        let wrong = [
            Window::weekly("friday", "mon 08:00", "UTC"),
            Window::weekly("fri 16:00", "mon 25:00", "UTC"),
            Window::weekly("fry 16:00", "mon 08:00", "UTC"),
            Window::weekly("fri 16:00", "mon 08:00", "Europe/Berlim"),
            Window::once("20.12.2026", "2027-01-04", "UTC"),
            Window::once("2026-12-20", "2026-12-20", "UTC"),
            Window::daily(&[], None, None, "UTC"),
            Window::daily(&["sat"], Some("16"), None, "UTC"),
        ];
        let said = wrong.map(|it| it.unwrap_err().to_string()).join("\n");
        insta::assert_snapshot!(said, @r"
        `friday` is no moment of a week: write it as `fri 16:00`
        `25:00` is no time of the day: write it as 16:00
        `fry` is no day: write mon, tue, wed, thu, fri, sat or sun
        there is no time zone `Europe/Berlim`: write it as Europe/Berlin or UTC
        `20.12.2026` is no date: write it as 2026-12-20, 2026-12-20T18:00 or 2026-12-20T18:00:00Z
        it ends, at 2026-12-20T00:00:00Z, before it begins, at 2026-12-20T00:00:00Z
        it names no day
        `16` is no time of the day: write it as 16:00
        ");
    }

    #[test]
    fn a_span_from_a_moment_to_itself_is_a_whole_week() {
        let Window::Weekly { spans, zone } =
            Window::weekly("mon 08:00", "mon 8:00", "UTC").unwrap()
        else {
            unreachable!("it is weekly")
        };
        let (from, to) = spans[0].on("2026-11-30".parse().unwrap(), &zone).unwrap();
        assert_eq!((to - from).as_hours(), 168);
    }
}
