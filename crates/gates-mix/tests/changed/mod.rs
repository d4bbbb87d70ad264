//! The gate `format` where only some files are meant.

use gates_mix::Format;

use crate::project::{Project, told, told_of};

const LOOSE: &str = "defmodule Loose do\n  def  a( b ),do: b\nend\n";

#[tokio::test]
async fn of_some_files_only_those_that_the_whole_run_refuses_are_refused() {
    let project = Project::new()
        .file("lib/shop/one.ex", LOOSE)
        .file("lib/shop/two.ex", LOOSE)
        .file("priv/seeds.exs", LOOSE);
    let format = Format::new(project.mix());
    insta::assert_snapshot!(told(&format).await, @r"
    Refused files=2
      lib/shop/one.ex:2 format: not formatted -> run `mix format`
      lib/shop/two.ex:2 format: not formatted -> run `mix format`
    ");
    let changed = ["lib/shop/two.ex", "lib/shop.ex", "priv/seeds.exs", "lib/gone.ex"];
    insta::assert_snapshot!(told_of(&format, &changed).await, @r"
    Refused files=1
      lib/shop/two.ex:2 format: not formatted -> run `mix format`
    ");
    // Mix would judge it if it were asked about it by name.
    assert_eq!(told_of(&format, &["priv/seeds.exs"]).await, "Passed files=0");
}

#[tokio::test]
async fn without_a_file_that_has_a_format_nobody_is_asked() {
    let project = Project::new().file("README.md", "");
    let format = || Format::new(project.mix().program("/no/such/mix"));
    for none in [&["README.md"][..], &["lib/gone.ex"], &[]] {
        assert_eq!(told_of(&format(), none).await, "Passed files=0", "{none:?}");
    }
    let project =
        project.file(".formatter.exs", "[plugins: [Shop.Markdown], inputs: [\"*.md\"]]\n");
    let format = Format::new(project.mix().program("/no/such/mix"));
    assert!(told_of(&format, &["README.md"]).await.starts_with("fault: "));
}

#[tokio::test]
async fn in_an_umbrella_files_are_named_from_its_root() {
    let project = Project::umbrella()
        .file("apps/alpha/lib/loose.ex", LOOSE)
        .file("apps/beta/lib/loose.ex", LOOSE);
    insta::assert_snapshot!(told_of(&Format::new(project.mix()), &["apps/beta/lib/loose.ex"]).await, @r"
    Refused files=1
      apps/beta/lib/loose.ex:2 [beta] format: not formatted -> run `mix format`
    ");
}
