//! What came of the tests of one application.

/// The tests of one application, however they were told.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Suite {
    pub(super) app: Option<String>,
    pub(super) seed: Option<u64>,
    /// All of them, those that did not run as well.
    pub(super) tests: u64,
    pub(super) failures: u64,
    /// Not run because `setup_all` failed.
    pub(super) invalid: u64,
    pub(super) skipped: u64,
    pub(super) excluded: u64,
    pub(super) failed: Vec<Failed>,
    /// Lines covered and not covered, where that is known.
    pub(super) lines: Option<(u64, u64)>,
    /// Did it come to its end?
    pub(super) ended: bool,
}

/// A test, or a `setup_all`, that failed.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Failed {
    /// `test adds (CartTest)`.
    pub(super) name: String,
    pub(super) message: String,
    /// As it was written: absolute, or relative to something.
    pub(super) file: Option<String>,
    /// Where the test begins.
    pub(super) starts: Option<u32>,
    /// Where it failed.
    pub(super) line: Option<u32>,
}

impl Suite {
    /// How many really ran.
    pub(super) fn ran(&self) -> u64 {
        self.tests.saturating_sub(self.skipped + self.excluded + self.invalid)
    }
}
