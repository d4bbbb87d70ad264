//! Remembers answers of gates in files, until something that they read changes.
//!
//! ```text
//! .pipeline/cache/gates/
//!   .index                  what files were hashed, so that those that did not change are not read again
//!   test/<fingerprint>.json one answer each, the newest 20
//!   test/last.json          how the gate went last time
//!   test/listing.json       what it read when its answer was last kept, for `why`
//! ```
//!
//! The fingerprint stands for everything that the gate declares ([`Inputs`](pipeline_core::Inputs)): the content of its
//! files, tools, settings, and the values of environment variables, of which only digests are written down.
//!
//! # Which files
//!
//! Globs are relative to the working directory; `../shared/**` and absolute ones are fine. `*` stays within one folder,
//! `**` does not. A glob without wildcards that names a folder means all that is in it. Rules of Git such as
//! `.gitignore` do not count: what Git ignores may be read all the same. Empty folders do not count either.
//!
//! What tools leave behind is passed over, unless the part of a glob before its first wildcard names it, as
//! `deps/shop/lib/**` does: `.elixir_ls`, `.git`, `.pipeline`, `_build` and `node_modules` everywhere, `cover` and `deps`
//! beside a `mix.exs` (elsewhere they are folders like any other, such as `lib/shop/cover`).
//!
//! A symbolic link counts with the text of its target and with what it leads to, wherever that is: the content of a file,
//! or the files of a folder, under the link's own name. A link that leads back to where it is found is not followed.
//! A file or folder that may not be read counts as that: the gate may not read it either.
//!
//! # What a fingerprint does not hold
//!
//! A file that changes and changes back between two looks is not seen. Digests of the variables' values are no secret
//! keepers for values that can be guessed: the files are for their owner only (mode 0600).
//!
//! ```
//! use std::collections::BTreeMap;
//!
//! use gate_cache::{FileCache, Why};
//! use pipeline_core::{Asked, Inputs};
//! use pipeline_testkit::a_run;
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let folder = tempfile::tempdir()?;
//! let cache = FileCache::at(folder.path())
//!     .environment(BTreeMap::from([("MIX_ENV".into(), "test".into())]));
//! let inputs = Inputs { files: vec!["lib/**".into()], ..Inputs::default() };
//! let asked = Asked { gate: "test".into(), inputs: Some(inputs) };
//! assert_eq!(cache.why(&asked, &a_run("v1")).await, Why::NoEarlier);
//! # Ok::<(), std::io::Error>(()) }).unwrap();
//! ```

mod answers;
mod cache;
mod change;
mod contents;
mod digest;
mod disk;
mod error;
mod globs;
mod index;
mod listing;
mod look;
mod memory;
mod walk;
mod why;

pub use cache::FileCache;
pub use change::{Altered, Change};
pub use why::Why;
