//! Asking one machine for its metrics: one small request over plain HTTP, within bounds.

use std::io;
use std::time::Duration;

use pipeline_core::{Address, Fault};
use thiserror::Error;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// More than this is no page of metrics.
const MOST: u64 = 4 * 1024 * 1024;
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a machine could not be asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The address is not one of plain HTTP.
    #[error("{0} is no http:// address")]
    Scheme(String),
    /// No connection, or it broke.
    #[error("{0} cannot be asked")]
    Connection(String, #[source] io::Error),
    /// No answer in time.
    #[error("{0} did not answer within {PATIENCE:?}")]
    Silent(String),
    /// An answer that is no success.
    #[error("{url} answered {status}")]
    Status {
        /// Who.
        url: String,
        /// With what.
        status: String,
    },
}

/// A machine that is not there yet may be in a second. An address stays what it is.
impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error {
            Error::Scheme(_) => Self::permanent(error).hint("let machines tell metrics over http"),
            _ => Self::transient(error),
        }
    }
}

/// The page of metrics of one machine.
pub(crate) async fn metrics(address: &Address, path: &str) -> Result<String, Error> {
    let url = format!("{}{path}", address.url.trim_end_matches('/'));
    let told = timeout(PATIENCE, get(address, &url)).await;
    let told = told.map_err(|_| Error::Silent(url.clone()))??;
    let (head, body) = told.split_once("\r\n\r\n").unwrap_or((&told, ""));
    let status = head.lines().next().and_then(|it| it.split_once(' ')).map_or("nothing", |it| it.1);
    if !status.starts_with("200") {
        return Err(Error::Status { url, status: status.to_owned() });
    }
    Ok(body.to_owned())
}

/// HTTP/1.0, so that the answer ends where the connection does.
async fn get(address: &Address, url: &str) -> Result<String, Error> {
    let rest = url.strip_prefix("http://").ok_or_else(|| Error::Scheme(url.to_owned()))?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let broken = |error| Error::Connection(url.to_owned(), error);
    let mut request = format!("GET /{path} HTTP/1.0\r\nhost: {host}\r\n");
    for (name, value) in &address.headers {
        request += &[name, ": ", value, "\r\n"].concat();
    }
    let mut connection = TcpStream::connect(host).await.map_err(broken)?;
    connection.write_all((request + "\r\n").as_bytes()).await.map_err(broken)?;
    let mut answer = Vec::new();
    connection.take(MOST).read_to_end(&mut answer).await.map_err(broken)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
