//! The signature of a webhook: whoever knows the secret can tell that a body is ours and not old.

use std::fmt::Write;

use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// The header that carries it.
pub const SIGNATURE_HEADER: &str = "x-pipeline-signature";

/// The value of the header for a body that is sent at `at`, in seconds since 1970: `t=1774449120,v1=5257a869…`.
///
/// `v1` is the HMAC-SHA256 ([RFC 2104](https://www.rfc-editor.org/rfc/rfc2104)) of `{t}.{body}` under the secret, in hexadecimal. To
/// check one:
///
/// 1. take `t` and `v1` from the header; ignore other keys;
/// 2. compute the HMAC of `t`, a full stop, and the bytes of the body as they came;
/// 3. compare it with `v1` in constant time (`hmac.compare_digest`, `Plug.Crypto.secure_compare`);
/// 4. refuse a `t` that is more than five minutes off, so that nobody can send an old body again;
/// 5. drop what has an `idempotency-key` that was seen before: a notice may be sent more than once.
///
/// In a shell: `printf '%s.%s' "$t" "$body" | openssl dgst -sha256 -hmac "$secret"`.
///
/// ```
/// let header = pipeline_notify::sign(&"whsec_test".into(), 1_774_449_120, b"{}");
/// assert_eq!(
///     header,
///     "t=1774449120,v1=6857d48ffb40ce3f11360a792377631994df440a8b923a870c8cc04ca25f2bce"
/// );
/// ```
#[must_use]
pub fn sign(secret: &SecretString, at: u64, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
        .expect("HMAC takes a key of any length");
    mac.update(format!("{at}.").as_bytes());
    mac.update(body);
    let mut header = format!("t={at},v1=");
    for byte in mac.finalize().into_bytes() {
        // Writing to a String cannot fail.
        let _ = write!(header, "{byte:02x}");
    }
    header
}
