//! What a database says, sorted into errors that say what to do.

use sqlx::error::DatabaseError;

use crate::error::StoreError;
use crate::place::Place;

impl StoreError {
    /// An error of the database at this place.
    pub(crate) fn sql(place: Place, error: sqlx::Error) -> Self {
        match (place, error) {
            (place @ Place::File(_), sqlx::Error::PoolTimedOut) => Self::Busy { place },
            (place @ Place::File(_), error) => of_sqlite(place, error),
            (place @ Place::Server(_), error) => of_postgres(place, error),
        }
    }
}

const PERM: i32 = 3;
const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const READONLY: i32 = 8;
const CORRUPT: i32 = 11;
const FULL: i32 = 13;
const CANTOPEN: i32 = 14;
const AUTH: i32 = 23;
const NOTADB: i32 = 26;
/// `SQLITE_IOERR_SHMSIZE`: the file beside the store could not be made long enough.
const NO_SHARED_MEMORY: i32 = 4874;

/// By `SQLite`'s result code (sqlite.org/rescode.html).
fn of_sqlite(place: Place, error: sqlx::Error) -> StoreError {
    let code = sqlite_code(&error);
    let source = Box::new(error);
    match code.map(|code| if code == NO_SHARED_MEMORY { code } else { code & 0xff }) {
        Some(BUSY | LOCKED) => StoreError::Busy { place },
        Some(READONLY) => StoreError::ReadOnly { place },
        Some(CORRUPT) => StoreError::Corrupt { place, source },
        Some(FULL | NO_SHARED_MEMORY) => StoreError::Full { place },
        Some(CANTOPEN | AUTH | PERM) => StoreError::Open { place, source },
        Some(NOTADB) => StoreError::NotADatabase { place },
        _ => StoreError::Sql { place, source },
    }
}

/// Is somebody else at it just now?
pub(crate) fn is_busy(error: &sqlx::Error) -> bool {
    sqlite_code(error).is_some_and(|code| matches!(code & 0xff, BUSY | LOCKED))
}

/// The extended result code; the primary one is its last byte.
fn sqlite_code(error: &sqlx::Error) -> Option<i32> {
    error.as_database_error()?.code()?.parse().ok()
}

/// By `PostgreSQL`'s SQLSTATE (postgresql.org/docs/current/errcodes-appendix.html).
fn of_postgres(place: Place, error: sqlx::Error) -> StoreError {
    let source = Box::new(error);
    match &*source {
        sqlx::Error::Database(said) => match sqlstate(&**said) {
            // What is said of these names the user.
            Said::Login => StoreError::Login { place },
            Said::NoDatabase => StoreError::NoDatabase { place },
            Said::Rights => StoreError::Rights { place, source },
            Said::ReadOnly => StoreError::ReadOnly { place },
            Said::Full => StoreError::Full { place },
            Said::Crowded => StoreError::Crowded { place },
            Said::Busy => StoreError::Busy { place },
            Said::Away => StoreError::Unreachable { place, source },
            Said::Corrupt => StoreError::Corrupt { place, source },
            Said::Other => StoreError::Sql { place, source },
        },
        // A handshake that fails is told as data that makes no sense.
        sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::InvalidData => {
            StoreError::Tls { place, source }
        }
        sqlx::Error::Tls(_) => StoreError::Tls { place, source },
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut => StoreError::Unreachable { place, source },
        _ => StoreError::Sql { place, source },
    }
}

/// What a server says, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Login,
    NoDatabase,
    Rights,
    ReadOnly,
    Full,
    Crowded,
    Busy,
    Away,
    Corrupt,
    Other,
}

fn sqlstate(said: &dyn DatabaseError) -> Said {
    said.code().map_or(Said::Other, |code| sorted(&code))
}

fn sorted(code: &str) -> Said {
    match code {
        "28P01" | "28000" => Said::Login,
        "3D000" => Said::NoDatabase,
        // No schema in which tables could be made, which is what a user without rights is told.
        "42501" | "3F000" => Said::Rights,
        "25006" => Said::ReadOnly,
        "53100" => Said::Full,
        "53300" | "53400" => Said::Crowded,
        // No lock within the patience, a statement that took too long, a deadlock, a conflict.
        "55P03" | "57014" | "40P01" | "40001" => Said::Busy,
        // Shut down, crashed, starting up, the database dropped, idle for too long.
        "57P01" | "57P02" | "57P03" | "57P04" | "57P05" | "25P03" => Said::Away,
        "XX001" | "XX002" => Said::Corrupt,
        code if code.starts_with("08") => Said::Away,
        _ => Said::Other,
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn each_sqlstate_that_needs_another_next_step_is_told_apart() {
        for (code, said) in [
            ("53100", Said::Full),
            ("53300", Said::Crowded),
            ("57P01", Said::Away),
            ("57P03", Said::Away),
            ("08006", Said::Away),
            ("55P03", Said::Busy),
            ("25006", Said::ReadOnly),
            ("XX001", Said::Corrupt),
            ("23505", Said::Other),
        ] {
            assert_eq!(sorted(code), said, "{code}");
        }
    }

    #[test]
    fn a_silent_network_is_away_and_a_handshake_that_fails_is_not() {
        let told = |kind| {
            let place = Place::Server("postgres://db/pipeline".into());
            StoreError::sql(place, sqlx::Error::Io(io::Error::from(kind)))
        };
        for kind in [io::ErrorKind::ConnectionRefused, io::ErrorKind::UnexpectedEof] {
            assert!(told(kind).is_away(), "{kind}");
        }
        assert!(matches!(told(io::ErrorKind::InvalidData), StoreError::Tls { .. }));
    }
}
