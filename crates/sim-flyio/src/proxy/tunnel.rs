//! Upgraded connections (WebSockets): after the 101, bytes go both ways until one side is done
//! or the machine is taken away.

use std::{pin::pin, sync::Arc, time::Duration};

use hyper::{upgrade::OnUpgrade, upgrade::Upgraded};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split},
    join, select,
    time::timeout,
};

use super::{backend::Link, lane::Load, ledger::Upgrade};
use crate::{
    runtime::Platform,
    world::{MachineKey, Presence},
};

/// How long the other direction may go on when one has ended.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// How long it takes at most, after a process has closed its connections by its end, until the
/// platform knows of that end: on a host with nothing else to do, no time at all.
const NEWS: Duration = Duration::from_secs(2);
const BUFFER: usize = 8 << 10;

/// A connection that both sides agreed to use in another way.
pub(super) struct Tunnel {
    pub(super) client: OnUpgrade,
    pub(super) machine: OnUpgrade,
    pub(super) key: MachineKey,
    pub(super) upgrade: Upgrade,
    /// Counts as load for as long as it is open.
    pub(super) load: Load,
}

/// Which side of a direction ended it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Reader,
    Writer,
}

/// Who ended a tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Closer {
    Client,
    Machine,
}

impl Tunnel {
    /// Carries bytes until the end, and enters it into the ledger.
    pub(super) async fn run(self, platform: Arc<Platform>, link: Link) {
        let Self { client, machine, key, mut upgrade, load } = self;
        let boot = platform.read(|world| world.boot_of(&key));
        let sides = async { join!(client, machine) };
        let ((client, machine), ()) = join!(sides, link.finish());
        let closer = match (client, machine) {
            (Ok(client), Ok(machine)) => carry(client, machine).await,
            (Err(_), _) => Closer::Client,
            (_, Err(_)) => Closer::Machine,
        };
        drop(load);
        if closer == Closer::Machine && was_stopped(&platform, &key, boot).await {
            let why = format!("machine {} was stopped under it", key.machine);
            upgrade.broken(platform.clock.now(), why);
        }
    }
}

/// Whether a machine closed its connections because this boot of it ended: that is known already,
/// or comes to be known soon.
async fn was_stopped(platform: &Platform, key: &MachineKey, boot: Option<u64>) -> bool {
    let waiting = platform.wait_for(key.clone());
    let news = async {
        let mut first = true;
        loop {
            let mut changed = pin!(waiting.changed());
            changed.as_mut().enable(); // before the look: no change may fall in between
            let now = platform.read(|world| (world.presence(key), world.boot_of(key)));
            if now != (Presence::Started, boot) {
                return first || now.1 != boot; // a stop that came later is not why
            }
            first = false;
            changed.await;
        }
    };
    timeout(NEWS, news).await.unwrap_or(false)
}

async fn carry(client: Upgraded, machine: Upgraded) -> Closer {
    let (mut from_client, mut to_client) = split(TokioIo::new(client));
    let (mut from_machine, mut to_machine) = split(TokioIo::new(machine));
    let inwards = pump(&mut from_client, &mut to_machine);
    let outwards = pump(&mut from_machine, &mut to_client);
    tokio::pin!(inwards, outwards);
    select! {
        biased;
        end = &mut inwards => {
            if end == End::Reader {
                let _ = timeout(LAST_WORDS, outwards).await; // the rest of what the app says
                return Closer::Client;
            }
            Closer::Machine
        }
        end = &mut outwards => match end {
            End::Reader => Closer::Machine,
            End::Writer => Closer::Client,
        },
    }
}

/// Carries bytes one way, and the end of them.
async fn pump(from: &mut (impl AsyncRead + Unpin), to: &mut (impl AsyncWrite + Unpin)) -> End {
    let mut buffer = vec![0; BUFFER];
    loop {
        let read = match from.read(&mut buffer).await {
            Ok(0) | Err(_) => {
                let _ = to.shutdown().await; // gone is as good
                return End::Reader;
            }
            Ok(read) => read,
        };
        if to.write_all(&buffer[..read]).await.is_err() || to.flush().await.is_err() {
            return End::Writer;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::duplex;

    use super::*;

    #[tokio::test]
    async fn bytes_go_through_and_the_side_that_ends_is_told_apart() {
        let ((mut ours, mut from), (mut to, mut theirs)) = (duplex(64), duplex(64));
        let talk = async {
            ours.write_all(b"hello").await.unwrap();
            let mut said = [0; 5];
            theirs.read_exact(&mut said).await.unwrap();
            assert_eq!(&said, b"hello");
            drop(ours);
        };
        let (end, ()) = join!(pump(&mut from, &mut to), talk);
        assert_eq!(end, End::Reader);
        assert_eq!(theirs.read(&mut [0; 1]).await.unwrap(), 0, "the end is carried on");

        let ((mut ours, mut from), (mut to, theirs)) = (duplex(64), duplex(64));
        drop(theirs);
        let (end, said) = join!(pump(&mut from, &mut to), ours.write_all(b"hello"));
        assert_eq!((end, said.is_ok()), (End::Writer, true));
    }
}
