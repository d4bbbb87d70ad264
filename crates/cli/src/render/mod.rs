//! Pictures of a run: all of them functions of one stream of events, so they cannot disagree.

mod decision;
mod live;
mod plain;
mod story;
mod style;
mod wire;

pub(crate) use decision::why_left;
pub(crate) use live::Live;
pub(crate) use plain::Plain;
pub(crate) use story::{Detail, PIPELINE};
pub(crate) use style::{Tone, paint, time, took};
pub(crate) use wire::Wire;
