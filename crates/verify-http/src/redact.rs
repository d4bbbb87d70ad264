//! Strikes secrets out of what people get to see.

use secrecy::{ExposeSecret, SecretString};

/// What must not be seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Secrets(Vec<SecretString>);

impl Secrets {
    pub(crate) fn of<'a>(secrets: impl IntoIterator<Item = &'a SecretString>) -> Self {
        let mut secrets: Vec<_> = secrets.into_iter().flat_map(shapes).collect();
        // The longest first: one may be the beginning of another.
        secrets.sort_by_key(|it| std::cmp::Reverse(it.expose_secret().len()));
        Self(secrets)
    }

    /// The text without them.
    pub(crate) fn strike(&self, text: &str) -> String {
        self.0
            .iter()
            .fold(text.to_owned(), |text, secret| text.replace(secret.expose_secret(), "[secret]"))
    }
}

/// A secret as it is, and as it stands in JSON if that differs. An empty one is none.
fn shapes(secret: &SecretString) -> Vec<SecretString> {
    let plain = secret.expose_secret();
    let quoted = serde_json::Value::from(plain).to_string();
    let escaped = quoted[1..quoted.len() - 1].to_owned();
    let differs = escaped != plain;
    let shapes = [(!plain.is_empty()).then(|| secret.clone()), differs.then(|| escaped.into())];
    shapes.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_secret_is_struck_out_wherever_it_stands() {
        let secrets = Secrets::of(&["abc".into(), "abcdef".into()]);
        assert_eq!(secrets.strike("token abcdef, again abc."), "token [secret], again [secret].");
    }

    #[test]
    fn a_secret_is_struck_out_as_it_stands_in_json_too() {
        let secrets = Secrets::of(&[r#"a"b\c"#.into(), "".into()]);
        assert_eq!(secrets.strike(r#"{"t": "a\"b\\c"} a"b\c"#), r#"{"t": "[secret]"} [secret]"#);
    }
}
