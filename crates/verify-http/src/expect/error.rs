//! Why a rule cannot be made. Each error names the key it stands under, and what is wrong.

use thiserror::Error;

/// Why a rule about an answer cannot be made so.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum RuleError {
    /// No status at all would be right.
    #[error("`status` is an empty list, so no answer would do; name a status or leave it out")]
    NoStatus,
    /// A status that no server sends as a final answer.
    #[error("`status` is {0}; it must be from 200 to 599")]
    Status(u16),
    /// No answer comes in no time.
    #[error("`took_at_most` is zero; give it a duration, such as \"2s\"")]
    NoTime,
    /// More than is ever read.
    #[error("`body_at_most` is {0} bytes; no more than 1 MiB (1048576 bytes) of a body is read")]
    Body(usize),
    /// A name that no header has.
    #[error("`headers` names \"{0}\", which is no name of a header: letters, digits and dashes")]
    HeaderName(String),
    /// A JSON path that is none.
    #[error("the JSONPath `{path}` cannot be read: {reason}; it looks like `$.checks.database`")]
    JsonPath {
        /// The path.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A regular expression that is none.
    #[error("`{key}` holds the regular expression `{pattern}`, which cannot be read: {reason}")]
    Pattern {
        /// Where it stands.
        key: &'static str,
        /// The expression.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A CSS selector that is none.
    #[error("`css` holds the selector `{selector}`, which cannot be read: {reason}")]
    Selector {
        /// The selector.
        selector: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A JSON Schema that is none, or that refers to one elsewhere.
    #[error("the JSON Schema `{name}` cannot be used: {reason}")]
    Schema {
        /// What it is called.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// This build has no schemas.
    #[error(
        "the JSON Schema `{0}` cannot be used: this program was built without them; \
         build it with the feature `json-schema`, or use `json_path`"
    )]
    NoSchemas(String),
}
