//! The events of a run once more, page by page, through the renderers that told them the first time.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pipeline_core::{Account, Event, Observer};
use pipeline_formats::github::Harmless;
use pipeline_formats::ndjson::Wire;
use store_sql::{RunRow, Store};

use crate::app::App;
use crate::error::CliError;
use crate::redact::{Discreet, Secrets};
use crate::render::Plain;

/// So many events are in memory at a time.
const PAGE: u32 = 1_000;

/// How a run is told again.
#[derive(Clone, Copy, Debug)]
pub(super) struct How {
    /// To people.
    pub(super) aloud: bool,
    /// To its end, also where nobody listens any more: it is written to files.
    pub(super) whole: bool,
}

/// Tells the events again: to people where `aloud`, and as events wherever `--events` says. What they come to is the answer.
pub(super) async fn replay(
    app: &App,
    secrets: &Secrets,
    (store, row): (&Store, &RunRow),
    how: How,
) -> Result<Account, CliError> {
    let gone = Arc::new(AtomicBool::new(false));
    let out = || Output { out: io::BufWriter::new(io::stdout()), gone: Arc::clone(&gone) };
    let mut account = Account::default();
    let mut tellers: Vec<Box<dyn Observer>> = Vec::new();
    if how.aloud {
        let (detail, colour) = (app.detail(), colour(app));
        tellers.push(if app.read_by_github() {
            Box::new(Plain::new(Harmless::new(out()), detail, colour))
        } else {
            Box::new(Plain::new(out(), detail, colour))
        });
    }
    match app.global.events.as_deref() {
        None => {}
        Some("-") => tellers.push(Box::new(Wire::new(out()))),
        Some(path) => {
            let file = io::BufWriter::new(app.events_file(path)?);
            tellers.push(Box::new(Wire::new(file)));
        }
    }
    let told = |event: &Event| {
        account.observe(event);
        for it in &mut tellers {
            it.observe(event);
        }
    };
    let mut all = Discreet { secrets: secrets.clone(), observer: told };
    let mut last = 0;
    while how.whole || !gone.load(Ordering::Relaxed) {
        let page = store.events_page(&row.id, last, PAGE).await?;
        let Some(end) = page.last().map(|it| it.seq) else { break };
        last = end;
        for event in &page {
            all.observe(event);
        }
    }
    Ok(account)
}

/// Standard output may be no terminal where standard error is one.
fn colour(app: &App) -> bool {
    app.around.colour && (io::stdout().is_terminal() || app.var("FORCE_COLOR").is_some())
}

/// Standard output until nobody reads it any more: then there is no reason to go on.
struct Output<W> {
    out: W,
    gone: Arc<AtomicBool>,
}

impl<W: Write> Write for Output<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.noted(|out| out.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.noted(Write::flush)
    }
}

impl<W> Output<W> {
    fn noted<T>(&mut self, act: impl FnOnce(&mut W) -> io::Result<T>) -> io::Result<T> {
        act(&mut self.out).inspect_err(|_| self.gone.store(true, Ordering::Relaxed))
    }
}
