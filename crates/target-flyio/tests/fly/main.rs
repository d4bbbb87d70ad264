//! The deployer against the simulator: real HTTP, and as machines real processes, or applications inside the simulator on
//! virtual time.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod beyond_reach;
mod bluegreen;
mod canary;
mod crash;
mod engine;
mod faults;
mod first;
mod flyctl_over;
mod leases;
mod machine;
mod one_off;
mod paced;
mod pains;
mod platform;
mod recording;
mod restore;
mod rolling;
mod run;
mod virtual_time;
mod world;
