//! A scan as SARIF, for tools that show findings beside the code.

use gates_mix::doctrine::{Scanned, Suppressed, Violation};
use pipeline_core::Finding;
use pipeline_formats::{Place, Sarif, SarifResult};
use serde_json::Value;

/// The log; `within` is the folder of the project within its repository.
pub(super) fn of(scanned: &Scanned, within: &str) -> Value {
    let told: Vec<Finding> = scanned.violations.iter().map(Violation::finding).collect();
    let suppressed = || scanned.suppressed.iter();
    let lived_with: Vec<Finding> = suppressed().map(|it| it.violation.finding()).collect();
    let told = told.iter().zip(&scanned.violations).map(|(finding, it)| result(finding, it));
    let lived_with = lived_with
        .iter()
        .zip(suppressed())
        .map(|(finding, it)| result(finding, &it.violation).suppressed(why(it)));
    let place = Place { within, instead: "mix.exs" };
    let results: Vec<SarifResult<'_>> = told.chain(lived_with).collect();
    Sarif::new("pipeline doctrine", env!("CARGO_PKG_VERSION"), place).log(&results)
}

fn result<'a>(finding: &'a Finding, it: &Violation) -> SarifResult<'a> {
    SarifResult::new(finding, "doctrine").columns(it.width)
}

fn why(it: &Suppressed) -> &str {
    it.reason.as_deref().unwrap_or_default()
}
