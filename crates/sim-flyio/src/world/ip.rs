//! IP addresses of apps. They come from ranges that are set aside for documentation (RFC 5737 and
//! RFC 3849) and lead nowhere; users reach an app through the proxy of the simulator.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{World, app::App, app::ORGANIZATION, refusal::Refusal};
use crate::clock::{Millis, rfc3339};

/// The address that all apps share.
const SHARED: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 1);
/// How many addresses of each kind there are.
const POOL: u16 = 254;

/// An address of an app.
#[derive(Clone, Debug)]
pub(crate) struct Assignment {
    pub(crate) address: IpAddr,
    pub(crate) region: String,
    pub(crate) service_name: String,
    pub(crate) created_at: Millis,
}

/// The body of an assignment request.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct IpAsk {
    #[serde(rename = "type")]
    kind: String,
    region: Option<String>,
    org_slug: Option<String>,
    service_name: Option<String>,
}

impl IpAsk {
    pub(crate) fn new(kind: &str, region: Option<&str>) -> Self {
        let (kind, region) = (kind.to_owned(), region.map(str::to_owned));
        Self { kind, region, ..Self::default() }
    }
}

impl Assignment {
    pub(crate) fn is_shared(&self) -> bool {
        self.address == IpAddr::V4(SHARED)
    }

    /// The word that asks for an address of this kind.
    pub(crate) fn kind(&self) -> &'static str {
        match self.address {
            IpAddr::V4(_) if self.is_shared() => "shared_v4",
            IpAddr::V4(_) => "v4",
            IpAddr::V6(ip) if ip.is_unique_local() => "private_v6",
            IpAddr::V6(_) => "v6",
        }
    }

    fn to_json(&self) -> Value {
        json!({
            "ip": self.address,
            "region": self.region,
            "service_name": self.service_name,
            "shared": self.is_shared(),
            "created_at": rfc3339(self.created_at),
        })
    }
}

/// The address number `n` of a kind; `None` is a kind that Fly.io does not know.
fn address(kind: &str, n: u16) -> Option<IpAddr> {
    let last = u8::try_from(n).ok()?;
    Some(match kind {
        "v4" => Ipv4Addr::new(203, 0, 113, last).into(),
        "shared_v4" => SHARED.into(),
        "v6" => Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, n).into(),
        // The private network of Fly.io, as machines have it; there is nothing for documentation.
        "private_v6" => Ipv6Addr::new(0xfdaa, 0, 1, 0, 1, 0, 0, n).into(),
        _ => return None,
    })
}

impl World {
    pub(crate) fn list_ips(&self, app: &str) -> Result<Value, Refusal> {
        let ips = &self.app(app)?.ips;
        Ok(json!({ "ips": ips.iter().map(Assignment::to_json).collect::<Value>() }))
    }

    /// Gives an app the first free address of a kind.
    pub(crate) fn assign_ip(&mut self, app: &str, ask: &IpAsk) -> Result<Value, Refusal> {
        let own = self.app(app)?;
        if ask.org_slug.as_deref().is_some_and(|slug| slug != ORGANIZATION) {
            return Err(Refusal::not_found("organization"));
        }
        let region = match ask.region.as_deref() {
            None | Some("" | "global") => "global",
            region => super::region::known(region)?,
        };
        if ask.kind == "shared_v4" && own.ips.iter().any(Assignment::is_shared) {
            return Err(Refusal::impossible("the app has the shared IPv4 address already"));
        }
        let assignment = Assignment {
            address: self.free_address(&ask.kind)?,
            region: region.to_owned(),
            service_name: ask.service_name.clone().unwrap_or_default(),
            created_at: self.host.now,
        };
        let shown = assignment.to_json();
        self.apps.get_mut(app).expect("just read").ips.push(assignment);
        Ok(shown)
    }

    /// Takes an address away from an app.
    pub(crate) fn release_ip(&mut self, app: &str, ip: &str) -> Result<(), Refusal> {
        let found = ip.parse().ok().and_then(|ip: IpAddr| {
            self.apps.get(app)?.ips.iter().position(|held| held.address == ip)
        });
        self.app(app)?;
        let place = found.ok_or_else(|| Refusal::not_found("ip assignment"))?;
        self.apps.get_mut(app).expect("just read").ips.remove(place);
        Ok(())
    }

    fn free_address(&self, kind: &str) -> Result<IpAddr, Refusal> {
        let unknown = || Refusal::invalid(format!("unknown ip type '{kind}'"));
        let taken = |address: &IpAddr| {
            let held = |app: &App| app.ips.iter().any(|held| held.address == *address);
            *address != IpAddr::V4(SHARED) && self.apps.values().any(held)
        };
        address(kind, 1).ok_or_else(unknown)?;
        let mut pool = (1..=POOL).filter_map(|n| address(kind, n));
        let free = pool.find(|address| !taken(address));
        free.ok_or_else(|| Refusal::impossible(format!("no {kind} address is left")))
    }
}
