//! `[[machine_checks]]`: machines of their own that ask one of the new machines how it is.

use serde_json::{Value, json};

use super::FlyTomlError;
use super::groups::{Shared, Specs, each};
use super::machine::{read_kill_timeout, read_signal, stop_config};
use super::reader::Section;
use crate::group::TestSpec;

/// The group of a machine that asks (fly-go: `machine_types.go`).
const TEST_GROUP: &str = "fly_app_test_machine_command";

/// All machine checks of the file.
#[derive(Default)]
pub(super) struct Trials(Vec<Trial>);

struct Trial {
    name: String,
    groups: Vec<String>,
    command: Vec<String>,
    entrypoint: Option<Vec<String>>,
    image: Option<String>,
    signal: Option<String>,
    timeout: Option<std::time::Duration>,
}

impl Trials {
    /// Reads the machine checks of a section, which are for these groups.
    pub(super) fn read(
        &mut self,
        section: &Section<'_>,
        groups: &[String],
    ) -> Result<(), FlyTomlError> {
        for check in section.sections("machine_checks")? {
            let command = check.texts("command")?.filter(|it| !it.is_empty());
            let Some(command) = command else {
                return Err(check.error("command", "is missing: say what asks the machine"));
            };
            self.0.push(Trial {
                name: check.own_name().to_owned(),
                groups: groups.to_vec(),
                command,
                entrypoint: check.texts("entrypoint")?,
                image: check.text("image")?.filter(|it| !it.is_empty()),
                signal: read_signal(&check)?,
                timeout: read_kill_timeout(&check)?,
            });
            check.finish();
        }
        Ok(())
    }

    /// Gives every group its own.
    pub(super) fn put_on(&self, specs: &mut Specs, shared: &Shared) {
        for trial in &self.0 {
            let config = trial.config(shared);
            each(specs, &trial.groups, |spec| {
                let mut config = config.clone();
                if let Some(guest) = &spec.guest {
                    config["guest"] = guest.clone();
                }
                spec.tests.push(TestSpec { name: trial.name.clone(), config });
            });
        }
    }
}

impl Trial {
    fn config(&self, shared: &Shared) -> Value {
        let mut config = shared.one_off(TEST_GROUP, "FLY_TEST_COMMAND");
        config["init"]["cmd"] = json!(self.command);
        // An entrypoint for the whole app wins over the check's own (flyctl: `machines.go`).
        if let (Some(words), None) = (&self.entrypoint, config["init"].get("entrypoint")) {
            config["init"]["entrypoint"] = json!(words);
        }
        let own = stop_config(self.signal.as_deref(), self.timeout);
        let stop = match (&self.image, &shared.spec.stop) {
            // Another image stops in its own way.
            (Some(_), _) | (None, None) => own,
            (None, Some(shared)) => {
                let mut stop = shared.clone();
                for (key, value) in own.iter().filter_map(Value::as_object).flatten() {
                    stop[key] = value.clone();
                }
                Some(stop)
            }
        };
        if let Some(stop) = stop {
            config["stop_config"] = stop;
        }
        if let Some(image) = &self.image {
            config["image"] = image.as_str().into();
        }
        config
    }
}
