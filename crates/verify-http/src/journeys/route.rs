//! Where a link or a redirect leads, seen from one place. Pure.

use reqwest::Url;

/// One place of a journey: where it is asked, and what it is called by users.
#[derive(Clone, Debug)]
pub(super) struct Route {
    /// Where requests go.
    pub(super) base: Url,
    /// Where users' requests go: what the application takes for its own address.
    pub(super) public: Url,
}

impl Route {
    /// The address that `link` leads to from `from`. A link to the public address stays at this place; one to any
    /// other host is refused.
    pub(super) fn leads(&self, from: &Url, link: &str) -> Result<Url, String> {
        let to = from.join(link).map_err(|error| format!("`{link}` is no address: {error}"))?;
        if !matches!(to.scheme(), "http" | "https") || to.host_str().is_none() {
            return Err(format!("`{link}` leads away from HTTP"));
        }
        if same(&to, &self.base) {
            return Ok(to);
        }
        if same(&to, &self.public) {
            return Ok(self.at_base(&to));
        }
        let host = to.host_str().unwrap_or_default();
        if to.host_str() == self.base.host_str() {
            return Err(format!("leads to another port of {host}, or from TLS to plain HTTP"));
        }
        Err(format!("leads to another host, {host}"))
    }

    /// The same address as users would see it.
    pub(super) fn seen_by_users(&self, url: &Url) -> Url {
        let mut seen = self.public.clone();
        seen.set_path(url.path());
        seen.set_query(url.query());
        seen
    }

    /// `https://shop.example`, as a browser says where a script came from.
    pub(super) fn origin(&self) -> String {
        self.public.origin().ascii_serialization()
    }

    fn at_base(&self, to: &Url) -> Url {
        let mut here = self.base.clone();
        here.set_path(to.path());
        here.set_query(to.query());
        here
    }
}

/// One host; its port may only differ together with the scheme, as when plain HTTP leads to TLS.
fn same(one: &Url, other: &Url) -> bool {
    let ports = one.port_or_known_default() == other.port_or_known_default();
    let upgraded = one.scheme() == "https" && other.scheme() == "http" && one.port().is_none();
    one.host_str() == other.host_str() && (ports || upgraded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leads(link: &str) -> String {
        let url = |text: &str| text.parse::<Url>().unwrap();
        let route = Route { base: url("http://10.0.0.1:4000/"), public: url("https://shop.test/") };
        let led = route.leads(&url("http://10.0.0.1:4000/login"), link);
        led.map_or_else(|error| error, |it| it.to_string())
    }

    #[test]
    fn a_link_stays_at_its_place_and_one_elsewhere_is_refused() {
        assert_eq!(leads("/account?a=b"), "http://10.0.0.1:4000/account?a=b");
        assert_eq!(leads("account"), "http://10.0.0.1:4000/account");
        assert_eq!(leads("https://shop.test/account"), "http://10.0.0.1:4000/account");
        assert_eq!(leads("https://10.0.0.1/account"), "https://10.0.0.1/account");
        assert_eq!(leads("https://evil.test/account"), "leads to another host, evil.test");
        assert_eq!(
            leads("http://10.0.0.1:5000/"),
            "leads to another port of 10.0.0.1, or from TLS to plain HTTP"
        );
        assert_eq!(leads("mailto:a@shop.test"), "`mailto:a@shop.test` leads away from HTTP");
        assert_eq!(leads("http://[/"), "`http://[/` is no address: invalid IPv6 address");
    }

    #[test]
    fn users_see_the_public_address() {
        let url = |text: &str| text.parse::<Url>().unwrap();
        let public = url("https://shop.test");
        let route = Route { base: url("http://10.0.0.1:4000"), public };
        let seen = route.seen_by_users(&url("http://10.0.0.1:4000/live?a=b"));
        assert_eq!(seen.as_str(), "https://shop.test/live?a=b");
        assert_eq!(route.origin(), "https://shop.test");
    }
}
