//! The deploy pipeline's traits, state machine and engine.
//!
//! This crate knows no process, no file, no network, no terminal and no clock: what touches the world is
//! behind the traits [`Gate`], [`Builder`], [`Deployer`], [`Verifier`], [`Journal`] and [`Observer`].
//!
//! A run is one loop (`engine.rs`): look at the [`State`], do the one thing it asks for, journal the
//! [`Record`], fold it into the next state (`state.rs`). A run that died is resumed by folding the records
//! read back and entering the same loop.
//!
//! ```
//! use async_trait::async_trait;
//! use pipeline_core::*;
//!
//! /// One machine, which runs whatever it was last given.
//! #[derive(Default)]
//! struct Shelf(std::sync::Mutex<String>);
//!
//! impl Shelf {
//!     fn put(&self, version: &str) -> Deployment {
//!         version.clone_into(&mut self.0.lock().unwrap());
//!         Deployment { version: version.into(), ..Deployment::default() }
//!     }
//! }
//!
//! #[async_trait]
//! impl Deployer for Shelf {
//!     fn target(&self) -> &str { "shelf" }
//!     async fn snapshot(&self, _: &Context) -> Result<Snapshot, Fault> {
//!         Ok(Snapshot { current: None, data: self.0.lock().unwrap().clone().into() })
//!     }
//!     async fn stages(&self, _: &Snapshot, cx: &Context) -> Result<Vec<Stage>, Fault> {
//!         Ok(vec![Stage::new("put").change(format!("put {} on the shelf", cx.release().version))])
//!     }
//!     async fn advance(&self, _: &Stage, _: &Snapshot, cx: &Context) -> Result<Deployment, Fault> {
//!         Ok(self.put(&cx.release().version))
//!     }
//!     async fn restore(&self, to: &Snapshot, _: &Context) -> Result<Deployment, Fault> {
//!         Ok(self.put(to.data.as_str().unwrap_or_default()))
//!     }
//! }
//!
//! /// Keeps records in memory. A real one makes them durable.
//! struct Memory(Vec<Record>);
//!
//! #[async_trait]
//! impl Journal for Memory {
//!     async fn append(&mut self, record: &Record) -> Result<(), Fault> {
//!         self.0.push(record.clone());
//!         Ok(())
//!     }
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! let pipeline = Pipeline::to(Step::deployer(Shelf::default()))
//!     .gate(Step::gate("weather", gate_fn(|_| async { Ok(Report::passed()) })))
//!     .build()?;
//! let run = Run::new(RunId::new("run-1"), Release::new("v1"), ".");
//! let mut journal = Memory(Vec::new());
//! assert_eq!(pipeline.run(&run, &mut journal).await?, Conclusion::Succeeded);
//! # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
//! ```

mod account;
mod actions;
mod attempt;
mod builder;
mod cache;
mod cancel;
mod clock;
mod context;
mod deployer;
mod deployment;
mod engine;
mod event;
mod fault;
mod finding;
mod gate;
mod gates;
mod graph;
mod journal;
mod limits;
mod phase;
mod pipeline;
mod plan;
mod policy;
mod release;
mod report;
mod state;
mod step;
mod trigger;
mod usual;
mod verification;
mod verifier;

pub use account::{Account, Decided, PhaseEnd, PhasePass, PhaseTotal, Retry, StepEnd, StepPass};
pub use builder::{Builder, Given};
pub use cache::{Asked, Earlier, GateCache, Recalled, Remembered, Trust};
pub use cancel::{Cancel, CancelSource};
pub use clock::Clock;
pub use context::{Answers, Context, Run};
pub use deployer::{Deployer, Snapshot, Stage};
pub use deployment::{Address, Deployment, Instance, Side};
pub use engine::RunError;
pub use event::{EVENT_SCHEMA, Event, EventKind, Events, Observer, PlannedStep, UsualPhase};
pub use fault::{Fault, FaultKind};
pub use finding::{Check, CheckKind, Control, Evidence, Finding, Level, Severity};
pub use gate::{Gate, Inputs, gate_fn};
pub use gates::{GateAnswer, Gates, GatesBuilder, failures};
pub use graph::BuildError;
pub use journal::{Journal, Record};
pub use limits::{Backoff, Limits};
pub use phase::Phase;
pub use pipeline::{Pipeline, PipelineBuilder};
pub use plan::{Plan, PlannedStage, RollbackTarget};
pub use policy::{
    BadRelease, Cause, Circumstances, Consequence, DecidedBy, Decision, Failure, LeaveAlways,
    Person, RestoreAlways, RestoreUnlessBlind, RollbackPolicy, TriggerRow, Triggers,
};
pub use release::{Artifact, Release, RunId};
pub use report::{Outcome, Report, Verdict};
pub use state::{Action, Conclusion, Course, IllegalRecord, Made, State};
pub use step::Step;
pub use trigger::Trigger;
pub use usual::Usual;
pub use verification::{Baselines, VerifierAnswer, Verifiers};
pub use verifier::{Verifier, verifier_fn};
