//! One step within its limits: the only place that knows time-outs, grace and retries.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::pin;

use futures::FutureExt;
use futures::future::{Either, select};
use tokio::time::{sleep, timeout};

use crate::context::Context;
use crate::fault::{Fault, FaultKind};
use crate::limits::Limits;

/// Tries `work` as often as its limits allow. Only transient faults are tried again.
pub(crate) async fn attempt<T, F, Fut>(limits: &Limits, cx: &Context, work: F) -> Result<T, Fault>
where
    F: Fn(Context) -> Fut,
    Fut: Future<Output = Result<T, Fault>>,
{
    for number in 1.. {
        let fault = match once(limits, cx, &work).await {
            Ok(value) => return Ok(value),
            Err(fault) => fault,
        };
        if !fault.is_transient() || number >= limits.attempts.get() {
            return Err(fault);
        }
        let wait = limits.backoff.after(number);
        cx.will_retry(number, &fault, wait);
        if let Either::Right(_) = select(pin!(sleep(wait)), pin!(cx.cancelled())).await {
            return Err(Fault::cancelled());
        }
    }
    unreachable!("the loop above counts without end")
}

/// One try: asked to stop at its time-out or when the run is, then given its grace, then dropped.
async fn once<T, F, Fut>(limits: &Limits, cx: &Context, work: &F) -> Result<T, Fault>
where
    F: Fn(Context) -> Fut,
    Fut: Future<Output = Result<T, Fault>>,
{
    if cx.is_cancelled() {
        return Err(Fault::cancelled());
    }
    let source = cx.cancel().child();
    let work = AssertUnwindSafe(work(cx.with_cancel(source.token()))).catch_unwind();
    // Unwind safe: what panicked is dropped, and nobody looks at it again.
    let work = pin!(work.map(|end| end.unwrap_or_else(|why| Err(Fault::panicked(&*why)))));
    let (reason, work) = match select(work, pin!(reason_to_stop(limits, cx))).await {
        Either::Left((answer, _)) => return answer,
        Either::Right((reason, work)) => (reason, work),
    };
    source.cancel();
    match timeout(limits.grace, work).await {
        // It had its answer after all: then that is the answer.
        Ok(Ok(value)) => Ok(value),
        Ok(Err(fault)) if fault.kind() != FaultKind::Cancelled => Err(fault),
        _ => Err(reason),
    }
}

async fn reason_to_stop(limits: &Limits, cx: &Context) -> Fault {
    match select(pin!(sleep(limits.timeout)), pin!(cx.cancelled())).await {
        Either::Left(_) => Fault::timed_out(limits.timeout),
        Either::Right(_) => Fault::cancelled(),
    }
}
