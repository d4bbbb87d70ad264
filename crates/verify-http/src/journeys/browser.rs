//! What a browser keeps between two requests: cookies, the page, and the place it is at.

use reqwest::cookie::{CookieStore, Jar};
use reqwest::header::{COOKIE, HeaderMap, SET_COOKIE};
use reqwest::{Method, Url};

use super::config::Capture;
use super::exchange::{Exchange, Shown};
use super::page::{csrf_token, tokens};
use super::route::Route;
use super::values::Values;
use super::wrong::Wrong;
use crate::client::{Connect, Upgraded};
use crate::error::Error;
use crate::expect::clip;
use crate::place::{Place, Request};
use crate::redact::Secrets;
use crate::response::Response;

/// One visitor at one place, from the first step of a journey to the last.
pub(super) struct Browser<'b> {
    asker: &'b dyn Connect,
    place: &'b Place,
    pub(super) route: Route,
    pub(super) values: Values,
    /// The last thing that was asked, and what came of it.
    pub(super) exchange: Exchange,
    jar: Jar,
    page: Option<Page>,
    /// A cookie that came over plain HTTP and goes back over TLS only.
    withheld: Option<String>,
}

/// The page that came last.
struct Page {
    /// How it was asked for.
    method: Method,
    url: Url,
    text: String,
}

impl<'b> Browser<'b> {
    pub(super) fn new(
        asker: &'b dyn Connect,
        place: &'b Place,
        public: Option<&str>,
        values: Values,
    ) -> Result<Self, Error> {
        let base = place.request(Method::GET, "/", None)?.url;
        let public = public.and_then(|it| Url::parse(it).ok()).unwrap_or_else(|| base.clone());
        let route = Route { base, public };
        let (exchange, jar, page, withheld) = (Exchange::default(), Jar::default(), None, None);
        Ok(Self { asker, place, route, values, exchange, jar, page, withheld })
    }

    /// A request for `path`, pinned to the place.
    pub(super) fn request(&self, method: Method, path: &str) -> Result<Request, Wrong> {
        if path.starts_with('/') && !path.starts_with("//") {
            let request = self.place.request(method, path, None);
            return request.map_err(|error| Wrong::Blind(without_path(error, self.place)));
        }
        let mut request = self.place.request(method, "/", None)?;
        request.url = self.route.leads(&self.route.base, path).map_err(Wrong::Failed)?;
        Ok(request)
    }

    /// The token of the page that came last.
    pub(super) fn csrf(&self) -> Result<String, Wrong> {
        let Some(page) = &self.page else {
            let words = "needs the CSRF token of a page, but no step before it got one";
            return Err(Wrong::Failed(words.into()));
        };
        match csrf_token(&page.text) {
            Some(token) => Ok(token),
            None => Err(Wrong::Failed(format!(
                "needs a CSRF token, but the page of {} {} has none: neither input[name=_csrf_token] \
                 nor meta[name=csrf-token]",
                page.method,
                page.url.path()
            ))),
        }
    }

    /// Sets a cookie, as a script of the page would.
    pub(super) fn set_cookie(&mut self, url: &Url, name: &str, value: &str) {
        self.values.hide(value);
        self.jar.add_cookie_str(&format!("{name}={value}; Path=/"), url);
    }

    /// Asks, and follows redirects.
    pub(super) async fn ask(
        &mut self,
        mut request: Request,
        mut shown: Shown,
        redirects: u32,
    ) -> Result<Response, Wrong> {
        for left in (0..=redirects).rev() {
            let response = self.ask_once(&mut request, shown).await?;
            let Some(next) = self.redirected(&request, &response).filter(|_| left > 0) else {
                return Ok(response);
            };
            let from = request.url.path().to_owned();
            request = next?;
            let line = format!("{}, where {from} led", line(&request));
            shown = Shown { line, ..Shown::default() };
        }
        // The last round has nothing left.
        Err(Wrong::Unknown("was redirected".into()))
    }

    /// Asks for another protocol.
    pub(super) async fn connect(
        &mut self,
        mut request: Request,
        shown: Shown,
    ) -> Result<(Response, Option<Upgraded>), Wrong> {
        self.send_cookies(&mut request);
        self.exchange = Exchange::of(shown);
        let (response, stream) = self.asker.connect(&request).await?;
        self.take(&request, &response)?;
        Ok((response, stream))
    }

    /// The address of the page that came last, as users would see it.
    pub(super) fn page_url(&self) -> Url {
        let url = self.page.as_ref().map_or(&self.route.base, |it| &it.url);
        self.route.seen_by_users(url)
    }

    /// All that must not be seen, with what a step that failed did not come to capture.
    pub(super) fn secrets_seen(&self, captures: &[Capture]) -> Secrets {
        let mut values = self.values.clone();
        for response in self.exchange.responses() {
            let found = captures.iter().filter_map(|it| it.from.all(&response).ok()).flatten();
            found.for_each(|it| values.hide(&it));
        }
        values.secrets()
    }

    /// What to look at when a step was refused for what looks like a lost session.
    pub(super) fn hint(&self) -> Option<String> {
        if let Some(name) = &self.withheld {
            return Some(format!(
                "the cookie {name} is `Secure`, so it does not go back over plain HTTP"
            ));
        }
        let refused = self.exchange.response.as_ref().is_some_and(|it| it.status == 403);
        let page =
            self.page.as_ref().filter(|_| refused && self.exchange.request.is_forgeable())?;
        csrf_token(&page.text)?;
        let (method, path) = (&page.method, page.url.path());
        Some(format!("the page of {method} {path} has a CSRF token; `csrf = true` sends it"))
    }

    async fn ask_once(&mut self, request: &mut Request, shown: Shown) -> Result<Response, Wrong> {
        self.send_cookies(request);
        self.exchange = Exchange::of(shown);
        let response = self.asker.ask(request).await?;
        self.take(request, &response)?;
        Ok(response)
    }

    fn send_cookies(&self, request: &mut Request) {
        request.headers.remove(COOKIE);
        if let Some(mut cookies) = self.jar.cookies(&request.url) {
            cookies.set_sensitive(true);
            request.headers.insert(COOKIE, cookies);
        }
    }

    fn take(&mut self, request: &Request, response: &Response) -> Result<(), Wrong> {
        self.exchange.response = Some(response.clone());
        self.take_cookies(&request.url, &response.headers);
        if response.is_html() {
            let text = String::from_utf8_lossy(&response.body).into_owned();
            for token in tokens(&text) {
                self.values.hide(&token);
            }
            if (200..300).contains(&response.status) {
                let (method, url) = (request.method.clone(), request.url.clone());
                self.page = Some(Page { method, url, text });
            }
        }
        self.answers_for_itself(response)
    }

    /// An answer of another machine proves nothing about this one.
    fn answers_for_itself(&self, response: &Response) -> Result<(), Wrong> {
        let (Some(wanted), Some(answered)) = (&self.place.instance, response.machine()) else {
            return Ok(());
        };
        if wanted == answered {
            return Ok(());
        }
        Err(Wrong::Unknown(format!("was answered by another machine, {}", clip(answered))))
    }

    fn take_cookies(&mut self, url: &Url, headers: &HeaderMap) {
        self.jar.set_cookies(&mut headers.get_all(SET_COOKIE).iter(), url);
        let kept = self.jar.cookies(url);
        let kept = kept.as_ref().and_then(|it| it.to_str().ok()).unwrap_or_default().to_owned();
        for text in headers.get_all(SET_COOKIE).iter().filter_map(|it| it.to_str().ok()) {
            let cookie = text.split(';').next().unwrap_or_default();
            let (name, value) = cookie.split_once('=').unwrap_or_default();
            self.values.hide(value.trim().trim_matches('"'));
            let mut attributes = text.split(';').skip(1).map(str::trim);
            let secure = attributes.any(|it| it.eq_ignore_ascii_case("secure"));
            if secure && url.scheme() == "http" && !kept.contains(name) {
                self.withheld = Some(name.trim().to_owned());
            }
        }
    }

    /// The request that a redirect asks for (RFC 9110, 15.4): all but 307 and 308 make a GET of a POST.
    fn redirected(&self, from: &Request, response: &Response) -> Option<Result<Request, Wrong>> {
        let keeps = match response.status {
            301..=303 => false,
            307 | 308 => true,
            _ => return None,
        };
        let location = response.header("location")?;
        let led = self.route.leads(&from.url, location);
        let led =
            led.map_err(|words| Wrong::Failed(format!("answered {} and {words}", response.status)));
        Some(led.map(|url| {
            let mut request = Request { url, ..from.clone() };
            if !keeps && from.method != Method::HEAD {
                request.method = Method::GET;
                request.body = None;
                request.headers.remove("content-type");
                request.headers.remove("x-csrf-token");
            }
            request
        }))
    }
}

/// The same without the path, which may hold a secret.
fn without_path(error: Error, place: &Place) -> Error {
    match error {
        Error::Url { reason, .. } => Error::Url { url: place.base.clone(), reason },
        other => other,
    }
}

/// `GET https://shop.example/login`.
pub(super) fn line(request: &Request) -> String {
    format!("{} {}", request.method, request.url)
}
