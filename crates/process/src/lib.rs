//! Runs the commands of plug-ins, and lets nothing of them outlive the run.
//!
//! A command is a value ([`Command`]): an argument list, never a shell. [`run()`] starts it in a process group of its
//! own, without standard input. Each line that it prints is freed of escape sequences and secrets ([`Output`])
//! before it reaches a log, an observer or bounded memory. When the run is asked to stop, the group gets SIGTERM,
//! its grace, and SIGKILL; when the future is dropped, SIGKILL at once; and when this whole process is killed, the kernel
//! kills the command as well, where it can be asked to (util-linux `setpriv --pdeathsig`).
//!
//! ```
//! use pipeline_core::Phase;
//! use pipeline_process::{Command, Exit, Output, Redactor, run};
//! use pipeline_testkit::a_run;
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let cx = a_run("v1").context(Phase::Validate, "greeting");
//! let command = Command { args: vec!["hello".into()], ..Command::new("echo", ".") };
//! let redactor = Redactor::default();
//! let ended = run(&command, Output::new(&redactor, None, &cx)?, &cx).await?;
//! assert!(matches!(ended.exit, Exit::Code(0)));
//! assert!(ended.stdout.contains("hello"));
//! # Ok::<(), Box<dyn std::error::Error>>(()) })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Programs that leave the group are another matter: some are meant to stay (flyctl's agent), some are not (what a test
//! starts). With [`Leftovers::Killed`] they are found by a mark in their environment and killed when the command
//! ends, however it ends; after this process was killed, when the next one that uses this crate starts a command.

mod clean;
mod command;
mod error;
mod kept;
mod lines;
mod machine;
mod mark;
mod notes;
mod output;
mod run;
mod spawn;

pub use clean::{Redactor, clean, cut, one_line};
pub use command::{Command, Leftovers, Streams};
pub use error::{Error, Tail};
pub use kept::is_cut;
pub use machine::machine;
pub use mark::sweep_after_the_dead;
pub use output::Output;
pub use run::{Ended, Exit, run};
pub use spawn::find;
