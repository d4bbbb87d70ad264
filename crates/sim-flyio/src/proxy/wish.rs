//! Where a request wants to go: the routing headers of a client (fly.io docs:
//! networking/dynamic-request-routing).

use hyper::{HeaderMap, header::HeaderName};

const FORCE_INSTANCE: HeaderName = HeaderName::from_static("fly-force-instance-id");
const PREFER_INSTANCE: HeaderName = HeaderName::from_static("fly-prefer-instance-id");
const FORCE_REGION: HeaderName = HeaderName::from_static("fly-force-region");
const PREFER_REGION: HeaderName = HeaderName::from_static("fly-prefer-region");
/// Stands for every region.
const ANY: &str = "any";

/// What a request asks of the choice of a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wish {
    /// This machine or none, sick or not.
    pub(super) forced: Option<String>,
    /// Even then not one that is cordoned.
    pub(super) only_in_pool: bool,
    /// This machine, if it can take the request.
    pub(super) preferred: Option<String>,
    /// In this order; empty for the region of the edge.
    pub(super) regions: Vec<String>,
    /// Whether other regions will not do.
    pub(super) only_there: bool,
    /// Any machine but this one.
    pub(super) avoided: Option<String>,
}

impl Wish {
    /// Reads the headers; one that forces wins over one that prefers.
    pub(super) fn read(headers: &HeaderMap) -> Self {
        let text = |name: &HeaderName| {
            let value = headers.get(name)?.to_str().ok()?.trim();
            (!value.is_empty()).then(|| value.to_owned())
        };
        let forced = text(&FORCE_REGION);
        let only_there = forced.is_some();
        let regions = forced.or_else(|| text(&PREFER_REGION)).unwrap_or_default();
        Self {
            forced: text(&FORCE_INSTANCE),
            only_in_pool: false,
            preferred: text(&PREFER_INSTANCE),
            regions: list(&regions),
            only_there,
            avoided: None,
        }
    }

    /// How far a region is from what was asked for: nearest is 0, `None` is out of the question.
    pub(super) fn distance(&self, region: &str, edge: &str) -> Option<usize> {
        let listed = self.regions.iter().position(|asked| asked == region || asked == ANY);
        let near = || self.regions.len() + usize::from(region != edge);
        listed.or_else(|| (!self.only_there).then(near))
    }
}

/// The parts of `iad, ord`.
pub(super) fn list(text: &str) -> Vec<String> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&'static str, &'static str)]) -> Wish {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), value.parse().unwrap())
        };
        Wish::read(&pairs.iter().map(pair).collect())
    }

    #[test]
    fn without_headers_nothing_is_wished_for() {
        assert_eq!(read(&[]), Wish::default());
        assert_eq!(read(&[("fly-prefer-region", " ")]), Wish::default());
    }

    #[test]
    fn the_order_of_regions_is_the_order_of_preference_and_then_the_edge_is_near() {
        let prefers = read(&[("fly-prefer-region", "ams, fra")]);
        let forces = read(&[("fly-force-region", "ams,fra"), ("fly-prefer-region", "sin")]);
        let anywhere = read(&[("fly-force-region", "ams,any")]);
        let table = [
            (&Wish::default(), [Some(1), Some(1), Some(0), Some(1)]),
            (&prefers, [Some(0), Some(1), Some(2), Some(3)]),
            (&forces, [Some(0), Some(1), None, None]),
            (&anywhere, [Some(0), Some(1), Some(1), Some(1)]),
        ];
        for (wish, wanted) in table {
            let distances = ["ams", "fra", "ord", "sin"].map(|region| wish.distance(region, "ord"));
            assert_eq!(distances, wanted, "{wish:?}");
        }
    }
}
