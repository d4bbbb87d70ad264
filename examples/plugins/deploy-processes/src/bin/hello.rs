//! A program to deploy: answers each request with what the file `version` beside it says, and with 500 where it says `broken`.

#![expect(clippy::disallowed_methods, reason = "a program may be told where to listen")]

use std::error::Error;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

fn main() -> Result<(), Box<dyn Error>> {
    let version = fs::read_to_string("version")?;
    let port: u16 = std::env::var("PORT")?.parse()?;
    for connection in TcpListener::bind(("127.0.0.1", port))?.incoming() {
        // Whoever goes away early gets no answer, and the next one does.
        let _ = connection.and_then(|it| answer(it, version.trim()));
    }
    Ok(())
}

fn answer(mut connection: TcpStream, version: &str) -> std::io::Result<()> {
    let mut request = [0; 4096];
    if connection.read(&mut request)? == 0 {
        return Ok(());
    }
    let status = if version.ends_with("broken") { "500 Broken" } else { "200 OK" };
    let length = version.len();
    write!(connection, "HTTP/1.0 {status}\r\ncontent-length: {length}\r\n\r\n{version}")
}
