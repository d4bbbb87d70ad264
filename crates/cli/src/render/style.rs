//! Tones and moments, for people.

use std::borrow::Cow;
use std::time::SystemTime;

use console::Style;

use super::story::one_line;

/// How a piece of text sounds. Colour never carries meaning alone: marks and words do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Head,
    Good,
    Bad,
    Warn,
    Dim,
    /// What moves.
    Live,
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
        Tone::Live => style.cyan(),
    };
    style.apply_to(text).to_string()
}

/// The text without characters that a terminal would obey, but for the ends of its lines: what others say is shown, not
/// done.
pub(crate) fn tame(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unruly) {
        return Cow::Borrowed(text);
    }
    let shown = |it| match it {
        '\t' => ' ',
        it if is_unruly(it) => '\u{fffd}',
        it => it,
    };
    Cow::Owned(text.chars().map(shown).collect())
}

/// The same in one line, however many it is: what others say makes no line of its own.
pub(crate) fn tame_line(text: &str) -> String {
    tame(&one_line(text)).into_owned()
}

/// Control characters, and those that turn the direction of what follows.
fn is_unruly(it: char) -> bool {
    it.is_control() && it != '\n' || matches!(it, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
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
    fn what_others_say_gives_a_terminal_no_orders() {
        assert_eq!(tame("plain 日本 🚀"), "plain 日本 🚀");
        assert_eq!(tame("a\tb\x1b[2Jc\u{9b}d\u{202e}e"), "a b\u{fffd}[2Jc\u{fffd}d\u{fffd}e");
        assert_eq!(tame_line("a\r\nlocked\u{85}by\u{2028}\x1b[2J"), "a locked by \u{fffd}[2J");
    }
}
