//! `[rollback]`.

use super::{Check, Checked};
use crate::config::{Rollback, raw};

impl Check<'_> {
    /// `careful`: is this an environment where a person confirms deploys, or production?
    pub(super) fn rollback(&self, _raw: raw::Rollback, _careful: bool) -> Checked<Rollback> {
        Ok(Rollback::default())
    }
}
