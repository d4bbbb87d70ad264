//! Listing the machines of an app.

use serde_json::Value;

use super::{
    World,
    machine::Machine,
    page::{Cut, Page},
    refusal::Refusal,
    view::MachineView,
};

/// Which machines a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    states: Vec<String>,
    region: Option<String>,
    metadata: Vec<(String, String)>,
    include_deleted: bool,
    include_leases: bool,
    summary: bool,
}

impl Filter {
    /// Reads the query of a list request; what it does not know it leaves aside.
    pub(crate) fn read(query: &[(String, String)]) -> Self {
        let mut filter = Self::default();
        for (key, value) in query {
            match key.as_str() {
                "state" => filter.states.extend(said(value).map(str::to_owned)),
                "region" => filter.region = said(value).next().map(|_| value.clone()),
                "include_deleted" => filter.include_deleted = value == "true",
                "include_leases" => filter.include_leases = value == "true",
                "summary" => filter.summary = value == "true",
                key => filter.metadata.extend(
                    key.strip_prefix("metadata.").map(|key| (key.to_owned(), value.clone())),
                ),
            }
        }
        filter
    }

    fn admits(&self, machine: &Machine) -> bool {
        let metadata = machine.config().strings("metadata");
        let named = self.states.iter().any(|state| state == machine.state.as_str());
        (self.states.is_empty() || named)
            && (self.include_deleted || !machine.is_destroyed())
            && self.region.as_ref().is_none_or(|region| *region == machine.region)
            && self.metadata.iter().all(|(key, value)| metadata.get(key) == Some(value))
    }
}

/// The value of a key of a query; of several the last one counts.
pub(crate) fn value_of<'a>(query: &'a [(String, String)], key: &str) -> Option<&'a str> {
    let found = query.iter().rev().find(|(name, _)| name == key);
    found.map(|(_, value)| value.as_str())
}

/// The parts of a list of words; a key without a value says nothing.
pub(super) fn said(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').filter(|word| !word.is_empty())
}

impl World {
    /// The machines that `filter` admits, oldest first: those that are on the page.
    pub(crate) fn list(
        &self,
        app: &str,
        filter: &Filter,
        page: &Page,
    ) -> Result<Cut<Value>, Refusal> {
        let now = self.host.now;
        let found = self.readable(app)?.into_iter().filter(|machine| filter.admits(machine));
        let shown = |machine: &Machine| {
            let all = if filter.summary { machine.summary() } else { machine.to_json() };
            machine.with_lease(all, filter.include_leases, now)
        };
        let found = found.map(|machine| (machine.versions[0].id.clone(), machine)).collect();
        let Cut { items, next } = page.cut(found, now);
        Ok(Cut { items: items.into_iter().map(shown).collect(), next })
    }

    /// The truth about all machines of an app, oldest first.
    pub(crate) fn views(&self, app: &str) -> Result<Vec<MachineView>, Refusal> {
        Ok(self.readable(app)?.into_iter().map(|machine| machine.view(self.host.now)).collect())
    }

    fn readable(&self, app: &str) -> Result<Vec<&Machine>, Refusal> {
        let machines = self.app(app)?.machines.values();
        let mut found: Vec<_> = machines.filter(|m| m.is_readable(self.host.now)).collect();
        found.sort_by(|a, b| a.versions[0].id.cmp(&b.versions[0].id));
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_into_a_filter() {
        let pairs = [
            ("state", "started,stopped"),
            ("region", "fra"),
            ("metadata.role", "canary"),
            ("include_deleted", "true"),
            ("limit", "10"),
        ];
        let silent = [("state", ""), ("region", "")];
        let silent: Vec<_> = silent.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        assert_eq!(Filter::read(&silent), Filter::default());
        let pairs: Vec<_> = pairs.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        let wanted = Filter {
            states: vec!["started".into(), "stopped".into()],
            region: Some("fra".into()),
            metadata: vec![("role".into(), "canary".into())],
            include_deleted: true,
            include_leases: false,
            summary: false,
        };
        assert_eq!(Filter::read(&pairs), wanted);
    }
}
