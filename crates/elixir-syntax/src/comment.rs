//! Comments: what people say to each other beside the code.

use std::ops::Range;

use crate::tree::Tree;

/// One `# …`, to the end of its line.
#[derive(Clone, Copy, Debug)]
pub struct Comment<'t> {
    pub(crate) tree: &'t Tree,
    pub(crate) range: (u32, u32),
}

impl<'t> Comment<'t> {
    /// What it says, without the `#`s before it and blanks around it.
    #[must_use]
    pub fn text(&self) -> &'t str {
        self.raw().trim_start_matches('#').trim()
    }

    /// All of it.
    #[must_use]
    pub fn raw(&self) -> &'t str {
        self.tree.slice(self.range)
    }

    /// Where it stands, in bytes.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.range.0 as usize..self.range.1 as usize
    }

    /// Its line, from 1.
    #[must_use]
    pub fn line(&self) -> u32 {
        self.tree.line_at(self.range.0 as usize)
    }

    /// Is there nothing but blanks before it?
    #[must_use]
    pub fn is_alone(&self) -> bool {
        let line = self.tree.line(self.line());
        line.trim_start().starts_with('#')
    }
}
