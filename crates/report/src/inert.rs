//! Text that cannot do anything: what steers a terminal or turns the direction of writing is shown as what it is.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The text with every character that is not to be seen written out, such as `⟨U+202E⟩`. Line ends and tabs stay.
pub(crate) fn inert(text: &str) -> Cow<'_, str> {
    if !text.contains(is_active) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_active(character) {
            let _ = write!(clean, "⟨U+{:04X}⟩", u32::from(character));
        } else {
            clean.push(character);
        }
    }
    Cow::Owned(clean)
}

/// Controls (escape sequences begin with one), marks that turn the direction of what follows (Unicode TR 9), and
/// what has no width and so hides in a name.
fn is_active(character: char) -> bool {
    match character {
        '\n' | '\t' => false,
        '\u{061c}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' => true,
        other => other.is_control(),
    }
}

/// The text as HTML shows it, in an element as well as in a quoted attribute.
pub(crate) fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_is_shown_and_what_is_read_stays() {
        let table = [
            ("plain, with ü and 日本", "plain, with ü and 日本"),
            ("two\nlines\tand a tab", "two\nlines\tand a tab"),
            ("\u{1b}[31mred", "⟨U+001B⟩[31mred"),
            ("gnp\u{202e}exe", "gnp⟨U+202E⟩exe"),
            ("a\u{200f}b\u{2066}c\0", "a⟨U+200F⟩b⟨U+2066⟩c⟨U+0000⟩"),
            ("\u{9b}0m", "⟨U+009B⟩0m"),
        ];
        for (text, shown) in table {
            assert_eq!(inert(text), shown);
        }
    }

    #[test]
    fn markup_is_text() {
        assert_eq!(
            escaped("<b a=\"1\" c='2'>&amp;"),
            "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;amp;"
        );
    }
}
