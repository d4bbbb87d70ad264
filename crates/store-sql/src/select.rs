//! Queries that are put together: which runs a filter asks for. Pure.

use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AnyPool, AssertSqlSafe};

use crate::run::RunFilter;
use crate::word::word;

/// A query and its values. The text is made of constants alone.
#[derive(Clone, Debug)]
pub(crate) struct Select {
    sql: String,
    values: Vec<Value>,
}

#[derive(Clone, Debug)]
enum Value {
    Text(String),
    Number(i64),
}

impl Select {
    pub(crate) fn new(sql: impl Into<String>) -> Self {
        Self { sql: sql.into(), values: Vec::new() }
    }

    /// Adds SQL that ends in front of a text.
    pub(crate) fn text(self, sql: &'static str, value: impl Into<String>) -> Self {
        self.push(sql, Value::Text(value.into()))
    }

    /// Adds SQL that ends in front of a number.
    pub(crate) fn number(self, sql: &'static str, value: i64) -> Self {
        self.push(sql, Value::Number(value))
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
        if let Some(before) = filter.before {
            self = self.number(" AND runs.number < ", before);
        }
        self = self.sql(" ORDER BY runs.number DESC");
        match filter.limit {
            Some(limit) => self.number(" LIMIT ", limit.into()),
            None => self,
        }
    }

    pub(crate) async fn all(&self, pool: &AnyPool) -> sqlx::Result<Vec<AnyRow>> {
        self.bound(&self.sql).fetch_all(pool).await
    }

    fn bound(&self, sql: &str) -> Query<'static, Any, AnyArguments> {
        let query = sqlx::query(AssertSqlSafe(sql.to_owned()));
        self.values.iter().fold(query, |query, value| match value {
            Value::Text(text) => query.bind(text.clone()),
            Value::Number(number) => query.bind(*number),
        })
    }

    fn push(mut self, sql: &str, value: Value) -> Self {
        self.values.push(value);
        self.sql += sql;
        self.sql += "$";
        self.sql += &self.values.len().to_string();
        self
    }
}
