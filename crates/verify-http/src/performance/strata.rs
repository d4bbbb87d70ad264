//! What is measured: each endpoint at each place, the old release beside it, and what it is compared with. Pure.

use std::time::SystemTime;

use pipeline_core::{Deployment, Side};
use reqwest::header::{HeaderName, HeaderValue};

use super::config::PerformanceConfig;
use super::endpoint::Endpoint;
use super::history::PastRun;
use super::reference::{Fresh, Reference};
use super::series::{Role, Series};
use super::stratum::{Beside, Stratum};
use super::survey::Surveyed;
use super::tape::Tape;
use super::trial::Trial;
use crate::config::Bearer;
use crate::error::Error;
use crate::place::{Place, Request, places};

/// Streams of requests, and what becomes of each.
pub(super) struct Streams<T> {
    pub(super) requests: Vec<Vec<Request>>,
    pub(super) of: Vec<T>,
}

/// Makes strata of a configuration.
pub(super) struct Strata<'c> {
    config: &'c PerformanceConfig,
}

/// Each machine that has an address; where none has, what users reach.
pub(super) fn measured(deployment: &Deployment, per_machine: bool) -> Vec<Place> {
    let all = places(deployment, per_machine);
    let pinned: Vec<Place> = all.iter().filter(|it| it.instance.is_some()).cloned().collect();
    if pinned.is_empty() { all } else { pinned }
}

/// The old machines that still serve beside new ones.
pub(super) fn beside(deployment: &Deployment, per_machine: bool) -> Vec<Place> {
    let any_new = deployment.instances.iter().any(|it| it.side == Side::New);
    let old = deployment.instances.iter().filter(|it| it.side == Side::Old && it.serving);
    let old = old.filter(|_| any_new && per_machine).filter_map(|it| {
        let address = it.address.as_ref()?;
        let (base, headers) = (address.url.clone(), address.headers.clone());
        Some(Place { base, headers, instance: Some(it.id.clone()) })
    });
    old.collect()
}

/// What a survey found, to be kept.
pub(super) fn surveyed(surveyed: Surveyed) -> [Series; 2] {
    let Surveyed { instance, tape } = surveyed;
    let parts = [(Role::WarmUp, tape.cold), (Role::New, tape.samples)];
    parts.map(|(role, samples)| {
        let (endpoint, instance) = (tape.endpoint.title(), instance.clone());
        Series { endpoint, instance, role, samples }
    })
}

impl<'c> Strata<'c> {
    pub(super) fn new(config: &'c PerformanceConfig) -> Self {
        Self { config }
    }

    /// Each endpoint at each place by itself.
    pub(super) fn each(&self, places: &[Place]) -> Result<Streams<Surveyed>, Error> {
        let mut streams = Streams { requests: Vec::new(), of: Vec::new() };
        for place in places {
            for endpoint in &self.config.endpoints {
                streams.requests.push(vec![request(place, endpoint)?]);
                let (instance, tape) = (place.instance.clone(), self.tape(endpoint));
                streams.of.push(Surveyed { instance, tape });
            }
        }
        Ok(streams)
    }

    /// Each endpoint at all places in turns.
    pub(super) fn together(&self, places: &[Place]) -> Result<Streams<Surveyed>, Error> {
        let mut streams = Streams { requests: Vec::new(), of: Vec::new() };
        for endpoint in &self.config.endpoints {
            let requests = places.iter().map(|it| request(it, endpoint));
            streams.requests.push(requests.collect::<Result<_, _>>()?);
            streams.of.push(Surveyed { instance: only(places), tape: self.tape(endpoint) });
        }
        Ok(streams)
    }

    /// What each endpoint was like before. `past` is in the order of the endpoints.
    pub(super) fn references(
        &self,
        fresh: Option<&Fresh>,
        past: &[Vec<PastRun>],
        now: SystemTime,
    ) -> Vec<Reference> {
        let none = Vec::new();
        let endpoints = self.config.endpoints.iter().enumerate();
        let choose = |(number, endpoint): (usize, &Endpoint)| {
            let runs = past.get(number).unwrap_or(&none);
            Reference::choose(endpoint, self.config, fresh, (runs, now))
        };
        endpoints.map(choose).collect()
    }

    /// The new release at each of its places, and the old one beside it. `references` are in the order of the
    /// endpoints.
    pub(super) fn trial(
        &self,
        new: &[Place],
        old: &[Place],
        references: Vec<Reference>,
    ) -> Result<(Vec<Vec<Request>>, Trial), Error> {
        let Streams { mut requests, of } = self.each(new)?;
        let references = references.into_iter().cycle();
        let strata = of.into_iter().zip(references);
        let strata = strata.map(|(it, reference)| Stratum::new(it.instance, it.tape, reference));
        let mut controls = Vec::new();
        if !old.is_empty() {
            let Streams { requests: asked, of } = self.together(old)?;
            requests.extend(asked);
            controls.extend(
                of.into_iter().map(|Surveyed { instance, tape }| Beside { tape, instance }),
            );
        }
        Ok((requests, Trial::new(self.config, strata.collect(), controls)))
    }

    fn tape(&self, endpoint: &Endpoint) -> Tape {
        Tape::new(endpoint.clone(), self.config.timeout, self.config.warm_up)
    }
}

fn only(places: &[Place]) -> Option<String> {
    match places {
        [one] => one.instance.clone(),
        _ => None,
    }
}

fn request(place: &Place, endpoint: &Endpoint) -> Result<Request, Error> {
    let missing = |it: &Bearer| Error::MissingSecret {
        name: it.name().to_owned(),
        endpoint: endpoint.endpoint(),
    };
    let bearer = endpoint.bearer.as_ref();
    let bearer = bearer.map(|it| it.secret().ok_or_else(|| missing(it))).transpose()?;
    let mut request = place.request(endpoint.method.into(), &endpoint.path, bearer)?;
    for (name, value) in &endpoint.headers {
        let refused = || Error::Header { name: name.clone(), url: request.url.to_string() };
        let known = HeaderName::try_from(name.as_str()).map_err(|_| refused())?;
        let value = HeaderValue::try_from(value).map_err(|_| refused())?;
        request.headers.insert(known, value);
    }
    Ok(request)
}
