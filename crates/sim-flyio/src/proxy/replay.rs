//! Answers that ask for the request to be sent elsewhere: the header `fly-replay` (fly.io docs:
//! networking/dynamic-request-routing).

use hyper::header::{HeaderMap, HeaderName, HeaderValue};

use super::{
    failure::Failure,
    wish::{Wish, list},
};

/// So often a request can be sent elsewhere.
pub(super) const HOPS: usize = 10;
const HEADER: HeaderName = HeaderName::from_static("fly-replay");
const SOURCE: HeaderName = HeaderName::from_static("fly-replay-src");

/// Where to send a request instead.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Replay {
    /// Another app.
    pub(super) app: Option<String>,
    pub(super) wish: Wish,
    /// Told to whoever gets the request.
    state: Option<String>,
    elsewhere: bool,
}

impl Replay {
    /// Reads the header of an answer, if it has one.
    pub(super) fn read(headers: &HeaderMap) -> Option<Result<Self, Failure>> {
        let text = headers.get(HEADER)?.to_str();
        let malformed = |_| Failure::broken("PA03: the fly-replay header is not text");
        Some(text.map_err(malformed).and_then(Self::parse))
    }

    /// Reads `region="iad,ord";app=shop`.
    fn parse(text: &str) -> Result<Self, Failure> {
        let mut replay = Self::default();
        for field in text.split(';').map(str::trim).filter(|field| !field.is_empty()) {
            let malformed = || Failure::broken(format!("PA03: malformed fly-replay '{field}'"));
            let (name, value) = field.split_once('=').ok_or_else(malformed)?;
            let value = value.trim().trim_matches('"').to_owned();
            match (name.trim(), value.as_str()) {
                (_, "") => return Err(malformed()),
                ("app", _) => replay.app = Some(value),
                ("instance", _) => replay.wish.forced = Some(value),
                ("prefer_instance", _) => replay.wish.preferred = Some(value),
                ("state", _) => replay.state = Some(value),
                ("elsewhere", said) => replay.elsewhere = said == "true",
                ("region", regions) => {
                    (replay.wish.regions, replay.wish.only_there) = (list(regions), true);
                }
                _ => return Err(malformed()),
            }
        }
        let wants = replay.wish != Wish::default() || replay.app.is_some() || replay.elsewhere;
        let empty = || Failure::broken("PA03: the fly-replay header names no place");
        wants.then_some(replay).ok_or_else(empty)
    }

    /// The wish of the next hop, after `machine` had the request.
    pub(super) fn wish_after(&self, machine: &str) -> Wish {
        let avoided = self.elsewhere.then(|| machine.to_owned());
        Wish { avoided, ..self.wish.clone() }
    }

    /// Tells the next machine where the request comes from; `at` is in microseconds.
    pub(super) fn mark(&self, headers: &mut HeaderMap, (machine, region, at): (&str, &str, i64)) {
        let state = self.state.as_ref().map(|state| format!(";state={state}")).unwrap_or_default();
        let source = format!("instance={machine};region={region};t={at}{state}");
        if let Ok(source) = HeaderValue::from_str(&source) {
            headers.insert(SOURCE, source);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_in_any_order_with_or_without_quotes() {
        let replay =
            Replay::parse(r#"region="iad, ord";app=other;state=s1;elsewhere=true"#).unwrap();
        assert_eq!(replay.app.as_deref(), Some("other"));
        let wish = replay.wish_after("a");
        assert_eq!(wish.regions, ["iad", "ord"]);
        assert!(wish.only_there && wish.avoided.as_deref() == Some("a"));
        let mut headers = HeaderMap::new();
        replay.mark(&mut headers, ("a", "ord", 5));
        assert_eq!(headers["fly-replay-src"], "instance=a;region=ord;t=5;state=s1");
        let forced = Replay::parse("instance=00bb33ff").unwrap().wish_after("a");
        assert_eq!((forced.forced.as_deref(), forced.avoided), (Some("00bb33ff"), None));
    }

    #[test]
    fn what_cannot_be_followed_is_refused_by_name() {
        let table = [
            ("", "PA03: the fly-replay header names no place"),
            ("state=x", "PA03: the fly-replay header names no place"),
            ("instance", "PA03: malformed fly-replay 'instance'"),
            ("instance=", "PA03: malformed fly-replay 'instance='"),
            ("app=a;timeout=10s", "PA03: malformed fly-replay 'timeout=10s'"),
        ];
        for (text, why) in table {
            assert_eq!(Replay::parse(text).unwrap_err().text, why, "{text}");
        }
    }
}
