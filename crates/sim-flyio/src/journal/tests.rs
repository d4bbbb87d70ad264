//! The journal by itself.

use super::*;

fn call(method: &str) -> ApiCall {
    ApiCall { method: method.to_owned(), ..ApiCall::default() }
}

#[test]
fn only_the_last_calls_are_kept_and_numbers_go_on() {
    let journal = Journal::default();
    let long = journal.begin(call("GET"));
    for _ in 0..KEPT + 10 {
        let seq = journal.begin(call("POST"));
        journal.end(seq, Some(200), Duration::ZERO);
    }
    let calls = journal.calls();
    assert_eq!(calls.len(), KEPT + 1, "and the one that is under way");
    assert_eq!((calls[0].seq, calls[0].took_ms), (long, None));
    assert_eq!(calls[1].seq, 12, "the first ten that ended are forgotten");
    assert_eq!(calls.last().unwrap().seq, (KEPT + 11) as u64);
}

#[test]
fn faults_are_named_in_order_and_only_while_a_call_is_under_way() {
    let journal = Journal::default();
    let seq = journal.begin(call("POST"));
    journal.fault(seq, "create=slow:1s");
    journal.fault(seq, "create@1=422-capacity");
    journal.end(seq, Some(422), Duration::from_millis(1001));
    journal.fault(seq, "too late");
    journal.end(seq, None, Duration::ZERO);
    let ended = journal.calls().remove(0);
    assert_eq!(ended.fault.as_deref(), Some("create=slow:1s, create@1=422-capacity"));
    assert_eq!((ended.status, ended.took_ms), (Some(422), Some(1001)));
}

#[test]
fn a_file_has_every_line_once_closed_and_is_json_line_by_line() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.ndjson");
    let journal = Journal::at(Some(&path)).unwrap();
    for _ in 0..1000 {
        let seq = journal.begin(call("GET"));
        journal.end(seq, Some(200), Duration::ZERO);
    }
    journal.event(1_786_701_400_000, ("shop".into(), "a".into()), "boot=stuck".into());
    journal.close();
    let text = std::fs::read_to_string(&path).unwrap();
    let read: Vec<ApiCall> = text.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
    assert_eq!(read, journal.calls());
    assert_eq!(text, ndjson(&read));
    let event = read.last().unwrap();
    assert_eq!((event.method.as_str(), event.path.as_str()), ("EVENT", "/v1/apps/shop/machines/a"));
    assert_eq!(event.at, "2026-08-14T09:56:40.000Z");
}

#[test]
fn a_full_disk_stops_nothing_and_is_told() {
    let full = Path::new("/dev/full");
    if !full.exists() {
        return; // only Linux has a disk that is always full
    }
    let journal = Journal::at(Some(full)).unwrap();
    for _ in 0..3 {
        let seq = journal.begin(call("GET"));
        journal.end(seq, Some(200), Duration::ZERO);
    }
    journal.close();
    assert_eq!(journal.calls().len(), 3);
    let told = journal.trouble().unwrap();
    let wanted =
        "the journal '/dev/full' is not complete from here on, and the simulator goes on: ";
    assert!(told.starts_with(wanted), "{told}");
}
