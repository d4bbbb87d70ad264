//! What runs, as the simulator knows it: the truth that tests compare the command's words with.

use std::collections::BTreeSet;

use sim_flyio::{MachineView, SimFly};

/// The machines of an application that are not destroyed.
#[derive(Clone, Debug)]
pub struct Fleet {
    /// They.
    pub machines: Vec<MachineView>,
}

impl Fleet {
    /// Of this app, right now.
    #[must_use]
    pub fn of(sim: &SimFly, app: &str) -> Self {
        let machines = sim.machines(app).into_iter().filter(|it| !it.destroyed).collect();
        Self { machines }
    }

    /// The tags of their images, such as `v1`.
    #[must_use]
    pub fn versions(&self) -> BTreeSet<String> {
        let tag = |image: &str| {
            let name = image.split('@').next().unwrap_or(image);
            name.rsplit(':').next().unwrap_or(name).to_owned()
        };
        self.machines.iter().map(|it| tag(&it.image)).collect()
    }

    /// The one version they run, if they are whole: `count` machines of one version, all started, none
    /// cordoned, none leased. Else what is wrong.
    pub fn whole(&self, count: usize) -> Result<String, String> {
        let wrong = |what: &str| Err(format!("{what}: {:#?}", self.machines));
        if self.machines.len() != count {
            return wrong(&format!("not {count} machines"));
        }
        if self.machines.iter().any(|it| it.state != "started") {
            return wrong("not all started");
        }
        if self.machines.iter().any(|it| it.cordoned) {
            return wrong("some cordoned");
        }
        if self.machines.iter().any(|it| it.lease.is_some()) {
            return wrong("some leased");
        }
        match self.versions().into_iter().collect::<Vec<_>>().as_slice() {
            [version] => Ok(version.clone()),
            _ => wrong("a mixture"),
        }
    }
}
