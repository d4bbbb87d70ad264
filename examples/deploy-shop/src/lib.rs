//! A deploy tool of one's own: the gates of Mix and one that no command knows, Fly.io, smoke tests, a policy of one's own, history.
//!
//! What `pipeline` does beyond that is words: everything here is a library.

use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use gate_licenses::Licenses;
use gates_mix::{Compile, Format, MixProject};
use pipeline_core::{
    Conclusion, Event, Events, Pipeline, PipelineBuilder, Record, Release, Run, RunError, Step,
};
use policy_budget::Budget;
use secrecy::SecretString;
use store_sql::{Ending, Lock, NewRun, Owner, RunKind, RunOutcome, RunRow, Store};
use target_flyio::{FlyConfig, FlyTarget, FlyToml, Strategy};
use verify_http::{Client, Connections, Smoke, SmokeCheck, SmokeConfig};

type Failed = Box<dyn Error>;

/// What to deploy, and where to.
#[derive(Clone, Debug)]
pub struct Shop {
    /// The Mix project, with its `fly.toml`.
    pub project: PathBuf,
    /// The app at Fly.io.
    pub app: String,
    /// Where users reach it.
    pub url: String,
    /// A token that may deploy it.
    pub token: SecretString,
    /// Another Machines API, GraphQL and release API than Fly.io's own.
    pub api: Option<String>,
    /// Where history is kept, such as `sqlite:deploys.db`.
    pub store: String,
    /// How much of the error budget is left, from 0 to 1.
    pub budget: f64,
}

/// What time it is, for events and history.
pub type Clock = fn() -> SystemTime;

/// Deploys an image, and says how it ended. Call it again after a crash: the run that was interrupted comes first.
pub async fn deploy(
    shop: &Shop,
    image: &str,
    clock: Clock,
) -> Result<(RunRow, Conclusion), Failed> {
    let store = Store::open(&shop.store, clock).await?;
    let target = shop.target()?;
    let pipeline = shop.pipeline(target, image)?;
    let owner = Owner {
        who: "ada".into(),
        host: "build-7".into(),
        // Unknown: whoever died is waited for until the lock has expired.
        machine: None,
        pid: std::process::id(),
        run: None,
    };
    // One run a target: whoever comes second is told who holds it, and until when.
    let lock = store.lock(pipeline.target(), &owner, Duration::from_secs(30)).await?;
    let ended = locked(shop, &store, &pipeline, (&lock, image, clock)).await;
    lock.release().await?;
    ended
}

async fn locked(
    shop: &Shop,
    store: &Store,
    pipeline: &Pipeline,
    (lock, image, clock): (&Lock, &str, Clock),
) -> Result<(RunRow, Conclusion), Failed> {
    let (row, records) = match store.unfinished(pipeline.target()).await? {
        Some(row) => {
            let records = store.records(&row.id).await?;
            (row, records)
        }
        None => (store.begin(&shop.new_run(pipeline, image)).await?, Vec::new()),
    };
    let recorder = store.recorder(&row.id);
    let events = Events::new(clock, vec![Box::new(recorder.clone()), Box::new(tell)]);
    let run = Run::new(row.id.clone(), Release::new(&row.version), &shop.project).events(events);
    let conclusion = tokio::select! {
        ended = go(pipeline, &run, &records, store, lock) => ended?,
        // Whoever lost the lock must not go on: somebody else deploys by now.
        lost = lock.keep() => return Err(lost.into()),
    };
    drop(run);
    recorder.close().await?;
    store.finish(&row.id, &ending(conclusion)).await?;
    Ok((row, conclusion))
}

#[expect(clippy::too_many_arguments, reason = "what a run needs")]
async fn go(
    pipeline: &Pipeline,
    run: &Run,
    records: &[Record],
    store: &Store,
    lock: &Lock,
) -> Result<Conclusion, RunError> {
    let mut journal = store.journal(&run.id, lock);
    // A run without records begins; one that was interrupted goes on from them.
    pipeline.resume(run, records, &mut journal).await
}

impl Shop {
    fn target(&self) -> Result<FlyTarget, Failed> {
        let fly_toml = FlyToml::read(&self.project.join("fly.toml"))?;
        let mut config = FlyConfig::new(&self.app, &self.url, self.token.clone(), fly_toml);
        config.strategy = Strategy::BlueGreen;
        if let Some(api) = &self.api {
            config.api_url.clone_from(api);
            config.graphql_base.clone_from(api);
            config.uiex_base.clone_from(api);
            config.paced = false;
        }
        Ok(FlyTarget::new(config))
    }

    /// The five parts, put together.
    fn pipeline(&self, target: FlyTarget, image: &str) -> Result<Pipeline, Failed> {
        // It looks the image up and deploys it by its digest, so that nobody can move it.
        let image = Step::builder("image", target.known_image(image));
        let pipeline = self.gates(Pipeline::to(Step::deployer(target)));
        let smoke = SmokeConfig {
            checks: vec![SmokeCheck::get("/"), SmokeCheck::get("/api/v1/health").json()],
            ..SmokeConfig::default()
        };
        let smoke = Smoke::new(smoke, Client::new(Connections::Fresh)?)?;
        Ok(pipeline
            .builder(image)
            .verifier(Step::verifier("smoke", smoke))
            .policy(Budget::left(self.budget))
            .build()?)
    }

    fn gates(&self, pipeline: PipelineBuilder) -> PipelineBuilder {
        let project = MixProject::at(&self.project);
        let licenses = Licenses::allow(["Apache-2.0", "MIT"]);
        pipeline
            .gate(Step::gate("format", Format::new(project.clone())))
            .gate(Step::gate("compile", Compile::new(project)).exclusive(&["_build/dev"]))
            .gate(Step::gate("licenses", licenses))
    }

    fn new_run(&self, pipeline: &Pipeline, image: &str) -> NewRun {
        NewRun {
            kind: RunKind::Deploy,
            environment: self.app.clone(),
            target: pipeline.target().to_owned(),
            revision: None,
            image: Some(image.to_owned()),
            origin: None,
            restores: None,
            promotes: None,
            who: "ada".into(),
            host: "build-7".into(),
            pid: std::process::id(),
            pipeline_version: env!("CARGO_PKG_VERSION").into(),
        }
    }
}

/// An observer is any function of events.
#[expect(clippy::print_stderr, reason = "a tool tells what it does")]
fn tell(event: &Event) {
    use pipeline_core::EventKind::{Failed, StepDone};
    match &event.kind {
        StepDone { step, outcome: Ok(report), took_ms, .. } => {
            eprintln!("{step}: {} after {took_ms} ms", report.verdict());
        }
        StepDone { step, outcome: Err(fault), .. } => eprintln!("{step}: {fault}"),
        Failed { failure } => eprintln!("{} stopped it", failure.step),
        _ => {}
    }
}

/// As history has it.
fn ending(conclusion: Conclusion) -> Ending {
    let (outcome, exit_code) = match conclusion {
        Conclusion::Succeeded => (RunOutcome::Pass, 0),
        Conclusion::Rejected => (RunOutcome::Fail, 10),
        Conclusion::RolledBack => (RunOutcome::Rollback, 30),
        Conclusion::Left => (RunOutcome::Fail, 40),
        Conclusion::Stuck => (RunOutcome::Stuck, 50),
    };
    Ending { conclusion: Some(conclusion), outcome, exit_code }
}
