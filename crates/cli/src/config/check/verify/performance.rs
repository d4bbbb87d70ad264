//! `[verify.performance]`.

use crate::config::check::{Check, Checked};
use crate::config::{Performance, raw};

impl Check<'_> {
    pub(super) fn performance(&self, _raw: raw::Performance) -> Checked<Performance> {
        Ok(Performance::default())
    }
}
