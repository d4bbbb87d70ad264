//! The tables and their columns, for those who copy them.

/// How a column is copied.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Text,
    Number,
    Bytes,
}
use Kind::{Bytes, Number, Text};

/// A table, its columns, and how each is copied; the first column is the run.
pub(crate) struct Table<const N: usize> {
    pub(crate) name: &'static str,
    pub(crate) columns: &'static [&'static str; N],
    pub(crate) kinds: [Kind; N],
}

pub(crate) const RUNS: Table<21> = Table {
    name: "runs",
    columns: &[
        "id",
        "number",
        "kind",
        "environment",
        "target",
        "revision",
        "image",
        "origin",
        "restores",
        "promotes",
        "who",
        "host",
        "pid",
        "pipeline",
        "started",
        "ended",
        "conclusion",
        "outcome",
        "exit_code",
        "bad",
        "traffic_back",
    ],
    kinds: [
        Text, Number, Text, Text, Text, Text, Text, Text, Text, Text, Text, Text, Number, Text,
        Number, Number, Text, Text, Number, Text, Number,
    ],
};

pub(crate) const JOURNAL: Table<5> = Table {
    name: "journal",
    columns: &["run", "seq", "at", "fence", "record"],
    kinds: [Text, Number, Number, Number, Text],
};

pub(crate) const EVENTS: Table<4> = Table {
    name: "events",
    columns: &["run", "seq", "at", "kind"],
    kinds: [Text, Number, Number, Text],
};

pub(crate) const PAGES: Table<4> = Table {
    name: "event_pages",
    columns: &["run", "first_seq", "last_seq", "events"],
    kinds: [Text, Number, Number, Bytes],
};

pub(crate) const STEPS: Table<10> = Table {
    name: "steps",
    columns: &[
        "run", "seq", "phase", "step", "verdict", "fault", "required", "took_ms", "started",
        "measured",
    ],
    kinds: [Text, Number, Text, Text, Text, Text, Number, Number, Number, Text],
};

pub(crate) const PHASES: Table<5> = Table {
    name: "phases",
    columns: &["run", "seq", "phase", "verdict", "took_ms"],
    kinds: [Text, Number, Text, Text, Number],
};

pub(crate) const SAMPLES: Table<9> = Table {
    name: "samples",
    columns: &[
        "run", "batch", "verifier", "endpoint", "instance", "role", "at", "points", "packed",
    ],
    kinds: [Text, Number, Text, Text, Text, Text, Number, Text, Bytes],
};

pub(crate) const BASELINES: Table<4> = Table {
    name: "baselines",
    columns: &["target", "endpoint", "at", "document"],
    kinds: [Text, Text, Number, Text],
};
