//! Runs the command, and takes its report from where it is.

use pipeline_core::Context;
use pipeline_process::{Command, Ended, Exit, Output, Streams, Tail};

use crate::answer::Answer;
use crate::config::arguments;
use crate::error::Error;
use crate::gate::ExecGate;
use crate::reader::Reader;
use crate::report_file::{self, LARGEST};

impl ExecGate {
    /// Runs it to its end. What it answered is not read yet.
    pub(crate) async fn run(&self, cx: &Context) -> Result<Answer, Error> {
        if let Some(report) = &self.config.report {
            report_file::clear(&self.dir.join(report))?;
        }
        let log = self.log(cx);
        let output = self.output(Output::new(&self.redactor, log.as_deref(), cx)?);
        let command = self.command(cx);
        output.tell(&shown(&command));
        let ended = pipeline_process::run(&command, output, cx).await?;
        tracing::debug!(command = self.name(), exit = ?ended.exit, took = ?ended.took, "it ended");
        let code = self.code(&ended)?;
        self.answer(code, ended)
    }

    /// What is kept of its standard output, and who is told.
    fn output<'a>(&self, output: Output<'a>) -> Output<'a> {
        match self.config.reader {
            Reader::ExitCode { .. } => output,
            _ if self.config.report.is_some() => output,
            // One byte more than is read, so that a report that is too large is known to be.
            Reader::Regex(_) => output.whole(LARGEST + 1),
            Reader::Sarif | Reader::Junit => output.whole(LARGEST + 1).quiet(),
        }
    }

    /// Its exit code, where it ended by itself.
    fn code(&self, ended: &Ended) -> Result<i32, Error> {
        let command = self.name();
        match ended.exit {
            Exit::Code(code) => Ok(code),
            Exit::Signal(signal) => {
                Err(Error::Killed { command, signal, tail: Tail::of(&said(ended)) })
            }
            Exit::Stopped => Err(Error::Stopped { command }),
        }
    }

    fn answer(&self, code: i32, ended: Ended) -> Result<Answer, Error> {
        let (command, said) = (self.name(), said(&ended));
        let unreadable = |what| Error::Unreadable {
            command: command.clone(),
            code,
            what,
            tail: Tail::of(&said),
        };
        let (source, bytes) = match &self.config.report {
            Some(path) => (path.display().to_string(), report_file::load(&self.dir.join(path))?),
            None => ("standard output".to_owned(), Some(ended.whole)),
        };
        let bytes = bytes.ok_or_else(|| unreadable(format!("it did not write {source}")))?;
        if bytes.len() > LARGEST {
            return Err(unreadable(format!("{source} is larger than {} MiB", LARGEST >> 20)));
        }
        let text = String::from_utf8(bytes)
            .unwrap_or_else(|other| String::from_utf8_lossy(other.as_bytes()).into_owned());
        Ok(Answer { command, code, said, text, source })
    }

    fn command(&self, cx: &Context) -> Command {
        let program = self.config.command.first().map(String::as_str).unwrap_or_default();
        Command {
            args: arguments(&self.config.command, cx.changed()),
            env: self.env.clone(),
            streams: self.streams(),
            grace: self.grace,
            ..Command::new(program, &self.dir)
        }
    }

    /// A document on standard output is spoilt by what is said beside it; lines are not.
    fn streams(&self) -> Streams {
        match self.config.reader {
            Reader::Sarif | Reader::Junit if self.config.report.is_none() => Streams::Apart,
            _ => Streams::Joined,
        }
    }
}

/// What is run, with the files that it looks at.
fn shown(command: &Command) -> String {
    let arguments = command.args.iter().map(|it| it.to_string_lossy());
    let words: Vec<_> =
        std::iter::once(command.program.to_string_lossy()).chain(arguments).collect();
    format!("$ {}", words.join(" "))
}

/// All that it said, standard error last: there tools say what went wrong.
fn said(ended: &Ended) -> String {
    if ended.stderr.is_empty() {
        ended.stdout.clone()
    } else {
        format!("{}\n{}", ended.stdout, ended.stderr)
    }
}
