//! Where to ask: what users reach, and each instance by itself. Pure.

use std::collections::BTreeMap;

use pipeline_core::{Deployment, Finding, Report};
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use crate::error::Error;

/// One place to send requests to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) base: String,
    /// Headers that pin a request to the instance.
    pub(crate) headers: BTreeMap<String, String>,
    /// `None` where users' requests go.
    pub(crate) instance: Option<String>,
}

/// A request that can be sent again and again.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: reqwest::Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Vec<u8>>,
}

/// The places of a deployment that prove something about it.
pub(crate) fn places(deployment: &Deployment, per_instance: bool) -> Vec<Place> {
    // Where no instances are known, the public address is all there is to look at.
    let public = deployment.is_public() || deployment.instances.is_empty();
    let public = deployment.url.as_ref().filter(|_| public).map(|url| Place {
        base: url.clone(),
        headers: BTreeMap::new(),
        instance: None,
    });
    let pinned = deployment.subjects().filter(|_| per_instance).filter_map(|it| {
        let address = it.address.as_ref()?;
        let (base, headers) = (address.url.clone(), address.headers.clone());
        Some(Place { base, headers, instance: Some(it.id.clone()) })
    });
    public.into_iter().chain(pinned).collect()
}

/// Is there no way to ask the new release before a later stage lets users in?
pub(crate) fn is_shut(deployment: &Deployment) -> bool {
    let has_address = deployment.subjects().any(|it| it.address.is_some());
    deployment.awaits_users && !deployment.is_public() && !has_address
}

/// What is said of a release that is still behind a shut door, which is told, and stops nothing.
pub(crate) fn not_asked_yet() -> Report {
    Report::passed().finding(Finding::note(NOT_YET))
}

const NOT_YET: &str = "not asked yet: the new machines are out of the pool, and the proxy hands them nothing; they are asked once users reach them";

impl Place {
    /// A request for `path` here with these headers, without a body. What pins it to this place wins.
    pub(crate) fn request_with(
        &self,
        headers: HeaderMap,
        (method, path): (reqwest::Method, &str),
        bearer: Option<&SecretString>,
    ) -> Result<Request, Error> {
        let mut request = self.request(method, path, bearer)?;
        let pins = std::mem::replace(&mut request.headers, headers);
        request.headers.extend(pins);
        Ok(request)
    }

    /// A request for `path` here, without a body.
    pub(crate) fn request(
        &self,
        method: reqwest::Method,
        path: &str,
        bearer: Option<&SecretString>,
    ) -> Result<Request, Error> {
        let url = format!("{}{path}", self.base.trim_end_matches('/'));
        let headers = self.headers(&url, bearer)?;
        Ok(Request { method, url: parse(&url)?, headers, body: None })
    }

    fn headers(&self, url: &str, bearer: Option<&SecretString>) -> Result<HeaderMap, Error> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let refused = || Error::Header { name: name.clone(), url: url.to_owned() };
            let known = HeaderName::try_from(name.as_str()).map_err(|_| refused())?;
            headers.insert(known, HeaderValue::try_from(value).map_err(|_| refused())?);
        }
        if let Some(bearer) = bearer {
            let value = HeaderValue::try_from(format!("Bearer {}", bearer.expose_secret()));
            let refused = |_| Error::Header { name: "authorization".into(), url: url.to_owned() };
            let mut value = value.map_err(refused)?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        Ok(headers)
    }
}

fn parse(url: &str) -> Result<Url, Error> {
    let refused = |reason: String| Error::Url { url: url.to_owned(), reason };
    let parsed = Url::parse(url).map_err(|error| refused(error.to_string()))?;
    match parsed.scheme() {
        "http" | "https" => Ok(parsed),
        other => Err(refused(format!("its scheme is `{other}`, not http or https"))),
    }
}

#[cfg(test)]
mod tests {
    use pipeline_core::{Address, Instance, Side};

    use super::*;

    fn instance(id: &str, side: Side, serving: bool) -> Instance {
        let headers = [("fly-force-instance-id".to_owned(), id.to_owned())].into();
        let address = Some(Address { url: "https://shop.test".into(), headers });
        Instance { id: id.into(), side, region: None, serving, address }
    }

    fn asked(deployment: &Deployment, per_instance: bool) -> Vec<String> {
        let places = places(deployment, per_instance);
        places.into_iter().map(|it| it.instance.unwrap_or("public".into())).collect()
    }

    fn deployment(instances: Vec<Instance>) -> Deployment {
        let url = Some("https://shop.test".into());
        Deployment { url, instances, ..Deployment::default() }
    }

    #[test]
    fn the_public_address_counts_only_where_it_leads_to_a_subject() {
        let (old, new) = (Side::Old, Side::New);
        let beside = deployment(vec![instance("b", old, true), instance("g", new, false)]);
        assert_eq!(asked(&beside, true), ["g"]);
        let switched = deployment(vec![instance("b", old, false), instance("g", new, true)]);
        assert_eq!(asked(&switched, true), ["public", "g"]);
        assert_eq!(asked(&switched, false), ["public"]);
        assert_eq!(asked(&deployment(vec![]), true), ["public"]);
    }

    #[test]
    fn a_release_is_behind_a_shut_door_only_where_its_target_says_so_and_nobody_gets_in() {
        let green = |serving| Instance { address: None, ..instance("g", Side::New, serving) };
        let beside = |green| deployment(vec![instance("b", Side::Old, true), green]);
        let awaits = |it| Deployment { awaits_users: true, ..beside(it) };
        assert!(is_shut(&awaits(green(false))));
        assert!(!is_shut(&beside(green(false))), "no address alone is no reason to be silent");
        assert!(!is_shut(&awaits(green(true))));
        assert!(!is_shut(&awaits(instance("g", Side::New, false))));
    }

    #[test]
    fn an_instance_without_an_address_is_not_asked() {
        let mut hidden = instance("g", Side::New, false);
        hidden.address = None;
        assert_eq!(asked(&deployment(vec![hidden]), true), [""; 0]);
    }

    #[test]
    fn a_request_is_pinned_and_carries_the_token_out_of_sight() {
        let place = &places(&deployment(vec![instance("g", Side::New, false)]), true)[0];
        let request =
            place.request(reqwest::Method::GET, "/a?b=c", Some(&"s3cret".into())).unwrap();
        assert_eq!(request.url.as_str(), "https://shop.test/a?b=c");
        assert_eq!(request.headers["fly-force-instance-id"], "g");
        assert_eq!(request.headers["authorization"], "Bearer s3cret");
        assert!(!format!("{request:?}").contains("s3cret"));
    }

    #[test]
    fn what_cannot_be_asked_is_a_fault_of_this_side() {
        let place =
            |base: &str| Place { base: base.into(), headers: BTreeMap::new(), instance: None };
        let refused =
            |base| place(base).request(reqwest::Method::GET, "/", None).unwrap_err().to_string();
        insta::assert_snapshot!(refused("shop.fly.dev"),
            @"`shop.fly.dev/` cannot be asked over HTTP: relative URL without a base");
        insta::assert_snapshot!(refused("ftp://shop.test"),
            @"`ftp://shop.test/` cannot be asked over HTTP: its scheme is `ftp`, not http or https");
        let bad = place("http://a").request(reqwest::Method::GET, "/", Some(&"two\nlines".into()));
        insta::assert_snapshot!(bad.unwrap_err(),
            @"the header `authorization` for http://a/ holds characters that cannot be sent");
    }
}
