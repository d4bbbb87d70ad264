//! `pipeline recover ENV`: for whoever is on call. Looks what is wrong, says what it will do, and does that one thing: ends a run
//! that was interrupted, or brings back the last verified release. Typed again, it sees that all is well and does nothing.

mod choice;

use pipeline_core::{Finding, Report, Verdict, VerifierAnswer};
use serde_json::json;
use store_sql::{Holder, RunFilter, RunRow};

use crate::app::{App, Setting};
use crate::args::Recover;
use crate::commands::resume::{self, How};
use crate::commands::{deploy, rollback, verify};
use crate::error::CliError;
use crate::exit::Exit;
use crate::render::Tone;
use crate::session::{Aim, Session};
use crate::whoami;
use crate::wire;
pub(crate) use choice::way_back;
use choice::{Unended, unended};

/// So many runs are looked back at.
const FAR_ENOUGH: u32 = 1_000;

/// So many findings are shown; the rest does not help anybody to decide.
const MOST_FINDINGS: usize = 3;

/// What users have just now.
enum Serves {
    /// What passes.
    Well,
    /// What does not pass, and why.
    Badly(Vec<String>),
    /// Nothing: no machine is there.
    Nothing,
    /// Nobody can tell.
    Unknown(String),
}

pub(crate) async fn run(app: &App, args: Recover) -> Result<Exit, CliError> {
    let config = app.config()?;
    let setting = Setting::of(app, &config, &args.environment)?;
    setting.environment.fly()?;
    let session = Session { aim: Aim::Whole, ..Session::open(setting).await? };
    let target = wire::target_name(setting.environment);
    let is_at_work = |it: &Holder| !whoami::is_gone(&session.store, &it.owner);
    if let Some(holder) = session.store.holder(&target).await?.filter(is_at_work) {
        return Err(busy(&args.environment, &holder));
    }
    let filter =
        RunFilter { target: Some(target), limit: Some(FAR_ENOUGH), ..RunFilter::default() };
    let rows = session.store.runs(&filter).await?;
    let records = match rows.iter().find(|it| it.ending.is_none()) {
        Some(open) => session.store.records(&open.id).await?,
        None => Vec::new(),
    };
    match unended(&rows, &records) {
        Some(unended) => end(&session, unended, args.yes).await,
        None => roll_back(&session, &rows, args.yes).await,
    }
}

fn busy(environment: &str, holder: &Holder) -> CliError {
    let message = format!("{} is at work on {environment} since {:.0}", holder.owner, holder.since);
    CliError::new(Exit::NotAllowed, message).hint(
        "wait for it: it goes back by itself if its release is bad. Ctrl-C there, once, takes it back at once",
    )
}

/// Ends a run that was interrupted, or is stuck.
async fn end(session: &Session<'_>, unended: Unended<'_>, yes: bool) -> Result<Exit, CliError> {
    let environment = &session.setting.environment.name;
    let (row, back) = match unended {
        Unended::TakeBack(row) => (row, true),
        Unended::GoOn(row) => (row, false),
    };
    let version = &row.version;
    let is_stuck = row.ending.is_some();
    let (what, will) = match (back, is_stuck) {
        (true, _) => (
            format!("{version} was interrupted half-way through {environment}"),
            format!(
                "take {version} back, and verify what was before (`pipeline resume {version}` would finish it)"
            ),
        ),
        (false, true) => (
            format!("{version} left {environment} stuck"),
            format!("go on with the way back of {version}"),
        ),
        (false, false) => (
            format!(
                "{version} was interrupted in {environment}, past the point where it goes back"
            ),
            format!("go on with {version} to its end"),
        ),
    };
    agree(session, (&what, &will), yes)?;
    let how = if back { How::Back } else { How::On { despite_freeze: false } };
    resume::carry_on(session, row.clone(), how).await
}

/// Brings back the last verified release, unless what runs is well.
async fn roll_back(session: &Session<'_>, rows: &[RunRow], yes: bool) -> Result<Exit, CliError> {
    let environment = &session.setting.environment.name;
    let serves = serves(session.setting).await?;
    let what = match &serves {
        Serves::Well => return well(session.setting),
        Serves::Badly(why) => {
            format!("{environment} does not serve as it should: {}", why.join("; "))
        }
        Serves::Nothing => format!("nothing runs in {environment}"),
        Serves::Unknown(why) if yes => {
            let message =
                format!("nobody can tell whether {environment} serves as it should: {why}");
            let hint = format!(
                "look at it yourself; `pipeline rollback {environment}` goes back whatever it is"
            );
            return Err(CliError::new(Exit::CouldNotTell, message).hint(hint));
        }
        Serves::Unknown(why) => {
            format!("nobody can tell whether {environment} serves as it should: {why}")
        }
    };
    let runs = !matches!(serves, Serves::Nothing);
    let Some(to) = way_back(rows, runs) else {
        let message = format!("{what}; and no earlier verified release of it is known");
        return Err(CliError::new(Exit::Left, message).hint(
            "deploy one that is good: `pipeline deploy ENV --image REF`"
                .replace("ENV", environment),
        ));
    };
    let at = to.ended.unwrap_or(to.started).strftime("%Y-%m-%d %H:%M UTC");
    let will = format!("bring back {}, verified on {at}, and verify it again", to.version);
    agree(session, (&what, &will), yes)?;
    rollback::bring_back(session, to.clone(), true).await
}

fn well(setting: Setting<'_>) -> Result<Exit, CliError> {
    let Setting { app, environment, .. } = setting;
    let name = &environment.name;
    if app.json() {
        let object = json!({ "schema": 1, "environment": name, "recovered": false, "verdict": Verdict::Passed });
        app.object(&setting.secrets(), object)?;
    }
    let text = format!(
        "\n{name} serves as it should, verified just now: there is nothing to recover.\n\
         next: `pipeline rollback {name}` brings back an earlier release all the same"
    );
    app.say(Tone::Good, &text);
    Ok(Exit::Good)
}

/// Says what is and what will be done, and waits for a yes.
fn agree(session: &Session<'_>, (what, will): (&str, &str), yes: bool) -> Result<(), CliError> {
    let setting = session.setting;
    let text = format!("\n{what}.\npipeline recover will {will}.");
    setting.app.say(Tone::Warn, &setting.secrets().strike(&text));
    if yes { Ok(()) } else { deploy::confirm_with(setting, "yes", "go on") }
}

/// What users have now: the smoke tests say it soonest; where there are none, all that there is.
async fn serves(setting: Setting<'_>) -> Result<Serves, CliError> {
    let all = wire::verifiers(setting, &[])?;
    let soonest = if all.names().iter().any(|it| it == "smoke") {
        vec!["smoke".to_owned()]
    } else {
        Vec::new()
    };
    let verifiers = wire::verifiers(setting, &soonest)?;
    if verifiers.names().is_empty() {
        return Ok(Serves::Unknown("no check is configured".into()));
    }
    match verify::ask(setting, &verifiers).await {
        Ok(verify::Asked::Answers(answers)) => Ok(judged(&answers)),
        Ok(verify::Asked::Stopped(exit)) => {
            Err(CliError::new(exit, "stopped before anything was done"))
        }
        Err(error) if error.exit() == Exit::CouldNotTell => Ok(Serves::Nothing),
        Err(error) => Err(error),
    }
}

fn judged(answers: &[VerifierAnswer]) -> Serves {
    let reports = || answers.iter().filter_map(|it| it.outcome.as_ref().ok());
    let said = |wanted: fn(&Report) -> bool| {
        let findings = reports().filter(move |it| wanted(it)).flat_map(Report::findings);
        findings.take(MOST_FINDINGS).map(|it: &Finding| it.message.clone()).collect::<Vec<_>>()
    };
    match verify::verdict(answers) {
        Some(Verdict::Passed | Verdict::Alert) => Serves::Well,
        Some(Verdict::Refused) => Serves::Badly(said(|it| it.verdict() == Verdict::Refused)),
        Some(Verdict::Inconclusive) => {
            Serves::Unknown(said(|it| it.verdict() == Verdict::Inconclusive).join("; "))
        }
        None => {
            let faults = answers.iter().filter_map(|it| it.outcome.as_ref().err());
            Serves::Unknown(faults.map(ToString::to_string).collect::<Vec<_>>().join("; "))
        }
    }
}
