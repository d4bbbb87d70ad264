//! Verification over whole deploys to a simulated Fly.io, on virtual time: what a bad release is refused for, what is done
//! about it, and that a good one never is.

mod healthy;
mod triggers;
mod verifiers;
mod world;
