//! `pipeline deploy ENV`: all phases, or with `--dry-run` the plan.

use pipeline_core::{Account, Builder, Step};
use serde_json::json;
use store_sql::{RunKind, RunRow};

use crate::app::{App, Setting};
use crate::args::{Deploy, GateChoice};
use crate::closing;
use crate::commands::plan::{self, Shown};
use crate::config::Confirm;
use crate::ending::Ending;
use crate::error::CliError;
use crate::exit::Exit;
use crate::exports;
use crate::person::forget_typed_ahead;
use crate::promotion::Rules;
use crate::render::{self, Tone, took};
use crate::retention;
use crate::session::{Berth, Session, Way};
use crate::window;
use crate::wire::{self, Wanted};

pub(crate) async fn run(app: &App, args: Deploy) -> Result<Exit, CliError> {
    Box::pin(deploy(app, args, None)).await
}

/// The same with a builder that no configuration can name.
pub(crate) async fn with_builder(
    app: &App,
    args: Deploy,
    builder: Step<dyn Builder>,
) -> Result<Exit, CliError> {
    Box::pin(deploy(app, args, Some(builder))).await
}

async fn deploy(
    app: &App,
    args: Deploy,
    builder: Option<Step<dyn Builder>>,
) -> Result<Exit, CliError> {
    let config = app.config()?;
    let setting = Setting::of(app, &config, &args.environment)?;
    let name = &setting.environment.name;
    let waiting = app.waiting(&format!("getting ready to deploy to {name}"));
    let (wanted, rules) = match builder {
        // Only the demo has one, and its project no rule.
        Some(builder) => (Wanted::built_by(setting, builder)?, Rules::of(setting, None)),
        None => plan::under_rules(setting, &args.choice).await?,
    };
    let image = wanted.image.clone();
    if args.dry_run {
        let shown = dry_run(setting, wanted, &rules, &args.gates).await?;
        drop(waiting);
        return Ok(tell_refused(setting, &shown));
    }
    let session = Session::open(setting).await?;
    let wanted = wanted.ahead(setting, &session.store, (RunKind::Deploy, None)).await?;
    session.nothing_is_open(wanted.target()).await?;
    not_again(&session, wanted.target(), args.despite_rollback).await?;
    let can_begin = wanted.can_begin();
    let pipeline = wire::pipeline(setting, wanted, &args.gates).await?;
    can_begin.await?;
    if setting.environment.confirm != Confirm::Never && !args.yes {
        agreed(setting, &pipeline, &rules, image.clone()).await?;
    }
    let mut new = wire::new_run(&session, RunKind::Deploy, pipeline.target(), image).await;
    if let Some(promoted) = rules.promoted {
        (new.promotes, new.revision) = (Some(promoted.run), promoted.revision);
    } else if let Some(image) = &new.image {
        let known = wire::revision_of(&session.store, image).await?;
        new.revision = known.or(new.revision);
    }
    let berth = session.begin(&new).await?;
    drop(waiting);
    finish(&session, &pipeline, berth, Way::New).await
}

/// Shows the plan.
async fn dry_run(
    setting: Setting<'_>,
    wanted: Wanted,
    rules: &Rules<'_>,
    gates: &GateChoice,
) -> Result<Shown, CliError> {
    let shown = Shown::of(&wanted, rules).await?;
    let wanted = plan::foreseen(setting, wanted).await?;
    let pipeline = wire::pipeline(setting, wanted, gates).await?;
    plan::show(setting, &pipeline, &shown).await?;
    Ok(shown)
}

/// Shows the plan, and asks.
async fn agreed(
    setting: Setting<'_>,
    pipeline: &pipeline_core::Pipeline,
    rules: &Rules<'_>,
    image: Option<String>,
) -> Result<(), CliError> {
    let shown = Shown { image, promoted: rules.promoted.clone(), rules: rules.ask().await? };
    plan::explain(setting, pipeline, &shown).await?;
    // Nobody need answer a question whose answer changes nothing.
    shown.rules.refused(&setting.environment.name).map_or(Ok(()), Err)?;
    confirm(setting)
}

/// The exit of a plan, and a word where the rules would keep the deploy from happening.
fn tell_refused(setting: Setting<'_>, shown: &Shown) -> Exit {
    if let Some(error) = shown.rules.refused(&setting.environment.name) {
        let text = error.render(setting.app.around.colour);
        setting.app.say(Tone::Plain, setting.secrets().strike(text.trim_end()).as_ref());
    }
    shown.rules.exit()
}

/// Shortly after a rollback that nobody ordered, a person must want this deploy.
async fn not_again(session: &Session<'_>, target: &str, wanted: bool) -> Result<(), CliError> {
    let Setting { app, environment, .. } = session.setting;
    let Some(recent) = window::recent(session, target).await? else { return Ok(()) };
    let words = recent.words(&environment.name);
    if wanted {
        app.mention(Tone::Warn, &format!("  ! {words}: --despite-rollback says so"));
        return Ok(());
    }
    if !app.around.can_ask {
        return Err(recent.refused(&environment.name));
    }
    app.say(Tone::Warn, &format!("  ! {words}"));
    match typed("Type `yes` to deploy all the same: ") {
        Some(word) if word == "yes" => Ok(()),
        _ => Err(recent.refused(&environment.name)),
    }
}

/// Carries a run out and says how it ended.
pub(crate) async fn finish(
    session: &Session<'_>,
    pipeline: &pipeline_core::Pipeline,
    berth: Berth,
    way: Way,
) -> Result<Exit, CliError> {
    let (kept, ending) = end(session, pipeline, berth, way).await?;
    // From here on the code says how the run ended, whatever becomes of the words.
    if let Err(error) = report(session, &kept, &ending).await {
        session.setting.app.say(Tone::Warn, &format!("  ! {error}"));
    }
    retention::let_go(session).await;
    Ok(session.exit(&ending))
}

/// Carries a run out, and leaves it to others to say how it ended.
pub(crate) async fn end(
    session: &Session<'_>,
    pipeline: &pipeline_core::Pipeline,
    berth: Berth,
    way: Way,
) -> Result<(RunRow, Ending), CliError> {
    let row = berth.row.clone();
    let ending = session.carry_out(pipeline, berth, way).await?;
    let kept = session.store.run(row.version.as_str()).await.ok().flatten().unwrap_or(row);
    let app = session.setting.app;
    let mut told = exports::told(&kept, &ending);
    told.exit_code = session.exit(&ending) as u8;
    told.words = told.words.map(|it| session.setting.secrets().strike(&it).into_owned());
    app.global.exports.write(app, &told);
    app.global.exports.trace(app, told.exit_code).await;
    Ok((kept, ending))
}

async fn report(session: &Session<'_>, row: &RunRow, ending: &Ending) -> Result<(), CliError> {
    let app = session.setting.app;
    let secrets = session.setting.secrets();
    closing::say(session, row, ending).await;
    if app.json() {
        let mut object = object(row, ending, &app.global.exports.account());
        object["exit"] = json!(session.exit(ending) as u8);
        return app.object(&secrets, object);
    }
    app.fact(&history_line(row))
}

/// How an end sounds.
pub(crate) fn tone(ending: &Ending) -> Tone {
    match ending.exit() {
        Exit::Good => Tone::Good,
        Exit::DeployFailed | Exit::RolledBack => Tone::Warn,
        _ => Tone::Bad,
    }
}

/// The end of a run as the JSON contract has it.
pub(crate) fn object(row: &RunRow, ending: &Ending, account: &Account) -> serde_json::Value {
    json!({
        "schema": 1,
        "run": row.id,
        "version": row.version,
        "environment": row.begun.environment,
        "conclusion": ending.conclusion,
        "outcome": ending.outcome(),
        "exit": ending.exit() as u8,
        "duration_ms": row.duration_ms(),
        "traffic_back_ms": row.traffic_back_ms,
        "image": ending.image,
        "phases": exports::phases(account),
        "failures": ending.failures,
        "message": ending.words(&row.version, &row.begun.environment),
    })
}

/// `v546: 2026-03-25 14:32 UTC | staging | PASS | 4m 12s`, and of a run that was taken back, how soon users
/// had the old release again: `… | ROLLBACK | 4m 12s | traffic back after 5.2s`.
pub(crate) fn history_line(row: &RunRow) -> String {
    let started = row.started.strftime("%Y-%m-%d %H:%M UTC");
    let outcome = row.ending.map_or_else(|| "OPEN".into(), |it| it.outcome.to_string());
    let duration = row.duration_ms().map_or_else(|| "-".into(), took);
    let back = row.traffic_back_ms.map(|ms| format!(" | traffic back after {}", took(ms)));
    let (version, environment) = (&row.version, &row.begun.environment);
    let back = back.unwrap_or_default();
    format!("{version}: {started} | {environment} | {outcome} | {duration}{back}")
}

/// Asks for the literal word. Anything else, and nobody to ask, is a no.
pub(crate) fn confirm(setting: Setting<'_>) -> Result<(), CliError> {
    let environment = setting.environment;
    let word = match environment.confirm {
        Confirm::App => environment.fly()?.app.clone(),
        Confirm::Yes | Confirm::Never => "yes".into(),
    };
    confirm_with(setting, &word, &format!("deploy to {}", environment.name))
}

/// The same with another word, and for something else.
pub(crate) fn confirm_with(setting: Setting<'_>, word: &str, what: &str) -> Result<(), CliError> {
    let Setting { app, environment, .. } = setting;
    let refused = |why: &str| {
        CliError::new(Exit::NotAllowed, format!("{} was not confirmed: {why}", environment.name))
    };
    if !app.around.can_ask {
        return Err(refused("there is nobody to ask").hint("say --yes where no person is there"));
    }
    match typed(&format!("\nType `{word}` to {what}: ")) {
        Some(typed) if typed == word => Ok(()),
        _ => Err(refused(&format!("that was not `{word}`"))),
    }
}

/// What a person types.
fn typed(question: &str) -> Option<String> {
    forget_typed_ahead();
    // A question that cannot be seen is not answered with the word.
    render::ask(question).ok()?;
    let mut typed = String::new();
    std::io::stdin().read_line(&mut typed).ok()?;
    Some(typed.trim_end_matches(['\r', '\n']).to_owned())
}

#[cfg(test)]
pub(crate) mod tests {
    use store_sql::{NewRun, RunOutcome};

    use super::*;

    pub(crate) fn row(outcome: RunOutcome, traffic_back_ms: Option<u64>) -> RunRow {
        RunRow {
            id: pipeline_core::RunId::new("run-1"),
            number: 546,
            version: "v546".into(),
            begun: NewRun {
                kind: RunKind::Deploy,
                environment: "staging".into(),
                target: "flyio:shop".into(),
                revision: None,
                image: None,
                origin: None,
                restores: None,
                promotes: None,
                who: "ada".into(),
                host: "build-7".into(),
                pid: 7,
                pipeline_version: "0.1.0".into(),
            },
            started: "2026-03-25T14:32:00Z".parse().unwrap(),
            ended: Some("2026-03-25T14:36:12Z".parse().unwrap()),
            ending: Some(store_sql::Ending { conclusion: None, outcome, exit_code: 0 }),
            bad: None,
            traffic_back_ms,
        }
    }

    #[test]
    fn a_history_line_says_how_soon_the_traffic_was_back() {
        insta::assert_snapshot!(
            history_line(&row(RunOutcome::Pass, None)),
            @"v546: 2026-03-25 14:32 UTC | staging | PASS | 4m 12s"
        );
        insta::assert_snapshot!(
            history_line(&row(RunOutcome::Rollback, Some(5_204))),
            @"v546: 2026-03-25 14:32 UTC | staging | ROLLBACK | 4m 12s | traffic back after 5.2s"
        );
    }
}
