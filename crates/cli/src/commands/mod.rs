//! One file a command.

pub(crate) mod baseline;
pub(crate) mod calibrate;
pub(crate) mod changed;
pub(crate) mod config;
pub(crate) mod demo;
pub(crate) mod deploy;
pub(crate) mod dockerfile;
pub(crate) mod doctrine;
pub(crate) mod history;
pub(crate) mod lint;
pub(crate) mod load;
pub(crate) mod plan;
pub(crate) mod rehearse;
pub(crate) mod replay;
pub(crate) mod resume;
pub(crate) mod rollback;
pub(crate) mod score;
pub(crate) mod scratch;
pub(crate) mod sim;
pub(crate) mod status;
pub(crate) mod validate;
pub(crate) mod verify;
pub(crate) mod why;
