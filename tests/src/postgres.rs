//! A real `PostgreSQL` server for tests: initialised, started and stopped by them, in a folder of its own, as a user
//! without rights (it refuses to run as root).

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{OnceLock, mpsc};

/// The password of every user over TCP.
pub const PASSWORD: &str = "hunter22-of-postgres";

/// Where Debian keeps the programs, one folder a version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// A server, running or stopped. Gone with this process.
#[derive(Debug)]
pub struct Postgres {
    folder: PathBuf,
    port: u16,
    programs: PathBuf,
    settings: Vec<String>,
    process: Option<Child>,
}

impl Postgres {
    /// The one of this process, for tests that leave it running.
    pub fn shared() -> &'static Self {
        static SERVER: OnceLock<Postgres> = OnceLock::new();
        SERVER.get_or_init(|| Self::start(&[]))
    }

    /// One of its own, with more settings such as `max_connections=5`.
    #[must_use]
    pub fn start(settings: &[&str]) -> Self {
        Self::start_with(settings, |_| {})
    }

    /// The same, after `prepare` has added to the folder of its data.
    #[must_use]
    pub fn start_with(settings: &[&str], prepare: impl FnOnce(&Path)) -> Self {
        let programs = programs();
        let folder = new_folder();
        let data = folder.join("data");
        let password = folder.join("password");
        fs::write(&password, PASSWORD).expect("a password");
        let mut initdb = unprivileged(&programs.join("initdb"));
        initdb.arg("-D").arg(&data).arg("--pwfile").arg(&password);
        initdb.args(["-U", "postgres", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"]);
        initdb.args(["--auth-local=trust", "--auth-host=scram-sha-256"]);
        let done = initdb.output().expect("initdb can be started");
        assert!(done.status.success(), "initdb: {}", String::from_utf8_lossy(&done.stderr));
        prepare(&data);
        let port = free_port();
        let settings = settings.iter().map(ToString::to_string).collect();
        let mut server = Self { folder, port, programs, settings, process: None };
        server.go_on();
        server
    }

    /// Starts it again where it was stopped.
    pub fn go_on(&mut self) {
        let mut command = unprivileged(&self.programs.join("postgres"));
        command.arg("-D").arg(self.folder.join("data")).arg("-k").arg(&self.folder);
        command.args(["-p", &self.port.to_string(), "-c", "listen_addresses=127.0.0.1"]);
        // What survives a crash of the server is a question for it, not for these tests.
        command.args(["-c", "fsync=off", "-c", "max_connections=200"]);
        command.args(self.settings.iter().flat_map(|it| ["-c", it.as_str()]));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        self.process = Some(started(command));
    }

    /// From its next start on it follows another server, and may only be read.
    pub fn follow(&self) {
        fs::write(self.folder.join("data/standby.signal"), "").expect("the server's own folder");
    }

    /// Stops it with this signal: `INT` cuts all connections off, `QUIT` is a crash.
    pub fn stop(&mut self, signal: &str) {
        let Some(mut process) = self.process.take() else { return };
        self.signal(process.id(), signal);
        process.wait().expect("a child can be waited for");
    }

    /// Sends a signal to the server and all its processes, such as `STOP` for a silence and `CONT` for its end.
    pub fn signal_all(&self, signal: &str) {
        let Some(process) = &self.process else { return };
        let children = format!("/proc/{0}/task/{0}/children", process.id());
        let children = fs::read_to_string(children).unwrap_or_default();
        for child in children.split_whitespace().filter_map(|it| it.parse().ok()) {
            // One that served somebody who has left may be gone meanwhile.
            let told = kill(child, signal) || !Path::new("/proc").join(child.to_string()).exists();
            assert!(told, "kill -{signal} {child} ({})", self.folder.display());
        }
        self.signal(process.id(), signal);
    }

    fn signal(&self, process: u32, signal: &str) {
        assert!(kill(process, signal), "kill -{signal} {process} ({})", self.folder.display());
    }

    /// A new database; its name.
    #[must_use]
    pub fn database(&self) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::SeqCst));
        let createdb =
            self.client("createdb").arg(&name).output().expect("createdb can be started");
        assert!(createdb.status.success(), "{}", String::from_utf8_lossy(&createdb.stderr));
        name
    }

    /// Runs SQL in a database as the one who may do everything.
    pub fn sql(&self, database: &str, sql: &str) {
        drop(self.answer(database, sql));
    }

    /// The same, and what it printed.
    #[must_use]
    pub fn answer(&self, database: &str, sql: &str) -> String {
        let mut psql = self.client("psql");
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", sql]);
        let done = psql.output().expect("psql can be started");
        assert!(done.status.success(), "{sql}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8_lossy(&done.stdout).trim().to_owned()
    }

    /// The address of a database for this user, over the socket, where nobody is asked for a password.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        let socket = self.folder.display().to_string().replace('/', "%2F");
        format!("postgres://postgres@{socket}:{}/{database}", self.port)
    }

    /// How a store tells where a database is.
    #[must_use]
    pub fn place(&self, database: &str) -> String {
        format!("postgres:///{database}?host={}", self.folder.display())
    }

    /// The same over TCP, where everybody is.
    #[must_use]
    pub fn tcp_url(&self, user: &str, password: &str, database: &str) -> String {
        format!("postgres://{user}:{password}@127.0.0.1:{}/{database}", self.port)
    }

    /// The port that it listens at.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    fn client(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.env_remove("PGPASSWORD").env_remove("PGOPTIONS").stdin(Stdio::null());
        command.arg("-h").arg(&self.folder).args(["-p", &self.port.to_string(), "-U", "postgres"]);
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop("INT");
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Sends a signal; was the process there to get it?
fn kill(process: u32, signal: &str) -> bool {
    let kill = Command::new("kill").arg(format!("-{signal}")).arg(process.to_string()).status();
    kill.is_ok_and(|it| it.success())
}

/// The newest that Debian installed, else what is on the way that programs are looked for on.
fn programs() -> PathBuf {
    let versions = fs::read_dir(DEBIAN).into_iter().flatten().filter_map(Result::ok);
    let version = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let newest = versions.map(|it| it.path()).max_by_key(|path| version(path));
    let folder = newest.map(|it| it.join("bin")).unwrap_or_default();
    if folder.join("postgres").is_file() {
        return folder;
    }
    let on_path = Command::new("initdb").arg("--version").output();
    assert!(
        on_path.is_ok_and(|it| it.status.success()),
        "these tests need a PostgreSQL server, and there is none in {DEBIAN} or on PATH\n\
         next: `cargo xtask test` installs it, or install the package `postgresql`"
    );
    PathBuf::new()
}

/// A command that runs as somebody who is not root, and dies with us.
fn unprivileged(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    if root() {
        command.args(["--reuid", "postgres", "--regid", "postgres", "--clear-groups"]);
    }
    command.args(["--pdeathsig", "INT"]).arg(program).env("LC_ALL", "C").current_dir("/");
    command
}

fn root() -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").is_ok_and(|it| it.uid() == 0)
}

/// Starts a server and returns when it takes connections.
fn started(mut command: Command) -> Child {
    let (send, receive) = mpsc::channel();
    // A thread that lives as long as the process: the server dies with the thread that started it.
    std::thread::spawn(move || {
        let mut child = command.spawn().expect("postgres can be started");
        let log = BufReader::new(child.stderr.take().expect("its standard error is a pipe"));
        let mut child = Some(child);
        let mut said = String::new();
        for line in log.lines().map_while(Result::ok) {
            if line.contains("ready to accept") {
                child.take().into_iter().for_each(|it| drop(send.send(Ok(it))));
            }
            if child.is_some() {
                said += &line;
                said += "\n";
            }
        }
        if child.is_some() {
            let _ = send.send(Err(said));
        }
        loop {
            std::thread::park();
        }
    });
    match receive.recv().expect("its thread tells how it went") {
        Ok(child) => child,
        Err(said) => panic!("postgres did not start:\n{said}"),
    }
}

/// A folder that the server's user may write, named after this process; what dead ones left behind is removed.
fn new_folder() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let all = std::env::temp_dir().join("pipeline-postgres");
    fs::create_dir_all(&all).expect("a folder for temporary files");
    for old in fs::read_dir(&all).into_iter().flatten().filter_map(Result::ok) {
        let name = old.file_name().to_string_lossy().into_owned();
        let process = name.split('-').next().unwrap_or_default();
        if !Path::new("/proc").join(process).exists() {
            let _ = fs::remove_dir_all(old.path());
        }
    }
    let number = COUNT.fetch_add(1, Ordering::SeqCst);
    let folder = all.join(format!("{}-{number}", std::process::id()));
    // Of another process that had our number.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir(&folder).expect("a new folder");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).expect("our own folder");
    if let Some((user, group)) = root().then(postgres_user) {
        chown(&folder, Some(user), Some(group)).expect("root may give folders away");
    }
    folder
}

/// The numbers of the user and the group that Debian made for the server.
#[must_use]
pub fn postgres_user() -> (u32, u32) {
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let line = users.lines().find(|line| line.starts_with("postgres:")).unwrap_or_else(|| {
        panic!("root cannot run PostgreSQL, and there is no user `postgres`; install the package `postgresql`")
    });
    let number = |place| line.split(':').nth(place).and_then(|it| it.parse().ok()).unwrap_or(65534);
    (number(2), number(3))
}

/// One that nobody listens at just now, and that stays free while the server is stopped: the kernel gives clients and port 0
/// none below 32768.
fn free_port() -> u16 {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let next = || {
        let number = std::process::id().wrapping_mul(16) + COUNT.fetch_add(1, Ordering::SeqCst);
        20_000 + u16::try_from(number % 12_000).unwrap_or_default()
    };
    let free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    std::iter::repeat_with(next).take(12_000).find(free).expect("a free port")
}
