//! The cache on real files: what it remembers, what it does not, and what it says of that.
#![cfg(test)]

mod disk;
mod files;
mod foreign;
mod keeping;
mod project;
mod property;
mod why;
