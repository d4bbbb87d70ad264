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

fn fits(pattern: &[u8], text: &[u8], wall: Option<u8>) -> bool {
    match pattern {
        [] => text.is_empty(),
        [b'*', b'*', rest @ ..] => (0..=text.len()).any(|at| fits(rest, &text[at..], wall)),
        [b'*', rest @ ..] => {
            let reach = text.iter().position(|byte| Some(*byte) == wall).unwrap_or(text.len());
            (0..=reach).any(|at| fits(rest, &text[at..], wall))
        }
        [first, rest @ ..] => {
            text.split_first().is_some_and(|(byte, text)| byte == first && fits(rest, text, wall))
        }
    }
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
}
