//! Events and samples as few bytes. Pure. What is packed is deflated (RFC 1951).

use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

use crate::word::Broken;

/// An event as it is stored in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredEvent {
    pub(crate) seq: i64,
    /// Milliseconds since 1970.
    pub(crate) at: i64,
    /// JSON without line breaks.
    pub(crate) kind: String,
}

/// A sample as it is stored: microseconds after the first, latency in microseconds, status.
pub(crate) type Point = (i64, u64, Option<u16>);

/// No page is longer when it is unpacked.
const MOST: u64 = 256 << 20;

/// Lines of number, time and event, deflated.
pub(crate) fn pack_events(events: &[StoredEvent]) -> Vec<u8> {
    let mut text = Vec::new();
    for StoredEvent { seq, at, kind } in events {
        writeln!(text, "{seq}\t{at}\t{kind}").expect("writing to memory cannot fail");
    }
    deflated(&text)
}

pub(crate) fn unpack_events(packed: &[u8]) -> Result<Vec<StoredEvent>, Broken> {
    let text = String::from_utf8(inflated(packed)?)?;
    let read = |line: &str| {
        let mut parts = line.splitn(3, '\t');
        let mut next = || parts.next().ok_or("a line of a page is cut off");
        Ok(StoredEvent { seq: next()?.parse()?, at: next()?.parse()?, kind: next()?.to_owned() })
    };
    text.lines().map(read).collect()
}

/// Column by column: pauses, latencies, statuses; each as its least number, and how far above that the others are, in as
/// many bytes as that needs.
pub(crate) fn pack_points(points: &[Point]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(points.len() * 5);
    push(points.len() as u64, &mut bytes);
    let pauses = points.iter().scan(0_i64, |last, (after, ..)| {
        let pause = after.wrapping_sub(*last);
        *last = *after;
        Some(pause)
    });
    push_column(&pauses.collect::<Vec<_>>(), &mut bytes);
    let latencies = points.iter().map(|(_, latency, _)| latency.cast_signed());
    push_column(&latencies.collect::<Vec<_>>(), &mut bytes);
    let statuses = points.iter().map(|(.., status)| status.map_or(0, |it| i64::from(it) + 1));
    push_column(&statuses.collect::<Vec<_>>(), &mut bytes);
    deflated(&bytes)
}

pub(crate) fn unpack_points(packed: &[u8]) -> Result<Vec<Point>, Broken> {
    let bytes = inflated(packed)?;
    let mut rest = bytes.as_slice();
    let count = usize::try_from(pull(&mut rest)?)?;
    // Each point has three numbers of at least a byte.
    if count > rest.len() {
        return Err(cut_off());
    }
    let pauses = pull_column(count, &mut rest)?;
    let latencies = pull_column(count, &mut rest)?;
    let statuses = pull_column(count, &mut rest)?;
    let afters = pauses.iter().scan(0_i64, |sum, pause| {
        *sum = sum.wrapping_add(*pause);
        Some(*sum)
    });
    let points = afters.zip(latencies).zip(statuses);
    points
        .map(|((after, latency), status)| {
            let status =
                (status != 0).then(|| u16::try_from(status.wrapping_sub(1))).transpose()?;
            Ok((after, latency.cast_unsigned(), status))
        })
        .collect()
}

fn push_column(numbers: &[i64], bytes: &mut Vec<u8>) {
    let least = numbers.iter().min().copied().unwrap_or_default();
    push(zigzag(least), bytes);
    for number in numbers {
        push(number.wrapping_sub(least).cast_unsigned(), bytes);
    }
}

fn pull_column(count: usize, rest: &mut &[u8]) -> Result<Vec<i64>, Broken> {
    let least = unzigzag(pull(rest)?);
    (0..count).map(|_| Ok(least.wrapping_add(pull(rest)?.cast_signed()))).collect()
}

/// Small numbers of either sign as small ones without.
fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

/// Seven bits a byte, the lowest first; the last byte has its highest bit clear.
fn push(mut number: u64, bytes: &mut Vec<u8>) {
    loop {
        let low = (number & 0x7f) as u8;
        number >>= 7;
        if number == 0 {
            return bytes.push(low);
        }
        bytes.push(low | 0x80);
    }
}

fn pull(rest: &mut &[u8]) -> Result<u64, Broken> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, after) = rest.split_first().ok_or_else(cut_off)?;
        *rest = after;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err("a number is too long".into())
}

fn cut_off() -> Broken {
    "it is cut off".into()
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("writing to memory cannot fail");
    encoder.finish().expect("writing to memory cannot fail")
}

fn inflated(packed: &[u8]) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    DeflateDecoder::new(packed).take(MOST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_points_survive(points in prop::collection::vec(any::<Point>(), 0..300)) {
            // A status of 65535 is none of HTTP's, and survives all the same.
            prop_assert_eq!(unpack_points(&pack_points(&points)).unwrap(), points);
        }

        #[test]
        fn any_events_survive(
            events in prop::collection::vec((any::<i64>(), any::<i64>(), any::<String>()), 0..50)
        ) {
            let stored = |(seq, at, text): (i64, i64, String)| {
                StoredEvent { seq, at, kind: serde_json::to_string(&text).unwrap() }
            };
            let events: Vec<_> = events.into_iter().map(stored).collect();
            prop_assert_eq!(unpack_events(&pack_events(&events)).unwrap(), events);
        }

        #[test]
        fn what_was_never_packed_is_an_error_and_no_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..100)
        ) {
            let _ = (unpack_points(&bytes), unpack_events(&bytes));
            let _ = (unpack_points(&deflated(&bytes)), unpack_events(&deflated(&bytes)));
        }
    }

    #[test]
    fn a_page_that_is_cut_off_is_an_error() {
        let points: Vec<Point> = (0..200).map(|n| (n * 50_000, 41_000, Some(200))).collect();
        let packed = pack_points(&points);
        assert!(packed.len() < 200, "{} bytes", packed.len());
        assert!(unpack_points(&packed[..packed.len() / 2]).is_err());
    }
}
