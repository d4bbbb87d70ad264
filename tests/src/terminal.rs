//! A terminal that a test can look at: tmux, with a server and a socket of its own.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::Duration;

use tempfile::TempDir;

/// So long something is waited for on the screen.
const PATIENCE: Duration = Duration::from_mins(2);

/// How often is looked.
const EVERY: Duration = Duration::from_millis(20);

/// Lines above the screen are kept; what has ended stays to be looked at.
const CONF: &str = "\
set -g history-limit 5000
set -g remain-on-exit on
set -g remain-on-exit-format ''
set -g status off
set -g default-terminal tmux-256color
";

/// The terminal, and one command in it.
#[derive(Debug)]
pub struct Terminal {
    dir: TempDir,
}

/// What is started in a terminal.
#[derive(Debug)]
pub struct Program<'a> {
    /// Where it starts.
    pub folder: PathBuf,
    /// All the variables it has, beside those of a terminal.
    pub vars: Vec<(String, String)>,
    /// The program, and its arguments.
    pub words: Vec<&'a str>,
}

impl Terminal {
    /// Starts a program in a terminal of so many columns and rows.
    #[must_use]
    pub fn start(program: &Program<'_>, (columns, rows): (u32, u32)) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(dir.path().join("conf"), CONF).expect("the folder can be written");
        let terminal = Self { dir };
        let (columns, rows) = (columns.to_string(), rows.to_string());
        let folder = program.folder.display().to_string();
        let mut args = vec!["new-session", "-d", "-x", &columns, "-y", &rows, "-c", &folder];
        args.extend(["env", "-i", "TERM=tmux-256color", "LANG=C.UTF-8"]);
        let vars: Vec<String> =
            program.vars.iter().map(|(name, value)| format!("{name}={value}")).collect();
        args.extend(vars.iter().map(String::as_str));
        let exit = format!("PIPELINE_TEST_EXIT={}", terminal.exit().display());
        args.push(&exit);
        args.extend(&program.words);
        terminal.tmux(&args);
        terminal
    }

    /// Everything that is on the screen and above it, without what is empty at the end.
    #[must_use]
    pub fn all(&self) -> String {
        self.tmux(&["capture-pane", "-p", "-S", "-"]).trim_end().to_owned()
    }

    /// The same, with the sequences that colour it.
    #[must_use]
    pub fn all_coloured(&self) -> String {
        self.tmux(&["capture-pane", "-p", "-e", "-S", "-"]).trim_end().to_owned()
    }

    /// What is on the screen alone.
    #[must_use]
    pub fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p"]).trim_end().to_owned()
    }

    /// Waits until the screen is as wanted in two looks one after the other, and returns it: a terminal may show half of what is
    /// drawn just now.
    pub async fn until(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        for _ in 0..1_000 {
            self.once(what, &wanted).await;
            tokio::time::sleep(EVERY).await;
            let screen = self.screen();
            if wanted(&screen) {
                return screen;
            }
        }
        panic!("never for longer than a moment: {what}\n{}", self.all())
    }

    /// Waits until the screen was as wanted once.
    async fn once(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let looking = async {
            loop {
                let screen = self.screen();
                if wanted(&screen) {
                    return screen;
                }
                tokio::time::sleep(EVERY).await;
            }
        };
        let seen = tokio::time::timeout(PATIENCE, looking).await;
        seen.unwrap_or_else(|_| panic!("never seen: {what}\n{}", self.all()))
    }

    /// Waits until the screen shows a text.
    pub async fn shows(&self, text: &str) -> String {
        self.once(text, |screen| screen.contains(text)).await
    }

    /// Waits until the program has ended; its exit code, and everything that was shown.
    pub async fn ended(&self) -> (i32, String) {
        let looking = async {
            while !self.has_ended() {
                tokio::time::sleep(EVERY).await;
            }
            let code = std::fs::read_to_string(self.exit());
            code.expect("it says how it ends").parse().expect("an exit code")
        };
        let code = tokio::time::timeout(PATIENCE, looking).await;
        (code.unwrap_or_else(|_| panic!("it does not end\n{}", self.all())), self.all())
    }

    /// Where the program writes its exit code: tmux at times knows that a program ended, and not how.
    fn exit(&self) -> PathBuf {
        self.dir.path().join("exit")
    }

    /// Has the program ended, however?
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.tmux(&["display-message", "-p", "#{pane_dead}"]).trim() == "1"
    }

    /// Presses keys, by tmux's names for them.
    pub fn press(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys"], keys].concat());
    }

    /// Gives it so many columns and rows.
    pub fn resize(&self, (columns, rows): (u32, u32)) {
        let (columns, rows) = (columns.to_string(), rows.to_string());
        self.tmux(&["resize-window", "-x", &columns, "-y", &rows]);
    }

    /// Is the cursor to be seen?
    #[must_use]
    pub fn has_cursor(&self) -> bool {
        self.tmux(&["display-message", "-p", "#{cursor_flag}"]).trim() == "1"
    }

    /// The process of the program.
    #[must_use]
    pub fn pid(&self) -> i32 {
        let pid = self.tmux(&["display-message", "-p", "#{pane_pid}"]);
        pid.trim().parse().expect("a process")
    }

    fn tmux(&self, args: &[&str]) -> String {
        let Output { status, stdout, stderr } = self.command(args);
        let said = String::from_utf8_lossy(&stderr);
        assert!(status.success(), "tmux {}: {said}", args.join(" "));
        String::from_utf8_lossy(&stdout).into_owned()
    }

    fn command(&self, args: &[&str]) -> Output {
        let mut tmux = Command::new("tmux");
        tmux.arg("-u").arg("-S").arg(self.dir.path().join("socket"));
        tmux.arg("-f").arg(self.dir.path().join("conf")).args(args).env_remove("TMUX");
        tmux.output().expect("tmux is there: `cargo xtask test` installs it")
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.command(&["kill-server"]);
    }
}
