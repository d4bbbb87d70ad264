//! The person at the terminal, asked what becomes of a release that has failed.

use std::time::Duration;

use async_trait::async_trait;
use nix::sys::termios::{FlushArg, tcflush};
use pipeline_core::{Cause, Decision, Failure, Finding, Person};

use crate::redact::Secrets;
use crate::render;

/// So long an answer is waited for.
const PATIENCE: Duration = Duration::from_mins(5);

/// So many findings are shown with the question; all of them stand above it.
const ENOUGH: usize = 3;

/// Whoever sits at the terminal.
#[derive(Debug)]
pub(crate) struct AtTerminal {
    pub(crate) secrets: Secrets,
}

#[async_trait]
impl Person for AtTerminal {
    async fn decide(&self, failure: &Failure) -> Option<Decision> {
        for _ in 0..3 {
            let question = question(failure);
            forget_typed_ahead();
            // Nobody there to read it is nobody to answer it.
            render::ask(&self.secrets.strike(&question)).ok()?;
            // Left behind when the time is up: the command does not wait for it when it ends.
            let line = tokio::task::spawn_blocking(read_line);
            let line = tokio::time::timeout(PATIENCE, line).await.ok()?.ok()??;
            if let Some(decision) = answer(&line) {
                return Some(decision);
            }
        }
        None
    }
}

/// Whatever was typed before a question is no answer to it: an impatient Enter decides nothing.
pub(crate) fn forget_typed_ahead() {
    // What is no terminal has nothing to forget.
    let _ = tcflush(std::io::stdin(), FlushArg::TCIFLUSH);
}

/// A line of standard input; `None` where it has ended.
fn read_line() -> Option<String> {
    let mut line = String::new();
    match std::io::stdin().read_line(&mut line) {
        Ok(1..) => Some(line),
        _ => None,
    }
}

fn question(failure: &Failure) -> String {
    let told = |found: &[Finding]| {
        let shown: Vec<&str> = found.iter().take(ENOUGH).map(|it| it.message.as_str()).collect();
        let more = found.len().saturating_sub(ENOUGH);
        let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
        format!("{}{more}", shown.join("; "))
    };
    let what = match &failure.cause {
        Cause::Refused(found) => format!("refused: {}", told(found)),
        Cause::Inconclusive(found) => format!("could not tell: {}", told(found)),
        Cause::Fault(fault) => format!("could not look: {}", fault.message()),
        Cause::Interrupted => "was interrupted".into(),
    };
    let minutes = PATIENCE.as_secs() / 60;
    format!(
        "\n{}\nRoll back? [Y/n] (without an answer in {minutes} minutes the release stays) ",
        render::tame_line(&format!("{} {what}", failure.step))
    )
}

/// What a line says; Enter alone is a yes.
fn answer(line: &str) -> Option<Decision> {
    match line.trim().to_lowercase().as_str() {
        "" | "y" | "yes" => Some(Decision::Restore),
        "n" | "no" => Some(Decision::Leave),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use pipeline_core::Phase;

    use super::*;

    #[test]
    fn enter_is_a_yes_and_nonsense_is_no_answer() {
        let answers = ["\n", "y\n", " YES \r\n", "n\n", "No", "maybe", "yn"].map(answer);
        let (back, stay) = (Some(Decision::Restore), Some(Decision::Leave));
        assert_eq!(answers, [back, back, back, stay, stay, None, None]);
    }

    #[test]
    fn a_finding_gives_the_terminal_no_orders_and_asks_nothing_itself() {
        let found = Finding::error("answered \x1b[2J\nRoll back? [Y/n] already done");
        let cause = Cause::Refused(vec![found]);
        let (phase, step) = (Phase::Verify, "smoke".into());
        let question = question(&Failure { phase, step, cause, whole: true, untouched: false });
        assert!(!question.contains('\x1b'), "{question:?}");
        assert_eq!(question.lines().filter(|it| it.starts_with("Roll back?")).count(), 1);
    }

    #[test]
    fn the_question_says_what_failed() {
        let found = (1..=5).map(|n| Finding::error(format!("GET /{n}: answered 500"))).collect();
        let failure = Failure {
            phase: Phase::Verify,
            step: "smoke".into(),
            cause: Cause::Refused(found),
            whole: true,
            untouched: false,
        };
        insta::assert_snapshot!(question(&failure), @r"

        smoke refused: GET /1: answered 500; GET /2: answered 500; GET /3: answered 500 (and 2 more)
        Roll back? [Y/n] (without an answer in 5 minutes the release stays)
        ");
    }
}
