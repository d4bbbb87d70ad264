//! Addresses as they are told. Pure.

use std::borrow::Cow;

use reqwest::Url;

/// The address without user and password: whoever reads it must not be able to log in with it. What is no address may
/// hold them all the same.
pub(crate) fn without_login(url: &str) -> Cow<'_, str> {
    match Url::parse(url) {
        Ok(parsed) if parsed.has_host() && !has_login(&parsed) => Cow::Borrowed(url),
        Ok(mut parsed) if parsed.has_host() => {
            // What has a host can do without them.
            let _ = parsed.set_username("").and_then(|()| parsed.set_password(None));
            Cow::Owned(parsed.as_str().trim_end_matches('/').to_owned())
        }
        _ => match url.rsplit_once('@') {
            Some((_, rest)) => Cow::Owned(format!("…@{rest}")),
            None => Cow::Borrowed(url),
        },
    }
}

fn has_login(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_can_log_in_with_what_is_told() {
        for (url, told) in [
            ("https://shop.example/@ada", "https://shop.example/@ada"),
            ("https://ada:hunter22@shop.example", "https://shop.example"),
            ("https://ada@shop.example/a?b=c@d", "https://shop.example/a?b=c@d"),
            ("https:ada:hunter22@shop.example", "https://shop.example"),
            ("https://ada:hunt/er22@shop.example", "…@shop.example"),
            ("ada:hunter22@shop.example", "…@shop.example"),
            ("shop.example", "shop.example"),
        ] {
            assert_eq!(without_login(url), told, "{url}");
        }
    }
}
