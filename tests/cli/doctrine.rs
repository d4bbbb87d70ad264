//! `pipeline doctrine` as people and programs see it, also without a `pipeline.toml`.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::{picture, world};

const CART: &str = r#"defmodule Shop.Cart do
  @moduledoc "What is bought."

  @doc "The key of a text."
  @spec key(String.t()) :: atom
  def key(text), do: text |> String.trim() |> String.to_atom()

  @doc "Is there nothing in it?"
  @spec empty?(list) :: boolean
  # PERF:OK never more than three
  def empty?(items), do: length(items) == 0
end
"#;

fn git(dir: &Path, args: &[&str]) {
    let name = ["-c", "user.name=test", "-c", "user.email=test@example.com"];
    let done =
        Command::new("git").args(name).args(args).current_dir(dir).output().expect("git is there");
    assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
}

#[tokio::test]
async fn the_doctrine_is_told_as_a_compiler_tells() {
    let world = world().await;
    world.write("mix.exs", "defmodule Shop.MixProject do\n  use Mix.Project\n  def project, do: [app: :shop, version: \"0.1.0\"]\nend\n");
    std::fs::create_dir_all(world.path().join("lib/shop")).unwrap();
    world.write("lib/shop/cart.ex", CART);
    let ran = world.run(&["doctrine", "--only", "ZERO,PERF", "--quiet"]).await;
    insta::assert_snapshot!(picture(&world, &ran), @r#"
exit code: 10
----- stdout -----
error[ZERO/to-atom]: String.to_atom/1 makes an atom of any text, and atoms are never freed
 --> lib/shop/cart.ex:6:47
  |
6 |   def key(text), do: text |> String.trim() |> String.to_atom()
  |                                               ^^^^^^^^^^^^^^^^
  = use String.to_existing_atom/1, or look the text up in a map of what you expect
----- stderr -----
Not kept: ZERO (4 files, 16 lines of Elixir).
"#);
}

#[tokio::test]
async fn programs_get_all_of_it_in_json_and_in_sarif() {
    let world = world().await;
    std::fs::create_dir_all(world.path().join("lib/shop")).unwrap();
    world.write("lib/shop/cart.ex", CART);
    let ran = world.run(&["doctrine", "--only", "ZERO,PERF", "--format", "json"]).await;
    let object: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(object["verdict"], "refused");
    assert_eq!(object["findings"][0]["rule"], "ZERO/to-atom");
    assert_eq!(object["findings"][0]["file"], "lib/shop/cart.ex");
    assert_eq!(
        (&object["findings"][0]["line"], &object["findings"][0]["column"]),
        (&6.into(), &47.into())
    );
    assert_eq!(object["suppressed"][0]["reason"], "never more than three");
    let codes = object["pillars"].as_array().unwrap().iter().map(|it| it["code"].as_str().unwrap());
    assert_eq!(codes.count(), 18);

    let ran = world.run(&["doctrine", "--only", "ZERO,PERF", "--format", "sarif"]).await;
    let sarif: Value = serde_json::from_str(&ran.stdout).unwrap();
    let results = &sarif["runs"][0]["results"];
    assert_eq!(results[0]["ruleId"], "ZERO/to-atom");
    assert_eq!(results[0]["locations"][0]["physicalLocation"]["region"]["startLine"], 6);
    assert_eq!(results[1]["suppressions"][0]["kind"], "inSource");
    let ran = world.run(&["history", "--format", "sarif"]).await;
    assert_eq!(ran.code, Some(2));
}

#[tokio::test]
async fn a_hook_sees_what_is_staged_and_nothing_else() {
    let world = world().await;
    let dir = world.path();
    git(dir, &["init", "-q", "-b", "main"]);
    git(dir, &["add", "-A"]);
    git(dir, &["commit", "-qm", "chore: begin"]);
    std::fs::create_dir_all(dir.join("lib/shop")).unwrap();
    world.write("lib/shop/cart.ex", CART);
    git(dir, &["add", "-A"]);
    // What is mended, and not staged yet, is no help.
    world.write("lib/shop/cart.ex", "defmodule Shop.Cart do\nend\n");
    let ran = world.run(&["doctrine", "--staged", "--only", "ZERO", "-q"]).await;
    assert_eq!(ran.code, Some(10), "{}", ran.stderr);
    assert!(ran.stdout.contains("lib/shop/cart.ex:6:47"), "{}", ran.stdout);
    let ran = world.run(&["doctrine", "--changed", "--only", "ZERO", "-q"]).await;
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""));
}

#[tokio::test]
async fn a_secret_is_named_and_never_shown() {
    let world = world().await;
    let secret = ["glpat", "8xQz3RvL1mTn5WyK7bDc"].join("-");
    std::fs::create_dir_all(world.path().join("config")).unwrap();
    world.write("config/prod.exs", &format!("import Config\nconfig :shop, token: \"{secret}\"\n"));
    for format in ["text", "json", "sarif"] {
        let ran = world.run(&["doctrine", "--only", "SEAL", "--format", format]).await;
        assert_eq!(ran.code, Some(10));
        assert!(ran.stdout.contains("SEAL/secret") && ran.stdout.contains("config/prod.exs"));
        assert!(
            !ran.stdout.contains(&secret[8..]) && !ran.stderr.contains(&secret[8..]),
            "{format}"
        );
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_no_pass() {
    let world = world().await;
    std::fs::create_dir_all(world.path().join("lib/shop")).unwrap();
    world.write("lib/shop/cart.ex", "defmodule Shop.Cart do\n  def a(, do: 1\nend\n");
    let ran = world.run(&["doctrine", "--only", "ZERO", "-q"]).await;
    assert_eq!(ran.code, Some(11), "{}", ran.stdout);
    std::fs::write(
        world.path().join("lib/shop/cart.ex"),
        b"# caf\xe9\ndefmodule Shop.Cart do\nend\n",
    )
    .unwrap();
    let ran = world.run(&["doctrine", "--only", "ZERO", "-q"]).await;
    assert_eq!(ran.code, Some(11), "{}", ran.stdout);
    assert!(ran.stdout.contains("it is no text in UTF-8"), "{}", ran.stdout);
    let ran = world.run(&["doctrine", "--only", "ZER"]).await;
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("did you mean `ZERO`?"), "{}", ran.stderr);
    let ran = world.run(&["doctrine", "--changed"]).await;
    assert_eq!(ran.code, Some(11), "{}", ran.stderr);
}

#[tokio::test]
async fn a_team_has_rules_of_its_own_and_decides_about_ours() {
    let world = world().await;
    let toml = std::fs::read_to_string(world.path().join("pipeline.toml")).unwrap();
    let rules = "\n[gates.doctrine]\nlevels = { \"ZERO/to-atom\" = \"advisory\" }\n[[gates.doctrine.rules]]\nid = \"TEAM/no-trim\"\nmessage = \"we keep blanks\"\ncode = \"String.trim(...)\"\n";
    world.write("pipeline.toml", &(toml.clone() + rules));
    std::fs::create_dir_all(world.path().join("lib/shop")).unwrap();
    world.write("lib/shop/cart.ex", CART);
    let ran = world.run(&["doctrine", "--only", "ZERO,TEAM", "-q"]).await;
    assert_eq!(ran.code, Some(10), "{}", ran.stderr);
    assert!(
        ran.stdout.contains("error[TEAM/no-trim]: we keep blanks") && !ran.stdout.contains("ZERO"),
        "{}",
        ran.stdout
    );
    world.write("pipeline.toml", &(toml + &rules.replace("ZERO/to-atom", "ZERO/to-atm")));
    let ran = world.run(&["doctrine"]).await;
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("did you mean `ZERO/to-atom`?"), "{}", ran.stderr);
}
