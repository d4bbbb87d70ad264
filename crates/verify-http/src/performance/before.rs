//! What is measured without being judged: the old release before a deploy, or what runs.

use pipeline_core::{Context, Deployment, Evidence, Fault};

use super::reference::Fresh;
use super::sender::Sender;
use super::series::Series;
use super::strata::{self, Streams};
use super::survey::{Survey, Surveyed};
use super::{Performance, TRIES};
use crate::error::Error;
use crate::place::Place;

impl Performance {
    /// Measures what runs, and judges nothing: `baseline_requests` latencies of each endpoint at each machine, after
    /// its warm-up.
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
        Ok(survey.places.into_iter().flat_map(strata::surveyed).collect())
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
