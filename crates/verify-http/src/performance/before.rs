//! What is measured without being judged: the old release before a deploy, or what runs.

use pipeline_core::{Context, Deployment, Evidence, Fault};

use super::reference::Fresh;
use super::sender::Sender;
use super::series::{Role, Series};
use super::strata::{self, Streams};
use super::survey::{Survey, Surveyed};
use super::{Performance, TRIES, nothing_to_ask};
use crate::error::Error;
use crate::place::Place;

/// What the judge's first look wants of a control.
const LEAST: usize = 40;

impl Performance {
    /// Measures what runs, and judges nothing: `baseline_requests` latencies of each endpoint at each machine, after
    /// its warm-up. An endpoint that does not answer well enough is a fault: nothing could be held to that.
    pub async fn measure(
        &self,
        deployment: &Deployment,
        cx: &Context,
    ) -> Result<Vec<Series>, Fault> {
        let places = strata::measured(deployment, self.config.per_machine);
        let survey = self.survey(|| self.strata().each(&places), cx).await?;
        if let Some(complaint) = survey.punctual.complaint() {
            return Err(Error::Busy(complaint).into());
        }
        if survey.places.is_empty() {
            return Err(Error::Unmeasured(nothing_to_ask(deployment).message).into());
        }
        survey.places.iter().try_for_each(enough)?;
        let all = survey.places.into_iter().flat_map(strata::surveyed);
        Ok(all.filter(|it| it.role == Role::New).collect())
    }

    /// What the release before is like: the control of the one that comes.
    pub(super) async fn before(
        &self,
        current: &Deployment,
        places: &[Place],
        cx: &Context,
    ) -> Result<Option<Evidence>, Fault> {
        let survey = self.survey(|| self.strata().together(places), cx).await?;
        if let Some(complaint) = survey.punctual.complaint() {
            // Latencies that are too long would make a slow release look fast.
            cx.note(format_args!(
                "{complaint}; earlier releases are the control, if there are any"
            ));
            return Ok(None);
        }
        let mut fresh = Fresh::new(&current.version, self.clock.now());
        for surveyed in &survey.places {
            let tape = &surveyed.tape;
            if let Some(why) = tape.void.as_ref().or(tape.failure.as_ref()) {
                let words = format!("{} of {} {why}", tape.endpoint.endpoint(), current.version);
                cx.note(self.secrets.strike(&words));
            }
            if tape.void.is_none() {
                fresh.add(&tape.endpoint, &tape.samples);
            }
        }
        Ok(Some(fresh.evidence()))
    }

    /// A survey by requests that left in time, if that can be had.
    async fn survey(
        &self,
        streams: impl Fn() -> Result<Streams<Surveyed>, Error>,
        cx: &Context,
    ) -> Result<Survey, Fault> {
        let mut survey = self.survey_once(streams()?, cx).await?;
        for _ in 1..TRIES {
            let Some(complaint) = survey.punctual.complaint() else { break };
            cx.note(format_args!("{complaint}; once more"));
            survey = self.survey_once(streams()?, cx).await?;
        }
        Ok(survey)
    }

    async fn survey_once(&self, streams: Streams<Surveyed>, cx: &Context) -> Result<Survey, Fault> {
        let Streams { requests, of } = streams;
        let sender = Sender::new(requests, &self.routes, self.config.timeout).await?;
        sender.open().await;
        let wanted = self.config.baseline_requests;
        let mut survey = Survey::new(of, wanted, self.config.within, self.clock.now());
        self.run(&sender, &mut survey, cx).await?;
        match survey.blind.take() {
            Some(error) => Err(error.into()),
            None => Ok(survey),
        }
    }
}

/// Did it give as many latencies as the first look wants?
fn enough(surveyed: &Surveyed) -> Result<(), Error> {
    let tape = &surveyed.tape;
    let title = tape.endpoint.endpoint();
    if let Some(why) = &tape.void {
        return Err(Error::Unmeasured(format!("{title}: it {why}")));
    }
    let count = tape.count(0);
    if count >= LEAST {
        return Ok(());
    }
    let failed = tape.failure.as_ref().map(|it| format!("; the last failure: it {it}"));
    let failed = failed.unwrap_or_default();
    Err(Error::Unmeasured(format!("{title}: only {count} good answers{failed}")))
}
