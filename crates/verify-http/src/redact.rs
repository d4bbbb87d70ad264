//! Strikes secrets out of what people get to see.

use secrecy::{ExposeSecret, SecretString};

/// What must not be seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Secrets(Vec<SecretString>);

impl Secrets {
    pub(crate) fn of<'a>(secrets: impl IntoIterator<Item = &'a SecretString>) -> Self {
        let mut secrets: Vec<_> = secrets.into_iter().cloned().collect();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_secret_is_struck_out_wherever_it_stands() {
        let secrets = Secrets::of(&["abc".into(), "abcdef".into()]);
        assert_eq!(secrets.strike("token abcdef, again abc."), "token [secret], again [secret].");
    }
}
