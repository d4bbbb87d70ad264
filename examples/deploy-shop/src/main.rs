//! `deploy-shop IMAGE`, in the project's folder: exit code 0 if it serves, 1 if not.

#![expect(clippy::disallowed_methods, reason = "a program may read its environment and its clock")]
#![expect(clippy::print_stdout, reason = "a tool says how it ended")]

use std::env::{args, current_dir, var};
use std::error::Error;
use std::process::ExitCode;
use std::time::SystemTime;

use deploy_shop::{Shop, deploy};
use pipeline_core::Conclusion;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    // One crypto provider for all TLS of this process.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let image = args().nth(1).ok_or("usage: deploy-shop IMAGE")?;
    let app = var("FLY_APP").unwrap_or_else(|_| "shop".into());
    let shop = Shop {
        project: current_dir()?,
        url: var("SHOP_URL").unwrap_or_else(|_| format!("https://{app}.fly.dev")),
        app,
        token: var("FLY_API_TOKEN").map_err(|_| "FLY_API_TOKEN is not set")?.into(),
        api: var("FLY_FLAPS_BASE_URL").ok(),
        store: var("SHOP_STORE").unwrap_or_else(|_| "sqlite:deploys.db".into()),
        budget: var("ERROR_BUDGET_LEFT").ok().and_then(|it| it.parse().ok()).unwrap_or(f64::NAN),
    };
    let (run, conclusion) = deploy(&shop, &image, SystemTime::now).await?;
    println!("{}: {conclusion:?}", run.version);
    Ok(if conclusion == Conclusion::Succeeded { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
