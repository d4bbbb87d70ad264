//! An observer of one's own: a deploy told in a chat, one line for what people want to know.

#![expect(clippy::print_stdout, reason = "an example tells its story")]
#![expect(clippy::disallowed_methods, reason = "a program may say which clock it goes by")]

use std::error::Error;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::SystemTime;

use pipeline_core::{Conclusion, Decision, Event, EventKind, Events, Observer, Pipeline, Step};
use pipeline_testkit::{Answer, FakeTarget, MemoryJournal, ScriptedGate, ScriptedVerifier, a_run};

/// Hands lines to a thread that posts them: an observer must be quick, because the run waits for it.
struct Chat(Sender<String>);

impl Observer for Chat {
    fn observe(&mut self, event: &Event) {
        if let Some(line) = line(&event.kind) {
            // A chat that is gone must not stop a deploy.
            let _ = self.0.send(line);
        }
    }
}

/// Most events are nobody's business in a chat.
fn line(kind: &EventKind) -> Option<String> {
    Some(match kind {
        EventKind::RunStarted { release, target, .. } => {
            format!("deploying {} to {target}", release.version)
        }
        EventKind::StepDone { step, outcome: Ok(report), .. } => {
            format!("{step}: {}", report.findings().first()?.message)
        }
        EventKind::StepDone { step, outcome: Err(fault), .. } => format!("{step}: {fault}"),
        EventKind::Decided { decision: Decision::Restore, .. } => {
            "putting the old release back".into()
        }
        EventKind::Decided { .. } => "leaving it as it is".into(),
        EventKind::RunFinished { conclusion } => match conclusion {
            Conclusion::Succeeded => "done: the new release serves".into(),
            Conclusion::Rejected => "nothing was touched".into(),
            Conclusion::RolledBack => "done: the old release serves again".into(),
            Conclusion::Left => "somebody should have a look".into(),
            Conclusion::Stuck => "@here a person is needed now".into(),
        },
        _ => return None,
    })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let (lines, posted) = channel();
    let chat = thread::spawn(move || posted.iter().for_each(|line| println!("#deploys  {line}")));

    let smoke = [Answer::refuse("GET /cart answered 500, wanted 200"), Answer::pass()];
    let pipeline = Pipeline::to(Step::deployer(FakeTarget::rolling(["v1", "v1"])))
        .gate(Step::gate("audit", ScriptedGate::new([Answer::alert("1 package is retired")])))
        .verifier(Step::verifier("smoke", ScriptedVerifier::new(smoke)))
        .build()?;
    let events = Events::new(SystemTime::now, vec![Box::new(Chat(lines))]);
    let end = pipeline.run(&a_run("v2").events(events), &mut MemoryJournal::new()).await?;

    chat.join().expect("posting does not panic");
    assert_eq!(end, Conclusion::RolledBack);
    Ok(())
}
