//! Queries that are put together: which runs a filter asks for. Pure.

use pipeline_core::Conclusion;
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AssertSqlSafe, Executor};

use crate::run::{RunFilter, RunOutcome};
use crate::word::word;

/// A query and its values. The text is made of constants alone.
#[derive(Clone, Debug)]
pub(crate) struct Select {
    sql: String,
    values: Vec<Value>,
}

/// A value of a statement.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Text(Option<String>),
    Number(Option<i64>),
    Bytes(Option<Vec<u8>>),
}

impl Value {
    pub(crate) fn bind(
        self,
        query: Query<'static, Any, AnyArguments>,
    ) -> Query<'static, Any, AnyArguments> {
        match self {
            Self::Text(text) => query.bind(text),
            Self::Number(number) => query.bind(number),
            Self::Bytes(bytes) => query.bind(bytes),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<String> for Value {
    /// `PostgreSQL` has no NUL in its texts.
    fn from(text: String) -> Self {
        Self::Text(Some(if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }))
    }
}

impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        text.map_or(Self::Text(None), Self::from)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(Some(number))
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(Some(bytes))
    }
}

impl Select {
    pub(crate) fn new(sql: impl Into<String>) -> Self {
        Self { sql: sql.into(), values: Vec::new() }
    }

    /// Adds SQL that ends in front of a text.
    pub(crate) fn text(self, sql: &'static str, value: impl Into<String>) -> Self {
        self.push(sql, Value::from(value.into()))
    }

    /// Adds SQL that ends in front of a number.
    pub(crate) fn number(self, sql: &'static str, value: i64) -> Self {
        self.push(sql, value.into())
    }

    /// Gives the values of numbers that stand in the text already.
    pub(crate) fn with(self, values: impl IntoIterator<Item = Value>) -> Self {
        Self { values: values.into_iter().collect(), ..self }
    }

    /// Adds SQL.
    pub(crate) fn sql(mut self, sql: &str) -> Self {
        self.sql += sql;
        self
    }

    /// Puts SQL around what there is.
    pub(crate) fn within(self, before: &str, after: &str) -> Self {
        Self { sql: [before, &self.sql, after].concat(), ..self }
    }

    /// Adds the conditions, the order and the limit of a filter over `runs`.
    pub(crate) fn filtered(mut self, filter: &RunFilter) -> Self {
        // Always true: so that each condition can begin with AND.
        self = self.sql(" WHERE runs.number > 0");
        if let Some(environment) = &filter.environment {
            self = self.text(" AND runs.environment = ", environment);
        }
        if let Some(target) = &filter.target {
            self = self.text(" AND runs.target = ", target);
        }
        if let Some(outcome) = &filter.outcome {
            self = self.text(" AND runs.outcome = ", word(outcome));
        }
        if filter.unfinished {
            self = self.sql(" AND runs.ended IS NULL");
        }
        if filter.concluded {
            self = self.sql(" AND runs.ended IS NOT NULL");
            self = self.text(" AND runs.outcome <> ", word(&RunOutcome::Abort));
        }
        if filter.changed {
            self = self.sql(" AND runs.ended IS NOT NULL");
            self = self.text(" AND runs.conclusion <> ", word(&Conclusion::Rejected));
        }
        if let Some(before) = filter.before {
            self = self.number(" AND runs.number < ", before);
        }
        self = self.begun_as(filter).sql(" ORDER BY runs.number DESC");
        match filter.limit {
            Some(limit) => self.number(" LIMIT ", limit.into()),
            None => self,
        }
    }

    /// Adds the conditions on when, by whom and for what a run was begun.
    fn begun_as(mut self, filter: &RunFilter) -> Self {
        if let Some(since) = filter.since {
            self = self.number(" AND runs.started >= ", since.as_millisecond());
        }
        if let Some(until) = filter.until {
            self = self.number(" AND runs.started < ", until.as_millisecond());
        }
        if let Some(kind) = &filter.kind {
            self = self.text(" AND runs.kind = ", word(kind));
        }
        if let Some(who) = &filter.who {
            self = self.text(" AND runs.who = ", who);
        }
        if let Some(revision) = &filter.revision {
            // No LIKE, in which some characters mean others.
            self = self.text(" AND substr(runs.revision, 1, length(", revision);
            let value = format!("${}", self.values.len());
            self = self.sql(")) = ").sql(&value);
        }
        self
    }

    pub(crate) async fn all<'e>(
        &self,
        from: impl Executor<'e, Database = Any>,
    ) -> sqlx::Result<Vec<AnyRow>> {
        self.bound(&self.sql).fetch_all(from).await
    }

    fn bound(&self, sql: &str) -> Query<'static, Any, AnyArguments> {
        let query = sqlx::query(AssertSqlSafe(sql.to_owned()));
        self.values.iter().cloned().fold(query, |query, value| value.bind(query))
    }

    fn push(mut self, sql: &str, value: Value) -> Self {
        self.values.push(value);
        self.sql += sql;
        self.sql += "$";
        self.sql += &self.values.len().to_string();
        self
    }
}
