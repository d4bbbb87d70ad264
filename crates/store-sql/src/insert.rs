//! Several rows with one statement: to a server each statement is a round trip. Pure, but for carrying it out.

use std::fmt::Write as _;

use sqlx::{Any, AssertSqlSafe, Transaction};

use crate::select::Value;

/// No statement has more values: `SQLite` allows 32,766, `PostgreSQL` 65,535.
const MOST: usize = 9_000;

/// Rows of one table that are to be added.
#[derive(Clone, Debug)]
pub(crate) struct Insert {
    table: &'static str,
    columns: &'static [&'static str],
    rows: Vec<Vec<Value>>,
}

impl Insert {
    pub(crate) fn into(table: &'static str, columns: &'static [&'static str]) -> Self {
        Self { table, columns, rows: Vec::new() }
    }

    /// Adds a row: a value for each column.
    pub(crate) fn row(&mut self, values: Vec<Value>) {
        debug_assert_eq!(values.len(), self.columns.len());
        self.rows.push(values);
    }

    /// Adds the rows.
    pub(crate) async fn execute(self, tx: &mut Transaction<'_, Any>) -> sqlx::Result<()> {
        let Self { table, columns, mut rows } = self;
        while !rows.is_empty() {
            let rest = rows.split_off(rows.len().min(MOST / columns.len()));
            let sql = statement(table, columns, rows.len());
            // Not kept by the connection: each number of rows is another statement.
            let query = sqlx::query(AssertSqlSafe(sql)).persistent(rows.len() == 1);
            let query = rows.into_iter().flatten().fold(query, |query, value| value.bind(query));
            query.execute(&mut **tx).await?;
            rows = rest;
        }
        Ok(())
    }
}

fn statement(table: &str, columns: &[&str], rows: usize) -> String {
    let mut sql = format!("INSERT INTO {table} ({}) VALUES ", columns.join(", "));
    for row in 0..rows {
        for column in 0..columns.len() {
            let before = match (row, column) {
                (0, 0) => "(",
                (_, 0) => "), (",
                _ => ", ",
            };
            let number = row * columns.len() + column + 1;
            write!(sql, "{before}${number}").expect("writing to a string cannot fail");
        }
    }
    sql + ")"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_has_its_own_numbers() {
        let sql = statement("phases", &["run", "seq"], 3);
        assert_eq!(sql, "INSERT INTO phases (run, seq) VALUES ($1, $2), ($3, $4), ($5, $6)");
    }
}
