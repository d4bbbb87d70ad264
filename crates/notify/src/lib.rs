//! Tells people how a run went: an alert, a release that went back or was left, a person who is needed. It never holds a run up.
//!
//! [`Notifier`] is an observer. It makes a few [`Notice`]s of a run's many events ([`Digest`], pure) and hands each to the channels
//! that want it: [`Webhook`], [`Slack`], [`Program`], [`GithubStatus`], or one of your own ([`Channel`]). Each channel has its own
//! bounded queue and its own task, tries again where that may help, and gives up after [`Patience`]; [`Notifier::close`] waits for
//! all of them no longer than it is told to. What could not be delivered is told as a [`Undelivered`], never as a failure of the run.
//!
//! ```
//! use std::time::{Duration, SystemTime};
//! use pipeline_core::{Conclusion, Events, EventKind};
//! use pipeline_notify::{About, Notifier, Program, Subscription, Topic};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let program = Program::new(vec!["true".into()], ".".into()).unwrap();
//! let about = About { environment: "production".into(), url: None };
//! let notifier = Notifier::start(about, vec![Subscription::new(program).on([Topic::Success])]);
//! let events = Events::new(|| SystemTime::UNIX_EPOCH, vec![Box::new(notifier.observer())]);
//! events.tell(EventKind::RunFinished { conclusion: Conclusion::Succeeded });
//! assert!(notifier.close(Duration::from_secs(5)).await.is_empty());
//! # });
//! ```

mod channel;
mod digest;
mod github;
mod http;
mod notice;
mod notifier;
mod program;
mod signature;
mod slack;
#[cfg(test)]
mod testing;
mod webhook;

pub use channel::{Channel, NotDelivered, Patience};
pub use digest::{About, Digest};
pub use github::{GithubStatus, RepositoryError, is_repository};
pub use http::ClientError;
pub use notice::{Notice, Topic};
pub use notifier::{Notifier, Subscription, Undelivered};
pub use program::{NoProgram, Program};
pub use signature::{SIGNATURE_HEADER, sign};
pub use slack::Slack;
pub use webhook::Webhook;
