//! The charts. Our own, as inline SVG: their colours follow the page into the dark and onto paper, which those of
//! a chart library cannot.

pub(crate) mod cold;
pub(crate) mod durations;
pub(crate) mod failures;
pub(crate) mod latency;
pub(crate) mod lost;
pub(crate) mod strip;
pub(crate) mod timeline;
