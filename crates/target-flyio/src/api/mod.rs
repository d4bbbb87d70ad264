//! The Machines API: one method an endpoint, one policy for trying again, one error enum.

mod calls;
mod client;
mod error;
mod machine;

pub(crate) use calls::{Change, Guard, Launch};
pub(crate) use client::{Api, http_client};
pub use error::ApiError;
pub(crate) use machine::{CheckState, Exit, Machine, Power, has_checks, power};
