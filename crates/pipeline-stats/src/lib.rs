//! Latency verdicts with published error rates, and trends: pure statistics.
