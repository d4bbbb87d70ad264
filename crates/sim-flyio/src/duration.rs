//! Durations as Go writes them (`"1m30s"`); a bare JSON number is nanoseconds
//! (fly.io machine configuration).

use std::time::Duration;

use serde_json::Value;

/// Reads a duration of a machine configuration; `None` is not a duration.
pub(crate) fn read(value: &Value) -> Option<Duration> {
    match value {
        Value::String(text) => parse(text),
        Value::Number(number) => number.as_u64().map(Duration::from_nanos),
        _ => None,
    }
}

/// Reads Go's notation: decimal numbers, each with a unit, largest unit first by habit only.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let (mut rest, mut total) = (text, Duration::ZERO);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(digits);
        let length = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(length);
        let seconds = number.parse::<f64>().ok()? * seconds(unit)?;
        total = total.checked_add(Duration::try_from_secs_f64(seconds).ok()?)?;
        rest = tail;
    }
    (!text.is_empty()).then_some(total)
}

fn seconds(unit: &str) -> Option<f64> {
    Some(match unit {
        "ns" => 1e-9,
        "us" | "µs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn durations_are_read_as_go_writes_them() {
        let table = [
            ("15s", Some(15_000)),
            ("1m0s", Some(60_000)),
            ("1h2m3.5s", Some(3_723_500)),
            ("250ms", Some(250)),
            ("0s", Some(0)),
            ("0", Some(0)),
            ("", None),
            ("15", None),
            ("s", None),
            ("-1s", None),
            ("1 s", None),
        ];
        for (text, millis) in table {
            assert_eq!(parse(text), millis.map(Duration::from_millis), "{text:?}");
        }
    }

    #[test]
    fn a_bare_number_is_nanoseconds_and_other_json_is_no_duration() {
        assert_eq!(read(&json!(2_000_000_000_u64)), Some(Duration::from_secs(2)));
        assert_eq!(read(&json!(true)), None);
    }
}
