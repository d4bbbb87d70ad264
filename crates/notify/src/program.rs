//! A command of the team's own.

use std::ffi::OsString;
use std::path::PathBuf;

use async_trait::async_trait;
use pipeline_core::{Context, Phase, Release, Run, RunId};
use pipeline_process::{Command, Ended, Error, Exit, Output, Redactor, run};

use crate::channel::{Channel, NotDelivered};
use crate::notice::{Notice, short};

/// The variable that holds the notice as JSON.
const NOTICE: &str = "PIPELINE_NOTICE";
/// The variable that holds its topic.
const TOPIC: &str = "PIPELINE_TOPIC";
/// The variable that holds it in one line.
const TITLE: &str = "PIPELINE_TITLE";

/// There is nothing to run.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("the command names no program")]
pub struct NoProgram;

/// Runs a command for each notice: an argument list, no shell. The notice is in its environment: `PIPELINE_NOTICE` (the JSON that a
/// webhook gets), `PIPELINE_TOPIC` and `PIPELINE_TITLE`. Exit code 0 means that it was told; any other is not tried again.
#[derive(Clone, Debug)]
pub struct Program {
    name: String,
    command: Command,
}

impl Program {
    /// This command, run in this folder.
    pub fn new(command: Vec<String>, dir: PathBuf) -> Result<Self, NoProgram> {
        let mut words = command.into_iter();
        let program = words.next().filter(|it| !it.is_empty()).ok_or(NoProgram)?;
        let mut command = Command::new(&program, dir);
        command.args = words.map(OsString::from).collect();
        Ok(Self { name: format!("command {program}"), command })
    }
}

#[async_trait]
impl Channel for Program {
    fn name(&self) -> &str {
        &self.name
    }

    async fn deliver(&self, notice: &Notice) -> Result<(), NotDelivered> {
        let json = serde_json::to_string(notice).map_err(|error| {
            NotDelivered::ForGood(format!("the notice cannot be written: {error}"))
        })?;
        let mut command = self.command.clone();
        for (name, value) in
            [(NOTICE, json.as_str()), (TOPIC, notice.topic.as_str()), (TITLE, &notice.title)]
        {
            command.env.insert(name.into(), Some(value.into()));
        }
        let ended = said(&command).await.map_err(|error| NotDelivered::ForGood(chain(&error)))?;
        let last = ended.stdout.lines().last().map(|it| format!(": {}", short(it.trim(), 100)));
        let last = last.unwrap_or_default();
        match ended.exit {
            Exit::Code(0) => Ok(()),
            Exit::Code(code) => {
                Err(NotDelivered::ForGood(format!("it exited with code {code}{last}")))
            }
            Exit::Signal(signal) => {
                Err(NotDelivered::ForGood(format!("signal {signal} ended it{last}")))
            }
            Exit::Stopped => Err(NotDelivered::ForNow("it was stopped".into())),
        }
    }
}

async fn said(command: &Command) -> Result<Ended, Error> {
    let (redactor, cx) = (Redactor::new(&[]), context(command));
    run(command, Output::new(&redactor, None, &cx)?, &cx).await
}

/// An error and what it came from, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |cause| (*cause).source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// Nobody stops it but the notifier, by dropping it.
fn context(command: &Command) -> Context {
    let run = Run::new(RunId::new("notify"), Release::new("notify"), &command.dir);
    run.context(Phase::Settle, "notify")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notice::Topic;
    use crate::testing::notice;

    async fn sh(script: &str) -> Result<(), NotDelivered> {
        let dir = tempfile::tempdir().unwrap();
        let command = ["sh", "-c", script].map(ToOwned::to_owned).to_vec();
        let program = Program::new(command, dir.path().into()).unwrap();
        program.deliver(&notice(Topic::Stuck)).await
    }

    #[tokio::test]
    async fn the_notice_is_in_the_environment_and_the_exit_code_is_the_answer() {
        sh("test $PIPELINE_TOPIC = stuck && test \"$PIPELINE_TITLE\" = 'v2 went back'")
            .await
            .unwrap();
        sh("case $PIPELINE_NOTICE in '{\"schema\":1,'*) exit 0;; esac; exit 1").await.unwrap();
        let failed = sh("echo no such channel; exit 3").await;
        let why = "it exited with code 3: no such channel";
        assert_eq!(failed, Err(NotDelivered::ForGood(why.into())));
    }

    #[tokio::test]
    async fn a_command_that_is_none_is_told() {
        assert_eq!(Program::new(vec![], ".".into()).unwrap_err(), NoProgram);
        let program = Program::new(vec!["no-such-program-here".into()], ".".into()).unwrap();
        let failed = program.deliver(&notice(Topic::Alert)).await.unwrap_err().to_string();
        assert!(failed.contains("no-such-program-here"), "{failed}");
    }
}
