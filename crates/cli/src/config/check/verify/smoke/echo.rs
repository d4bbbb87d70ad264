//! `echoes` of a smoke check: where an answer says which build it comes from.

use toml::Spanned;
use verify_http::{Echo, Echoed, Extract};

use crate::config::check::{Check, Checked};
use crate::config::raw;

impl Check<'_> {
    pub(super) fn echo(&self, written: &Spanned<raw::Echoes>) -> Checked<Echo> {
        let (span, raw) = (written.span(), written.get_ref());
        let what = Echoed::named(raw.what.get_ref()).ok_or_else(|| {
            let message = format!("no application echoes its `{}`", raw.what.get_ref());
            self.error(Some(raw.what.span()), message)
                .hint("what is \"revision\", \"version\" or \"image\"")
        })?;
        let place = match (&raw.json_path, &raw.header, &raw.regex) {
            (Some(path), None, None) => (path, Extract::json_path(path.get_ref())),
            (None, Some(name), None) => (name, Extract::header(name.get_ref())),
            (None, None, Some(regex)) => (regex, Extract::regex(regex.get_ref())),
            _ => {
                return Err(self
                    .error(Some(span), format!("where the answer says its {} is not told in one way", what.name()))
                    .hint("add one of json_path = \"$.revision\", header = \"x-revision\" or regex = \"…\""));
            }
        };
        let (text, place) = place;
        let place = place.map_err(|error| self.error(Some(text.span()), error.to_string()))?;
        Ok(Echo { what, place })
    }
}
