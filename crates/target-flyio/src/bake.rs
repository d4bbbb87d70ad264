//! A canary among the old machines: it takes users' requests, and is watched for as long as it must prove
//! itself. What users get is for the verifiers to judge, who look after the stage.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::api::{Machine, Power};
use crate::error::FlyError;
use crate::front::Front;
use crate::goal::Goal;
use crate::plan::{Place, StageData};
use crate::session::Session;

/// A canary that fails its checks for so many looks in a row has not proved itself; one look may err.
const LOOKS: u32 = 3;

/// A canary that is found off more often than this does not stay up. The proxy looks for machines to stop
/// every few minutes (fly.io docs: autostop).
const NAPS: u32 = 10;

/// What was seen of one canary so far.
#[derive(Debug, Default)]
struct Watched {
    unwell: u32,
    naps: u32,
}

/// What a look at a canary says.
#[derive(Debug, PartialEq, Eq)]
enum Look {
    Well,
    /// Not well, and not for long.
    Doubtful,
    /// Off without having failed, as the proxy leaves what it has no requests for.
    Asleep,
    Crashed(String),
    Unwell,
}

impl Watched {
    /// Takes in a look.
    fn look(&mut self, machine: Option<&Machine>) -> Look {
        let Some(machine) = machine else { return Look::Crashed("it is gone".into()) };
        if let Some(how) = machine.crash() {
            return Look::Crashed(how);
        }
        if machine.power() == Power::Up && machine.is_healthy() {
            self.unwell = 0;
            return Look::Well;
        }
        match &*machine.state {
            "stopping" | "suspending" => return Look::Doubtful,
            _ if machine.power() == Power::Down && self.naps < NAPS => {
                self.naps += 1;
                return Look::Asleep;
            }
            _ => self.unwell += 1,
        }
        if self.unwell < LOOKS { Look::Doubtful } else { Look::Unwell }
    }
}

impl Session<'_> {
    /// Watches the canaries of a stage until they have proved themselves.
    pub(crate) async fn bake(&self, stage: &StageData) -> Result<(), FlyError> {
        let (began, total) = (Instant::now(), stage.bake.as_secs());
        let goals = stage.open_goals();
        let mut watched: Vec<(&Goal, Watched)> =
            goals.iter().map(|goal| (goal, Watched::default())).collect();
        if total > 0 {
            self.cx().note(format!("watching the first machine for {:?}", stage.bake));
        }
        while began.elapsed() < stage.bake {
            self.check_cancelled()?;
            self.check_deadline()?;
            for (goal, watched) in &mut watched {
                let Place::Machine(id) = &goal.place else { continue };
                let machine = self.api().machine(id).await?;
                let look = watched.look(machine.as_ref());
                if look == Look::Asleep {
                    self.drive(goal, &Front::default()).await?;
                }
                if let Some(error) = self.judged(id, look, (machine, began.elapsed())).await {
                    return Err(error);
                }
            }
            self.cx().progress(began.elapsed().as_secs().min(total), Some(total));
            sleep(self.config().poll).await;
        }
        Ok(())
    }

    async fn judged(
        &self,
        id: &str,
        look: Look,
        (seen, after): (Option<Machine>, Duration),
    ) -> Option<FlyError> {
        let machine = id.to_owned();
        let error = match look {
            Look::Well | Look::Doubtful | Look::Asleep => return None,
            Look::Crashed(how) => FlyError::Crashed { machine, how, log: None },
            Look::Unwell => {
                let seen = seen.unwrap_or_default();
                let seen = format!("it is {}, and {}", seen.state, seen.complaint());
                FlyError::NotInTime { machine, wanted: "healthy any more", after, seen, log: None }
            }
        };
        Some(self.explained(error).await)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn machine(state: &str, check: &str, events: &Value) -> Machine {
        serde_json::from_value(json!({
            "id": "a", "state": state, "config": {"checks": {"up": {}}}, "events": events,
            "checks": [{"name": "up", "status": check}],
        }))
        .unwrap()
    }

    #[test]
    fn one_bad_look_may_err_and_three_do_not() {
        let (well, ill) =
            (machine("started", "passing", &json!([])), machine("started", "critical", &json!([])));
        let mut watched = Watched::default();
        let looks = [&ill, &ill, &well, &ill, &ill, &ill].map(|it| watched.look(Some(it)));
        let wanted = [
            Look::Doubtful,
            Look::Doubtful,
            Look::Well,
            Look::Doubtful,
            Look::Doubtful,
            Look::Unwell,
        ];
        assert_eq!(looks, wanted);
    }

    #[test]
    fn one_that_the_proxy_put_to_sleep_is_woken_and_one_that_never_stays_up_is_not_for_ever() {
        let exit = json!([{"type": "exit", "request": {"exit_event": {"requested_stop": true}}}]);
        let [stopping, off] =
            ["stopping", "stopped"].map(|state| machine(state, "critical", &exit));
        let mut watched = Watched::default();
        for _ in 0..NAPS {
            assert_eq!(watched.look(Some(&stopping)), Look::Doubtful);
            assert_eq!(watched.look(Some(&off)), Look::Asleep);
        }
        let looks = [(); 3].map(|()| watched.look(Some(&off)));
        assert_eq!(looks, [Look::Doubtful, Look::Doubtful, Look::Unwell]);
    }

    #[test]
    fn a_crash_needs_no_second_look() {
        let exit = json!([{"type": "exit", "request": {"exit_event": {"exit_code": 3}}}]);
        let look = Watched::default().look(Some(&machine("stopped", "critical", &exit)));
        assert_eq!(look, Look::Crashed("it exited with code 3".into()));
        assert_eq!(Watched::default().look(None), Look::Crashed("it is gone".into()));
    }
}
