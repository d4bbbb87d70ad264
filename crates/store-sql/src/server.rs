//! The address of a database on a `PostgreSQL` server.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use sqlx::any::AnyConnectOptions;
use sqlx::postgres::PgConnectOptions;

use crate::error::StoreError;

/// The default port, which is not told.
const PORT: u16 = 5432;

/// How long a connection may take if the address does not say.
const CONNECT: Duration = Duration::from_secs(10);

/// What may stand behind the `?`. The driver would pass over all else with a mere warning.
const KNOWN: [&str; 14] = [
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
    "statement-cache-capacity",
    "connect_timeout",
];

/// A database on a server.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Server {
    // May hold a password, so nothing shows it.
    url: String,
    files: Vec<(String, String)>,
    pub(crate) text: String,
    pub(crate) connect: Duration,
}

impl Server {
    /// Reads `postgres://USER:PASSWORD@HOST:PORT/DATABASE?KEY=VALUE`; what it leaves out the driver takes from the
    /// variables `PGHOST`, `PGUSER`, `PGPASSWORD` and so on, and from `.pgpass`, as other programs do
    /// (postgresql.org/docs/current/libpq-envars.html).
    pub(crate) fn parse(url: &str) -> Result<Self, StoreError> {
        let no = |why: String| Err(StoreError::ServerAddress { why });
        let mut url = match url.parse::<AnyConnectOptions>() {
            Ok(options) => options.database_url,
            Err(error) => return no(format!("{}{ENCODE}", cause(&error))),
        };
        let pairs = || url.query_pairs().into_owned();
        if let Some((key, _)) = pairs().find(|(key, _)| !KNOWN.contains(&key.as_str())) {
            return no(format!("`{key}` is not known here"));
        }
        // A `/` or `#` in a password ends the part that it stands in.
        if url.fragment().is_some() || url.path().contains('@') {
            return no(format!("it cannot be told where the password ends{ENCODE}"));
        }
        let connect = match pairs().find(|(key, _)| key == "connect_timeout") {
            None => CONNECT,
            Some((_, seconds)) => match seconds.parse() {
                Ok(seconds @ 1..=600) => Duration::from_secs(seconds),
                _ => return no("connect_timeout is a number of seconds, 1 to 600".into()),
            },
        };
        let files =
            pairs().filter(|(key, _)| matches!(key.as_str(), "sslrootcert" | "sslcert" | "sslkey"));
        let files = files.collect();
        let kept = pairs().filter(|(key, _)| key != "connect_timeout");
        let kept: Vec<_> = kept.collect();
        url.query_pairs_mut().clear().extend_pairs(kept);
        match url.as_str().parse::<PgConnectOptions>() {
            Err(error) => no(cause(&error)),
            Ok(options) => match told(&options) {
                Some(text) => Ok(Self { url: url.to_string(), files, text, connect }),
                None => no("it names no database".into()),
            },
        }
    }

    /// As the driver wants it.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// A file that the address names and that cannot be read would be told as an unreachable server.
    pub(crate) fn files_can_be_read(&self) -> Result<(), StoreError> {
        for (key, path) in &self.files {
            if let Err(error) = std::fs::File::open(Path::new(path)) {
                let why = format!("{key}: {path} cannot be read: {error}");
                return Err(StoreError::ServerAddress { why });
            }
        }
        Ok(())
    }
}

/// What in an address must never be seen: its passwords, as they are written and as they are meant.
#[must_use]
pub fn secrets_of(url: &str) -> Vec<String> {
    let Ok(options) = url.parse::<AnyConnectOptions>() else { return vec![url.to_owned()] };
    let url = options.database_url;
    let written = url.password().map(str::to_owned);
    let meant = written.as_deref().map(decoded);
    let asked = url.query_pairs().filter(|(key, _)| key == "password");
    let asked = asked.map(|(_, value)| value.into_owned());
    written.into_iter().chain(meant).chain(asked).filter(|it| !it.is_empty()).collect()
}

/// With its `%2F` and the like as the characters that they stand for.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = (*first == b'%').then(|| after.get(..2)).flatten();
        let byte = hex.and_then(|hex| u8::from_str_radix(str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

const ENCODE: &str = "; in user and password write % / @ : # ? as %25 %2F %40 %3A %23 %3F";

/// Without user and password; `None` where no database is named.
fn told(options: &PgConnectOptions) -> Option<String> {
    let database = options.get_database()?;
    Some(match options.get_socket() {
        Some(socket) => format!("postgres:///{database}?host={}", socket.display()),
        None if options.get_port() == PORT => {
            format!("postgres://{}/{database}", options.get_host())
        }
        None => format!("postgres://{}:{}/{database}", options.get_host(), options.get_port()),
    })
}

/// What is wrong, without what the driver puts in front.
fn cause(error: &sqlx::Error) -> String {
    let chain = std::iter::successors(Some(error as &dyn std::error::Error), |it| it.source());
    chain.last().map_or_else(String::new, ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_told_without_user_and_password() {
        for (url, text) in [
            ("postgres://ada:hunter22@db/pipeline", "postgres://db/pipeline"),
            (
                "postgresql://ada@db:6543/pipeline?sslmode=verify-full",
                "postgres://db:6543/pipeline",
            ),
            (
                "postgres:///pipeline?host=/run/pg&user=ada&password=hunter22",
                "postgres:///pipeline?host=/run/pg",
            ),
            ("postgres://ada:a%2Fb%40c@db/pipeline", "postgres://db/pipeline"),
            ("postgres://db/pipeline?connect_timeout=3&sslmode=require", "postgres://db/pipeline"),
        ] {
            let server = Server::parse(url).unwrap();
            assert_eq!((server.text.as_str(), format!("{server:?}").as_str()), (text, text));
            assert!(!server.url().contains("connect_timeout"));
        }
        assert_eq!(
            Server::parse("postgres://db/x?connect_timeout=3").unwrap().connect,
            Duration::from_secs(3)
        );
    }

    #[test]
    fn a_password_is_known_however_it_is_written() {
        for (url, secrets) in [
            ("postgres://ada:hunter22@db/x", &["hunter22", "hunter22"][..]),
            ("postgres://ada:a%2Fb%@db/x", &["a%2Fb%", "a/b%"]),
            ("postgres://ada@db/x?password=a%2Fb", &["a/b"]),
            ("postgres://ada@db/x", &[]),
            ("sqlite:/tmp/x.db", &[]),
            ("postgres://ada:hun#ter22@db/x", &["postgres://ada:hun#ter22@db/x"]),
        ] {
            assert_eq!(secrets_of(url), secrets, "{url}");
        }
    }

    #[test]
    fn what_cannot_be_used_is_refused_and_no_password_is_told() {
        let mut told = String::new();
        for url in [
            "postgres://ada:hun#ter22@db/pipeline",
            "postgres://ada:12/hunter22@db/pipeline",
            "postgres://ada:hunter22@db:x/pipeline",
            "postgres://ada:hunter22@db/pipeline?sslmode=sometimes",
            "postgres://ada:hunter22@db/pipeline?pasword=hunter22",
            "postgres://ada:hunter22@db/pipeline?connect_timeout=soon",
            "postgres://ada:hunter22@db/pipeline?channel_binding=require",
        ] {
            let error = Server::parse(url).unwrap_err().to_string();
            assert!(!error.contains("ter22") && !error.contains("ada"), "{error}");
            told += &error;
            told += "\n";
        }
        insta::assert_snapshot!(told, @r#"
        the address of the store cannot be used: invalid port number; in user and password write % / @ : # ? as %25 %2F %40 %3A %23 %3F; write `postgres://USER@HOST/DATABASE`
        the address of the store cannot be used: it cannot be told where the password ends; in user and password write % / @ : # ? as %25 %2F %40 %3A %23 %3F; write `postgres://USER@HOST/DATABASE`
        the address of the store cannot be used: invalid port number; in user and password write % / @ : # ? as %25 %2F %40 %3A %23 %3F; write `postgres://USER@HOST/DATABASE`
        the address of the store cannot be used: unknown value "sometimes" for `ssl_mode`; write `postgres://USER@HOST/DATABASE`
        the address of the store cannot be used: `pasword` is not known here; write `postgres://USER@HOST/DATABASE`
        the address of the store cannot be used: connect_timeout is a number of seconds, 1 to 600; write `postgres://USER@HOST/DATABASE`
        the address of the store cannot be used: `channel_binding` is not known here; write `postgres://USER@HOST/DATABASE`
        "#);
    }
}
