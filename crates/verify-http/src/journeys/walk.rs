//! One journey at one place: step after step, and once more from its start when it fails.

use pipeline_core::Verdict;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use super::PAUSE;
use super::browser::Browser;
use super::config::{Journey, JourneyStep};
use super::values::Values;
use super::wrong::Wrong;
use crate::client::Connect;
use crate::error::Error;
use crate::place::Place;

/// A journey at a place.
pub(super) struct Way<'w> {
    pub(super) journey: &'w Journey,
    pub(super) place: &'w Place,
    /// What users call the application.
    pub(super) public: Option<&'w str>,
    pub(super) asker: &'w dyn Connect,
}

/// What came of a journey.
#[derive(Debug)]
pub(super) struct Walked {
    /// How long each step took that was good, in milliseconds.
    pub(super) steps: Vec<f64>,
    pub(super) took_ms: f64,
    /// Why it ended too early; in the walk before, if the second one was good.
    pub(super) stumble: Option<Stumble>,
    pub(super) ended: Ended,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// Every step was good.
    Well,
    /// Every step was good, but only in the second walk.
    WellAtLast,
    /// A step was not.
    Badly,
    /// It was not begun: this variable is not set.
    Skipped,
}

/// Where and why a journey ended too early. Nothing in it is secret any more.
#[derive(Debug)]
pub(super) struct Stumble {
    pub(super) verdict: Verdict,
    /// "step 3 of 5, POST /login: answered 403, wanted 302".
    pub(super) words: String,
    /// What went to and fro, in one sentence.
    pub(super) exchange: Option<String>,
    /// The same, to look at.
    pub(super) evidence: Value,
    /// Why this side could not ask, if it could not.
    pub(super) blind: Option<Error>,
}

impl Way<'_> {
    /// Walks it, and once more from its start when that fails.
    pub(super) async fn walk(&self, tell: &(dyn Fn(&str) + Sync)) -> Walked {
        let values = match Values::of(&self.journey.secrets) {
            Ok(values) => values,
            Err(missing) => return Walked::skipped(missing.name()),
        };
        let first = self.walk_once(values.clone()).await;
        let Some(stumble) = first.stumble else { return first };
        tell(&format!("{}; once more from its start", stumble.words));
        sleep(PAUSE).await;
        let second = self.walk_once(values).await;
        match second.stumble {
            None => Walked { stumble: Some(stumble), ended: Ended::WellAtLast, ..second },
            Some(_) => second,
        }
    }

    async fn walk_once(&self, values: Values) -> Walked {
        let (began, mut steps) = (Instant::now(), Vec::new());
        let stumble = match Browser::new(self.asker, self.place, self.public, values) {
            Ok(mut browser) => self.steps(&mut browser, &mut steps).await.err(),
            Err(error) => Some(Stumble::blind(error)),
        };
        let ended = if stumble.is_some() { Ended::Badly } else { Ended::Well };
        Walked { steps, took_ms: millis(began), stumble, ended }
    }

    async fn steps(&self, browser: &mut Browser<'_>, took: &mut Vec<f64>) -> Result<(), Stumble> {
        for (number, step) in self.journey.steps.iter().enumerate() {
            let began = Instant::now();
            let done = try_step(browser, step).await;
            done.map_err(|wrong| self.stumble(browser, (number, step), wrong))?;
            took.push(millis(began));
        }
        Ok(())
    }

    fn stumble(
        &self,
        browser: &Browser<'_>,
        (number, step): (usize, &JourneyStep),
        wrong: Wrong,
    ) -> Stumble {
        let secrets = browser.secrets_seen(&step.captures);
        let (place, of) = (number + 1, self.journey.steps.len());
        let hint =
            browser.hint().map(|it| format!(" ({})", secrets.strike(&it))).unwrap_or_default();
        let words =
            format!("step {place} of {of}, {}: {}{hint}", step.title(), wrong.words(&secrets));
        let exchange = browser.exchange.evidence(wrong.differences(), &secrets);
        let evidence =
            json!({ "step": place, "of": of, "title": step.title(), "exchange": exchange });
        let (verdict, exchange) = (wrong.verdict(), browser.exchange.in_words(&secrets));
        let blind = if let Wrong::Blind(error) = wrong { Some(error) } else { None };
        Stumble { verdict, words, exchange, evidence, blind }
    }
}

/// A step, as often as it may be tried.
async fn try_step(browser: &mut Browser<'_>, step: &JourneyStep) -> Result<(), Wrong> {
    let mut left = step.retries;
    loop {
        let done = match timeout(step.timeout, browser.take_step(step)).await {
            Ok(done) => done,
            Err(_) => Err(Wrong::Failed(format!("{} within {:?}", browser.at(), step.timeout))),
        };
        match done {
            Err(_) if left > 0 => left -= 1,
            done => return done,
        }
        sleep(PAUSE).await;
    }
}

impl Walked {
    fn skipped(variable: &str) -> Self {
        let words = format!("skipped: the variable {variable} is not set; set it and verify again");
        let stumble = Stumble { verdict: Verdict::Alert, ..Stumble::of(words) };
        Self { steps: Vec::new(), took_ms: 0.0, stumble: Some(stumble), ended: Ended::Skipped }
    }
}

impl Stumble {
    fn of(words: String) -> Self {
        let (verdict, evidence) = (Verdict::Inconclusive, Value::Null);
        Self { verdict, words, exchange: None, evidence, blind: None }
    }

    fn blind(error: Error) -> Self {
        let words = format!("could not be asked: {error}");
        Self { blind: Some(error), ..Self::of(words) }
    }
}

fn millis(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1_000.0
}
