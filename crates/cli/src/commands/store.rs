//! `pipeline store`: what is in the store, bringing another one into it, letting go of what is old.

use jiff::{Span, SpanRelativeTo, Timestamp};
use pipeline_core::Clock as _;
use serde_json::json;
use store_sql::{Imported, Pruned, Retention, Store, StoreInfo};

use crate::app::{App, wall};
use crate::args::{Import, Prune, Store as Args};
use crate::config::Config;
use crate::error::CliError;
use crate::exit::Exit;
use crate::session::open_store;

pub(crate) async fn run(app: &App, args: Args) -> Result<Exit, CliError> {
    let config = app.config()?;
    let store = open_store(&config).await?;
    match args {
        Args::Info => info(app, &config, &store).await?,
        Args::Import(args) => import(app, &config, (&store, args)).await?,
        Args::Prune(args) => prune(app, &config, (&store, args)).await?,
    }
    Ok(Exit::Good)
}

async fn info(app: &App, config: &Config, store: &Store) -> Result<(), CliError> {
    let info = store.info().await?;
    if app.json() {
        let object = json!({
            "schema": 1,
            "store": info.place.to_string(),
            "format": info.format,
            "bytes": info.bytes,
            "runs": info.runs,
            "unfinished": info.unfinished,
            "events": info.events,
            "series": info.series,
            "baselines": info.baselines,
            "oldest": info.oldest.map(|it| it.to_string()),
            "newest": info.newest.map(|it| it.to_string()),
        });
        return app.object(&app.secrets(Some(config)), object);
    }
    app.fact(&words(&info))
}

fn words(info: &StoreInfo) -> String {
    let day =
        |at: Option<Timestamp>| at.map_or("-".into(), |it| it.strftime("%Y-%m-%d").to_string());
    format!(
        "store      {}\nformat     {}\nsize       {}\nruns       {} ({} without an ending), {} to {}\nevents     {}\n\
         samples    {} series\nbaselines  {}",
        info.place,
        info.format,
        size(info.bytes),
        info.runs,
        info.unfinished,
        day(info.oldest),
        day(info.newest),
        info.events,
        info.series,
        info.baselines,
    )
}

async fn import(
    app: &App,
    config: &Config,
    (store, args): (&Store, Import),
) -> Result<(), CliError> {
    let Some(path) = args.from.strip_prefix("sqlite:") else {
        return Err(CliError::usage(format!("`{}` is no SQLite store", args.from))
            .hint("name it as sqlite:PATH, such as sqlite:.pipeline/pipeline.db"));
    };
    let path = app.around.cwd.join(path);
    if !path.is_file() {
        return Err(CliError::usage(format!("there is no store {}", path.display())));
    }
    let from = Store::open(&format!("sqlite:{}", path.display()), wall()).await?;
    if from.place() == store.place() {
        return Err(CliError::usage(format!("{} is the configured store itself", path.display()))
            .hint("name the new one under [store] in pipeline.toml first"));
    }
    let done = store.import(&from, args.append).await?;
    if app.json() {
        let object = json!({
            "schema": 1,
            "runs": done.runs,
            "known": done.known,
            "records": done.records,
            "steps": done.steps,
            "pages": done.pages,
            "series": done.series,
            "baselines": done.baselines,
            "first": done.numbers.map(|it| format!("v{}", it.0)),
            "last": done.numbers.map(|it| format!("v{}", it.1)),
            "renumbered": done.renumbered,
        });
        return app.object(&app.secrets(Some(config)), object);
    }
    app.fact(&brought(&done, store))
}

fn brought(done: &Imported, store: &Store) -> String {
    let place = store.place();
    let Some((first, last)) = done.numbers else {
        return format!("nothing new: {} runs are in {place} already", done.known);
    };
    let numbers = if done.renumbered { "now" } else { "as before," };
    let known = match done.known {
        0 => String::new(),
        known => format!("\n{known} runs were there already"),
    };
    format!(
        "{} runs brought into {place}, {numbers} v{first} to v{last}: {} records, {} steps and phases, {} pages of \
         events, {} series of samples, {} baselines{known}",
        done.runs, done.records, done.steps, done.pages, done.series, done.baselines,
    )
}

async fn prune(app: &App, config: &Config, (store, args): (&Store, Prune)) -> Result<(), CliError> {
    let before = args.older_than.as_deref().map(before).transpose()?;
    let retention = Retention { keep: args.keep, before, runs: args.runs };
    let bytes = store.info().await?.bytes;
    let done = if args.dry_run {
        store.prunable(&retention).await?
    } else {
        store.prune(&retention).await?
    };
    let after = store.info().await?.bytes;
    if app.json() {
        let object = json!({
            "schema": 1,
            "dry_run": args.dry_run,
            "runs": done.runs,
            "events": done.events,
            "series": done.series,
            "bytes_before": bytes,
            "bytes_after": after,
        });
        return app.object(&app.secrets(Some(config)), object);
    }
    app.fact(&let_go(&done, &args, (bytes, after)))
}

fn let_go(done: &Pruned, args: &Prune, (before, after): (u64, u64)) -> String {
    let what = if args.runs { "went altogether" } else { "lost their details" };
    let what = match (args.dry_run, args.runs) {
        (false, _) => what,
        (true, true) => "would go altogether",
        (true, false) => "would lose their details",
    };
    let size = if args.dry_run {
        String::new()
    } else {
        format!("\nsize       {}, was {}", size(after), size(before))
    };
    format!(
        "{} runs {what}: {} events, {} series of samples{size}",
        done.runs, done.events, done.series
    )
}

/// The moment so long ago.
fn before(age: &str) -> Result<Timestamp, CliError> {
    let wrong = || {
        CliError::usage(format!("`{age}` is no age"))
            .hint("write it with a unit, such as 180d, 12w or 36h")
    };
    let span: Span = age.parse().map_err(|_| wrong())?;
    let length = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| wrong())?;
    let now = Timestamp::try_from(wall().now()).map_err(|_| wrong())?;
    now.checked_sub(length.abs()).map_err(|_| wrong())
}

/// Bytes as people read them.
#[expect(clippy::cast_precision_loss, reason = "for people")]
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_ages_are_read_and_written_as_people_do() {
        let sizes = [999, 1_500, 20_480_000, 3_000_000_000].map(size);
        assert_eq!(sizes, ["999 B", "1.5 kB", "20.5 MB", "3.0 GB"]);
        for age in ["180d", "12w", "36h", "180 days", "1w 2d"] {
            assert!(before(age).is_ok(), "{age}");
        }
        for age in ["", "soon", "180", "1 month", "99999999d"] {
            assert!(before(age).is_err(), "{age}");
        }
    }
}
