//! The health score: one number out of many.
