//! What `pipeline sim` understands.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{factor, time};

const EXAMPLES: &str = "\
Examples:
  pipeline sim --app shop --image registry.fly.io/shop:v1=inside
  pipeline sim --apps examples/sim/apps.toml --fault 'create@1=408-after'
  pipeline sim --app shop --image 'shop:v2=/srv/shop/bin/shop start' --env TOKEN=oolong

It prints what to `export` in the terminal of flyctl or pipeline, and then stays until it is
interrupted. All of it ends then: machines, apps, history. `pipeline sim --help` has the faults, and
docs/simulator.md what is as it is at Fly.io and what is not.";

pub(super) const FAULTS: &str = "\
Faults are written POINT[SCOPE]TIMING=EFFECT; scope and timing may be left out:
  create@2=408-after                    the second create takes effect and is answered 408
  list@1=empty                          the first list of machines is empty
  update%0.1=409-replacing              one update in ten is refused
  create[region=ams]=422-capacity       there is no room left in Amsterdam
  boot[image=*:v2]=crash:500ms          every start of v2 ends after half a second
  'POST /v1/apps/*/machines/*/start@1-3=429'

  POINT   boot, METHOD /PATH with * and **, or the name of an action:
          any, list, create, get, update, destroy, start, stop, restart, suspend, signal, cordon,
          uncordon, exec, wait, events, versions, ps, lease, lease-get, lease-release,
          metadata, metadata-get, metadata-set, metadata-patch, metadata-remove,
          app-list, app-create, app-get, app-delete, secret-list, secret-update, secret-get,
          secret-set, secret-remove, ip-list, ip-assign, ip-remove, volume-list, volume-create,
          volume-get, volume-update, volume-destroy, volume-extend, volume-snapshots,
          release-create, release-update, release-list, release-current, release-all-current,
          build-create, build-finish, org-get, regions, placements, token, logs, graphql
  SCOPE   app, machine, region, image, group: KEY=PATTERN, with commas between
  TIMING  @2, @1-3, @3-, @every5, or a probability such as %0.1
  EFFECT  of calls     401 404 408-before 408-after 412 429 500 502 503 504 (also 503-after),
                       reset-before, reset-after, slow:2s, slow-after:2s, malformed,
                       409-lease:30s, 409-replacing, 422-capacity, lease-lost:2s
          of reads     empty, stale:5s, skew:+30s
          of machines  host-unreachable:10s, pull-fails, stuck, crash:500ms:7, oom:2s, flap:2s,
                       unhealthy, traffic:503, unseen, autostop, hangs:30s, lag:2, lag:2s";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{FAULTS}"))]
pub(crate) struct Sim {
    /// Make an application; may be said more than once
    #[arg(long = "app", value_name = "NAME", help_heading = "What is there")]
    pub(crate) apps: Vec<String>,
    /// Make an image known; may be said more than once
    ///
    /// What its machines run is a command, split at spaces, whose program is named by its path; or `bundled` for the
    /// small server of the demo as a process of its own; or `inside` for the same within the simulator, at next to no
    /// cost. After the last two, variables for its environment: `inside FAIL_PATH=/dashboard`.
    #[arg(long = "image", value_name = "REF=COMMAND", help_heading = "What is there")]
    pub(crate) images: Vec<String>,
    /// An environment variable for the machines of all images, such as a token that the app wants
    #[arg(long = "env", value_name = "NAME=VALUE", help_heading = "What is there")]
    pub(crate) env: Vec<String>,
    /// A TOML file of images, applications with their machines, faults and settings
    ///
    /// examples/sim/apps.toml has every key with its meaning. What is said here on the command line goes before the
    /// file, or is added to it.
    #[arg(long = "apps", value_name = "FILE", help_heading = "What is there")]
    pub(crate) file: Option<PathBuf>,
    /// Something that goes wrong, such as create@1=408-after; may be said more than once
    ///
    /// Faults begin once the applications of `--apps` run. How they are written is said below.
    #[arg(long = "fault", value_name = "FAULT", help_heading = "How it behaves")]
    pub(crate) faults: Vec<String>,
    #[command(flatten)]
    pub(crate) knobs: Knobs,
}

/// The settings of the simulator; `None` leaves what the file says, and then the default.
#[derive(Debug, Default, Args)]
pub(crate) struct Knobs {
    /// Makes all chance repeatable: ids, latencies, faults by probability
    #[arg(long, value_name = "NUMBER", help_heading = "How it behaves")]
    pub(crate) seed: Option<u64>,
    /// How much faster than in real life health checks run [default: 1]
    #[arg(long, value_name = "FACTOR", value_parser = factor, help_heading = "How it behaves")]
    pub(crate) check_speed: Option<f64>,
    /// How late the proxy learns of each change of a machine [default: 300ms]
    #[arg(long, value_name = "TIME", value_parser = time, help_heading = "How it behaves")]
    pub(crate) propagation: Option<Duration>,
    /// How long a machine takes to boot before its program is started [default: 50ms]
    #[arg(long, value_name = "TIME", value_parser = time, help_heading = "How it behaves")]
    pub(crate) boot: Option<Duration>,
    /// Answer 429 to calls that come too often, as Fly.io does
    #[arg(long, help_heading = "How it behaves")]
    pub(crate) rate_limits: bool,
    /// The address of all ports; anything but loopback only with --expose-to-the-network [default: 127.0.0.1]
    #[arg(long, value_name = "IP", help_heading = "Where it listens and writes")]
    pub(crate) listen: Option<IpAddr>,
    /// Listen where other hosts can reach it: whoever has its token can start programs on this host
    #[arg(long, help_heading = "Where it listens and writes")]
    pub(crate) expose_to_the_network: bool,
    /// The port of the Machines API [default: a free one]
    #[arg(long, value_name = "PORT", help_heading = "Where it listens and writes")]
    pub(crate) api_port: Option<u16>,
    /// The port of the proxy, which routes by host: shop.fly.dev, shop.localhost [default: a free one]
    #[arg(long, value_name = "PORT", help_heading = "Where it listens and writes")]
    pub(crate) proxy_port: Option<u16>,
    /// Write every call of the API to a file, one JSON object a line
    #[arg(long, value_name = "FILE", help_heading = "Where it listens and writes")]
    pub(crate) journal: Option<PathBuf>,
    /// Keep what the machines print in this folder, one file each
    #[arg(long, value_name = "DIR", help_heading = "Where it listens and writes")]
    pub(crate) log_dir: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use sim_flyio::FaultPoint;

    use super::*;

    #[test]
    fn the_help_names_every_point_of_a_fault() {
        let words: Vec<&str> = FAULTS.split([' ', ',', '\n']).collect();
        let missing: Vec<&str> = FaultPoint::actions().filter(|it| !words.contains(it)).collect();
        assert_eq!(missing, [""; 0]);
    }
}
