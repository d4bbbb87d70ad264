//! The list of machines. It has one limit for the whole app, so those who wait for the turn of the same
//! request share its answer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use reqwest::Method;
use tokio::sync::watch;

use super::client::{Call, Host};
use super::error::ApiError;
use super::machine::Machine;

type Answer = Option<Arc<Vec<Machine>>>;

/// What is asked for beside the list itself.
type Query = Vec<(String, String)>;

/// The requests that have not been sent yet, by what they ask for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lists(Arc<Mutex<BTreeMap<Query, watch::Receiver<Answer>>>>);

/// What to do about a list.
enum Part {
    Lead(watch::Sender<Answer>),
    Follow(watch::Receiver<Answer>),
}

impl Lists {
    /// The machines as they are at some moment after now.
    pub(crate) async fn read(&self, host: &Host) -> Result<Arc<Vec<Machine>>, ApiError> {
        self.read_as(host, Call::new(Method::GET, "list the machines", "/machines")).await
    }

    /// The machines that this call asks for, as they are at some moment after now.
    pub(crate) async fn read_as(
        &self,
        host: &Host,
        call: Call,
    ) -> Result<Arc<Vec<Machine>>, ApiError> {
        match self.part(&call.query) {
            Part::Lead(tell) => {
                host.turn(&call).await;
                // Whoever comes from here on may want to see what was done after it was sent.
                self.open().remove(&call.query);
                let list = Arc::new(host.send_now(&call).await?.answer);
                tell.send_replace(Some(Arc::clone(&list)));
                Ok(list)
            }
            Part::Follow(mut told) => {
                let answer = told.wait_for(Option::is_some).await.ok().and_then(|it| it.clone());
                match answer {
                    Some(list) => Ok(list),
                    // It failed, or nobody wanted it any more.
                    None => host.send(&call).await.map(Arc::new),
                }
            }
        }
    }

    fn part(&self, query: &Query) -> Part {
        let mut open = self.open();
        // One whose leader went away is never sent.
        if let Some(told) = open.get(query).filter(|it| it.has_changed().is_ok()) {
            return Part::Follow(told.clone());
        }
        let (tell, told) = watch::channel(None);
        open.insert(query.clone(), told);
        Part::Lead(tell)
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<Query, watch::Receiver<Answer>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::future::join_all;
    use sim_flyio::{SimConfig, SimFly};
    use tokio::time::timeout;

    use crate::api::Api;
    use crate::config::FlyConfig;
    use crate::fly_toml::FlyToml;

    async fn app() -> (SimFly, Api) {
        let config = SimConfig { seed: Some(1), rate_limits: true, ..SimConfig::default() };
        let sim = SimFly::start(config).await.unwrap();
        sim.create_app("shop");
        let token = sim.token().to_owned();
        let mut config = FlyConfig::new("shop", "http://x", token, FlyToml::default());
        config.api_url = sim.api_url();
        (sim, Api::of(&config))
    }

    /// How many lists were asked for. The app is empty, and an empty list is asked for twice.
    fn asked(sim: &SimFly) -> usize {
        sim.journal().len()
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_wait_for_their_turn_share_one_list() {
        let (sim, api) = app().await;
        api.machines().await.unwrap();
        assert_eq!(asked(&sim), 2, "the burst is used up");
        let clones: Vec<Api> = (0..20).map(|_| api.clone()).collect();
        for list in join_all(clones.iter().map(Api::machines)).await {
            assert!(list.unwrap().is_empty());
        }
        assert_eq!(asked(&sim), 4);
        assert!(sim.journal().iter().all(|it| it.status == Some(200)));
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_look_for_commands_of_one_run_share_a_list_of_their_own() {
        let (sim, api) = app().await;
        api.machines().await.unwrap();
        let launches: Vec<String> = (0..20).map(|it| format!("run-1.test.{it}")).collect();
        let looks = join_all(launches.iter().map(|it| api.launched_ever("run-1", it)));
        let (looks, list) = tokio::join!(looks, api.machines());
        assert!(looks.into_iter().all(|it| it.unwrap().is_empty()) && list.unwrap().is_empty());
        let looked = sim.journal().iter().filter(|it| it.query.contains("include_deleted")).count();
        assert_eq!((looked, asked(&sim)), (1, 5), "one for all that look, two twice for the list");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_goes_away_before_the_list_is_sent_takes_nobody_with_him() {
        let (sim, api) = app().await;
        api.machines().await.unwrap();
        let impatient = async { timeout(Duration::from_millis(100), api.machines()).await };
        let (gone, first, second) = tokio::join!(impatient, api.machines(), api.machines());
        assert!(gone.is_err() && first.is_ok() && second.is_ok());
        assert!(sim.journal().iter().all(|it| it.status == Some(200)));
    }
}
