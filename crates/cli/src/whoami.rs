//! Who runs this command, and where.

use store_sql::{Owner, Store};

use crate::app::App;

/// This process, as the holder of a lock.
pub(crate) fn owner(app: &App) -> Owner {
    Owner { who: who(app), ..here() }
}

/// The same, whoever it works for.
fn here() -> Owner {
    Owner {
        who: String::new(),
        host: host(),
        machine: pipeline_process::machine().map(ToOwned::to_owned),
        pid: std::process::id(),
        run: None,
    }
}

/// Is that process gone for certain, as far as this machine can tell?
pub(crate) fn is_gone(store: &Store, holder: &Owner) -> bool {
    store.is_dead(holder, &here(), is_alive)
}

/// Who runs this command.
pub(crate) fn who(app: &App) -> String {
    let names = ["PIPELINE_USER", "GITHUB_ACTOR", "USER", "LOGNAME"];
    names.iter().find_map(|name| app.var(name)).unwrap_or("somebody").to_owned()
}

/// The machine this command runs on.
pub(crate) fn host() -> String {
    nix::unistd::gethostname()
        .ok()
        .and_then(|it| it.into_string().ok())
        .unwrap_or_else(|| "unknown".into())
}

/// Does a process with this number live on this machine? Signal 0 asks without doing anything.
pub(crate) fn is_alive(pid: u32) -> bool {
    let Ok(pid) = i32::try_from(pid) else { return false };
    let asked = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), None);
    asked != Err(nix::errno::Errno::ESRCH)
}
