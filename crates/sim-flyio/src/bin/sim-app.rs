//! The bundled application as a program of its own.

use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, sim_flyio::app::AppError> {
    #[expect(clippy::disallowed_methods, reason = "a program reads its own environment")]
    let env = std::env::vars().collect();
    sim_flyio::app::serve(env).await
}
