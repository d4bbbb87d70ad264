//! One request and its answer.

use std::{future::poll_fn, sync::Arc, task::Poll};

use hyper::{
    Request, Response, StatusCode, Version,
    body::Incoming,
    header::{HeaderName, HeaderValue},
    http::request::Parts,
    upgrade::OnUpgrade,
};

use super::{
    Proxy, Scope,
    backend::Sent,
    failure::Failure,
    headers::{self, Client},
    ledger::Entry,
    outgoing::{Copy, Outgoing},
    reach::{Reached, Search},
    relay::{Answer, Relay, Source},
    replay::{self, Replay},
    site::Site,
    tunnel::Tunnel,
    wish::Wish,
};
use crate::world::MachineKey;

const UNAVAILABLE: HeaderName = HeaderName::from_static("fly-preferred-instance-unavailable");

/// A request on its way, with what is needed to send it once more.
struct Errand {
    site: Arc<Site>,
    wish: Wish,
    head: Parts,
    copy: Copy,
    /// The client's side of the connection, if it asked for another protocol.
    client: Option<OnUpgrade>,
}

/// An answer that has begun.
struct Begun {
    response: Response<Incoming>,
    reached: Reached,
}

impl Proxy {
    /// Answers a request, one way or the other.
    pub(super) async fn exchange(
        &self,
        scope: &Scope,
        client: &Client,
        mut request: Request<Incoming>,
    ) -> Response<Answer> {
        let id = self.platform.request_id();
        let app = match scope {
            Scope::App(app) => Some(app.as_str()),
            Scope::ByHost => headers::app_of(request.headers()),
        };
        let Some(site) = app.and_then(|app| self.site(app)) else {
            return Failure::unknown_app().answer(id);
        };
        let mut wish = Wish::read(request.headers());
        wish.only_in_pool = !self.platform.config.pins_pass_cordons;
        let described = (request.method().clone(), request.uri().clone());
        let mut entry = site.account.open(described, wish.forced.is_some());
        let upgrade = headers::wants_upgrade(request.headers()).is_some();
        let upgrade = upgrade.then(|| hyper::upgrade::on(&mut request));
        headers::towards_app(request.headers_mut(), client, &id);
        let (mut head, body) = request.into_parts();
        head.uri = headers::origin_form(&head.uri);
        head.version = Version::HTTP_11;
        let (body, copy) = Outgoing::new(body);
        let mut errand = Errand { site, wish, head, copy, client: upgrade };
        match self.follow(&mut errand, body, &mut entry).await {
            Ok(begun) => self.answer((errand, entry), begun, id).await,
            Err(failure) => self.fail(&mut entry, failure, id),
        }
    }

    fn fail(&self, entry: &mut Entry, failure: Failure, id: HeaderValue) -> Response<Answer> {
        entry.lost(self.platform.clock.now(), failure.text.clone());
        failure.answer(id)
    }

    /// Sends a request where it wants to go, and where the answers to it send it.
    async fn follow(
        &self,
        errand: &mut Errand,
        mut body: Outgoing,
        entry: &mut Entry,
    ) -> Result<Begun, Failure> {
        for _ in 0..=replay::HOPS {
            let begun = self.deliver(errand, body, entry).await?;
            let Some(replay) = Replay::read(begun.response.headers()) else { return Ok(begun) };
            let replay = replay?;
            let again = errand.copy.again();
            let too_long = "PA01: the body is too long, or not all of it has come, to replay it";
            body = again.ok_or_else(|| Failure::broken(too_long))?;
            self.redirect(errand, &replay, &begun.reached.load.lane().machine)?;
        }
        Err(Failure::broken(format!("PA02: fly-replay more than {} times", replay::HOPS)))
    }

    fn redirect(&self, errand: &mut Errand, replay: &Replay, machine: &str) -> Result<(), Failure> {
        if let Some(app) = &replay.app {
            let unknown = || Failure::broken(format!("PA04: fly-replay to unknown app '{app}'"));
            errand.site = self.site(app).ok_or_else(unknown)?;
        }
        errand.wish = replay.wish_after(machine);
        let region = &self.platform.config.edge_region;
        let micros = self.platform.clock.now() * 1000;
        replay.mark(&mut errand.head.headers, (machine, region, micros));
        Ok(())
    }

    /// Sends a request to a machine. Once the machine may have seen anything of it, it is not
    /// sent again: the documentation promises retries of failed requests and does not say which.
    async fn deliver(
        &self,
        errand: &Errand,
        body: Outgoing,
        entry: &mut Entry,
    ) -> Result<Begun, Failure> {
        let Errand { site, wish, head, .. } = errand;
        let mut search = Search::new(self, site, wish);
        let mut request = Request::from_parts(head.clone(), body);
        loop {
            let mut reached = search.next().await?;
            let lane = reached.load.lane();
            entry.taken_by(&lane.machine);
            if let Some(failure) = self.traffic_fault((site, &lane.machine), entry) {
                return Err(failure);
            }
            if let Some(missed) =
                wish.preferred.as_ref().filter(|wanted| ***wanted != *lane.machine)
                && let Ok(missed) = HeaderValue::from_str(missed)
            {
                request.headers_mut().insert(UNAVAILABLE, missed);
            }
            match reached.link.send(request).await {
                Sent::Answered(response) => return Ok(Begun { response, reached }),
                Sent::Unseen(unseen, error) => {
                    request = unseen;
                    search.missed(&reached.load.shared(), &error)?;
                }
                Sent::Broken(error) if error.is_user() => {
                    entry.abandoned();
                    return Err(Failure::broken("the body of the request broke off"));
                }
                Sent::Broken(error) => {
                    let machine = &reached.load.lane().machine;
                    let text = format!("PU02: machine {machine} broke off: {error}");
                    return Err(Failure::broken(text));
                }
            }
        }
    }

    /// A machine that is made to fail answers without being asked; an answer all the same.
    fn traffic_fault(&self, (site, machine): (&Site, &str), entry: &mut Entry) -> Option<Failure> {
        let status = self.platform.traffic_fault((&site.name, machine))?;
        entry.head(status);
        entry.answered();
        Some(Failure::made(status))
    }

    /// Passes an answer on: as a body, or as the beginning of another protocol.
    async fn answer(
        &self,
        (errand, mut entry): (Errand, Entry),
        begun: Begun,
        id: HeaderValue,
    ) -> Response<Answer> {
        let Begun { mut response, reached } = begun;
        entry.head(response.status().as_u16());
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            return self.switch((errand, entry), response, (reached, id));
        }
        headers::towards_client(response.headers_mut(), id);
        let (head, body) = response.into_parts();
        let Reached { link, load, address, concurrency } = reached;
        let source = Source { open: Some((link, load)), address, concurrency };
        let platform = Arc::clone(&self.platform);
        let mut relay = Box::new(Relay { body, source, entry, platform });
        poll_fn(|cx| {
            relay.note_end(cx);
            Poll::Ready(())
        })
        .await;
        Response::from_parts(head, Answer::Relayed(relay))
    }

    fn switch(
        &self,
        (errand, mut entry): (Errand, Entry),
        mut response: Response<Incoming>,
        (reached, id): (Reached, HeaderValue),
    ) -> Response<Answer> {
        let protocol = headers::wants_upgrade(response.headers());
        let (Some(client), Some(protocol)) = (errand.client, protocol) else {
            let machine = &reached.load.lane().machine;
            let text = format!("PU02: machine {machine} switched protocols without being asked");
            return self.fail(&mut entry, Failure::broken(text), id);
        };
        let Reached { link, load, .. } = reached;
        let machine = load.lane().machine.to_string();
        let tunnel = Tunnel {
            client,
            machine: hyper::upgrade::on(&mut response),
            key: MachineKey { app: errand.site.name.clone(), machine },
            upgrade: entry.upgraded(),
            load,
        };
        self.platform.tasks.spawn(tunnel.run(Arc::clone(&self.platform), link));
        headers::towards_client(response.headers_mut(), id);
        headers::upgrades_to(response.headers_mut(), protocol);
        response.map(|_| Answer::Own(http_body_util::Full::default()))
    }
}
