//! The whole pipeline on machines in memory: a good release arrives, a bad one is taken back.

#![expect(clippy::print_stdout, reason = "an example tells its story")]

use std::error::Error;

use pipeline_core::{
    Conclusion, Deployment, Finding, Pipeline, Report, Step, gate_fn, verifier_fn,
};
use pipeline_testkit::{FakeTarget, Heard, MemoryJournal, a_run};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let machines = FakeTarget::bluegreen(["v1", "v1"]);
    let smoke = verifier_fn(|deployment, _| async move { Ok(smoke(&deployment)) });

    let pipeline = Pipeline::to(Step::deployer(machines.clone()))
        .gate(Step::gate("compile", gate_fn(|_| async { Ok(Report::passed()) })))
        .gate(Step::gate("test", gate_fn(|_| async { Ok(Report::passed()) })).needs(&["compile"]))
        .verifier(Step::verifier("smoke", smoke))
        .build()?;

    for (version, wanted) in [("v2", Conclusion::Succeeded), ("v3", Conclusion::RolledBack)] {
        let heard = Heard::new();
        let run = a_run(version).events(heard.events());
        let end = pipeline.run(&run, &mut MemoryJournal::new()).await?;
        for line in heard.lines().iter().filter(|line| !line.ends_with("began")) {
            println!("{line}");
        }
        println!("-> {version}: {end:?}; users meet {}\n", machines.serving().join(" and "));
        assert_eq!(end, wanted);
    }
    Ok(())
}

/// The bug of v3 shows itself only where it runs.
fn smoke(deployment: &Deployment) -> Report {
    let broken = deployment.version == "v3";
    let finding = broken.then(|| Finding::error("GET /cart answered 500, wanted 200"));
    Report::refused_if_any(finding.into_iter().collect())
}
