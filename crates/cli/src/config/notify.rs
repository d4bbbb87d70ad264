//! Who is told.

/// Who is told of alerts and of ends.
#[derive(Clone, Debug)]
pub(crate) struct Notify {}
