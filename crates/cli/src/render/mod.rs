//! Pictures of a run: all of them functions of one stream of events, so they cannot disagree.

mod board;
mod decision;
mod findings;
mod frame;
mod live;
mod numbers;
mod plain;
mod screen;
mod story;
mod style;
mod table;

pub(crate) use board::STOPPING;
pub(crate) use decision::why_left;
pub(crate) use frame::is_slow;
pub(crate) use live::{Hushed, Live, Look, Waiting, aside, ask, forget, make_room_for_panics, say};
pub(crate) use pipeline_formats::took;
pub(crate) use plain::Plain;
pub(crate) use story::{Detail, PIPELINE, one_line};
pub(crate) use style::{Tone, paint, tame, tame_line, time};
pub(crate) use table::{Table, sparkline, wrapped};
