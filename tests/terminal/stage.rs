//! A project whose gates wait for the test.

use std::os::unix::fs::PermissionsExt;

use insta::internals::SettingsBindDropGuard;
use pipeline_tests::{Program, Terminal, World, WorldConfig};

/// Says that it waits, and waits until the file of its name is there; that file says how it ends.
const HOLD: &str = "#!/bin/sh\n\
echo \"holding on $1\"\n\
while [ ! -s \"go/$1\" ]; do sleep 0.02; done\n\
echo \"lib/cart.ex:12: $1 says no\" >\"go/$1.said\"\n\
exit \"$(cat \"go/$1\")\"\n";

/// A world with gates that the test lets go.
pub(crate) struct Stage {
    pub(crate) world: World,
}

impl Stage {
    /// `gates`: names, each with those that it needs. `more` is more configuration.
    pub(crate) async fn set(gates: &[(&str, &[&str])], more: &str) -> Self {
        let program = env!("CARGO_BIN_EXE_pipeline_under_test");
        let strategy = "rolling";
        let config = WorldConfig { program, strategy, machines: 2 };
        let stage = Self { world: World::start(config).await };
        let path = stage.world.path();
        std::fs::create_dir(path.join("go")).expect("a folder");
        stage.world.write("hold", HOLD);
        let runnable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(path.join("hold"), runnable).expect("the script can be run");
        let mut toml = std::fs::read_to_string(path.join("pipeline.toml")).expect("it is there");
        for (name, needs) in gates {
            let table = format!(
                "\n[gates.exec.{name}]\ncommand = [\"./hold\", \"{name}\"]\nneeds = {needs:?}\n"
            );
            toml += &table;
        }
        stage.world.write("pipeline.toml", &format!("{toml}\n{more}"));
        stage
    }

    /// Starts the command in a terminal.
    pub(crate) fn start(&self, args: &[&str], size: (u32, u32)) -> Terminal {
        self.start_with(args, size, &[])
    }

    pub(crate) fn start_with(
        &self,
        args: &[&str],
        size: (u32, u32),
        vars: &[(&str, &str)],
    ) -> Terminal {
        let more = vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let words = [&[env!("CARGO_BIN_EXE_pipeline_under_test")], args].concat();
        let vars = self.world.vars().into_iter().chain(more).collect();
        Terminal::start(&Program { folder: self.world.path().to_owned(), vars, words }, size)
    }

    /// Lets a gate end with an exit code.
    pub(crate) fn let_go(&self, gate: &str, code: u8) {
        let go = self.world.path().join("go");
        std::fs::write(go.join("new"), code.to_string()).expect("the folder can be written");
        std::fs::rename(go.join("new"), go.join(gate)).expect("the folder can be written");
    }
}

/// Snapshots without what differs each time.
pub(crate) fn without_times() -> SettingsBindDropGuard {
    let mut settings = insta::Settings::clone_current();
    for (what, shown) in [
        (r"[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]", "*"),
        (r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", "[WHEN]"),
        (r"\b(?:\d+m )?\d+\.\ds", "[S]"),
        (r"\b(?:\d+m )?\d+s\b", "[S]"),
        (r" +\[S\]", " [S]"),
        (r"127\.0\.0\.1:\d+", "[ADDRESS]"),
        (r"\b[0-9a-f]{14}\b", "[MACHINE]"),
    ] {
        settings.add_filter(what, shown);
    }
    settings.bind_to_scope()
}
