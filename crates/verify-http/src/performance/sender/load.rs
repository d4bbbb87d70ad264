//! As many requests as go: the sender's connections as a load engine. A closed loop, so its latencies are not those
//! that users see; it says how many requests a server answers, and nothing else.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::join_all;
use tokio::time::{Instant, timeout_at};

use super::line::Line;
use super::route::{Route, Routes};
use super::{Outgoing, outgoing};
use crate::error::Error;
use crate::place::Place;

/// As many requests as go, on so many connections. Never point it at what others use.
#[derive(Clone, Debug)]
pub struct Load {
    /// What to ask for.
    pub url: String,
    /// How many connections are used, each for one request at a time.
    pub connections: usize,
    /// For how long.
    pub lasting: Duration,
}

/// What a load came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoadReport {
    /// Requests that were answered, whatever the status.
    pub answered: u64,
    /// Requests that were not.
    pub failed: u64,
    /// How long it lasted.
    pub took: Duration,
}

impl Load {
    /// Sends until the time is over.
    pub async fn run(&self) -> Result<LoadReport, Error> {
        let place = Place { base: self.url.clone(), headers: BTreeMap::new(), instance: None };
        let request = place.request(reqwest::Method::GET, "", None)?;
        let route = Routes::default().find(&request.url).await?;
        let request = outgoing(&request)?;
        let began = Instant::now();
        let until = began + self.lasting;
        let each = (0..self.connections.max(1)).map(|_| ask_until(until, &route, &request));
        let reports = join_all(each).await;
        Ok(LoadReport {
            answered: reports.iter().map(|it| it.answered).sum(),
            failed: reports.iter().map(|it| it.failed).sum(),
            took: began.elapsed(),
        })
    }
}

async fn ask_until(until: Instant, route: &Route, request: &Outgoing) -> LoadReport {
    let mut report = LoadReport::default();
    let asking = async {
        loop {
            let Ok(mut line) = Line::open(route).await else {
                report.failed += 1;
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            };
            while line.is_open() {
                match line.ask(request).await {
                    Ok(_) => report.answered += 1,
                    Err(_) => report.failed += 1,
                }
            }
        }
    };
    // It ends only here.
    let _ = timeout_at(until, asking).await;
    report
}
