//! Patterns with stars.

/// Whether `text` fits `pattern`: `*` stands for anything within one segment of a path, `**` for
/// anything at all.
pub(super) fn path(pattern: &str, text: &str) -> bool {
    fits(pattern.as_bytes(), text.as_bytes(), Some(b'/'))
}

/// Whether `text` fits `pattern`: `*` stands for anything at all.
pub(super) fn word(pattern: &str, text: &str) -> bool {
    fits(pattern.as_bytes(), text.as_bytes(), None)
}

/// Goes through the pattern once, with all places of the text that it has come to: no pattern makes
/// it slow, and none is too long for the stack.
fn fits(pattern: &[u8], text: &[u8], wall: Option<u8>) -> bool {
    let plain = pattern.iter().take_while(|byte| **byte != b'*').count();
    let Some(text) = text.strip_prefix(&pattern[..plain]) else { return false };
    let pattern = &pattern[plain..];
    let mut places = vec![false; text.len() + 1];
    places[0] = true;
    let mut rest = pattern;
    while let Some((first, after)) = rest.split_first() {
        let is_double = *first == b'*' && after.first() == Some(&b'*');
        rest = if is_double { &after[1..] } else { after };
        match first {
            b'*' => spread(&mut places, text, wall.filter(|_| !is_double)),
            byte => step(&mut places, text, *byte),
        }
    }
    places[text.len()]
}

/// From each place on to all places that follow, up to a wall.
fn spread(places: &mut [bool], text: &[u8], wall: Option<u8>) {
    for (at, byte) in text.iter().enumerate() {
        places[at + 1] |= places[at] && Some(*byte) != wall;
    }
}

/// From each place to the next one, if `byte` is between them.
fn step(places: &mut [bool], text: &[u8], byte: u8) {
    for at in (0..text.len()).rev() {
        places[at + 1] = places[at] && text[at] == byte;
    }
    places[0] = false;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_star_stays_within_a_segment_and_two_go_anywhere() {
        let table = [
            ("/v1/apps/*/machines", "/v1/apps/shop/machines", true),
            ("/v1/apps/*/machines", "/v1/apps/shop/machines/a", false),
            ("/v1/apps/*", "/v1/apps/shop/machines", false),
            ("/v1/**", "/v1/apps/shop/machines", true),
            ("/**/start", "/v1/apps/shop/machines/a/start", true),
            ("/v1/apps/s*p", "/v1/apps/shop", true),
            ("/v1/apps/s*p", "/v1/apps/shops", false),
            ("*", "*", true),
            ("*", "a/b", false),
            ("", "", true),
            ("", "/", false),
        ];
        for (pattern, text, fit) in table {
            assert_eq!(path(pattern, text), fit, "{pattern} and {text}");
        }
    }

    #[test]
    fn in_a_word_one_star_is_enough() {
        assert!(word("*:v2", "registry.fly.io/shop:v2"));
        assert!(!word("*:v2", "registry.fly.io/shop:v2-rc1"));
        assert!(word("ams", "ams") && !word("am", "ams"));
    }

    #[test]
    fn no_pattern_takes_for_ever_or_uses_up_the_stack() {
        let text = "a".repeat(2000);
        assert!(!word(&("*a".repeat(1000) + "b"), &text));
        assert!(!path(&("**/".repeat(1000) + "b"), &"/".repeat(2000)));
        assert!(word(&text.repeat(20), &text.repeat(20)));
    }
}
