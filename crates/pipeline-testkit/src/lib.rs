//! Strict fakes of every trait of `pipeline-core`, for our own tests and for plug-in authors.
//!
//! Strict means: a call that the test did not expect fails the test, data that is not the fake's own is
//! refused, and every effect is counted, so that a test can kill a run at each of them.
//!
//! ```
//! use pipeline_core::{Conclusion, Pipeline, Step};
//! use pipeline_testkit::*;
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! let target = FakeTarget::bluegreen(["v1", "v1"]);
//! let heard = Heard::new();
//! let pipeline = Pipeline::to(Step::deployer(target.clone()))
//!     .gate(Step::gate("test", ScriptedGate::new([Answer::pass()])))
//!     .verifier(Step::verifier("smoke", ScriptedVerifier::new([
//!         Answer::refuse("GET / answered 500, wanted 200"), // green, before the switch
//!         Answer::pass(),                                   // what was put back
//!     ])))
//!     .build()?;
//!
//! let end = pipeline.run(&a_run("v2").events(heard.events()), &mut MemoryJournal::new()).await?;
//!
//! assert_eq!(end, Conclusion::RolledBack);
//! assert_eq!(target.serving(), ["v1"]);
//! assert!(heard.lines().contains(&"decided: restore".to_owned()));
//! # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
//! ```

mod answer;
mod builder;
mod cache;
mod clock;
mod death;
mod deployer;
mod gate;
mod heard;
mod journal;
mod person;
mod policy;
mod run;
mod script;
mod target;
mod verifier;
mod world;

pub use answer::Answer;
pub use builder::ScriptedBuilder;
pub use cache::MemoryCache;
pub use clock::StoppedClock;
pub use death::{Death, unless_dead};
pub use deployer::FakeTargetError;
pub use gate::ScriptedGate;
pub use heard::Heard;
pub use journal::MemoryJournal;
pub use person::ScriptedPerson;
pub use policy::ScriptedPolicy;
pub use run::{a_run, permanent, transient};
pub use target::FakeTarget;
pub use verifier::ScriptedVerifier;
