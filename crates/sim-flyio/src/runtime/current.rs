//! The call on whose behalf the world is looked at or changed.

use std::time::Duration;

use crate::{clock::Millis, world::World};

/// What the world has to know of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CurrentCall {
    /// Its number in the journal.
    pub(crate) seq: u64,
    /// It sees the world as it was so long ago.
    pub(crate) age: Option<Duration>,
}

tokio::task_local! {
    static CALL: CurrentCall;
}

/// Runs the work of a call.
pub(crate) async fn during<T>(call: CurrentCall, work: impl Future<Output = T>) -> T {
    CALL.scope(call, work).await
}

/// The call that this work is for, if it is for one.
pub(super) fn seq() -> Option<u64> {
    CALL.try_with(|call| call.seq).ok()
}

/// Looks at the world as the current call is to see it.
pub(super) fn look<T>(world: &mut World, look: impl FnOnce(&World) -> T) -> T {
    let age = CALL.try_with(|call| call.age).ok().flatten();
    match age.map(|age| Millis::try_from(age.as_millis()).unwrap_or(Millis::MAX / 4)) {
        None => look(world),
        Some(age) => look(&world.rewound(world.host.now.saturating_sub(age))),
    }
}
