//! How the `mix` of a project is run: in its turn, with its environment, its log and its secrets kept.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::sync::PoisonError;

use pipeline_core::Context;
use pipeline_process::{Command, Ended, Exit, Leftovers, Output, Tail};

use super::MixProject;
use crate::error::Error;
use crate::mix::{Answer, MixTask};

impl MixProject {
    /// Runs a task in the project, once no other task builds in the same folder.
    pub(crate) async fn run(&self, task: &MixTask, cx: &Context) -> Result<Answer, Error> {
        let command = self.command(task, &self.dir);
        let named = Named { told: task.to_string(), whole: task.whole() };
        if !task.builds() {
            return self.run_command(&command, named, cx).await;
        }
        let turn = self.lanes.turn(&command, self.lock_dir.as_deref(), cx).await?;
        let turn = turn.ok_or_else(|| Error::Stopped { task: task.to_string() })?;
        let answer = self.run_command(&command, named, cx).await;
        if answer.is_ok() {
            turn.finished();
        }
        answer
    }

    /// Runs a task in another folder, for the gate's own needs: nobody is told what it says.
    pub(crate) async fn run_aside(
        &self,
        task: &MixTask,
        dir: &Path,
        cx: &Context,
    ) -> Result<Answer, Error> {
        let quiet = pipeline_core::Run::new(cx.run().clone(), cx.release().clone(), dir);
        let quiet = quiet.cancel(cx.cancel().clone()).context(cx.phase(), cx.step());
        let command = self.command(task, dir);
        let output = Output::new(&self.redactor, None, &quiet)?;
        Answer::of(task.to_string(), pipeline_process::run(&command, output, &quiet).await?)
    }

    /// Runs another program than `mix` in the project's folder, beside whatever builds there. People are told
    /// its name: its arguments are the gate's own.
    pub(crate) async fn run_program(
        &self,
        program: &Path,
        args: Vec<OsString>,
        cx: &Context,
    ) -> Result<Answer, Error> {
        let told = program.file_name().unwrap_or(program.as_os_str()).to_string_lossy();
        let mut env = self.env.clone();
        // A crash of the VM is told by its words; a file in the project's folder would stay.
        env.entry("ERL_CRASH_DUMP_SECONDS".to_owned()).or_insert(Some("0".into()));
        let words: Vec<_> = args.iter().map(|it| it.to_string_lossy()).collect();
        let whole = format!("{told} {}", words.join(" "));
        let named = Named { told: told.clone().into_owned(), whole };
        let command = Command {
            args,
            env,
            leftovers: Leftovers::Killed,
            grace: self.grace,
            ..Command::new(program, &self.dir)
        };
        self.run_command(&command, named, cx).await
    }

    async fn run_command(
        &self,
        command: &Command,
        named: Named,
        cx: &Context,
    ) -> Result<Answer, Error> {
        let log = self.log(cx);
        let output = self.output(log.as_deref(), cx)?;
        output.tell(&format!("$ {}{}", named.whole, self.with_tools()));
        let ended = pipeline_process::run(command, output, cx).await?;
        tracing::debug!(task = named.told, exit = ?ended.exit, took = ?ended.took, "it ended");
        Answer::of(named.told, ended)
    }

    /// Where the lines of a command go.
    fn output<'a>(&'a self, log: Option<&Path>, cx: &'a Context) -> Result<Output<'a>, Error> {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        match log {
            Some(log) if !begun.insert(log.to_owned()) => {
                Ok(Output::new(&self.redactor, None, cx)?.append(log)?)
            }
            log => Ok(Output::new(&self.redactor, log, cx)?),
        }
    }

    /// The known versions, for the record of what was run.
    fn with_tools(&self) -> String {
        let told: Vec<_> = self.tools.iter().map(|(name, it)| format!("{name} {it}")).collect();
        if told.is_empty() { String::new() } else { format!("   # {}", told.join(", ")) }
    }

    pub(super) fn command(&self, task: &MixTask, dir: &Path) -> Command {
        let set = |(name, value): (&String, &OsString)| (name.clone(), Some(value.clone()));
        let mut env: BTreeMap<_, _> = task.environment().iter().map(set).collect();
        env.extend(self.env.clone());
        Command {
            args: task.args().iter().map(OsString::from).collect(),
            env,
            streams: task.streams(),
            leftovers: Leftovers::Killed,
            grace: self.grace,
            ..Command::new(&self.program, dir)
        }
    }
}

/// What runs, by name.
struct Named {
    /// What people would type.
    told: String,
    /// All of it, for the record.
    whole: String,
}

impl Answer {
    fn of(task: String, ended: Ended) -> Result<Self, Error> {
        match ended.exit {
            Exit::Code(code) => Ok(Self { task, code, text: ended.stdout, stderr: ended.stderr }),
            Exit::Signal(signal) => {
                let text = format!("{}\n{}", ended.stdout, ended.stderr);
                Err(Error::Killed { task, signal, tail: Tail::of(&text) })
            }
            Exit::Stopped => Err(Error::Stopped { task }),
        }
    }
}
