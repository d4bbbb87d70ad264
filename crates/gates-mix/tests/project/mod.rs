//! Small Elixir projects in temporary folders, and what a gate says about them as text.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use gates_mix::MixProject;
use pipeline_core::{
    Cancel, Context, Event, EventKind, Events, Finding, Gate, Observer, Phase, Release, Run, RunId,
};
use tempfile::TempDir;

pub(crate) const SEED: &str = "seed=SEED";

/// A project that goes with this value.
pub(crate) struct Project {
    dir: TempDir,
}

impl Project {
    /// One application whose code is formatted, compiles, is tested and covered.
    pub(crate) fn new() -> Self {
        Self::empty()
            .file("mix.exs", &mix_exs("shop", "[]"))
            .file(".formatter.exs", FORMATTER)
            .file("lib/shop.ex", &module("Shop"))
            .file("test/test_helper.exs", "ExUnit.start()\n")
            .file("test/shop_test.exs", &test("Shop"))
    }

    /// Two of them, one of which needs the other.
    pub(crate) fn umbrella() -> Self {
        let root = "defmodule Umb.MixProject do\n  use Mix.Project\n\n  def project do\n    [apps_path: \"apps\", \
                    version: \"0.1.0\", deps: []]\n  end\nend\n";
        let project = Self::empty()
            .file("mix.exs", root)
            .file(".formatter.exs", "[inputs: [\"mix.exs\"], subdirectories: [\"apps/*\"]]\n");
        let apps = [("alpha", "Alpha", "[]"), ("beta", "Beta", "[{:alpha, in_umbrella: true}]")];
        apps.iter().fold(project, |project, (app, name, deps)| {
            let at = |file: &str| format!("apps/{app}/{file}");
            project
                .file(&at("mix.exs"), &in_umbrella(&mix_exs(app, deps)))
                .file(&at(".formatter.exs"), FORMATTER)
                .file(&at(&format!("lib/{app}.ex")), &module(name))
                .file(&at("test/test_helper.exs"), "ExUnit.start()\n")
                .file(&at(&format!("test/{app}_test.exs")), &test(name))
        })
    }

    /// A folder without anything.
    pub(crate) fn empty() -> Self {
        Self { dir: tempfile::tempdir().expect("a temporary folder") }
    }

    pub(crate) fn file(self, path: &str, text: &str) -> Self {
        let file = self.dir.path().join(path);
        fs::create_dir_all(file.parent().unwrap_or(Path::new("."))).expect("a folder");
        fs::write(file, text).expect("a file");
        self
    }

    pub(crate) fn without(self, path: &str) -> Self {
        fs::remove_file(self.dir.path().join(path)).expect("a file");
        self
    }

    pub(crate) fn deps(self, deps: &str) -> Self {
        self.file("mix.exs", &mix_exs("shop", deps))
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn mix(&self) -> MixProject {
        MixProject::at(self.dir.path())
    }
}

const FORMATTER: &str = "[inputs: [\"lib/**/*.ex\"]]\n";

fn mix_exs(app: &str, deps: &str) -> String {
    format!(
        "defmodule {}.MixProject do\n  use Mix.Project\n\n  def project do\n    [app: :{app}, version: \"0.1.0\", \
         deps: {deps}]\n  end\nend\n",
        app.to_uppercase()
    )
}

fn in_umbrella(mix_exs: &str) -> String {
    let shared = "build_path: \"../../_build\", config_path: \"../../config/config.exs\", deps_path: \"../../deps\", \
                  lockfile: \"../../mix.lock\", deps:";
    mix_exs.replace("deps:", shared)
}

fn module(name: &str) -> String {
    format!("defmodule {name} do\n  def total(a, b) do\n    Enum.sum([a, b])\n  end\nend\n")
}

fn test(name: &str) -> String {
    format!(
        "defmodule {name}Test do\n  use ExUnit.Case\n\n  test \"adds up\" do\n    assert {name}.total(1, 2) == 3\n  \
         end\nend\n"
    )
}

/// What a gate says, as text. Seeds are hidden: they differ from run to run.
pub(crate) async fn told(gate: &dyn Gate) -> String {
    told_in(gate, &Heard::default().context()).await
}

/// What it says where only these files are meant.
pub(crate) async fn told_of(gate: &dyn Gate, changed: &[&str]) -> String {
    let changed = changed.iter().map(ToString::to_string).collect();
    let run = Heard::default().run().changed(Some(changed));
    told_in(gate, &run.context(Phase::Validate, "gate")).await
}

async fn told_in(gate: &dyn Gate, cx: &Context) -> String {
    let report = match gate.check(cx).await {
        Ok(report) => report,
        Err(fault) => {
            let hint = fault.next_step().unwrap_or_default();
            return format!("fault: {}\nhint: {hint}", fault.message());
        }
    };
    let numbers = report
        .numbers()
        .iter()
        .map(|(name, it)| format!(" {name}={}", (it * 100.0).round() / 100.0));
    let head = format!("{:?}{}", report.verdict(), numbers.collect::<String>());
    let findings = report.findings().iter().map(|it| format!("\n  {}", one_line(it)));
    hide_seed(&(head + &findings.collect::<String>()))
}

pub(crate) fn hide_seed(text: &str) -> String {
    let Some((before, after)) = text.split_once("seed=") else { return text.to_owned() };
    format!("{before}{SEED}{}", after.trim_start_matches(|it: char| it.is_ascii_digit()))
}

fn one_line(finding: &Finding) -> String {
    let place = finding.place().unwrap_or("-".into());
    let rule = finding.rule.as_deref().unwrap_or("-");
    let app = finding.app.as_ref().map_or(String::new(), |app| format!(" [{app}]"));
    let remedy = finding.remedy.as_ref().map_or(String::new(), |it| format!(" -> {it}"));
    format!("{place}{app} {rule}: {}{remedy}", finding.message)
}

/// Hears what a gate tells while it runs.
#[derive(Clone, Default)]
pub(crate) struct Heard(Arc<Mutex<Vec<EventKind>>>);

impl Heard {
    pub(crate) fn context(&self) -> Context {
        self.context_until(Cancel::never())
    }

    pub(crate) fn context_until(&self, cancel: Cancel) -> Context {
        self.run().cancel(cancel).context(Phase::Validate, "gate")
    }

    /// A run that it hears.
    pub(crate) fn run(&self) -> Run {
        let events = Events::new(|| SystemTime::UNIX_EPOCH, vec![Box::new(self.clone())]);
        Run::new(RunId::new("run-1"), Release::new("v1"), ".").events(events)
    }

    pub(crate) fn notes(&self) -> Vec<String> {
        self.each(|kind| match kind {
            EventKind::Noted { message, .. } => Some(message.clone()),
            _ => None,
        })
    }

    /// How many were done, and of how many where that was known.
    pub(crate) fn progress(&self) -> Vec<(u64, Option<u64>)> {
        self.each(|kind| match kind {
            EventKind::Progressed { done, total, .. } => Some((*done, *total)),
            _ => None,
        })
    }

    fn each<T>(&self, of: impl Fn(&EventKind) -> Option<T>) -> Vec<T> {
        self.0.lock().expect("no observer panics").iter().filter_map(of).collect()
    }
}

impl Observer for Heard {
    fn observe(&mut self, event: &Event) {
        self.0.lock().expect("no observer panics").push(event.kind.clone());
    }
}
