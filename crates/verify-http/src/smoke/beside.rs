//! Old and new side by side: what a new instance is refused for, an old one that still serves is asked once, too.
//! That changes no verdict; it tells a person whether the release is to blame.

use futures::future::join_all;
use pipeline_core::{Deployment, Side, Verdict};
use tokio::time::timeout;

use super::judge::Standard;
use super::probe::{Probe, Probed};
use super::tally::End;
use super::window::Window;
use crate::place::Place;

/// An old instance that users' requests reach, where there are new ones to compare it with.
pub(super) fn control(deployment: &Deployment) -> Option<Place> {
    let new = deployment.instances.iter().any(|it| it.side == Side::New);
    let old = deployment.instances.iter().filter(|it| it.side == Side::Old && it.serving);
    old.filter(|_| new).find_map(|it| {
        let address = it.address.as_ref()?;
        let (base, headers) = (address.url.clone(), address.headers.clone());
        Some(Place { base, headers, instance: Some(it.id.clone()) })
    })
}

impl Window<'_> {
    /// Adds what the old instance answers to what the new ones were refused for.
    pub(super) async fn compare(&self, probed: &mut [Probed<'_>], old: &Place) {
        join_all(probed.iter_mut().map(|it| self.compare_one(it, old))).await;
    }

    async fn compare_one(&self, probed: &mut Probed<'_>, old: &Place) {
        let End::Judged(judged, _) = &mut probed.end else { return };
        let standard = &probed.probe.standard;
        if judged.verdict != Verdict::Refused || standard.instance.is_none() {
            return;
        }
        // Which build it is was never in doubt.
        let standard = Standard { build: None, ..standard.clone() };
        let Ok(probe) = Probe::new(old, standard) else { return };
        let asked = timeout(self.attempt_timeout(), self.asked_once(probe)).await;
        let Ok(End::Judged(beside, _)) = asked else { return };
        let id = old.instance.as_deref().unwrap_or_default();
        judged.message = format!("{}; the old machine {id} {}", judged.message, beside.message);
    }
}

#[cfg(test)]
mod tests {
    use pipeline_core::{Address, Instance};

    use super::*;

    fn instance(id: &str, side: Side, serving: bool, reachable: bool) -> Instance {
        let address = Address { url: "https://shop.test".into(), headers: [].into() };
        let address = reachable.then_some(address);
        Instance { id: id.into(), side, region: None, serving, address }
    }

    #[test]
    fn the_control_is_an_old_one_that_serves_beside_new_ones() {
        let (old, new) = (Side::Old, Side::New);
        let table = [
            (vec![instance("a", old, true, true), instance("b", new, true, true)], Some("a")),
            (vec![instance("a", old, false, true), instance("b", new, true, true)], None),
            (vec![instance("a", old, true, false), instance("b", new, true, true)], None),
            (vec![instance("a", old, true, true)], None),
            (vec![instance("b", new, true, true)], None),
        ];
        for (instances, id) in table {
            let deployment = Deployment { instances, ..Deployment::default() };
            assert_eq!(control(&deployment).and_then(|it| it.instance).as_deref(), id);
        }
    }
}
