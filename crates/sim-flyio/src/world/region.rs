//! The regions there are (fly.io docs: reference/regions). They are names: everything runs here.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{app::ORGANIZATION, refusal::Refusal};

/// Where things are created when a request names no region.
pub(crate) const REGION: &str = "ord";
/// How many machines a region takes, as placements tell it. The simulator's own number; it has no
/// such limit.
const ROOM: u64 = 1000;

/// Code, name, part of the world, latitude, longitude.
const REGIONS: [(&str, &str, &str, f64, f64); 18] = [
    ("ams", "Amsterdam, Netherlands", "europe", 52.37, 4.9),
    ("arn", "Stockholm, Sweden", "europe", 59.65, 17.92),
    ("bom", "Mumbai, India", "asia_pacific", 19.08, 72.88),
    ("cdg", "Paris, France", "europe", 48.86, 2.35),
    ("dfw", "Dallas, Texas (US)", "north_america", 32.78, -96.8),
    ("ewr", "Secaucus, NJ (US)", "north_america", 40.79, -74.06),
    ("fra", "Frankfurt, Germany", "europe", 50.11, 8.68),
    ("gru", "Sao Paulo, Brazil", "south_america", -23.55, -46.63),
    ("iad", "Ashburn, Virginia (US)", "north_america", 39.02, -77.46),
    ("jnb", "Johannesburg, South Africa", "africa", -26.2, 28.05),
    ("lax", "Los Angeles, California (US)", "north_america", 34.05, -118.24),
    ("lhr", "London, United Kingdom", "europe", 51.51, -0.13),
    ("nrt", "Tokyo, Japan", "asia_pacific", 35.68, 139.65),
    ("ord", "Chicago, Illinois (US)", "north_america", 41.88, -87.63),
    ("sin", "Singapore, Singapore", "asia_pacific", 1.35, 103.82),
    ("sjc", "San Jose, California (US)", "north_america", 37.34, -121.89),
    ("syd", "Sydney, Australia", "oceania", -33.87, 151.21),
    ("yyz", "Toronto, Canada", "north_america", 43.65, -79.38),
];

/// The region that a request means.
pub(crate) fn known(asked: Option<&str>) -> Result<&str, Refusal> {
    let region = asked.filter(|region| !region.is_empty()).unwrap_or(REGION);
    let found = REGIONS.iter().any(|(code, ..)| *code == region);
    found.then_some(region).ok_or_else(|| Refusal::invalid(format!("unknown region '{region}'")))
}

/// The reply to a question for all regions.
pub(crate) fn regions_json() -> Value {
    let rows = REGIONS.iter().map(|(code, name, part, latitude, longitude)| {
        json!({
            "code": code,
            "name": name,
            "geo_region": part,
            "latitude": latitude,
            "longitude": longitude,
            "gateway_available": true,
            "requires_paid_plan": false,
            "deprecated": false,
        })
    });
    json!({ "nearest": REGION, "regions": rows.collect::<Value>() })
}

/// The body of a placement request. Resources and weights make no difference here.
#[derive(Debug, Deserialize)]
pub(crate) struct PlacementAsk {
    #[serde(default)]
    org_slug: String,
    region: Option<String>,
    #[serde(default)]
    count: u64,
}

impl PlacementAsk {
    /// Where machines would go: all of them to the first region of the list. A count of zero asks
    /// how many there could be in each.
    pub(crate) fn answer(&self) -> Result<Value, Refusal> {
        if self.org_slug != ORGANIZATION {
            return Err(Refusal::not_found("organization"));
        }
        let mut places: Vec<&str> = Vec::new();
        for part in self.region.as_deref().unwrap_or("any").split(',').map(str::trim) {
            match part {
                "any" => places.extend(std::iter::once(REGION).chain(REGIONS.map(|row| row.0))),
                region => places.push(known(Some(region))?),
            }
        }
        let mut seen = BTreeSet::new();
        places.retain(|place| seen.insert(*place));
        let row = |region: &&str, count: u64| json!({ "region": region, "count": count, "concurrency": count });
        let rows: Value = match self.count {
            0 => places.iter().map(|region| row(region, ROOM)).collect(),
            count => places.iter().take(1).map(|region| row(region, count)).collect(),
        };
        Ok(json!({ "regions": rows }))
    }
}
