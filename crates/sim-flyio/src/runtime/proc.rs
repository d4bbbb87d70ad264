//! The processes of a machine as the kernel shows them (`proc(5)`), and where they listen.

use std::{
    collections::{BTreeSet, HashMap},
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
};

use serde::Serialize;

use super::Platform;
use crate::world::{Address, Ports, Running};

/// What the kernel counts times of processes in, per second, on all platforms of Linux.
const TICKS: u64 = 100;

/// One process. Times are in seconds, `cpu` in percent of one processor over the whole life,
/// memory in bytes: how Fly.io means these numbers is not documented.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct ProcessStat {
    pub(crate) pid: u32,
    /// When it was started, after the machine's main process.
    pub(crate) stime: u64,
    /// How long it has been running.
    pub(crate) rtime: u64,
    pub(crate) command: String,
    pub(crate) directory: String,
    pub(crate) cpu: u64,
    pub(crate) rss: u64,
    pub(crate) listen_sockets: Vec<ListenSocket>,
}

/// Where a process listens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct ListenSocket {
    proto: &'static str,
    address: String,
}

impl Platform {
    /// The processes of a machine, the main one first.
    pub(crate) async fn processes(&self, running: &Running) -> Vec<ProcessStat> {
        let Some(main) = running.pid else { return vec![self.inside(running)] };
        let (ports, beside) = (running.ports.clone(), self.guests.groups(running.boot));
        let look = move || members(main, &beside, &ports);
        tokio::task::spawn_blocking(look).await.unwrap_or_default() // a panic sees no process
    }

    /// What is known of a program inside the simulator: that it runs, and whether it listens.
    fn inside(&self, running: &Running) -> ProcessStat {
        let open = |address: &Address| matches!(address, Address::Inside(boot) if self.doors.is_open(*boot));
        let listens = running.ports.iter().filter(|(_, address)| open(address));
        ProcessStat {
            pid: 1,
            command: "the bundled application".to_owned(),
            directory: "/".to_owned(),
            listen_sockets: listens.map(|(port, _)| everywhere(*port)).collect(),
            ..ProcessStat::default()
        }
    }
}

fn everywhere(port: u16) -> ListenSocket {
    ListenSocket { proto: "tcp", address: format!("0.0.0.0:{port}") }
}

/// All processes of a program's group and of the groups beside it. One that ends meanwhile is left
/// out.
fn members(main: u32, beside: &BTreeSet<i32>, ports: &Ports) -> Vec<ProcessStat> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let own = |group: i32| beside.contains(&group) || u32::try_from(group) == Ok(main);
    let mut found: Vec<(u32, Stat)> = pids
        .filter_map(|pid: u32| Some((pid, stat(&read(pid, "stat")?)?)))
        .filter(|(_, stat)| own(stat.group))
        .collect();
    found.sort_by_key(|(pid, stat)| (*pid != main, stat.start, *pid));
    let began = found.first().map_or(0, |(_, stat)| stat.start);
    let uptime = fs::read_to_string("/proc/uptime").ok().and_then(|text| ticks(&text));
    let uptime = uptime.unwrap_or(began);
    let listening = listening(main);
    let shown = found.into_iter().map(|(pid, stat)| {
        let life = uptime.saturating_sub(stat.start).max(1);
        ProcessStat {
            pid,
            stime: stat.start.saturating_sub(began) / TICKS,
            rtime: life / TICKS,
            command: command(pid).unwrap_or(stat.name),
            directory: link(pid, "cwd").unwrap_or_default(),
            cpu: stat.cpu * 100 / life,
            rss: read(pid, "status").and_then(|text| rss(&text)).unwrap_or(0),
            listen_sockets: sockets(pid, &listening, ports),
        }
    });
    shown.collect()
}

fn read(pid: u32, file: &str) -> Option<String> {
    let bytes = fs::read(Path::new("/proc").join(pid.to_string()).join(file)).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn link(pid: u32, file: &str) -> Option<String> {
    let target = fs::read_link(Path::new("/proc").join(pid.to_string()).join(file)).ok()?;
    Some(target.display().to_string())
}

fn command(pid: u32) -> Option<String> {
    let words = read(pid, "cmdline")?;
    let words = words.trim_end_matches('\0').replace('\0', " ");
    (!words.is_empty()).then_some(words)
}

/// What a line of `stat` says; times in ticks.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    name: String,
    group: i32,
    cpu: u64,
    start: u64,
}

/// Reads a line of `stat`. The name is in brackets and may itself hold anything.
fn stat(line: &str) -> Option<Stat> {
    let (before, after) = line.rsplit_once(')')?;
    let name = before.split_once('(')?.1.to_owned();
    let fields: Vec<&str> = after.split_whitespace().collect();
    // The first field after the name is the third of the line.
    let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
    let group = i32::try_from(number(5)?).ok()?;
    Some(Stat { name, group, cpu: number(14)? + number(15)?, start: number(22)? })
}

/// Seconds with two decimals, as `uptime` has them.
fn ticks(uptime: &str) -> Option<u64> {
    let (seconds, hundredths) = uptime.split_whitespace().next()?.split_once('.')?;
    Some(seconds.parse::<u64>().ok()? * TICKS + hundredths.parse::<u64>().ok()?)
}

fn rss(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib << 10)
}

/// The sockets that are listened on, by their inode.
fn listening(pid: u32) -> HashMap<String, SocketAddr> {
    let tables = ["net/tcp", "net/tcp6"].into_iter().filter_map(|table| read(pid, table));
    tables.flat_map(|table| table.lines().filter_map(listener).collect::<Vec<_>>()).collect()
}

/// Reads a line of `net/tcp` or `net/tcp6`, if it is that of a listener.
fn listener(line: &str) -> Option<(String, SocketAddr)> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let (address, state, inode) = (fields.get(1)?, fields.get(3)?, fields.get(9)?);
    let (ip, port) = address.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    // Words of the host's own byte order.
    let word = |at: usize| {
        let word = u32::from_str_radix(ip.get(at..at + 8)?, 16).ok()?;
        Some(word.to_ne_bytes())
    };
    let ip: IpAddr = if ip.len() == 8 {
        Ipv4Addr::from(word(0)?).into()
    } else {
        let words = [word(0)?, word(8)?, word(16)?, word(24)?].concat();
        Ipv6Addr::from(<[u8; 16]>::try_from(words).ok()?).into()
    };
    (*state == "0A").then(|| ((*inode).to_owned(), SocketAddr::new(ip, port)))
}

/// Where a process listens. The port that stands for one inside the machine is told by that.
fn sockets(pid: u32, listening: &HashMap<String, SocketAddr>, ports: &Ports) -> Vec<ListenSocket> {
    let files = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    let links = files.filter_map(|file| fs::read_link(file.path()).ok());
    let mut found: Vec<ListenSocket> = links
        .filter_map(|link| {
            let inode = link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned();
            listening.get(&inode).map(|address| as_inside(*address, ports))
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

fn as_inside(address: SocketAddr, ports: &Ports) -> ListenSocket {
    let own = Address::Loopback(address.port());
    match ports.iter().find(|(inside, outside)| **outside == own && **inside > 0) {
        Some((inside, _)) => everywhere(*inside),
        None => ListenSocket { proto: "tcp", address: address.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_stat_is_read_whatever_the_name_holds() {
        let line = "42 (a) b (c)) S 1 7 7 0 -1 4194560 1 0 0 0 30 12 0 0 20 0 1 0 555 1 2 3";
        let wanted = Stat { name: "a) b (c)".into(), group: 7, cpu: 42, start: 555 };
        assert_eq!(stat(line), Some(wanted));
        assert_eq!(stat("nonsense"), None);
    }

    #[test]
    fn only_listeners_are_read_and_told_by_their_port_inside() {
        let line = |ip: u32, state: &str| {
            format!("0: {ip:08X}:3E81 00000000:0000 {state} 0:0 00:0 0 1000 0 77 1 0")
        };
        let loopback = u32::from_ne_bytes([127, 0, 0, 1]);
        let (inode, address) = listener(&line(loopback, "0A")).unwrap();
        assert_eq!((inode.as_str(), address.to_string()), ("77", "127.0.0.1:16001".to_owned()));
        assert_eq!(listener(&line(loopback, "01")), None);
        let ports: Ports = [(8080, Address::Loopback(16_001))].into();
        assert_eq!(as_inside(address, &ports).address, "0.0.0.0:8080");
        assert_eq!(as_inside(address, &Ports::new()).address, "127.0.0.1:16001");
    }

    #[tokio::test]
    async fn a_program_inside_the_simulator_is_one_line_and_listens_while_it_takes_connections() {
        let platform =
            Platform::new(crate::SimConfig::default(), crate::journal::Journal::default());
        let ports = Ports::from([(8080, Address::Inside(7))]);
        let running = Running { boot: 7, pid: None, ports };
        let told = platform.processes(&running).await;
        assert_eq!((told.len(), &told[0].listen_sockets), (1, &vec![]));
        let open = platform.doors.opener(7).open();
        let told = platform.processes(&running).await;
        assert_eq!(told[0].listen_sockets, [everywhere(8080)]);
        drop(open);
        assert_eq!(platform.processes(&running).await[0].listen_sockets, []);
    }

    #[test]
    fn numbers_of_the_kernel_are_read() {
        assert_eq!(ticks("12.34 5.6\n"), Some(1234));
        assert_eq!(rss("Name:\tx\nVmRSS:\t    8 kB\n"), Some(8192));
        assert_eq!(rss("Name:\tx\n"), None);
    }
}
