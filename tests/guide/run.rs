//! Runnable pieces of the documentation are run, page by page, and do what they say.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use pipeline_tests::{Ran, World, WorldConfig};
use tokio::process::Command;

use crate::commands::words;
use crate::compare::missing;
use crate::markdown::{Block, Page, pages};
use crate::root;

const PROGRAM: &str = env!("CARGO_BIN_EXE_pipeline_under_test");

/// A command and what is said below it.
struct Said {
    place: String,
    command: String,
    expected: Vec<String>,
}

/// A copy of the sample beside a simulated Fly.io: v1 runs on two machines, `good` and `better` are
/// as good, `broken` answers 500 on one page.
struct Sandbox {
    world: World,
    vars: BTreeMap<String, String>,
    last: Option<i32>,
}

impl Sandbox {
    async fn open() -> Self {
        let config = WorldConfig { program: PROGRAM, strategy: "bluegreen", machines: 2 };
        let world = World::start(config).await;
        copy_shop(world.path());
        world.image("good", &[]);
        world.image("better", &[]);
        world.image("broken", &[("FAIL_PATH", "/dashboard"), ("FAIL_STATUS", "500")]);
        Self { world, vars: BTreeMap::new(), last: None }
    }

    async fn run(&mut self, said: &Said) -> Result<(), String> {
        let words = words(&said.command);
        let ran = match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["export", assignment] => return self.export(assignment),
            ["echo", "$?"] => {
                Ran { code: Some(0), stdout: format!("{}\n", self.code()), stderr: String::new() }
            }
            ["pipeline", ref args @ ..] => {
                let vars: Vec<_> =
                    self.vars.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                let ran = self.world.run_with(args, &vars).await;
                self.last = ran.code;
                ran
            }
            [program, ref args @ ..] => self.other(program, args).await?,
            [] => return Ok(()),
        };
        match missing(&said.expected, [&ran.stderr, &ran.stdout]) {
            None => Ok(()),
            Some(line) => {
                Err(format!("{}: `{}` did not say `{line}`; {ran}", said.place, said.command))
            }
        }
    }

    fn code(&self) -> i32 {
        self.last.unwrap_or_default()
    }

    fn export(&mut self, assignment: &str) -> Result<(), String> {
        let (name, value) = assignment.split_once('=').ok_or("export NAME=VALUE")?;
        self.vars.insert(name.to_owned(), value.to_owned());
        Ok(())
    }

    async fn other(&self, program: &str, args: &[&str]) -> Result<Ran, String> {
        let mut command = Command::new(program);
        command.args(args).current_dir(self.world.path()).stdin(Stdio::null()).kill_on_drop(true);
        let output = tokio::time::timeout(Duration::from_mins(20), command.output()).await;
        let output = output.map_err(|_| format!("{program} hangs"))?;
        let output = output.map_err(|error| format!("{program}: {error}"))?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (code, stdout, stderr) =
            (output.status.code(), text(&output.stdout), text(&output.stderr));
        if output.status.success() {
            Ok(Ran { code, stdout, stderr })
        } else {
            Err(format!("{program}: {stderr}"))
        }
    }
}

/// The sample as it is in the repository, without what a build left behind.
pub(crate) fn copy_shop(to: &Path) {
    copy(&root().join("examples/shop"), to).expect("the sample can be copied");
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let (path, name) = {
            let it = entry?;
            (it.path(), it.file_name())
        };
        if ["_build", "deps", "cover", ".pipeline"].iter().any(|it| name == *it) {
            continue;
        }
        if path.is_dir() {
            copy(&path, &to.join(name))?;
        } else {
            fs::copy(&path, to.join(name)).map(drop)?;
        }
    }
    Ok(())
}

fn said(block: &Block) -> Vec<Said> {
    let mut all: Vec<Said> = Vec::new();
    for line in block.text.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            let (place, command) = (
                block.place.clone(),
                command.split("  #").next().unwrap_or_default().trim().to_owned(),
            );
            all.push(Said { place, command, expected: Vec::new() });
        } else if let Some(last) = all.last_mut() {
            last.expected.push(line.to_owned());
        }
    }
    all
}

fn is_runnable(block: &Block) -> bool {
    block.language() == "console" && block.says("run")
}

async fn follow(page: &Page) -> Result<(), String> {
    let mut sandbox = Sandbox::open().await;
    for block in page.blocks.iter().filter(|it| is_runnable(it)) {
        for said in said(block) {
            sandbox.run(&said).await?;
        }
    }
    Ok(())
}

/// One test a page, so that they run side by side and a failure names its page.
macro_rules! pages {
    ($($name:ident: $path:literal,)*) => {
        const RUN: &[&str] = &[$($path),*];

        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let page = pages().into_iter().find(|it| it.path == $path).expect("the page is there");
            if let Err(why) = follow(&page).await {
                panic!("{why}");
            }
        })*
    };
}

pages! {
    your_project: "docs/guide/02-your-project.md",
    gates: "docs/guide/03-gates.md",
    the_first_deploy: "docs/guide/04-first-deploy.md",
    when_it_goes_wrong: "docs/guide/06-when-it-goes-wrong.md",
}

#[test]
fn every_page_with_something_to_run_is_run() {
    let runnable = pages().into_iter().filter(|it| it.blocks.iter().any(is_runnable));
    let runnable: Vec<_> = runnable.map(|it| it.path).collect();
    assert_eq!(runnable, RUN);
}
