//! Just enough HTTP to count what users get: one connection, one request at a time, by hand, because
//! thousands of them have to be cheap and every way to lose one has to be seen.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection to the proxy.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// What came back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// What the app calls its release.
    pub(crate) version: String,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::new() })
    }

    /// One request and its whole answer. The connection can be used again.
    pub(crate) async fn get(&mut self, path: &str) -> io::Result<Answer> {
        let request = format!("GET {path} HTTP/1.1\r\nhost: shop\r\n\r\n");
        self.stream.write_all(request.as_bytes()).await?;
        let head = self.head().await?;
        let length = head.length.ok_or_else(|| broken("an answer without a length"))?;
        while self.buffer.len() < length {
            self.fill().await?;
        }
        self.buffer.drain(..length);
        Ok(head.answer)
    }

    /// Turns the connection into one that gives back what it is sent.
    pub(crate) async fn upgrade(mut self) -> io::Result<Socket> {
        let request =
            "GET /ws HTTP/1.1\r\nhost: shop\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n";
        self.stream.write_all(request.as_bytes()).await?;
        let head = self.head().await?;
        match head.answer.status {
            101 => Ok(Socket(self.stream)),
            status => Err(broken(&format!("an upgrade was answered with {status}"))),
        }
    }

    async fn head(&mut self) -> io::Result<Head> {
        loop {
            if let Some(end) = self.buffer.windows(4).position(|it| it == b"\r\n\r\n") {
                let text = String::from_utf8_lossy(&self.buffer[..end]).into_owned();
                self.buffer.drain(..end + 4);
                return Head::read(&text).ok_or_else(|| broken("what is no head of an answer"));
            }
            self.fill().await?;
        }
    }

    async fn fill(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

/// The beginning of an answer.
#[derive(Debug)]
struct Head {
    answer: Answer,
    length: Option<usize>,
}

impl Head {
    fn read(text: &str) -> Option<Self> {
        let (first, rest) = text.split_once("\r\n")?;
        let status = first.split(' ').nth(1)?.parse().ok()?;
        let field = |name: &str| {
            let of =
                |line: &str| line.split_once(": ").map(|it| (it.0.to_owned(), it.1.to_owned()));
            let mut fields = rest.split("\r\n").filter_map(of);
            fields.find(|it| it.0.eq_ignore_ascii_case(name)).map(|it| it.1)
        };
        let version = field("x-app-version").unwrap_or_default();
        let length = field("content-length").and_then(|it| it.parse().ok());
        Some(Self { answer: Answer { status, version }, length })
    }
}

/// An upgraded connection.
#[derive(Debug)]
pub(crate) struct Socket(TcpStream);

impl Socket {
    /// Sends a message and reads it back; `false` when the other side has closed in good order.
    pub(crate) async fn echo(&mut self, message: &[u8]) -> io::Result<bool> {
        if let Err(error) = self.0.write_all(message).await {
            return closed(error);
        }
        let mut back = vec![0; message.len()];
        match self.0.read_exact(&mut back).await {
            Ok(_) if back == message => Ok(true),
            Ok(_) => Err(broken("another message came back")),
            Err(error) => closed(error),
        }
    }

    /// Returns when the other side closes; nothing is to come before.
    pub(crate) async fn closes(&mut self) -> io::Result<()> {
        match self.0.read(&mut [0; 1]).await {
            Ok(0) => Ok(()),
            Ok(_) => Err(broken("a message that nobody sent")),
            Err(error) => closed(error).map(drop),
        }
    }
}

/// The end of a connection is its end, whichever of the two noticed it first.
fn closed(error: io::Error) -> io::Result<bool> {
    use io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
    match error.kind() {
        BrokenPipe | ConnectionReset | UnexpectedEof => Ok(false),
        _ => Err(error),
    }
}

fn broken(text: &str) -> io::Error {
    io::Error::other(text.to_owned())
}
