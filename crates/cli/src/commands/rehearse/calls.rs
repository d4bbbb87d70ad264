//! What a deploy asked of the Machines API, by kind.

use std::collections::BTreeMap;

use sim_flyio::ApiCall;

/// Calls, counted.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Calls {
    pub(super) count: u64,
    /// By the names that faults have for them.
    pub(super) kinds: BTreeMap<String, u64>,
    /// Those that ended badly, by status; `broken` are those without an answer.
    pub(super) refused: BTreeMap<String, u64>,
}

impl Calls {
    pub(super) fn of<'a>(calls: impl IntoIterator<Item = &'a ApiCall>) -> Self {
        let mut counted = Self::default();
        for call in calls.into_iter().filter(|it| !it.is_event()) {
            counted.count += 1;
            let kind = call
                .action()
                .map_or_else(|| format!("{} {}", call.method, call.path), str::to_owned);
            *counted.kinds.entry(kind).or_default() += 1;
            let status = match call.status {
                Some(100..400) => continue,
                Some(status) => status.to_string(),
                None => "broken".to_owned(),
            };
            *counted.refused.entry(status).or_default() += 1;
        }
        counted
    }

    /// Kinds, most frequent first: `wait 12, get 8`.
    pub(super) fn told(&self) -> String {
        let mut kinds: Vec<_> = self.kinds.iter().collect();
        kinds.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let kinds = kinds.iter().map(|(kind, count)| format!("{kind} {count}"));
        kinds.collect::<Vec<_>>().join(", ")
    }

    /// What was not answered well: `408 once, 409 3 times`.
    pub(super) fn trouble(&self) -> Option<String> {
        let times = |(status, count): (&String, &u64)| match count {
            1 => format!("{status} once"),
            2 => format!("{status} twice"),
            count => format!("{status} {count} times"),
        };
        let told = self.refused.iter().map(times).collect::<Vec<_>>().join(", ");
        Some(told).filter(|it| !it.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(method: &str, path: &str, status: Option<u16>) -> ApiCall {
        ApiCall { method: method.into(), path: path.into(), status, ..ApiCall::default() }
    }

    #[test]
    fn what_was_refused_or_broke_off_is_counted_apart() {
        let calls = [
            call("GET", "/v1/apps/shop/machines", Some(200)),
            call("POST", "/v1/apps/shop/machines", Some(408)),
            call("POST", "/v1/apps/shop/machines", None),
            call("EVENT", "/v1/apps/shop/machines/1", None),
        ];
        let counted = Calls::of(&calls);
        assert_eq!((counted.count, counted.told()), (3, "create 2, list 1".into()));
        assert_eq!(counted.trouble().as_deref(), Some("408 once, broken once"));
    }
}
