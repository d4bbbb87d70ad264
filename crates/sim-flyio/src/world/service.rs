//! What the service of a machine tells the proxy: how much it may be loaded, and whether the
//! proxy may start and stop it.

use serde_json::Value;

use super::machine::Machine;

/// The soft limit of a service that names none; there is no hard limit then (fly.io docs:
/// apps/concurrency).
const SOFT_LIMIT: usize = 20;

/// What counts as load.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Concurrency {
    /// Connections to the machine: each request gets one of its own.
    #[default]
    Connections,
    /// Requests; connections are used again.
    Requests,
}

/// What the proxy does with a machine that is not needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Autostop {
    #[default]
    Off,
    Stop,
    Suspend,
}

/// The first service of a machine, with the defaults of the platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Service {
    pub(crate) concurrency: Concurrency,
    pub(crate) soft_limit: usize,
    pub(crate) hard_limit: Option<usize>,
    pub(crate) autostart: bool,
    pub(crate) autostop: Autostop,
    /// How many machines of the primary region are left running.
    pub(crate) min_running: usize,
    /// Whether the machine is in the primary region.
    pub(crate) is_primary: bool,
}

impl Default for Service {
    fn default() -> Self {
        Self {
            concurrency: Concurrency::default(),
            soft_limit: SOFT_LIMIT,
            hard_limit: None,
            autostart: false,
            autostop: Autostop::Off,
            min_running: 0,
            is_primary: false,
        }
    }
}

impl Service {
    /// Reads a service of a configuration; what is not said has the default of the Machines API.
    fn read(service: &Value) -> Self {
        let concurrency = &service["concurrency"];
        let count = |value: &Value| {
            let count = value.as_u64().filter(|count| *count > 0);
            count.and_then(|count| usize::try_from(count).ok())
        };
        Self {
            concurrency: match concurrency["type"].as_str() {
                Some("requests") => Concurrency::Requests,
                _ => Concurrency::Connections,
            },
            soft_limit: count(&concurrency["soft_limit"]).unwrap_or(SOFT_LIMIT),
            hard_limit: count(&concurrency["hard_limit"]),
            autostart: service["autostart"] == true,
            autostop: match &service["autostop"] {
                Value::Bool(true) => Autostop::Stop,
                Value::String(how) if how == "stop" => Autostop::Stop,
                Value::String(how) if how == "suspend" => Autostop::Suspend,
                _ => Autostop::Off,
            },
            min_running: count(&service["min_machines_running"]).unwrap_or(0),
            is_primary: false,
        }
    }
}

impl Machine {
    /// Its first service, if it has any.
    pub(crate) fn service(&self) -> Option<Service> {
        let config = self.config();
        let primary = config.0["env"]["PRIMARY_REGION"].as_str();
        let service = Service::read(config.services().first()?);
        Some(Service { is_primary: primary == Some(&*self.region), ..service })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_service_that_says_nothing_has_the_defaults_of_the_platform() {
        let silent = Service::read(&json!({ "internal_port": 8080 }));
        assert_eq!(silent, Service::default());
        assert_eq!((silent.soft_limit, silent.hard_limit, silent.autostart), (20, None, false));
    }

    #[test]
    fn limits_and_autostop_are_read_in_all_their_spellings() {
        let read = |service| Service::read(&service);
        let limited = read(json!({
            "concurrency": { "type": "requests", "soft_limit": 2, "hard_limit": 3 },
            "autostart": true,
            "min_machines_running": 1,
        }));
        assert_eq!(limited.concurrency, Concurrency::Requests);
        assert_eq!((limited.soft_limit, limited.hard_limit), (2, Some(3)));
        assert!(limited.autostart && limited.min_running == 1);
        let table = [
            (json!(true), Autostop::Stop),
            (json!("stop"), Autostop::Stop),
            (json!("suspend"), Autostop::Suspend),
            (json!("off"), Autostop::Off),
            (json!(false), Autostop::Off),
            (json!(null), Autostop::Off),
        ];
        for (said, meant) in table {
            assert_eq!(read(json!({ "autostop": said })).autostop, meant, "{said}");
        }
    }
}
