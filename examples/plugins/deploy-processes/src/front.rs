//! What users talk to: a port that hands each connection on to a process that serves just now.

use std::io;
use std::path::PathBuf;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::folder::Folder;

/// Hands on connections for ever. Where they go is read from the folder for each of them, so a deploy needs to tell
/// nobody anything; connections that are open stay where they are.
pub async fn serve(listener: TcpListener, folder: PathBuf) -> io::Result<()> {
    let folder = Folder(folder);
    let mut open = JoinSet::new();
    for turn in 0_usize.. {
        let (mut user, _) = listener.accept().await?;
        let folder = folder.clone();
        open.spawn(async move {
            let Some(mut process) = way(&folder, turn).await else { return };
            // A connection that breaks is its user's and its process's business.
            let _ = copy_bidirectional(&mut user, &mut process).await;
        });
        while open.try_join_next().is_some() {}
    }
    Ok(())
}

/// To a process that serves; where all are gone whose names were read, others have come meanwhile.
async fn way(folder: &Folder, turn: usize) -> Option<TcpStream> {
    for _ in 0..3 {
        let addresses = folder.front().unwrap_or_default();
        if let Some(process) = first(&addresses, turn).await {
            return Some(process);
        }
    }
    None
}

/// The first that answers, beginning with another one each time.
async fn first(addresses: &[String], turn: usize) -> Option<TcpStream> {
    let begin = turn.checked_rem(addresses.len())?;
    for address in addresses.iter().cycle().skip(begin).take(addresses.len()) {
        if let Ok(process) = TcpStream::connect(address).await {
            return Some(process);
        }
    }
    None
}
