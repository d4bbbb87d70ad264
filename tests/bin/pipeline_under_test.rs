//! The command as users have it, but for two things: told so by `PIPELINE_TEST_DIE=before:N` or `after:N`,
//! it kills itself, as `kill -9` would, before or after its N-th journal write; and `PIPELINE_TEST_EXIT=FILE` makes it write down how it
//! ends, because tmux at times forgets that.

use std::process::ExitCode;
use std::sync::OnceLock;

use async_trait::async_trait;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use pipeline_cli::{Surroundings, wrap_journals};
use pipeline_core::{Fault, Journal, Record};

/// When to die.
static DEATH: OnceLock<Death> = OnceLock::new();

#[derive(Clone, Copy, PartialEq)]
enum Moment {
    Before,
    After,
}

struct Death {
    moment: Moment,
    write: u32,
}

struct Mortal {
    journal: Box<dyn Journal>,
    writes: u32,
}

#[async_trait]
impl Journal for Mortal {
    async fn append(&mut self, record: &Record) -> Result<(), Fault> {
        self.writes += 1;
        self.die_if(Moment::Before);
        let kept = self.journal.append(record).await;
        self.die_if(Moment::After);
        kept
    }
}

impl Mortal {
    fn die_if(&self, moment: Moment) {
        if DEATH.get().is_some_and(|it| it.moment == moment && it.write == self.writes) {
            // SIGKILL is delivered before this returns; if it could not be sent, the test will notice.
            let _ = kill(Pid::this(), Signal::SIGKILL);
        }
    }
}

fn main() -> ExitCode {
    let around = Surroundings::of_process();
    if let Some(death) = around.vars.get("PIPELINE_TEST_DIE").and_then(|it| death(it)) {
        let _ = DEATH.set(death);
        wrap_journals(|journal| Box::new(Mortal { journal, writes: 0 }));
    }
    let noted = around.vars.get("PIPELINE_TEST_EXIT").cloned();
    let code = pipeline_cli::run(std::env::args_os(), around);
    if let Some(path) = noted {
        let number = (0..=u8::MAX).find(|it| ExitCode::from(*it) == code);
        // A test that finds none fails.
        let _ = std::fs::write(path, number.map(|it| it.to_string()).unwrap_or_default());
    }
    code
}

fn death(text: &str) -> Option<Death> {
    let (moment, write) = text.split_once(':')?;
    let moment = match moment {
        "before" => Moment::Before,
        "after" => Moment::After,
        _ => return None,
    };
    Some(Death { moment, write: write.parse().ok()? })
}
