//! What a person sees when something is wrong with the input: the file, the line or the key, and what to do.

use pipeline_tests::{Ran, World, WorldConfig};

async fn world() -> World {
    let program = env!("CARGO_BIN_EXE_pipeline_under_test");
    World::start(WorldConfig { program, strategy: "rolling", machines: 0, within: "2s" }).await
}

/// The picture with this world's paths and ports left out.
fn picture(world: &World, ran: &Ran) -> String {
    let folder = std::fs::canonicalize(world.path()).expect("the folder is there");
    let mut text = ran.to_string().replace(&format!("{}/", folder.display()), "");
    text = text.replace(&folder.display().to_string(), "[DIR]");
    text = text.replace(&format!("{}/", world.path().display()), "");
    text = text.replace(&world.path().display().to_string(), "[DIR]");
    text = text.replace(&world.sim.api_url(), "http://[SIM]");
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn an_unknown_key_is_shown_with_its_place() {
    let world = world().await;
    world.write("pipeline.toml", "[gates.test]\ntimeuot = \"3m\"\n");
    let ran = world.run(&["validate"]).await;
    insta::assert_snapshot!(picture(&world, &ran), @r#"
exit code: 2
----- stdout -----
----- stderr -----
  × unknown field `timeuot`, expected one of `enabled`, `required`, `timeout`, `min_coverage`
   ╭─[pipeline.toml:2:1]
 1 │ [gates.test]
 2 │ timeuot = "3m"
   · ───┬───
   ·    ╰── here
   ╰────
  help: did you mean `timeout`?
"#);
}

#[tokio::test]
async fn broken_toml_is_shown_with_its_place() {
    let world = world().await;
    world.write("pipeline.toml", "[gates\n");
    let ran = world.run(&["plan", "staging"]).await;
    insta::assert_snapshot!(picture(&world, &ran), @r#"
exit code: 2
----- stdout -----
----- stderr -----
  × unclosed table, expected `]`
   ╭─[pipeline.toml:1:7]
 1 │ [gates
   ·       ┬
   ·       ╰── here
   ╰────
"#);
}

#[tokio::test]
async fn a_broken_fly_toml_is_shown_with_file_and_line() {
    let world = world().await;
    world.write("fly.toml", "app = \"shop\"\n\n[http_service]\ninternal_port = \"eighty\"\n");
    let ran = world.run(&["plan", "staging", "--image", "registry.fly.io/shop:v2"]).await;
    insta::assert_snapshot!(picture(&world, &ran), @r#"
exit code: 2
----- stdout -----
----- stderr -----
error: fly.toml:4:17: `http_service.internal_port` must be a port from 1 to 65535
"#);
}

#[tokio::test]
async fn an_unknown_environment_is_refused_with_the_nearest_name() {
    let world = world().await;
    let ran = world.run(&["deploy", "stagin"]).await;
    insta::assert_snapshot!(picture(&world, &ran), @r#"
exit code: 2
----- stdout -----
----- stderr -----
error: there is no environment `stagin` in pipeline.toml
  next: did you mean `staging`?
"#);
}

#[tokio::test]
async fn a_missing_token_says_where_to_get_one() {
    let world = world().await;
    let args = ["deploy", "staging", "--image", "registry.fly.io/shop:v2"];
    let ran = world.run_with(&args, &[("FLY_API_TOKEN", "")]).await;
    insta::assert_snapshot!(picture(&world, &ran), @r#"
exit code: 2
----- stdout -----
----- stderr -----
error: there is no token for Fly.io: FLY_API_TOKEN is not set
  next: `fly tokens create deploy` makes one; set FLY_API_TOKEN to it
"#);
}

#[tokio::test]
async fn a_token_that_is_refused_touches_nothing() {
    let world = world().await;
    let image = world.image("v2", &[]);
    let args = ["deploy", "staging", "--image", &image];
    let ran = world.run_with(&args, &[("FLY_API_TOKEN", "another-token")]).await.expect(2);
    assert!(ran.stderr.contains("does not accept the token"), "{ran}");
    assert!(world.fleet().machines.is_empty());
}

#[tokio::test]
async fn a_missing_bearer_token_is_named_before_anything_starts() {
    let world = world().await;
    let args = ["deploy", "staging", "--image", "registry.fly.io/shop:v2"];
    let ran = world.run_with(&args, &[("SHOP_TOKEN", "")]).await;
    insta::assert_snapshot!(picture(&world, &ran), @r#"
exit code: 2
----- stdout -----
----- stderr -----
error: the variable SHOP_TOKEN, which the check of /dashboard sends as bearer token, is not set
  next: set SHOP_TOKEN and try again
"#);
}

#[tokio::test]
async fn an_api_that_cannot_be_reached_is_safe_to_retry() {
    let world = world().await;
    let args = ["deploy", "staging", "--image", "registry.fly.io/shop:v2"];
    // Port 9 on loopback: nobody listens there.
    let ran = world.run_with(&args, &[("FLY_FLAPS_BASE_URL", "http://127.0.0.1:9")]).await;
    let ran = ran.expect(75);
    assert!(ran.stderr.contains("http://127.0.0.1:9"), "{ran}");
}

#[tokio::test]
async fn a_store_that_is_no_database_is_named_and_left_alone() {
    let world = world().await;
    std::fs::create_dir(world.path().join(".pipeline")).unwrap();
    world.write(".pipeline/pipeline.db", "these are somebody's notes, not a database\n");
    let ran = world.run(&["history"]).await.expect(75);
    assert!(ran.stderr.contains("pipeline.db"), "{ran}");
    let kept = std::fs::read_to_string(world.path().join(".pipeline/pipeline.db")).unwrap();
    assert_eq!(kept, "these are somebody's notes, not a database\n");
}

#[tokio::test]
async fn no_mix_is_a_gate_that_could_not_run() {
    let world = world().await;
    world.write("pipeline.toml", "[gates]\ncompile.enabled = false\ntest.enabled = false\n");
    let ran = world.run_with(&["validate"], &[("PIPELINE_MIX", "/nowhere/mix")]).await.expect(11);
    assert!(ran.stderr.contains("/nowhere/mix"), "{ran}");
}

#[tokio::test]
async fn an_unknown_gate_is_refused_with_the_nearest_name() {
    let world = world().await;
    let ran = world.run(&["validate", "--only", "fromat"]).await;
    insta::assert_snapshot!(picture(&world, &ran), @r#"
exit code: 2
----- stdout -----
----- stderr -----
error: there is no gate `fromat`
  next: did you mean `format`?
"#);
}

#[tokio::test]
async fn nothing_to_resume_is_said_plainly() {
    let world = world().await;
    let ran = world.run(&["resume"]).await;
    insta::assert_snapshot!(picture(&world, &ran), @r#"
exit code: 2
----- stdout -----
----- stderr -----
error: no run was interrupted: there is nothing to resume
"#);
}

#[tokio::test]
async fn the_help_of_the_simulator_reads_as_a_page() {
    let ran = world().await.run(&["sim", "--help"]).await.expect(0);
    insta::assert_snapshot!(ran.stdout, @r###"
The simulated Fly.io alone, for flyctl, pipeline or anything else to point at

Usage: pipeline_under_test sim [OPTIONS]

Options:
      --config <FILE>
          The configuration file; the nearest one above this folder if not said

      --format <FORMAT>
          How facts are printed on standard output

          Possible values:
          - human: For people
          - json:  For programs: one object
          
          [default: human]

      --events <FILE>
          Write the run's events to a file, one JSON object a line; `-` is standard output

  -v, --verbose
          Show what the steps say

  -q, --quiet
          Show only failures and how a run ended

  -h, --help
          Print help (see a summary with '-h')

What is there:
      --app <NAME>
          Make an application; may be said more than once

      --image <REF=COMMAND>
          Make an image known; may be said more than once
          
          What its machines run is a command, split at spaces, whose program is named by its path;
          or `bundled` for the small server of the demo as a process of its own; or `inside` for the
          same within the simulator, at next to no cost. After the last two, variables for its
          environment: `inside FAIL_PATH=/dashboard`.

      --env <NAME=VALUE>
          An environment variable for the machines of all images, such as a token that the app wants

      --apps <FILE>
          A TOML file of images, applications with their machines, faults and settings
          
          examples/sim/apps.toml has every key with its meaning. What is said here on the command
          line goes before the file, or is added to it.

How it behaves:
      --fault <FAULT>
          Something that goes wrong, such as create@1=408-after; may be said more than once
          
          Faults begin once the applications of `--apps` run. How they are written is said below.

      --seed <NUMBER>
          Makes all chance repeatable: ids, latencies, faults by probability

      --check-speed <FACTOR>
          How much faster than in real life health checks run [default: 1]

      --propagation <TIME>
          How late the proxy learns of each change of a machine [default: 300ms]

      --boot <TIME>
          How long a machine takes to boot before its program is started [default: 50ms]

      --rate-limits
          Answer 429 to calls that come too often, as Fly.io does

Where it listens and writes:
      --listen <IP>
          The address of all ports; anything but loopback only with --expose-to-the-network
          [default: 127.0.0.1]

      --expose-to-the-network
          Listen where other hosts can reach it: whoever has its token can start programs on this
          host

      --api-port <PORT>
          The port of the Machines API [default: a free one]

      --proxy-port <PORT>
          The port of the proxy, which routes by host: shop.fly.dev, shop.localhost [default: a free
          one]

      --journal <FILE>
          Write every call of the API to a file, one JSON object a line

      --log-dir <DIR>
          Keep what the machines print in this folder, one file each

Examples:
  pipeline sim --app shop --image registry.fly.io/shop:v1=inside
  pipeline sim --apps examples/sim/apps.toml --fault 'create@1=408-after'
  pipeline sim --app shop --image 'shop:v2=/srv/shop/bin/shop start' --env TOKEN=oolong

It prints what to `export` in the terminal of flyctl or pipeline, and then stays until it is
interrupted. All of it ends then: machines, apps, history. `pipeline sim --help` has the faults, and
docs/simulator.md what is as it is at Fly.io and what is not.

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
                       unhealthy, traffic:503, unseen, autostop, hangs:30s, lag:2, lag:2s
"###);
}

#[tokio::test]
async fn the_help_of_a_rehearsal_reads_as_a_page() {
    let ran = world().await.run(&["rehearse", "-h"]).await.expect(0);
    insta::assert_snapshot!(ran.stdout, @r###"
Deploy an environment to a simulated Fly.io, with the release and the faults you name; touches
nothing real

Usage: pipeline_under_test rehearse [OPTIONS] <ENVIRONMENT>

Arguments:
  <ENVIRONMENT>  An environment of pipeline.toml

Options:
      --config <FILE>         The configuration file; the nearest one above this folder if not said
      --release <RELEASE>     What the new release is like [default: good] [possible values: good,
                              crash, unhealthy, broken, oom, unpullable]
      --fault <FAULT>         Something that goes wrong at Fly.io once the old release is live; may
                              be said more than once
      --format <FORMAT>       How facts are printed on standard output [default: human] [possible
                              values: human, json]
      --events <FILE>         Write the run's events to a file, one JSON object a line; `-` is
                              standard output
      --machines <N>          How many machines run the old release, of each process group [default:
                              3]
      --strategy <STRATEGY>   Another strategy than the configured one: rolling or bluegreen
  -v, --verbose               Show what the steps say
  -q, --quiet                 Show only failures and how a run ended
      --run <COMMAND>         Your own program as both releases, instead of a stand-in for it
      --env <NAME=VALUE>      An environment variable for the machines of both releases; may be said
                              more than once
      --check-speed <FACTOR>  How much faster than in real life health checks run [default: 10]
      --seed <NUMBER>         Makes all chance of the simulator repeatable
      --journal <FILE>        Write every call of the API to a file, one JSON object a line
      --keep                  Keep the folder with the store and what the machines printed
  -h, --help                  Print help (see more with '--help')

Examples:
  pipeline rehearse staging                                   a good release, under load
  pipeline rehearse staging --release broken                  and what becomes of a bad one
  pipeline rehearse staging --fault create@1=408-after        and when Fly.io has a bad day
  pipeline rehearse staging --run '_build/prod/rel/shop/bin/shop start'

The exit code is that of the deploy. Nothing real is touched: no Fly.io, no history, no secrets.
Gates are not run: `pipeline validate` does that.
"###);
    let long = world().await.run(&["rehearse", "--help"]).await.expect(0);
    for word in ["create@2=408-after", "- unpullable: No machine can pull its image"] {
        assert!(long.stdout.contains(word), "{long}");
    }
}

#[tokio::test]
async fn a_fault_that_cannot_be_is_shown_at_its_place() {
    let world = world().await;
    for command in [&["sim"][..], &["rehearse", "staging"]] {
        let ran = world.run(&[command, &["--fault", "create@2=408-aftr"]].concat()).await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(picture(&world, &ran), @r###"
exit code: 2
----- stdout -----
----- stderr -----
  × a fault has no effect '408-aftr'
   ╭─[--fault:1:10]
 1 │ create@2=408-aftr
   ·          ────┬───
   ·              ╰── here
   ╰────
  help: did you mean `408-after`? if not, write for example 503, 409-lease:30s, reset-after, slow:2s or crash:500ms
"###);
        }
    }
}

#[tokio::test]
async fn an_image_of_the_file_that_runs_nothing_is_shown_at_its_place() {
    let world = world().await;
    world.write("apps.toml", "[[images]]\nreference = \"shop:v1\"\npulable = false\n");
    let ran = world.run(&["sim", "--apps", "apps.toml"]).await;
    insta::assert_snapshot!(picture(&world, &ran), @r###"
exit code: 2
----- stdout -----
----- stderr -----
  × unknown field `pulable`, expected one of `reference`, `inside`, `bundled`, `entrypoint`, `command`, `workdir`, `env`, `pullable`, `boot_ms`, `oom_after_ms`
   ╭─[apps.toml:3:1]
 2 │ reference = "shop:v1"
 3 │ pulable = false
   · ───┬───
   ·    ╰── here
   ╰────
  help: did you mean `pullable`?
"###);
    world.write("apps.toml", "[[images]]\nreference = \"shop:v1\"\n");
    let ran = world.run(&["sim", "--apps", "apps.toml"]).await;
    insta::assert_snapshot!(picture(&world, &ran), @r###"
exit code: 2
----- stdout -----
----- stderr -----
  × nothing is said of what the machines of this image run
   ╭─[apps.toml:2:13]
 1 │ [[images]]
 2 │ reference = "shop:v1"
   ·             ────┬────
   ·                 ╰── here
   ╰────
  help: add inside = true, bundled = true, or command = ["/path/to/program"]
"###);
}

#[tokio::test]
async fn the_simulator_listens_to_other_hosts_only_when_told_so_in_words() {
    let world = world().await;
    let ran = world.run(&["sim", "--listen", "0.0.0.0"]).await;
    insta::assert_snapshot!(picture(&world, &ran), @r###"
exit code: 2
----- stdout -----
----- stderr -----
error: 0.0.0.0 can be reached from other hosts, and the simulator starts programs
  next: leave --listen out, or say --expose-to-the-network if that is meant
"###);
    world.write("apps.toml", "[settings]\nlisten = \"192.0.2.1\"\n");
    let ran = world.run(&["sim", "--apps", "apps.toml"]).await.expect(2);
    assert!(ran.stderr.contains("--expose-to-the-network"), "{ran}");
}

#[tokio::test]
async fn a_rehearsal_that_cannot_be_is_refused_before_anything_starts() {
    let world = world().await;
    let toml = std::fs::read_to_string(world.path().join("pipeline.toml")).unwrap();
    let local =
        "[environments.local]\ntarget = \"none\"\nurl = \"http://127.0.0.1:9\"\n\n[verify.smoke]";
    world.write("pipeline.toml", &toml.replace("[verify.smoke]", local));
    let table: [(&[&str], &str); 6] = [
        (&["local"], "nothing to deploy to"),
        (&["stagin"], "did you mean `staging`?"),
        (&["staging", "--strategy", "canari"], "strategies are: rolling, bluegreen"),
        (&["staging", "--run", "no/such/program"], "there is no program no/such/program"),
        (&["staging", "--env", "TOKEN"], "write --env NAME=VALUE"),
        (&["staging", "--check-speed", "0"], "a number above 0"),
    ];
    for (args, wanted) in table {
        let ran = world.run(&[&["rehearse"], args].concat()).await.expect(2);
        assert!(ran.stderr.contains(wanted), "{args:?}: {ran}");
    }
    std::fs::remove_file(world.path().join("fly.toml")).unwrap();
    let ran = world.run(&["rehearse", "staging"]).await.expect(2);
    assert!(ran.stderr.contains("fly.toml could not be read"), "{ran}");
}
