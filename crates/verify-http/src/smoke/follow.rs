//! Follows redirects by hand: on the same site only, so many and no more, and never in a circle.

use std::time::Duration;

use reqwest::Url;
use reqwest::header::LOCATION;

use crate::client::{Ask, Unanswered};
use crate::place::Request;
use crate::response::Response;

/// The last answer, and the way to it.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) response: Response,
    /// The paths that were asked, the first one included. Queries stay out: some carry tokens.
    pub(super) way: Vec<String>,
    /// Why a redirect was not followed, if one was not that might have been.
    pub(super) stopped: Option<Stopped>,
}

/// Why a redirect was not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stopped {
    /// As many as are allowed were followed.
    Enough,
    /// It leads to where it was asked already.
    Circle,
    /// It leads to another site, which gets no credentials of this one.
    Elsewhere,
    /// It leads from TLS to plain HTTP.
    Unsafe,
}

/// Asks, and follows at most so many redirects. How long the answer took is the whole way.
pub(super) async fn follow(
    asker: &dyn Ask,
    request: &Request,
    redirects: u32,
) -> Result<Answer, Unanswered> {
    let mut request = request.clone();
    let mut seen = vec![request.url.clone()];
    let mut took = Duration::ZERO;
    loop {
        let mut response = asker.ask(&request).await?;
        took += response.took;
        response.took = took;
        let next = next(&request.url, &response).filter(|_| redirects > 0);
        let stopped = next.as_ref().and_then(|next| stops(next, &seen, redirects));
        match next {
            Some(next) if stopped.is_none() => {
                seen.push(next.clone());
                request.url = next;
            }
            circle => {
                let back = circle.filter(|_| stopped == Some(Stopped::Circle));
                let way = seen.iter().chain(&back).map(|it| it.path().to_owned()).collect();
                return Ok(Answer { response, way, stopped });
            }
        }
    }
}

/// Where an answer sends the client.
fn next(from: &Url, response: &Response) -> Option<Url> {
    let moved = matches!(response.status, 301 | 302 | 303 | 307 | 308);
    let to = response.headers.get(LOCATION).filter(|_| moved)?.to_str().ok()?;
    let mut next = from.join(to).ok()?;
    next.set_fragment(None);
    Some(next)
}

fn stops(next: &Url, seen: &[Url], redirects: u32) -> Option<Stopped> {
    let from = seen.last()?;
    let (https, was_https) = (next.scheme() == "https", from.scheme() == "https");
    // From http to https the port is another one, too.
    let same_port = next.port_or_known_default() == from.port_or_known_default();
    let upgraded = https && !was_https && next.port().is_none() && from.port().is_none();
    if next.host_str() != from.host_str() || !(https || next.scheme() == "http") {
        return Some(Stopped::Elsewhere);
    }
    if was_https && !https {
        return Some(Stopped::Unsafe);
    }
    if !same_port && !upgraded {
        return Some(Stopped::Elsewhere);
    }
    if seen.contains(next) {
        return Some(Stopped::Circle);
    }
    (seen.len() > redirects as usize).then_some(Stopped::Enough)
}

impl Answer {
    /// An answer that came at once.
    #[cfg(test)]
    pub(super) fn at_once(response: Response) -> Self {
        Self { response, way: vec!["/".into()], stopped: None }
    }

    /// The way in words, to stand after what was answered; nothing where there was none.
    pub(super) fn way_in_words(&self) -> String {
        let way = self.way.join(" -> ");
        let followed = self.way.len() - 1;
        match (self.stopped, followed) {
            (Some(Stopped::Circle), _) => format!(" (redirected in a circle: {way})"),
            (Some(Stopped::Elsewhere), _) => " (another site, which is not followed)".into(),
            (Some(Stopped::Unsafe), _) => " (from TLS to plain HTTP, which is not followed)".into(),
            (Some(Stopped::Enough), _) => {
                format!(" (after {}, as many as `redirects` allows: {way})", redirects(followed))
            }
            (None, 0) => String::new(),
            (None, _) => format!(" (after {}: {way})", redirects(followed)),
        }
    }
}

fn redirects(count: usize) -> String {
    format!("{count} redirect{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use async_trait::async_trait;

    use super::*;
    use crate::client::Asked;
    use crate::place::Place;
    use crate::response::response;

    /// A site as a map from addresses to where they redirect.
    struct Site(BTreeMap<&'static str, &'static str>);

    #[async_trait]
    impl Ask for Site {
        async fn ask(&self, request: &Request) -> Asked {
            let Some(to) = self.0.get(request.url.as_str()) else { return Ok(response(200, "")) };
            let mut answer = response(302, "");
            answer.headers.insert(LOCATION, to.parse().unwrap());
            Ok(answer)
        }
    }

    async fn followed(redirects: u32, site: &[(&'static str, &'static str)]) -> String {
        let (base, headers) = ("https://shop.test".to_owned(), BTreeMap::new());
        let place = Place { base, headers, instance: None };
        let request = place.request(reqwest::Method::GET, "/", None).unwrap();
        let site = Site(site.iter().copied().collect());
        let answer = follow(&site, &request, redirects).await.unwrap();
        format!("{}{} {:?}", answer.response.status, answer.way_in_words(), answer.response.took)
    }

    #[tokio::test]
    async fn redirects_are_followed_on_the_same_site_and_no_further() {
        let home = ("https://shop.test/", "/home?from=root#top");
        assert_eq!(followed(0, &[home]).await, "302 12ms");
        assert_eq!(followed(1, &[]).await, "200 12ms");
        assert_eq!(followed(1, &[home]).await, "200 (after 1 redirect: / -> /home) 24ms");
        let far = [home, ("https://shop.test/home?from=root", "/a"), ("https://shop.test/a", "/b")];
        insta::assert_snapshot!(followed(2, &far).await, @"302 (after 2 redirects, as many as `redirects` allows: / -> /home -> /a) 36ms");
        insta::assert_snapshot!(followed(3, &far).await, @"200 (after 3 redirects: / -> /home -> /a -> /b) 48ms");
        let circle = [home, ("https://shop.test/home?from=root", "/")];
        insta::assert_snapshot!(followed(9, &circle).await, @"302 (redirected in a circle: / -> /home -> /) 24ms");
        let others = [
            "https://evil.test/",
            "https://shop.test:8443/",
            "//evil.test/a",
            "mailto:a@shop.test",
        ];
        for other in others {
            let told = followed(9, &[("https://shop.test/", other)]).await;
            assert_eq!(told, "302 (another site, which is not followed) 12ms", "{other}");
        }
        insta::assert_snapshot!(followed(9, &[("https://shop.test/", "http://shop.test/")]).await, @"302 (from TLS to plain HTTP, which is not followed) 12ms");
    }

    #[test]
    fn plain_http_may_lead_to_tls() {
        let from = ["http://shop.test/".parse().unwrap()];
        let to = |text: &str| stops(&text.parse().unwrap(), &from, 1);
        assert_eq!(to("https://shop.test/"), None);
        assert_eq!(to("https://shop.test:8443/"), Some(Stopped::Elsewhere));
    }
}
