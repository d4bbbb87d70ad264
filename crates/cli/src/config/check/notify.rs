//! `[[notify]]`.

use toml::Spanned;

use super::{Check, Checked};
use crate::config::{Notify, raw};

impl Check<'_> {
    pub(super) fn notify(&self, _raw: Spanned<raw::Notify>) -> Checked<Notify> {
        Ok(Notify {})
    }
}
