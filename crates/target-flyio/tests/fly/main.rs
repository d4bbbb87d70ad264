//! The deployer against the simulator: real HTTP, real processes as machines.

mod bluegreen;
mod crash;
mod faults;
mod first;
mod leases;
mod machine;
mod restore;
mod rolling;
mod run;
mod world;
