//! `[[files]]`: what is written into a machine before it starts.

use serde_json::{Value, json};

use super::FlyTomlError;
use super::groups::Groups;
use super::reader::Section;

/// The alphabet of Base64 (RFC 4648, section 4).
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// One file, and the groups whose machines get it.
pub(super) struct FileSpec {
    pub(super) groups: Vec<String>,
    /// As a machine's configuration holds it.
    pub(super) config: Value,
}

/// Reads `[[files]]`. One without groups is for all of them: flyctl gives every machine every file.
pub(super) fn read_files(
    root: &Section<'_>,
    groups: &Groups,
) -> Result<Vec<FileSpec>, FlyTomlError> {
    let mut files = Vec::<FileSpec>::new();
    for section in root.sections("files")? {
        let file =
            FileSpec { groups: groups.chosen_or_all(&section)?, config: read_file(&section)? };
        section.finish();
        files.push(file);
    }
    Ok(files)
}

fn read_file(section: &Section<'_>) -> Result<Value, FlyTomlError> {
    let Some(path) = section.text("guest_path")? else {
        return Err(section.error("guest_path", "is missing"));
    };
    if !path.starts_with('/') {
        return Err(section.error("guest_path", "must be a whole path, which starts with a slash"));
    }
    let text = |key: &str| Ok(section.text(key)?.filter(|it| !it.is_empty()));
    let mut file = json!({"guest_path": path});
    match (text("local_path")?, text("secret_name")?, text("raw_value")?) {
        (Some(local), _, _) => file["raw_value"] = read_local(section, &local)?.into(),
        (None, Some(secret), _) => file["secret_name"] = secret.into(),
        (None, None, Some(raw)) => file["raw_value"] = base64(raw.as_bytes()).into(),
        (None, None, None) => {
            return Err(section.error("guest_path", "needs a local_path, secret_name or raw_value"));
        }
    }
    Ok(file)
}

fn read_local(section: &Section<'_>, local: &str) -> Result<String, FlyTomlError> {
    let path = section.folder().join(local);
    let unreadable = |error: std::io::Error| {
        let problem = format!("names {}, which could not be read: {error}", path.display());
        section.error("local_path", &problem)
    };
    std::fs::read(&path).map(|content| base64(&content)).map_err(unreadable)
}

fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let sign = ALPHABET[(bits >> (18 - 6 * place)) as usize & 63];
            text.push(if place > chunk.len() { '=' } else { char::from(sign) });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn bytes_are_written_as_the_standard_shows() {
        // The examples of RFC 4648, section 10.
        let table = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ];
        for (bytes, text) in table {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
        assert_eq!(base64(&[0xff, 0xfe, 0xfd]), "//79");
    }
}
