//! The command `pipeline`. All of it is in the library, so that tests run the same thing.

use std::process::ExitCode;

fn main() -> ExitCode {
    pipeline_cli::main()
}
