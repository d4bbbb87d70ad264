//! Looking into machines: commands that run in them, and their processes.

use std::{os::unix::process::ExitStatusExt, sync::Arc, time::Duration};

use axum::{Json, body::Bytes, extract::State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Api,
    request::{Named, Pairs, body},
};
use crate::{
    runtime::{Exec, ExecError, ProcessStat, Ran},
    world::Refusal,
};

type Reply = Result<Json<Value>, Refusal>;
type Shared = State<Arc<Api>>;

/// How long a command may take if the request does not say, and at most. The simulator's own
/// numbers.
const TIMEOUT: u64 = 30;
const TIMEOUT_MAX: u64 = 300;

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Ask {
    command: Vec<String>,
    /// Older clients send one line instead.
    cmd: String,
    container: String,
    stdin: String,
    timeout: u64,
}

impl Ask {
    fn read(self) -> Result<Exec, Refusal> {
        if !self.container.is_empty() {
            return Err(Refusal::invalid("containers are not simulated"));
        }
        let old = || words(&self.cmd).ok_or_else(|| Refusal::invalid("cmd has an open quote"));
        let command = if self.command.is_empty() { old()? } else { self.command };
        if command.is_empty() {
            return Err(Refusal::invalid("command is required"));
        }
        let seconds = if self.timeout == 0 { TIMEOUT } else { self.timeout };
        if seconds > TIMEOUT_MAX {
            let why = format!("timeout must be at most {TIMEOUT_MAX} seconds");
            return Err(Refusal::invalid(why));
        }
        Ok(Exec { command, stdin: self.stdin, timeout: Duration::from_secs(seconds) })
    }
}

/// Runs a command in a machine.
pub(super) async fn exec(State(api): Shared, named: Named, bytes: Bytes) -> Reply {
    let exec = body::<Ask>(&bytes)?.read()?;
    let running = api.platform.read(|world| world.running_and_held(named.target()))?;
    api.platform.exec(&running, exec).await.map(|ran| Json(shown(&ran))).map_err(refused)
}

fn shown(ran: &Ran) -> Value {
    let signal = ran.status.signal();
    let code = ran.status.code().or(signal.map(|signal| 128 + signal));
    json!({
        "exit_code": code,
        "exit_signal": signal.unwrap_or(0),
        "stdout": String::from_utf8_lossy(&ran.stdout),
        "stderr": String::from_utf8_lossy(&ran.stderr),
    })
}

fn refused(error: ExecError) -> Refusal {
    match error {
        ExecError::NoProcess | ExecError::Gone(_) => Refusal::precondition(error),
        ExecError::NoProgram(_) => Refusal::invalid(error),
        ExecError::TimedOut(_) => Refusal::deadline(error),
    }
}

/// The processes of a machine.
pub(super) async fn ps(State(api): Shared, named: Named, query: Pairs) -> Reply {
    let sort = Sort::read(query.get("sort_by"), query.get("order"))?;
    let running = api.platform.read(|world| world.running(named.target()))?;
    let mut processes = api.platform.processes(&running).await;
    sort.apply(&mut processes);
    Ok(Json(json!(processes)))
}

/// The order that a list of processes is asked for in.
struct Sort {
    key: Option<fn(&ProcessStat, &ProcessStat) -> std::cmp::Ordering>,
    falls: bool,
}

impl Sort {
    fn read(by: Option<&str>, order: Option<&str>) -> Result<Self, Refusal> {
        let key: fn(&ProcessStat, &ProcessStat) -> _ = match by.unwrap_or_default() {
            "" => return Ok(Self { key: None, falls: false }),
            "pid" => |a, b| a.pid.cmp(&b.pid),
            "stime" => |a, b| a.stime.cmp(&b.stime),
            "rtime" => |a, b| a.rtime.cmp(&b.rtime),
            "command" => |a, b| a.command.cmp(&b.command),
            "directory" => |a, b| a.directory.cmp(&b.directory),
            "cpu" => |a, b| a.cpu.cmp(&b.cpu),
            "rss" => |a, b| a.rss.cmp(&b.rss),
            other => return Err(Refusal::invalid(format!("cannot sort by '{other}'"))),
        };
        match order.unwrap_or_default() {
            "" | "asc" => Ok(Self { key: Some(key), falls: false }),
            "desc" => Ok(Self { key: Some(key), falls: true }),
            other => Err(Refusal::invalid(format!("order must be asc or desc, not '{other}'"))),
        }
    }

    fn apply(&self, processes: &mut [ProcessStat]) {
        if let Some(key) = self.key {
            processes.sort_by(|a, b| if self.falls { key(b, a) } else { key(a, b) });
        }
    }
}

/// Splits a line into words at spaces that are not within quotes; `None` if a quote stays open.
fn words(line: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in line.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_split_at_spaces_outside_of_quotes() {
        let table = [
            ("ls -l", Some(vec!["ls", "-l"])),
            ("  sh -c 'echo \"a b\"' ", Some(vec!["sh", "-c", "echo \"a b\""])),
            ("echo '' x\"y z\"", Some(vec!["echo", "", "xy z"])),
            ("", Some(vec![])),
            ("echo 'open", None),
        ];
        for (line, wanted) in table {
            let wanted = wanted.map(|it| it.into_iter().map(str::to_owned).collect());
            assert_eq!(words(line), wanted, "{line}");
        }
    }
}
