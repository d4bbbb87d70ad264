//! The file, good and bad.

use super::*;
use crate::error::CliError;

fn example() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/sim/apps.toml")
}

fn read(text: &str) -> Result<World, CliError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("apps.toml");
    std::fs::write(dir.path().join("fly.toml"), "primary_region = \"fra\"\n").unwrap();
    std::fs::write(&path, text).unwrap();
    World::read(&path)
}

/// The message as a person sees it, without the folder's name.
fn complaint(text: &str) -> String {
    let rendered = read(text).unwrap_err().render(false);
    let shown = rendered.lines().map(|line| match line.split_once("─[") {
        Some((before, after)) => {
            format!("{before}─[{}", after.rsplit('/').next().unwrap_or(after))
        }
        None => line.trim_end().to_owned(),
    });
    shown.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_example_means_what_its_comments_say() {
    let path = example();
    let world = World::read(&path).unwrap();
    let usual = SimConfig::default();
    let config = &world.config;
    assert_eq!((config.seed, config.check_speed), (Some(7), 10.0));
    assert_eq!((config.propagation, config.boot), (usual.propagation, usual.boot));
    assert_eq!(config.autostop_every, usual.autostop_every);
    assert_eq!((config.listen, config.queue_timeout), (usual.listen, usual.queue_timeout));
    assert_eq!((&config.edge_region, config.rate_limits), (&usual.edge_region, false));
    assert_eq!(config.pins_pass_cordons, usual.pins_pass_cordons);
    assert_eq!(world.faults[0].to_string(), "create@2=408-after");
    assert_eq!(world.images[0].env["APP_VERSION"], "v1");
    assert_eq!(world.images[2].entrypoint[1], "__machine");
    assert_eq!(world.images[3].workdir.as_deref(), Some(&*path.parent().unwrap().join(".")));
    let apps: Vec<_> = world.apps.iter().map(|it| (it.name.as_str(), it.machines)).collect();
    assert_eq!(apps, [("empty", 0), ("shop", 3), ("shop-staging", 2), ("worker", 1)]);
    assert!(
        matches!(&world.apps[2].like, Like::FlyToml { toml, .. } if toml.groups().count() == 1)
    );
    let Like::Config(worker) = &world.apps[3].like else { panic!("a configuration of its own") };
    assert_eq!(worker["image"], "registry.fly.io/worker:v1");
    assert_eq!(worker["restart"]["policy"], "always");
    assert_eq!(worker["metadata"]["fly_process_group"], "app");
}

#[test]
fn no_key_is_missing_from_the_example() {
    let keys = include_str!("raw.rs").lines().filter_map(|line| {
        let key = line.trim().strip_prefix("pub(super) ")?.split_once(':')?.0;
        (!key.contains(' ')).then(|| key.to_owned())
    });
    let example = std::fs::read_to_string(example()).unwrap();
    let said = |key: &str| {
        [format!("{key} ="), format!("[{key}"), format!("{key}."), format!("[[{key}")]
            .iter()
            .any(|form| example.contains(form))
    };
    assert_eq!(keys.filter(|key| !said(key)).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn an_unknown_key_is_shown_with_its_place_and_the_nearest_one() {
    insta::assert_snapshot!(complaint("[apps.shop]\nmachnes = 3\n"), @r###"
 × unknown field `machnes`, expected one of `machines`, `image`, `region`, `regions`, `fly_toml`, `config`
  ╭─[apps.toml:2:1]
1 │ [apps.shop]
2 │ machnes = 3
  · ───┬───
  ·    ╰── here
  ╰────
 help: did you mean `machines`?
"###);
}

#[test]
fn a_bad_fault_is_shown_within_its_text() {
    insta::assert_snapshot!(complaint("faults = [\n  \"list@1=503\",\n  \"craete@1=503\",\n]\n"), @r###"
 × a fault has no point 'craete'
  ╭─[apps.toml:3:4]
2 │   "list@1=503",
3 │   "craete@1=503",
  ·    ───┬──
  ·       ╰── here
4 │ ]
  ╰────
 help: did you mean `create`? if not, write boot, the name of an action such as create, list or update, or METHOD /PATH
"###);
}

#[test]
fn what_makes_no_sense_is_refused_with_what_would() {
    let image = "[[images]]\nreference = \"a:1\"\n";
    let table = [
        ("[settings]\npropagation = \"soon\"".to_owned(), "no length of time"),
        ("[settings]\nstarts_at = \"noon\"".to_owned(), "no time"),
        ("[settings]\ncheck_speed = 0.0".to_owned(), "above 0"),
        ("[settings]\nlisten = \"here\"".to_owned(), "IP address"),
        ("[settings]\nfaults = []".to_owned(), "above the first [table]"),
        (image.to_owned(), "nothing is said of what"),
        (format!("{image}inside = true\ncommand = [\"x\"]"), "more than one thing"),
        (format!("{image}inside = true\nenv.LATENCY_MS = \"slow\""), "LATENCY_MS"),
        ("[[images]]\nreference = \"\"".to_owned(), "needs a name"),
        ("[apps.Shop]".to_owned(), "no name of an app"),
        ("[apps.shop]\nmachines = 1".to_owned(), "nothing is said of the image"),
        ("[apps.shop]\nregion = \"fra\"\nregions = [\"ams\"]".to_owned(), "not both"),
        ("[apps.shop]\nregions = []".to_owned(), "no region"),
        ("[apps.shop]\nmachines = 1\nimage = \"a\"\nconfig = 3".to_owned(), "a table"),
        ("[apps.shop]\nmachines = 1\nimage = \"a\"\nfly_toml = \"no.toml\"".to_owned(), "no.toml"),
        (
            "[apps.shop]\nmachines = 1\nimage = \"a\"\nfly_toml = \"fly.toml\"\nconfig = {}"
                .to_owned(),
            "not both",
        ),
    ];
    for (text, wanted) in table {
        let said = complaint(&text);
        assert!(said.contains(wanted), "{text}\n{said}");
        assert!(said.contains("─[apps.toml:"), "no place: {said}");
    }
}
