//! The trait `Pillar`: a set of rules under one code.

use pipeline_core::Level;

use super::codebase::Codebase;
use super::found::Found;
use super::rule::Rule;
use super::source::Source;

/// A set of rules under one code. It looks and tells, and changes nothing.
///
/// ```
/// use gates_mix::doctrine::{Codebase, Found, Pillar, Rule, Source};
/// use pipeline_core::Level;
///
/// const LIMIT: Rule = Rule::blocking("TEAM/long-file", "split the module");
///
/// struct Team;
///
/// impl Pillar for Team {
///     fn code(&self) -> &str {
///         "TEAM"
///     }
///     fn name(&self) -> &str {
///         "What our team agreed on"
///     }
///     fn level(&self) -> Level {
///         Level::Blocking
///     }
///     fn rules(&self) -> Vec<Rule> {
///         vec![LIMIT]
///     }
///     fn file(&self, source: &Source, _: &Codebase, found: &mut Found) {
///         if source.is_lib() && source.text.lines().count() > 500 {
///             found.file(&LIMIT, "this file is longer than 500 lines");
///         }
///     }
/// }
/// ```
pub trait Pillar: Send + Sync {
    /// Its code, such as `ZERO`; the rules' codes begin with it.
    fn code(&self) -> &str;

    /// Its name in words.
    fn name(&self) -> &str;

    /// Does it block where one of its blocking rules is not kept?
    fn level(&self) -> Level;

    /// All its rules.
    fn rules(&self) -> Vec<Rule>;

    /// Is there nothing that it could look at, and why?
    fn not_applicable(&self, codebase: &Codebase) -> Option<String> {
        let _ = codebase;
        None
    }

    /// Gets ready, while the files are still being listed.
    fn prepare(&self) {}

    /// Looks at one file. Called for each file that is meant, from several threads.
    fn file(&self, source: &Source, codebase: &Codebase, found: &mut Found) {
        let _ = (source, codebase, found);
    }

    /// Looks at the project as a whole, after all files.
    fn project(&self, codebase: &Codebase, found: &mut Found) {
        let _ = (codebase, found);
    }
}
