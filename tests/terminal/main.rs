//! The display in a real terminal: what people see, at moments that the test chooses.

mod ends;
mod looks;
mod stage;
