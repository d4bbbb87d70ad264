//! The key to Fly.io as tools are given it, and as they may print it.

use pipeline_process::Redactor;
use secrecy::{ExposeSecret, SecretString};

/// Shorter pieces are not looked for: hiding every `fm2` would hide the output itself.
const SHORTEST_PIECE: usize = 6;

/// The token as the registry takes it: without the word that says what kind it is
/// (fly-go: tokens/tokens.go, `Docker`).
pub(super) fn registry_token(token: &SecretString) -> &str {
    let whole = token.expose_secret().trim();
    let bare = ["FlyV1 ", "Bearer "].iter().find_map(|kind| whole.strip_prefix(kind));
    bare.unwrap_or(whole).trim()
}

/// What docker keeps of a user and a password.
pub(super) fn docker_auth(token: &SecretString) -> String {
    base64(format!("x:{}", registry_token(token)).as_bytes())
}

/// Takes a token out of text, whole and in all the pieces in which a tool may print it.
pub(super) fn redactor(token: &SecretString) -> Redactor {
    let bare = registry_token(token);
    let coded = docker_auth(token);
    let for_urls = coded.replace('+', "-").replace('/', "_");
    let whole = token.expose_secret().lines().map(str::trim);
    let pieces = whole.chain([bare]).chain(bare.split(',')).map(str::to_owned);
    let is_worth = |piece: &String| piece.len() >= SHORTEST_PIECE && !bare.is_empty();
    let pieces = pieces.chain([coded, for_urls]).filter(is_worth).map(SecretString::from);
    Redactor::new(&pieces.collect::<Vec<_>>())
}

/// RFC 4648, with padding.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            let at = (bits >> (18 - 6 * digit) & 63) as usize;
            text.push(if digit <= group.len() { char::from(DIGITS[at]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> SecretString {
        SecretString::from(text.to_owned())
    }

    #[test]
    fn base64_is_the_standards_own() {
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
            ("\u{3ff}\u{3fe}", "z7/Pvg=="),
        ] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }

    #[test]
    fn a_token_is_hidden_whole_in_pieces_and_coded() {
        let token = token("FlyV1 fm2_first,fm2_second");
        let hide = |text: &str| redactor(&token).hide(text).into_owned();
        for text in [
            "FlyV1 fm2_first,fm2_second",
            "fm2_first,fm2_second",
            "fm2_second",
            &docker_auth(&token),
        ] {
            assert_eq!(hide(&format!("a {text} b")), "a [redacted] b");
        }
        assert_eq!(hide("fm2 and FlyV1"), "fm2 and FlyV1");
        assert_eq!(docker_auth(&self::token("Bearer abc")), base64(b"x:abc"));
    }

    #[test]
    fn no_token_hides_nothing() {
        assert_eq!(redactor(&token("")).hide("as it is: eDo="), "as it is: eDo=");
    }
}
