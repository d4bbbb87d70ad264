//! Fly.io's APIs: one method an endpoint, one budget for rate limits, one rule for trying again, one error
//! enum.

mod budget;
mod calls;
mod client;
mod error;
mod lease_calls;
mod lists;
mod machine;
mod one_off;
mod platform;
mod retry;
mod token;
mod volumes;

pub(crate) use calls::{Api, Change, Guard, Launch};
pub(crate) use client::Sent;
pub use error::ApiError;
pub(crate) use machine::{CheckState, Exit, Machine, Power, has_checks, power};
pub use platform::{
    FoundImage, LogLine, NewRelease, Platform, RecordedRelease, ReleaseRef, ReleaseStatus,
};
pub(crate) use volumes::Volume;
