//! What only a server can do to a store: refuse, restart, go silent, run full.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::time::Duration;

use pipeline_core::{Event, EventKind, Fault, FaultKind, Journal, Observer, Record};
use store_sql::{Store, StoreError};

use crate::common::{Now, TARGET, TTL, begin, owner};
use crate::postgres::{PASSWORD, Postgres, postgres_user};

/// Far longer than anything here takes, also where the machine has much else to do.
const LONG: Duration = Duration::from_mins(2);

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(10);

async fn open(url: &str) -> Result<Store, StoreError> {
    Store::open(url, Now::default()).await
}

/// Why it is not opened, checked not to tell the user or the password.
async fn refusal(url: &str) -> StoreError {
    let error = open(url).await.unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(!text.contains("hunter22") && !text.contains("ada"), "{text}");
    error
}

#[tokio::test]
async fn who_may_not_log_in_is_told_what_to_mend() {
    let server = Postgres::shared();
    let database = server.database();
    let told = |error: &StoreError| {
        let place = format!("postgres://127.0.0.1:{}/{database}", server.port());
        error.to_string().replace(&place, "[PLACE]")
    };
    let wrong = refusal(&server.tcp_url("postgres", "hunter22-no", &database)).await;
    assert!(matches!(wrong, StoreError::Login { .. }), "{wrong:?}");
    insta::assert_snapshot!(told(&wrong), @"the server of the store [PLACE] refuses the login; mend the user and the password, or the server's pg_hba.conf");
    let unknown = refusal(&server.tcp_url("ada", "hunter22-no", &database)).await;
    assert!(matches!(unknown, StoreError::Login { .. }), "{unknown:?}");
    open(&server.tcp_url("postgres", PASSWORD, &database)).await.unwrap();
}

#[tokio::test]
async fn what_the_server_does_not_have_is_named() {
    let server = Postgres::shared();
    let url = server.tcp_url("postgres", PASSWORD, "nowhere");
    let missing = refusal(&url).await;
    assert!(matches!(missing, StoreError::NoDatabase { .. }), "{missing:?}");
    let plain = format!("{url}?sslmode=require");
    let tls = refusal(&plain).await;
    assert!(matches!(tls, StoreError::Tls { .. }), "{tls:?}");
    let file = refusal(&format!("{url}?sslmode=verify-ca&sslrootcert=/no/such/ca.pem")).await;
    assert!(matches!(file, StoreError::ServerAddress { .. }), "{file:?}");
    let nobody = refusal("postgres://ada:hunter22-no@127.0.0.1:1/pipeline").await;
    assert!(matches!(nobody, StoreError::Unreachable { .. }), "{nobody:?}");
    assert_eq!(Fault::from(nobody).kind(), FaultKind::Transient);
    let nowhere = refusal("postgres://ada:hunter22-no@no.such.host.invalid/pipeline").await;
    assert!(matches!(nowhere, StoreError::Unreachable { .. }), "{nowhere:?}");
}

#[tokio::test]
async fn a_user_needs_a_schema_and_nothing_else() {
    let server = Postgres::shared();
    let database = server.database();
    server.sql(&database, "CREATE USER least PASSWORD 'hunter22-least'");
    let url = server.tcp_url("least", "hunter22-least", &database);
    let error = refusal(&url).await;
    assert!(matches!(error, StoreError::Rights { .. }), "{error:?}");
    server.sql(&database, "CREATE SCHEMA AUTHORIZATION least");
    let store = open(&url).await.unwrap();
    assert_eq!(begin(&store).await.version, "v1");
    // Tables of others in the same database are none of its business.
    server.sql(&database, "CREATE TABLE public.orders (id BIGINT)");
    open(&url).await.unwrap();
    // Who may use what is there need not be allowed to make anything.
    server.sql(&database, "CREATE USER reader PASSWORD 'hunter22-reader'");
    server.sql(
        &database,
        "GRANT USAGE ON SCHEMA least TO reader; \
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA least TO reader",
    );
    let reader = server.tcp_url("reader", "hunter22-reader", &database);
    let reader = open(&format!("{reader}?options=-csearch_path=least")).await.unwrap();
    assert_eq!(begin(&reader).await.version, "v2");
}

#[tokio::test]
async fn a_server_that_only_follows_another_one_is_refused_at_once() {
    let mut server = Postgres::start(&[]);
    let url = server.url(&server.database());
    open(&url).await.unwrap().close().await;
    server.stop("INT");
    server.follow();
    server.go_on();
    let error = refusal(&url).await;
    assert!(matches!(error, StoreError::ReadOnly { .. }), "{error:?}");
    assert!(error.to_string().contains("name the primary server"), "{error}");
}

#[tokio::test]
async fn a_server_without_a_connection_left_is_told_as_such() {
    let server = Postgres::start(&["max_connections=4", "superuser_reserved_connections=3"]);
    let database = server.database();
    server
        .sql(&database, "CREATE USER ada PASSWORD 'hunter22-ada'; CREATE SCHEMA AUTHORIZATION ada");
    let url = server.tcp_url("ada", "hunter22-ada", &database);
    // Whoever made the user may take a moment to be gone.
    let free = async {
        loop {
            match open(&url).await {
                Err(StoreError::Crowded { .. }) => tokio::time::sleep(PAUSE).await,
                opened => break opened.unwrap(),
            }
        }
    };
    let store = tokio::time::timeout(LONG, free).await.unwrap();
    begin(&store).await;
    let error = refusal(&url).await;
    assert!(matches!(error, StoreError::Crowded { .. }), "{error:?}");
}

#[tokio::test]
async fn only_a_certificate_that_is_known_is_trusted_where_that_is_asked_for() {
    let key = rcgen::KeyPair::generate().unwrap();
    let params =
        rcgen::CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]);
    let certificate = params.unwrap().self_signed(&key).unwrap();
    let give = |data: &Path, name: &str, text: &str| {
        let path = data.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let (user, group) = postgres_user();
        // Where the tests do not run as root, the server is theirs.
        let _ = chown(&path, Some(user), Some(group));
    };
    let settings = ["ssl=on", "ssl_cert_file=c.pem", "ssl_key_file=k.pem"];
    let server = Postgres::start_with(&settings, |data| {
        give(data, "c.pem", &certificate.pem());
        give(data, "k.pem", &key.serialize_pem());
    });
    let folder = tempfile::tempdir().unwrap();
    let known = folder.path().join("known.pem");
    fs::write(&known, certificate.pem()).unwrap();
    let url = server.tcp_url("postgres", PASSWORD, &server.database());
    let store = open(&format!("{url}?sslmode=verify-full&sslrootcert={}", known.display())).await;
    begin(&store.unwrap()).await;
    open(&format!("{url}?sslmode=require")).await.unwrap();
    let error = refusal(&format!("{url}?sslmode=verify-full")).await;
    assert!(matches!(error, StoreError::Tls { .. }), "{error:?}");
}

/// Restarted in the middle of a run, politely and by a crash: what was kept is there once, and the run goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_outlives_restarts_of_its_server() {
    let mut server = Postgres::start(&[]);
    let store = open(&server.url(&server.database())).await.unwrap();
    let run = begin(&store).await;
    let lock = store.lock(TARGET, &owner("ada", 1), LONG).await.unwrap();
    let mut journal = store.journal(&run.id, &lock);
    let mut recorder = store.recorder(&run.id);
    let mut kept = 0;
    for signal in ["INT", "QUIT", "INT"] {
        server.stop(signal);
        let back = std::thread::spawn(move || {
            server.go_on();
            server
        });
        let kind = EventKind::Noted { step: "test".into(), message: signal.into() };
        recorder.observe(&Event { seq: 1, at: std::time::SystemTime::UNIX_EPOCH, kind });
        // It is away now, and comes back while these wait.
        journal.append(&Record::GatesPassed).await.unwrap();
        lock.heartbeat().await.unwrap();
        kept += 1;
        assert_eq!(store.records(&run.id).await.unwrap().len(), kept);
        server = back.join().unwrap();
    }
    recorder.close().await.unwrap();
    assert_eq!(store.events(&run.id).await.unwrap().len(), 3);
    lock.release().await.unwrap();
}

/// The server is cut off again and again while records are kept, also between a commit and its answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_record_is_kept_twice_or_lost_however_often_connections_are_cut_off() {
    const RECORDS: usize = 100;
    let server = Postgres::shared();
    let database = server.database();
    let store = open(&server.url(&database)).await.unwrap();
    let run = begin(&store).await;
    let lock = store.lock(TARGET, &owner("ada", 1), TTL).await.unwrap();
    let (began, begun) = std::sync::mpsc::channel::<()>();
    let cut = format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
         WHERE datname = '{database}' AND pid <> pg_backend_pid()"
    );
    let cutter = std::thread::spawn(move || {
        let mut cuts = 0;
        while begun.recv().is_ok() {
            // However many began meanwhile: one cut, at no moment in particular.
            begun.try_iter().for_each(drop);
            cuts += server.answer("postgres", &cut).parse::<usize>().unwrap();
        }
        cuts
    });
    let mut journal = store.journal(&run.id, &lock);
    for number in 0..RECORDS {
        began.send(()).unwrap();
        let artifact = pipeline_core::Artifact::new(format!("image-{number}"));
        journal.append(&Record::Built { artifact }).await.unwrap();
    }
    drop(began);
    assert!(cutter.join().unwrap() > 0);
    let records = store.records(&run.id).await.unwrap();
    let images = records.iter().map(|record| match record {
        Record::Built { artifact } => artifact.reference.clone(),
        other => panic!("{other:?}"),
    });
    let expected: Vec<String> = (0..RECORDS).map(|number| format!("image-{number}")).collect();
    assert_eq!(images.collect::<Vec<_>>(), expected);
}

/// A server that takes connections and says nothing any more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_goes_silent_is_left_in_time_and_found_again() {
    let server = Postgres::start(&[]);
    let url = server.url(&server.database());
    let store = open(&url).await.unwrap();
    let run = begin(&store).await;
    let lock = store.lock(TARGET, &owner("ada", 1), Duration::from_secs(3)).await.unwrap();
    server.signal_all("STOP");
    let error = lock.heartbeat().await.unwrap_err();
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
    let error = open(&format!("{url}?connect_timeout=1")).await.unwrap_err();
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
    server.signal_all("CONT");
    // A server that wakes up may need more than one beat's time.
    let found = async {
        while let Err(error) = lock.heartbeat().await {
            assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
        }
    };
    tokio::time::timeout(LONG, found).await.unwrap();
    lock.release().await.unwrap();
    // Found again it is; how fast is no matter any more.
    let lock = store.lock(TARGET, &owner("ada", 1), LONG).await.unwrap();
    store.journal(&run.id, &lock).append(&Record::GatesPassed).await.unwrap();
    assert_eq!(store.records(&run.id).await.unwrap(), [Record::GatesPassed]);
}

#[tokio::test]
async fn who_lost_the_lock_while_the_server_was_away_writes_nothing() {
    let mut server = Postgres::start(&[]);
    let url = server.url(&server.database());
    let (now, other) = (Now::default(), Now::default());
    let ada = Store::open(&url, now).await.unwrap();
    let run = begin(&ada).await;
    let old = ada.lock(TARGET, &owner("ada", 1), TTL).await.unwrap();
    server.stop("QUIT");
    server.go_on();
    other.advance(TTL);
    let bob = Store::open(&url, other).await.unwrap();
    bob.lock(TARGET, &owner("bob", 2), TTL).await.unwrap();
    let fault = ada.journal(&run.id, &old).append(&Record::GatesPassed).await.unwrap_err();
    assert!(fault.to_string().contains("bob on build-7"), "{fault}");
    assert_eq!(ada.records(&run.id).await.unwrap(), []);
}
