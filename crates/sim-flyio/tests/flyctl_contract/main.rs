//! The contract with flyctl: the calls that it makes for a deploy, in its order and with its
//! headers and bodies (recorded from flyctl at commit ad0172fa), and the fields of the answers
//! that it reads. Where a flyctl is at hand, the real one is run, too.

#![cfg(test)]

mod deploy;
mod flyctl;
mod logs;
mod real;
mod real_deploys;
mod resources;
mod strategies;
mod toml;
