//! Runs as one self-contained page of HTML. Pure: values in, one string out.
//!
//! The page needs nothing but itself: no network, no script, no font. What it shows may have been written by
//! anybody, so every text is made inert on its way out, at one place: secrets are struck, characters that steer
//! terminals or turn the direction of writing are shown as what they are, and markup is escaped.
//!
//! ```
//! use pipeline_report::{Page, Place, html};
//!
//! # #[expect(clippy::disallowed_methods, reason = "an example of a program")]
//! let page = Page {
//!     made: std::time::SystemTime::now(),
//!     by: "0.1.0".into(),
//!     place: Place::File,
//!     environments: Vec::new(),
//!     run: None,
//! };
//! let text = html(&page, |text| text.into())?;
//! assert!(text.starts_with("<!doctype html>"));
//! # Ok::<(), pipeline_report::ReportError>(())
//! ```

mod charts;
mod columns;
mod inert;
mod page;
mod path;
mod scale;
mod svg;
mod template;
mod view;
mod words;

pub use page::{Detail, Page, Past, PastRun, Place, Reading};
pub use path::{env_path, run_path};
pub use template::{ReportError, html};
