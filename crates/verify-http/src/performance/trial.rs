//! A trial: which requests are wanted, when to look, and what each stratum comes to. Pure: it is told the time.

use std::time::{Duration, SystemTime};

use pipeline_core::{Control, Trigger, Verdict};
use pipeline_stats::{Counts, Latencies};

use super::config::PerformanceConfig;
use super::judge::{Against, Judge, Looked, batch, failing, too_many_errors, unconfirmed};
use super::punctual::Punctual;
use super::reference::beside;
use super::sample::{Taken, micros_since_epoch, taken};
use super::seen::{Judged, inconclusive};
use super::sender::{Course, Shot};
use super::stratum::{Beside, Stage, Stratum};
use super::tape::{Entry, Tape};
use crate::error::Error;

/// How long to wait before a fresh batch, so that one stall is not seen twice.
const PAUSE: Duration = Duration::from_secs(10);

/// Failures of the first moments may be over in the next.
const HICCUP: Duration = Duration::from_secs(2);

/// All strata, and the old release beside them.
pub(super) struct Trial {
    pub(super) strata: Vec<Stratum>,
    /// Their streams come after those of the strata.
    pub(super) controls: Vec<Beside>,
    pub(super) punctual: Punctual,
    pub(super) blind: Option<Error>,
    judge: Judge,
    began: SystemTime,
    pause: Duration,
    within: Duration,
    over: bool,
}

impl Trial {
    pub(super) fn new(
        config: &PerformanceConfig,
        strata: Vec<Stratum>,
        controls: Vec<Beside>,
    ) -> Self {
        let judge = Judge::new(config, strata.len());
        let (punctual, within) = (Punctual::default(), config.within);
        let (pause, blind, began) = (PAUSE, None, SystemTime::UNIX_EPOCH);
        Self { strata, controls, punctual, blind, judge, began, pause, within, over: false }
    }

    /// Nobody is hurt by it yet, so a candidate is looked at again at once.
    pub(super) fn without_pause(mut self) -> Self {
        self.pause = Duration::ZERO;
        self
    }

    /// Says when the first request could leave: samples are dated from there.
    pub(super) fn begun(self, began: SystemTime) -> Self {
        Self { began, ..self }
    }

    /// Takes every stratum as far as what came back allows.
    fn advance(&mut self, now: Duration) {
        for number in 0..self.strata.len() {
            while let Some(stage) = self.next_stage(&self.strata[number], now) {
                let stratum = &mut self.strata[number];
                if matches!(stage, Stage::Confirming { .. }) {
                    stratum.fresh_from = Some(micros_since_epoch(self.began + now));
                }
                stratum.stage = stage;
            }
        }
        let decided = |it: &Stratum| it.judged().is_some();
        let refused = |it: &Stratum| it.judged().is_some_and(|it| it.verdict == Verdict::Refused);
        // A refusal is the end: the sooner the way back begins, the fewer users meet it.
        self.over |= self.strata.iter().all(decided) || self.strata.iter().any(refused);
    }

    fn next_stage(&self, stratum: &Stratum, now: Duration) -> Option<Stage> {
        if let Stage::Decided(_) = stratum.stage {
            return None;
        }
        if let Some(judged) = self.broken(stratum, now) {
            return Some(Stage::Decided(judged));
        }
        match &stratum.stage {
            Stage::Measuring { look } => self.look(stratum, *look, now),
            Stage::Resting { until, .. } if now < *until => None,
            Stage::Resting { first, .. } => Some(Stage::Confirming { first: first.clone() }),
            Stage::Confirming { first } => {
                let (fresh, wanted) = (stratum.fresh_from?, batch(first.part));
                let from = stratum.tape.measured().find(|it| it.at_us >= fresh)?.at_us;
                let batch = enough(&stratum.tape, from, wanted)?;
                let against = self.against(stratum, from, wanted)?;
                Some(stratum.decided(self.judge.confirm(&against, first, &batch)))
            }
            Stage::Decided(_) => None,
        }
    }

    fn look(&self, stratum: &Stratum, look: usize, now: Duration) -> Option<Stage> {
        let wanted = self.judge.wanted(look)?;
        let from = stratum.tape.measured().next()?.at_us;
        let new = enough(&stratum.tape, from, wanted)?;
        let against = self.against(stratum, from, wanted)?;
        Some(match self.judge.look(&against, &new, look) {
            Looked::Continue => Stage::Measuring { look: look + 1 },
            Looked::Decided(judged) => match self.answering(stratum, judged) {
                // More requests will tell whether it is chance.
                it if it.verdict == Verdict::Alert
                    && it.trigger == Some(Trigger::ErrorRate)
                    && look < self.judge.last() =>
                {
                    Stage::Measuring { look: look + 1 }
                }
                judged => stratum.decided(judged),
            },
            Looked::Candidate(first) => Stage::Resting { first, until: now + self.pause },
        })
    }

    /// What is fast may fail all the same: then that is what is told.
    fn answering(&self, stratum: &Stratum, judged: Judged) -> Judged {
        if judged.verdict != Verdict::Passed {
            return judged;
        }
        let (new, (control, against)) = (stratum.tape.counts(), self.failures(stratum));
        let last = stratum.tape.failure.as_deref();
        failing(control, new, last, against).unwrap_or_else(|| judged.with_failures(new))
    }

    /// What to compare with: the old release beside it, if it is asked and answers, once there is enough of it.
    fn against(&self, stratum: &Stratum, from: u64, wanted: usize) -> Option<Against> {
        match self.beside(stratum) {
            Some(control) => {
                let latencies = enough(control, from, wanted)?;
                Some(Against::Sampled(beside(latencies)))
            }
            None => Some(stratum.reference.against.clone()),
        }
    }

    fn beside(&self, stratum: &Stratum) -> Option<&Tape> {
        let configured = matches!(stratum.reference.against, Against::Configured(_));
        let title = stratum.tape.endpoint.title();
        let same = |it: &&Tape| it.endpoint.title() == title && it.void.is_none() && !it.is_dead();
        self.controls.iter().map(|it| &it.tape).filter(|_| !configured).find(same)
    }

    /// What is decided without any latency.
    fn broken(&self, stratum: &Stratum, now: Duration) -> Option<Judged> {
        if let Some(why) = &stratum.tape.void {
            return Some(inconclusive(why.clone(), 0));
        }
        let new = stratum.tape.counts();
        // Not after every request: the more often one looks, the likelier chance looks like harm.
        if now < HICCUP || new.failed < 3 || (new.total > 20 && !new.total.is_multiple_of(10)) {
            return None;
        }
        let (control, against) = self.failures(stratum);
        let judged = too_many_errors(control, new, stratum.tape.failure.as_deref(), against)?;
        Some(stratum.weighed(judged))
    }

    /// How often what a stratum is compared with failed, and what that is.
    fn failures(&self, stratum: &Stratum) -> (Counts, Control) {
        let (before, beside) = (stratum.reference.counts, self.beside(stratum).map(Tape::counts));
        let beside = beside.unwrap_or_default();
        let against = match beside.total {
            0 => stratum.reference.against.control(),
            _ => Control::Concurrent,
        };
        let (failed, total) = (before.failed + beside.failed, before.total + beside.total);
        (Counts { failed, total }, against)
    }

    /// Time is up: what there is must do.
    fn conclude(&mut self) {
        for number in 0..self.strata.len() {
            if self.strata[number].judged().is_none() {
                let judged = self.last_word(&self.strata[number]);
                let judged = self.answering(&self.strata[number], judged);
                self.strata[number].stage = self.strata[number].decided(judged);
            }
        }
        self.over = true;
    }

    fn last_word(&self, stratum: &Stratum) -> Judged {
        let within = self.within;
        let from = stratum.tape.measured().next().map_or(0, |it| it.at_us);
        let all = stratum.tape.latencies(from, usize::MAX);
        let against = match self.beside(stratum) {
            Some(control) => Against::Sampled(beside(control.latencies(from, usize::MAX))),
            None => stratum.reference.against.clone(),
        };
        if let Stage::Resting { first, .. } | Stage::Confirming { first } = &stratum.stage {
            let why = format!("there was no time to look again within {within:?}; raise `within`");
            return unconfirmed(&against, first, &why);
        }
        if all.len() < self.judge.wanted(0).unwrap_or_default() {
            let count = all.len();
            let last = stratum.tape.failure.as_deref();
            let failed = last.map(|it| format!("; the last failure: {it}")).unwrap_or_default();
            let message = format!(
                "only {count} answers within {within:?}, too few to tell anything{failed}; raise `within` or `rate`"
            );
            return inconclusive(message, count);
        }
        match self.judge.look(&against, &all, self.judge.last()) {
            Looked::Decided(judged) => judged,
            Looked::Candidate(first) => {
                let why =
                    format!("there was no time to look again within {within:?}; raise `within`");
                unconfirmed(&against, &first, &why)
            }
            Looked::Continue => inconclusive("cannot be told".into(), all.len()),
        }
    }

    fn tape_mut(&mut self, stream: usize) -> (&mut Tape, Option<&str>) {
        match stream.checked_sub(self.strata.len()) {
            None => {
                let stratum = &mut self.strata[stream];
                (&mut stratum.tape, stratum.instance.as_deref())
            }
            Some(control) => {
                let control = &mut self.controls[control];
                (&mut control.tape, control.instance.as_deref())
            }
        }
    }
}

impl Course for Trial {
    fn wanted(&mut self, now: Duration) -> Vec<usize> {
        if now >= self.within && !self.over {
            self.conclude();
        }
        self.advance(now);
        if self.over {
            return Vec::new();
        }
        let asks =
            |it: &Stratum| matches!(it.stage, Stage::Measuring { .. } | Stage::Confirming { .. });
        let strata = self.strata.iter().enumerate().filter(|(_, it)| asks(it));
        let mut wanted: Vec<usize> = strata.clone().map(|(number, _)| number).collect();
        for (number, control) in self.controls.iter().enumerate() {
            let title = control.tape.endpoint.title();
            let beside = strata.clone().any(|(_, it)| it.tape.endpoint.title() == title);
            if beside && control.tape.void.is_none() {
                wanted.push(self.strata.len() + number);
            }
        }
        wanted
    }

    fn wakes(&self, _now: Duration) -> Option<Duration> {
        let rests = self.strata.iter().filter_map(|it| match it.stage {
            Stage::Resting { until, .. } => Some(until),
            _ => None,
        });
        (!self.over).then(|| rests.fold(self.within, Duration::min))
    }

    fn take(&mut self, shot: Shot, now: Duration) {
        self.punctual.take(shot.late);
        let (stream, number, due, took) = (shot.stream, shot.number, shot.due, shot.took);
        let began = self.began;
        let (tape, instance) = self.tape_mut(stream);
        match taken(shot, &tape.endpoint, instance, began) {
            Taken::Sample(sample, failure) => {
                tape.take(number, Entry { due, took, sample, failure });
            }
            Taken::Void(why) => tape.void = Some(why),
            Taken::Blind(error) => {
                self.blind = Some(error);
                self.over = true;
            }
        }
        self.advance(now);
    }
}

fn enough(tape: &Tape, from: u64, wanted: usize) -> Option<Latencies> {
    (tape.count(from) >= wanted).then(|| tape.latencies(from, wanted))
}
