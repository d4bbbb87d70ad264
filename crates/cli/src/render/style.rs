//! Tones and lengths of time, for people.

use std::time::SystemTime;

use console::Style;

/// How a piece of text sounds. Colour never carries meaning alone: marks and words do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Head,
    Good,
    Bad,
    Warn,
    Dim,
}

/// The text in its tone. Without colour it is the text.
pub(crate) fn paint(tone: Tone, text: &str, colour: bool) -> String {
    let style = Style::new().force_styling(colour);
    let style = match tone {
        Tone::Plain => return text.to_owned(),
        Tone::Head => style.bold(),
        Tone::Good => style.green(),
        Tone::Bad => style.red().bold(),
        Tone::Warn => style.yellow(),
        Tone::Dim => style.dim(),
    };
    style.apply_to(text).to_string()
}

/// A length of time as history lines write it: `0.4s`, `12.0s`, `4m 12s`, `1h 02m 03s`.
pub(crate) fn took(ms: u64) -> String {
    let seconds = ms / 1000;
    match seconds {
        0..60 => format!("{}.{}s", seconds, ms % 1000 / 100),
        60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m {:02}s", seconds / 3600, seconds % 3600 / 60, seconds % 60),
    }
}

/// A moment as history lines write it.
pub(crate) fn time(at: SystemTime) -> String {
    let at = jiff::Timestamp::try_from(at);
    at.map_or_else(|_| "-".into(), |it| it.strftime("%Y-%m-%d %H:%M UTC").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_short_and_exact_enough() {
        let table = [
            (0, "0.0s"),
            (449, "0.4s"),
            (59_999, "59.9s"),
            (252_000, "4m 12s"),
            (3_723_000, "1h 02m 03s"),
        ];
        for (ms, text) in table {
            assert_eq!(took(ms), text);
        }
    }
}
