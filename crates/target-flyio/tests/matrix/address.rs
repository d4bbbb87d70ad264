//! The address of a case: one line that says what is deployed, what goes wrong and where. It is printed with
//! every case that ends badly, and runs that case alone.

use std::fmt;
use std::str::FromStr;

use sim_flyio::Phase;
use target_flyio::Strategy;

/// What is deployed, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Course {
    pub(crate) strategy: Strategy,
    pub(crate) release: Release,
}

/// What the release is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Release {
    Good,
    /// Its checks pass and its dashboard does not: seen as soon as a machine of it is looked at.
    Bad,
    /// The same, seen only once it serves all users.
    Late,
    /// Good, with a release command and a check of each of its machines on a machine of its own.
    Migrating,
    /// Its release command fails, before anything is touched.
    Unmigrated,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mishap {
    /// A fault of the simulator at a call, or at something that happens to a machine.
    Fault { point: String, count: u64, effect: String },
    /// The process is killed at a call, before it has an effect or after; then another one comes.
    Death { call: String, count: u64, done: bool, way: Way },
}

/// What the second process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    On,
    Back,
}

/// One case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) course: Course,
    pub(crate) mishap: Mishap,
}

const STRATEGIES: [(&str, Strategy); 4] = [
    ("rolling", Strategy::Rolling),
    ("canary", Strategy::Canary),
    ("bluegreen", Strategy::BlueGreen),
    ("immediate", Strategy::Immediate),
];
const RELEASES: [(&str, Release); 5] = [
    ("good", Release::Good),
    ("bad", Release::Bad),
    ("late", Release::Late),
    ("migrating", Release::Migrating),
    ("unmigrated", Release::Unmigrated),
];

impl Course {
    /// All that are worth a look: a release that is bad late is only different where there is a stage
    /// before the last one, and commands run before and beside what a strategy does.
    pub(crate) fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for (_, strategy) in STRATEGIES {
            for (_, release) in RELEASES {
                let fits = match release {
                    Release::Good | Release::Bad => true,
                    Release::Late => matches!(strategy, Strategy::Canary | Strategy::BlueGreen),
                    Release::Migrating => strategy == Strategy::BlueGreen,
                    Release::Unmigrated => strategy == Strategy::Rolling,
                };
                if fits {
                    all.push(Self { strategy, release });
                }
            }
        }
        all
    }
}

impl Release {
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::Good | Self::Migrating => "good",
            Self::Bad | Self::Late => "bad",
            Self::Unmigrated => "unmigrated",
        }
    }

    /// Shall it be live in the end?
    pub(crate) fn is_good(self) -> bool {
        matches!(self, Self::Good | Self::Migrating)
    }

    pub(crate) fn has_commands(self) -> bool {
        matches!(self, Self::Migrating | Self::Unmigrated)
    }
}

impl fmt::Display for Course {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let strategy = STRATEGIES.iter().find(|(_, it)| *it == self.strategy).unwrap().0;
        let release = RELEASES.iter().find(|(_, it)| *it == self.release).unwrap().0;
        write!(f, "{strategy}/{release}")
    }
}

impl fmt::Display for Mishap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault { point, count, effect } => write!(f, "{point}@{count}={effect}"),
            Self::Death { call, count, done, way } => {
                let done = if *done { "after" } else { "before" };
                let way = if *way == Way::On { "resume" } else { "back" };
                write!(f, "kill-{done}:{call}@{count}/{way}")
            }
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.course, self.mishap)
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        read(text).ok_or_else(|| format!("'{text}' is no address of a case"))
    }
}

fn read(text: &str) -> Option<Address> {
    let mut parts = text.splitn(3, '/');
    let strategy = parts.next()?;
    let strategy = STRATEGIES.iter().find(|(name, _)| *name == strategy)?.1;
    let release = parts.next()?;
    let release = RELEASES.iter().find(|(name, _)| *name == release)?.1;
    let mishap = parts.next()?;
    let mishap = if let Some(death) = mishap.strip_prefix("kill-") {
        read_death(death)?
    } else {
        let (at, effect) = mishap.split_once('=')?;
        let (point, count) = at.split_once('@')?;
        let count = count.parse().ok()?;
        Mishap::Fault { point: point.into(), count, effect: effect.into() }
    };
    Some(Address { course: Course { strategy, release }, mishap })
}

fn read_death(text: &str) -> Option<Mishap> {
    let (at, way) = text.split_once('/')?;
    let (done, at) = at.split_once(':')?;
    let (call, count) = at.split_once('@')?;
    let way = if way == "back" { Way::Back } else { Way::On };
    let (done, count) = (done == "after", count.parse().ok()?);
    Some(Mishap::Death { call: call.into(), count, done, way })
}

impl From<&Mishap> for Phase {
    fn from(mishap: &Mishap) -> Self {
        match mishap {
            Mishap::Death { done: true, .. } => Self::After,
            _ => Self::Before,
        }
    }
}

#[test]
fn an_address_is_read_as_it_is_written() {
    for text in [
        "rolling/good/get@7=503",
        "bluegreen/late/cordon@1=409-lease:30s",
        "canary/bad/kill-after:update@2/back",
        "immediate/good/kill-before:lease-release@1/resume",
    ] {
        assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
    }
    assert!("rolling/good".parse::<Address>().is_err());
}
