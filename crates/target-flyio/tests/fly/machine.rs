//! The program that the simulated machines run: this test binary, started again as this one test.

use std::collections::BTreeMap;
use std::process::ExitCode;

/// The command of every image.
pub(crate) fn command() -> Vec<String> {
    let own = std::env::current_exe().unwrap().display().to_string();
    let arguments =
        ["--exact", "machine::the_program_of_the_machines", "--nocapture", "--test-threads=1"];
    [own].into_iter().chain(arguments.map(str::to_owned)).collect()
}

#[test]
fn the_program_of_the_machines() {
    #[expect(clippy::disallowed_methods, reason = "a program reads its own environment")]
    let env: BTreeMap<String, String> = std::env::vars().collect();
    if !env.contains_key("FLY_MACHINE_ID") {
        return; // run as a test among others: there is nothing to serve
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let code = runtime.block_on(sim_flyio::app::serve(env)).unwrap_or(ExitCode::FAILURE);
    let number = (0..=u8::MAX).find(|number| ExitCode::from(*number) == code).unwrap_or(1);
    #[expect(clippy::exit, reason = "the test harness would print its own verdict and code")]
    std::process::exit(number.into());
}
