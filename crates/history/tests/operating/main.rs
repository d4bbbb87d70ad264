//! How often the answers are wrong, counted on simulated histories with seeded random numbers. Prints its tables with
//! `cargo test -p pipeline-history --test operating -- --nocapture`.

mod failures;
mod histories;
mod lengths;
