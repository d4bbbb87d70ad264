//! Is the code formatted, does it compile without warnings, do its tests pass?

mod compile;
mod format;
mod test;

pub use compile::Compile;
pub use format::Format;
pub use test::Test;
