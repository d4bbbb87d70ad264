//! How irregular a text is.

/// Shannon's entropy of the bytes, in bits for each: 0 for one repeated byte, 4 for even hexadecimal digits, at most 8.
///
/// C. E. Shannon, *A Mathematical Theory of Communication* (1948), section 6: H = −Σ pᵢ log₂ pᵢ.
#[expect(clippy::cast_precision_loss, reason = "no secret has 2^52 bytes")]
pub(super) fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [0_usize; 256];
    for byte in bytes {
        counts[usize::from(*byte)] += 1;
    }
    let all = bytes.len() as f64;
    let parts = counts.iter().filter(|it| **it > 0).map(|it| *it as f64 / all);
    -parts.map(|part| part * part.log2()).sum::<f64>()
}

/// So many neighbours in a row, such as `12345678`, are no accident.
const ROW: usize = 8;
/// So few different characters, in a text of some length, are no accident.
const FEW: usize = 4;
const LONG: usize = 16;

/// Was it typed by a person to look like a secret: rows of a keyboard or of the alphabet, or few characters again and again?
pub(super) fn is_typed(value: &[u8]) -> bool {
    has_row(value) || (value.len() >= LONG && different(value) <= FEW) || different(value) <= 1
}

fn has_row(value: &[u8]) -> bool {
    let mut row = 1;
    value.windows(2).any(|pair| {
        let follows = pair[1] == pair[0].wrapping_add(1) || pair == b"90";
        row = if follows { row + 1 } else { 1 };
        row >= ROW
    })
}

fn different(value: &[u8]) -> usize {
    let mut seen = [false; 256];
    for byte in value {
        seen[usize::from(*byte)] = true;
    }
    seen.iter().filter(|it| **it).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropy_of_known_texts() {
        for (text, expected) in [("", 0.0), ("aaaa", 0.0), ("ab", 1.0), ("0123456789abcdef", 4.0)] {
            assert!((entropy(text.as_bytes()) - expected).abs() < 1e-9, "{text}");
        }
    }

    #[test]
    fn rows_and_repetitions_are_typed() {
        for text in ["12345678", "x-abcdefgh-y", "7890123456", "00000000", "abababababababab", ""] {
            assert!(is_typed(text.as_bytes()), "{text}");
        }
        for text in ["1234567", "q8Zr1mX0", "hgfedcba"] {
            assert!(!is_typed(text.as_bytes()), "{text}");
        }
    }
}
