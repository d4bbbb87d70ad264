//! `[verify.watch]`.

use crate::config::check::{Check, Checked};
use crate::config::{Watch, raw};

impl Check<'_> {
    pub(super) fn watch(&self, _raw: raw::Watch) -> Checked<Watch> {
        Ok(Watch::default())
    }
}
