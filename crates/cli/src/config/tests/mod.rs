//! The file, good and bad.

use pipeline_core::Trust::{All, Declared};

use super::*;

mod broken;
mod journeys;
mod performance;
mod policy;
mod promotion;
mod smoke;
mod store;
mod watch;

fn load(text: &str) -> Result<Config, CliError> {
    load_with(text, &[])
}

fn load_with(text: &str, vars: &[(&str, &str)]) -> Result<Config, CliError> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(FILE_NAME), text).unwrap();
    let vars = vars.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    Config::load(None, dir.path(), &vars)
}

/// The message as a person sees it, with the folder's name left out.
fn complaint(text: &str) -> String {
    let rendered = load(text).unwrap_err().render(false);
    let shown = rendered.lines().map(|line| match line.split_once("─[") {
        Some((before, after)) => {
            let place = after.rsplit('/').next().unwrap_or(after);
            format!("{before}─[{place}")
        }
        None => line.trim_end().to_owned(),
    });
    shown.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_reference_says_the_defaults() {
    let bare = "[environments.staging]\napp = \"my-app-staging\"\nurl = \"https://my-app-staging.fly.dev\"";
    let (mut said, mut silent) = (load(REFERENCE).unwrap(), load(bare).unwrap());
    for config in [&mut said, &mut silent] {
        config.dir = PathBuf::new();
        let file = config.store_url.get().unwrap().rsplit('/').next().unwrap().to_owned();
        config.store_url = file.into();
    }
    assert_eq!(format!("{said:#?}"), format!("{silent:#?}"));
}

#[test]
fn no_key_is_missing_from_the_reference() {
    let raw = include_str!("../raw.rs");
    let keys = raw.lines().filter_map(|line| {
        line.trim().strip_prefix("pub(super) ")?.split_once(':').map(|(key, _)| key.to_owned())
    });
    let missing: Vec<String> = keys
        .filter(|key| {
            !key.contains(' ') && key != "environments" && key != "verify" && key != "smoke"
        })
        .filter(|key| {
            !REFERENCE.contains(&format!("{key} =")) && !REFERENCE.contains(&format!("{key}]"))
        })
        .collect();
    assert_eq!(missing, [""; 0]);
}

#[test]
fn an_environment_overrides_key_by_key() {
    let config = load(
        r#"
        [gates.test]
        min_coverage = 80.0
        timeout = "3m"
        [[verify.smoke.checks]]
        path = "/"
        [environments.staging]
        app = "shop-staging"
        url = "https://a.example"
        [environments.production]
        app = "shop"
        url = "https://b.example/"
        confirm = "app"
        gates.test.min_coverage = 90.0
        verify.smoke.within = "2m"
        "#,
    )
    .unwrap();
    let production = config.environment("production").unwrap();
    assert_eq!(production.gates.min_coverage, Some(90.0));
    assert_eq!(production.gates.test.timeout, Duration::from_mins(3));
    assert_eq!(production.verify.smoke.within, Duration::from_mins(2));
    assert_eq!(production.verify.smoke.checks.len(), 1);
    assert_eq!(production.url.as_deref(), Some("https://b.example"));
    assert_eq!(production.confirm, Confirm::App);
    assert_eq!(config.environment("staging").unwrap().gates.min_coverage, Some(80.0));
}

#[test]
fn the_health_score_of_an_environment_has_its_own_limit_and_whole_weights() {
    let config = load(
        r#"
        [gates.health-score]
        enabled = true
        weights = { compilation = 0.5, coverage = 0.5 }
        [environments.staging]
        app = "shop-staging"
        url = "https://a.example"
        gates.health-score.allow_unmeasured = true
        [environments.production]
        app = "shop"
        url = "https://b.example"
        gates.health-score.min_score = 90.0
        gates.health-score.weights = { compilation = 0.2, security = 0.8 }
        "#,
    )
    .unwrap();
    let told = |name| {
        let score = &config.environment(name).unwrap().gates.health_score;
        let weights = score.weights.iter().map(|(it, weight)| format!("{it} {weight}"));
        let weights = weights.collect::<Vec<_>>().join(", ");
        format!("{} {:.1} {:?} {weights}", score.gate.enabled, score.min_score, score.unmeasured)
    };
    assert_eq!(told("staging"), "true 80.0 Dropped compilation 0.5, coverage 0.5");
    assert_eq!(told("production"), "true 90.0 CountsZero compilation 0.2, security 0.8");
}

#[test]
fn a_health_score_that_cannot_be_made_is_refused_with_its_place() {
    let said = |text: &str| complaint(&format!("[gates.health-score]\n{text}\n"));
    for (text, message, hint) in [
        ("min_score = 101", "min_score is a number from 0 to 100", ""),
        (
            "profile = \"healthy\"",
            "there is no profile `healthy`",
            "profiles are: health, fitness, kpi",
        ),
        ("with = \"make\"", "no health score is made with `make`", "with is \"native\" or \"mix\""),
        ("weights = { coverage = 0.5 }", "the weights sum to 0.500: together they must be 1", ""),
        ("weights = { coverage = 2, quality = -1 }", "the weight of `coverage` is 2", ""),
        (
            "weights = { coverag = 1.0 }",
            "the health score has no component `coverag`",
            "did you mean `coverage`?",
        ),
    ] {
        let said = said(text);
        assert!(
            said.contains(message) && said.contains(hint) && said.contains("pipeline.toml:2:"),
            "{said}"
        );
    }
}

#[test]
fn the_variable_for_the_url_goes_before_the_file() {
    let text = "[environments.eu-staging]\napp = \"a\"\nurl = \"https://a.example\"";
    let config = load_with(text, &[("PIPELINE_URL_EU_STAGING", "http://127.0.0.1:4000")]).unwrap();
    let url = config.environment("eu-staging").unwrap().url.clone();
    assert_eq!(url.as_deref(), Some("http://127.0.0.1:4000"));
}

#[test]
fn an_unknown_key_is_refused_with_its_place_and_the_nearest_key() {
    insta::assert_snapshot!(complaint("[gates.test]\ntimeuot = \"3m\"\n"), @r#"
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

#[test]
fn a_wrong_value_is_refused_with_its_place_and_what_to_write() {
    insta::assert_snapshot!(complaint("[gates.test]\ntimeout = \"3 parsecs\"\n"), @r#"
 × `3 parsecs` is no length of time
  ╭─[pipeline.toml:2:11]
1 │ [gates.test]
2 │ timeout = "3 parsecs"
  ·           ─────┬─────
  ·                ╰── here
  ╰────
 help: write it with a unit, such as "500ms", "30s", "10m" or "1h 30m"
"#);
}

#[test]
fn a_length_of_time_that_is_a_slip_is_refused() {
    for (length, fine) in [("8784h", true), ("8784h 1s", false), ("9223372036854775807s", false)] {
        let read = load(&format!("[gates.test]\ntimeout = \"{length}\"\n"));
        assert_eq!(read.is_ok(), fine, "{length}");
    }
    let said = complaint("[gates.test]\ntimeout = \"9999999h\"\n");
    assert!(said.contains("`9999999h` is longer than a year"), "{said}");
}

#[test]
fn broken_toml_is_refused_with_its_place() {
    insta::assert_snapshot!(complaint("[gates\nfail_fast = true\n"), @r#"
 × unclosed table, expected `]`
  ╭─[pipeline.toml:1:7]
1 │ [gates
  ·       ┬
  ·       ╰── here
2 │ fail_fast = true
  ╰────
 help: `pipeline config` prints every key with its meaning and how it is written
"#);
}

#[test]
fn an_unknown_environment_is_never_a_default() {
    let text = "[environments.staging]\napp = \"a\"\nurl = \"https://a.example\"";
    let error = load(text).unwrap().environment("stagin").unwrap_err();
    insta::assert_snapshot!(error.render(false), @r#"
error: there is no environment `stagin` in pipeline.toml
  next: did you mean `staging`?
"#);
}

#[test]
fn a_build_is_overridden_key_by_key_and_argument_by_argument() {
    let config = load(
        r#"
        [build]
        with = "flyctl"
        program = "bin/flyctl"
        args = { MIX_ENV = "prod", JOBS = "2" }
        [environments.staging]
        app = "shop-staging"
        url = "https://a.example"
        build.with = "docker"
        build.program = "podman"
        build.args.JOBS = "8"
        [environments.production]
        app = "shop"
        url = "https://b.example"
        build.remote = true
        build.timeout = "1h"
        "#,
    )
    .unwrap();
    let staging = &config.environment("staging").unwrap().build;
    assert_eq!((staging.with, staging.timeout), (BuildWith::Docker, Duration::from_mins(30)));
    assert_eq!(staging.program.as_deref(), Some(Path::new("podman")), "looked for in the path");
    let args: Vec<_> = staging.args.iter().map(|(name, it)| format!("{name}={it}")).collect();
    assert_eq!(args, ["JOBS=8", "MIX_ENV=prod"]);
    let production = &config.environment("production").unwrap().build;
    assert_eq!((production.with, production.remote), (BuildWith::Flyctl, Some(true)));
    assert_eq!(production.timeout, Duration::from_hours(1));
    let program = production.program.as_ref().unwrap();
    assert_eq!(*program, config.dir.join("bin/flyctl"), "relative to the file");
}

#[test]
fn a_builder_that_nobody_knows_is_refused_even_where_no_environment_uses_it() {
    insta::assert_snapshot!(complaint("[build]\nwith = \"bazel\"\n"), @r#"
 × there is no builder `bazel`
  ╭─[pipeline.toml:2:8]
1 │ [build]
2 │ with = "bazel"
  ·        ───┬───
  ·           ╰── here
  ╰────
 help: builders are: image, flyctl, docker
"#);
    assert!(complaint("[build]\ndockerfile = \" \"\n").contains("this dockerfile is empty"));
}

#[test]
fn a_gate_of_ones_own_says_what_is_wrong_with_it() {
    for (text, said) in [
        ("[gates.exec.a]\n", "the gate `a` has no command"),
        ("[gates.exec.a]\ncommand = []\n", "this command names no program"),
        ("[gates.exec.test]\ncommand = [\"true\"]\n", "`test` is a gate that is there already"),
        ("[gates.exec.a]\ncommand = [\"x\"]\nread = \"xml\"\n", "answers cannot be read as `xml`"),
        ("[gates.exec.a]\ncommand = [\"x\"]\nread = \"regex\"\n", "needs a pattern"),
        (
            "[gates.exec.a]\ncommand = [\"x\"]\nread = \"regex\"\npattern = \"(\"\n",
            "unclosed group",
        ),
        ("[gates.exec.a]\ncommand = [\"x\"]\ninput = [\"y\"]\n", "did you mean `inputs`?"),
        ("[gates]\ncache = \"some\"\n", "cache is \"all\", \"declared\" or \"off\""),
    ] {
        let complaint = complaint(text);
        assert!(complaint.contains(said), "{text}: {complaint}");
        assert!(complaint.contains("pipeline.toml:"), "{text}: {complaint}");
    }
}

#[test]
fn production_believes_only_what_is_declared_unless_it_says_otherwise() {
    let config = load(
        r#"
        [gates.exec.licenses]
        command = ["scripts/licenses"]
        needs = ["compile"]
        [environments.staging]
        app = "a"
        gates.exec.licenses.required = false
        [environments.production]
        app = "b"
        [environments.live]
        app = "c"
        confirm = true
        [environments.careless]
        app = "d"
        confirm = true
        gates.cache = "all"
        "#,
    )
    .unwrap();
    let trust = |name: &str| config.environment(name).unwrap().gates.trust;
    assert_eq!(
        ["staging", "production", "live", "careless"].map(trust),
        [All, Declared, Declared, All]
    );
    let exec = &config.environment("staging").unwrap().gates.exec["licenses"];
    assert_eq!((exec.gate.required, &exec.command[..]), (false, &["scripts/licenses".into()][..]));
}
