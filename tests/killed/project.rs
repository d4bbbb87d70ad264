//! A small Mix project with some of everything that a compiler remembers: macros, structs, protocols, Erlang.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use pipeline_tests::Ran;
use tempfile::TempDir;
use tokio::process::Command;

/// Enough that compiling takes a while, and that a kill falls between one file and the next.
const MODULES: u32 = 40;

/// A project that goes with this value.
pub(crate) struct Project {
    dir: TempDir,
}

impl Project {
    pub(crate) fn new() -> Self {
        let project = Self { dir: tempfile::tempdir().expect("a temporary folder") };
        let fixed = [
            ("pipeline.toml", ""),
            ("mix.exs", MIX_EXS),
            ("lib/macros.ex", MACROS),
            ("lib/shape.ex", SHAPE),
            ("src/tally.erl", TALLY),
            ("include/tally.hrl", "-define(ONE, 1).\n"),
            ("test/test_helper.exs", "ExUnit.start()\n"),
            ("test/modules_test.exs", MODULES_TEST),
            ("test/programs_test.exs", PROGRAMS_TEST),
        ];
        for (path, text) in fixed {
            project.file(path, text);
        }
        for number in 1..=MODULES {
            project.file(&format!("lib/part/part{number}.ex"), &part(number));
        }
        project
    }

    fn file(&self, path: &str, text: &str) {
        let file = self.path().join(path);
        fs::create_dir_all(file.parent().expect("it has a folder")).expect("a folder");
        fs::write(file, text).expect("a file");
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Has the test with the programs begun, and have they?
    pub(crate) fn programs_run(&self) -> bool {
        self.path().join("up").exists()
    }

    pub(crate) fn forget_programs(&self) {
        let _ = fs::remove_file(self.path().join("up"));
    }

    /// Runs `mix` by hand, as a developer does.
    pub(crate) async fn mix(&self, args: &[&str]) -> Ran {
        let mut mix = Command::new("mix");
        mix.args(args).current_dir(self.path()).stdin(std::process::Stdio::null());
        let output =
            mix.output().await.expect("mix runs: install Elixir, or run `cargo xtask test`");
        Ran {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// What `mix compile` and `mix test` say by hand, but for which files had to be compiled, and what lies there then.
    pub(crate) async fn told(&self) -> String {
        let mut told = String::new();
        for args in [&["compile"][..], &["test", "--seed", "0"]] {
            let ran = self.mix(args).await.expect(0);
            let passing = ["Compiling ", "Generated ", "Finished in "];
            let said = ran.stdout.lines().chain(ran.stderr.lines());
            for line in said.filter(|line| !passing.iter().any(|it| line.starts_with(it))) {
                told.push_str(line);
                told.push('\n');
            }
        }
        let built = self.built().into_iter().map(|(file, text)| format!("{file} {text}\n"));
        told + &built.collect::<Vec<_>>().concat()
    }

    /// What has been built, with the text of the descriptions: they list all modules.
    fn built(&self) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        for env in ["dev", "test"] {
            let lib = self.path().join("_build").join(env).join("lib/exp");
            let folders = ["ebin", "consolidated"].map(|it| lib.join(it));
            for file in folders.iter().flat_map(|folder| fs::read_dir(folder).expect("it is built"))
            {
                let file: PathBuf = file.expect("it is built").path();
                let name = file.strip_prefix(self.path()).expect("below it").display().to_string();
                let is_text = file.extension().is_some_and(|it| it == "app");
                let text =
                    if is_text { fs::read_to_string(&file).expect("text") } else { String::new() };
                files.insert(name, text);
            }
        }
        files
    }
}

const MIX_EXS: &str = "defmodule Exp.MixProject do
  use Mix.Project

  def project do
    [app: :exp, version: \"0.1.0\", deps: [], test_coverage: [summary: [threshold: 0]]]
  end
end
";

const MACROS: &str = "defmodule Macros do
  defmacro numbered(number) do
    quote do
      def number, do: unquote(number)
    end
  end
end
";

const SHAPE: &str = "defprotocol Shape do
  def area(shape)
end

defmodule Square do
  defstruct side: 1

  defimpl Shape do
    def area(square), do: square.side * square.side
  end
end
";

const TALLY: &str = "-module(tally).
-include(\"tally.hrl\").
-export([one/0]).
one() -> ?ONE.
";

/// Each needs the macro, and the one before it while it is compiled.
fn part(number: u32) -> String {
    let before = if number == 1 { "0".to_owned() } else { format!("Part{}.number()", number - 1) };
    format!(
        "defmodule Part{number} do\n  require Macros\n  Macros.numbered({number})\n  @before_it {before}\n  \
         def before_it, do: @before_it\n  def square, do: %Square{{side: {number}}}\nend\n"
    )
}

const MODULES_TEST: &str = "defmodule ModulesTest do
  use ExUnit.Case

  test \"every module is there and says what it should\" do
    for number <- 1..40 do
      module = Module.concat([\"Part#{number}\"])
      assert module.number() == number
      assert module.before_it() == number - 1
      assert Shape.area(module.square()) == number * number
    end
  end

  test \"so is the one in Erlang\" do
    assert :tally.one() == 1
  end
end
";

/// Told so, it starts what does not end by itself: a BEAM of its own, and a program that reads no standard input. It holds on
/// for a while, or until it is killed.
const PROGRAMS_TEST: &str = "defmodule ProgramsTest do
  use ExUnit.Case

  @tag timeout: :infinity
  test \"starts programs\" do
    if System.get_env(\"PROGRAMS\") do
      Port.open({:spawn_executable, System.find_executable(\"sleep\")}, args: [\"600\"])
      spawn(fn ->
        System.cmd(\"elixir\", [\"-e\", ~s[File.write!(\"up\", \"\"); Process.sleep(:infinity)]])
      end)
      Process.sleep(if System.get_env(\"PROGRAMS\") == \"hold\", do: :infinity, else: 2_000)
    end
  end
end
";
