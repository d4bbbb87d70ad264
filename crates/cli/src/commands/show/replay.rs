//! The events of a run once more, page by page, through the renderers that told them the first time.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pipeline_core::{Account, Event, Observer, RunId};
use pipeline_formats::github::Harmless;
use store_sql::{RunRow, Store};

use crate::app::{App, EventStream};
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
    let stream = app.events()?;
    tellers.extend(stream.clone().map(|it| Box::new(it) as Box<dyn Observer>));
    let told = |event: &Event| {
        account.observe(event);
        for it in &mut tellers {
            it.observe(event);
        }
    };
    let mut all = Discreet { secrets: secrets.clone(), observer: told };
    let stream = stream.filter(|_| app.global.events.as_deref() == Some("-"));
    let unread =
        || gone.load(Ordering::Relaxed) || stream.as_ref().is_some_and(EventStream::is_broken);
    hear(store, &row.id, (&mut all, || how.whole || !unread())).await?;
    Ok(account)
}

/// What the events of a run come to, of which only a page is in memory at a time.
pub(crate) async fn account_of(store: &Store, run: &RunId) -> Result<Account, CliError> {
    let mut account = Account::default();
    hear(store, run, (&mut account, || true)).await?;
    Ok(account)
}

/// Tells the events of a run to an observer, page after page, as long as more of them is wanted.
async fn hear(
    store: &Store,
    run: &RunId,
    (observer, wanted): (&mut impl Observer, impl Fn() -> bool),
) -> Result<(), CliError> {
    let mut last = 0;
    while wanted() {
        let page = store.events_page(run, last, PAGE).await?;
        let Some(end) = page.last().map(|it| it.seq) else { break };
        last = end;
        for event in &page {
            observer.observe(event);
        }
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::{Duration, SystemTime};

    use pipeline_core::EventKind;
    use store_sql::{NewRun, RunKind};

    use super::*;

    fn deploy() -> NewRun {
        NewRun {
            kind: RunKind::Deploy,
            environment: "staging".into(),
            target: "flyio:shop-staging".into(),
            revision: None,
            image: None,
            origin: None,
            restores: None,
            promotes: None,
            who: "ada".into(),
            host: "build-7".into(),
            pid: 7,
            pipeline_version: "0.1.0".into(),
        }
    }

    /// A store with one run of so many events, each with a warning of its own.
    async fn run_of(events: u64) -> (Store, RunId) {
        let store = Store::open("sqlite::memory:", || SystemTime::UNIX_EPOCH).await.unwrap();
        let run = store.begin(&deploy()).await.unwrap().id;
        let mut recorder = store.recorder(&run);
        for seq in 1..=events {
            let at = SystemTime::UNIX_EPOCH + Duration::from_millis(seq);
            let kind = EventKind::Warned { message: format!("warning {seq}") };
            recorder.observe(&Event { seq, at, kind });
        }
        recorder.close().await.unwrap();
        (store, run)
    }

    #[tokio::test]
    async fn an_account_made_page_by_page_is_that_of_all_events() {
        let (store, run) = run_of(u64::from(PAGE) * 2 + 1).await;
        let account = account_of(&store, &run).await.unwrap();
        assert_eq!(account, Account::of(&store.events(&run).await.unwrap()));
        assert_eq!(account.warnings.len(), PAGE as usize * 2 + 1);
    }

    #[tokio::test]
    async fn one_page_is_read_at_a_time_and_none_that_nobody_wants() {
        let (store, run) = run_of(u64::from(PAGE) * 3).await;
        let (mut heard, pages) = (0, Cell::new(0));
        let wanted = || pages.replace(pages.get() + 1) < 2;
        hear(&store, &run, (&mut |_: &Event| heard += 1, wanted)).await.unwrap();
        assert_eq!(heard, PAGE * 2);
    }
}
