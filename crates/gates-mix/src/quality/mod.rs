//! Is the code formatted, does it compile without warnings, does Credo object, do its tests pass, do its types agree?

mod changed;
mod compile;
mod credo;
mod cycles;
mod dialyzer;
mod format;
mod test;
mod unused;

pub(crate) use changed::{only_in, there};
pub use compile::Compile;
pub use credo::Credo;
pub use cycles::Cycles;
pub use dialyzer::Dialyzer;
pub use format::Format;
pub use test::Test;
pub use unused::Unused;
