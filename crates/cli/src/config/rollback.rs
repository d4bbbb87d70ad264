//! When a release is taken back.

/// When a release is taken back.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rollback {}
