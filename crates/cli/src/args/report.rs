//! What `pipeline report` and `pipeline serve` understand.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, value_parser};

#[derive(Debug, Args)]
pub(crate) struct Report {
    /// Only this environment
    pub(crate) environment: Option<String>,
    /// The file to write, such as report.html; one that is there is replaced, `-` is standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// The newest so many runs
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
    /// This run alone, as a version such as v12
    #[arg(long, value_name = "VERSION", conflicts_with_all = ["environment", "limit"])]
    pub(crate) run: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Where to listen; only on this machine
    #[arg(long, default_value = "127.0.0.1:4600", value_name = "ADDRESS:PORT", value_parser = address)]
    pub(crate) listen: SocketAddr,
    /// The newest so many runs
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
}

/// An address of this machine that no other can reach.
fn address(text: &str) -> Result<SocketAddr, String> {
    let numbers = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
    let parsed = numbers.as_deref().unwrap_or(text).parse::<SocketAddr>();
    let address =
        parsed.map_err(|_| "write an address and a port, such as 127.0.0.1:4600".to_owned())?;
    if address.ip().is_loopback() {
        return Ok(address);
    }
    Err("these pages are for this machine alone: listen on 127.0.0.1 or [::1]. From another machine, \
         `ssh -L 4600:127.0.0.1:4600 HOST` brings them there, and `pipeline report --out FILE` makes a file to send"
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_listened_on() {
        for (text, good) in [
            ("127.0.0.1:4600", true),
            ("127.1.2.3:0", true),
            ("[::1]:80", true),
            ("localhost:4600", true),
            ("0.0.0.0:4600", false),
            ("[::]:4600", false),
            ("192.168.1.4:4600", false),
            ("4600", false),
            ("shop.example:80", false),
        ] {
            assert_eq!(address(text).is_ok(), good, "{text}");
        }
    }
}
