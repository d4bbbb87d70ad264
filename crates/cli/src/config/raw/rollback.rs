//! `[rollback]` as it is written.

use serde::Deserialize;

use crate::config::raw::Over;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct Rollback {}

impl Over for Rollback {
    fn over(self, _base: &Self) -> Self {
        self
    }
}
