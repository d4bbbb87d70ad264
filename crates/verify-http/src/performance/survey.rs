//! A survey: so many latencies of each stream, judged by nobody. Pure: it is told the time.

use std::time::{Duration, SystemTime};

use super::punctual::Punctual;
use super::sample::{Taken, taken};
use super::sender::{Course, Shot};
use super::tape::{Entry, Tape};
use crate::error::Error;

/// So many latencies of each stream.
pub(super) struct Survey {
    pub(super) places: Vec<Surveyed>,
    pub(super) blind: Option<Error>,
    pub(super) punctual: Punctual,
    wanted: usize,
    within: Duration,
    began: SystemTime,
}

/// A stream of it.
pub(super) struct Surveyed {
    pub(super) instance: Option<String>,
    pub(super) tape: Tape,
}

impl Survey {
    pub(super) fn new(
        places: Vec<Surveyed>,
        wanted: usize,
        within: Duration,
        began: SystemTime,
    ) -> Self {
        Self { places, blind: None, punctual: Punctual::default(), wanted, within, began }
    }

    fn lacks(&self, tape: &Tape) -> bool {
        tape.void.is_none() && !tape.is_dead() && tape.count(0) < self.wanted
    }
}

impl Course for Survey {
    fn wanted(&mut self, now: Duration) -> Vec<usize> {
        let open = now < self.within && self.blind.is_none();
        let places = self.places.iter().enumerate();
        places.filter(|(_, it)| open && self.lacks(&it.tape)).map(|(number, _)| number).collect()
    }

    fn wakes(&self, now: Duration) -> Option<Duration> {
        let open = now < self.within && self.blind.is_none();
        (open && self.places.iter().any(|it| self.lacks(&it.tape))).then_some(self.within)
    }

    fn take(&mut self, shot: Shot, _now: Duration) {
        self.punctual.take(shot.late);
        let (number, due, took) = (shot.number, shot.due, shot.took);
        let Surveyed { tape, instance } = &mut self.places[shot.stream];
        match taken(shot, &tape.endpoint, instance.as_deref(), self.began) {
            Taken::Sample(sample, failure) => {
                tape.take(number, Entry { due, took, sample, failure });
            }
            Taken::Void(why) => tape.void = Some(why),
            Taken::Blind(error) => self.blind = Some(error),
        }
    }
}
