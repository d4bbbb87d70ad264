//! Loopback ports for the programs in machines.

use std::{
    hash::{BuildHasher, RandomState},
    net::{Ipv4Addr, TcpListener},
    sync::{
        LazyLock,
        atomic::{AtomicU16, Ordering},
    },
};

/// Below the range from which Linux takes ports for outgoing connections (32768 and up), so that
/// no client can sit on a port between its choice here and its use by the program.
const FIRST: u16 = 16_000;
const COUNT: u16 = 16_000;

/// Where this process looks next. Every process begins somewhere else, and no process looks at
/// the same port twice within a round.
static NEXT: LazyLock<AtomicU16> = LazyLock::new(|| {
    let random = RandomState::new().hash_one(std::process::id());
    AtomicU16::new(u16::try_from(random % u64::from(COUNT)).expect("less than COUNT"))
});

/// A port that nobody listens on; `None` if all are taken.
pub(super) fn free() -> Option<u16> {
    let step = |at: u16| Some((at + 1) % COUNT);
    let mut candidates = std::iter::repeat_with(|| {
        let at = NEXT.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step);
        FIRST + at.expect("the step never refuses")
    });
    let found = candidates.by_ref().take(usize::from(COUNT));
    found.into_iter().find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_listened_on_is_not_given_out() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, free().unwrap())).unwrap();
        let taken = taken.local_addr().unwrap().port();
        let given: Vec<u16> = (0..50).filter_map(|_| free()).collect();
        assert_eq!(given.len(), 50);
        assert!(
            !given.contains(&taken) && given.iter().all(|port| (16_000..32_000).contains(port))
        );
    }
}
