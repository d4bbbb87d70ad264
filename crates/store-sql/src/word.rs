//! Enums as the words they are stored as, and columns as values.

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sqlx::any::AnyRow;
use sqlx::{Any, Decode, Row, Type};

/// Why a stored value cannot be understood.
pub(crate) type Broken = Box<dyn std::error::Error + Send + Sync>;

/// The word that an enum without fields is written as.
pub(crate) fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        other => unreachable!("only enums without fields are stored as words, not {other:?}"),
    }
}

/// A stored row, read column by column.
pub(crate) struct Columns<'r>(pub(crate) &'r AnyRow);

impl<'r> Columns<'r> {
    pub(crate) fn get<T>(&self, name: &str) -> Result<T, Broken>
    where
        T: Decode<'r, Any> + Type<Any>,
    {
        Ok(self.0.try_get(name)?)
    }

    pub(crate) fn word<T: DeserializeOwned>(&self, name: &str) -> Result<T, Broken> {
        Ok(serde_json::from_value(Value::String(self.get(name)?))?)
    }

    pub(crate) fn maybe_word<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Broken> {
        let word: Option<String> = self.get(name)?;
        Ok(word.map(|word| serde_json::from_value(Value::String(word))).transpose()?)
    }

    pub(crate) fn time(&self, name: &str) -> Result<Timestamp, Broken> {
        Ok(Timestamp::from_millisecond(self.get(name)?)?)
    }

    pub(crate) fn maybe_time(&self, name: &str) -> Result<Option<Timestamp>, Broken> {
        let at: Option<i64> = self.get(name)?;
        Ok(at.map(Timestamp::from_millisecond).transpose()?)
    }

    pub(crate) fn number<T>(&self, name: &str) -> Result<T, Broken>
    where
        T: TryFrom<i64, Error: Into<Broken>>,
    {
        T::try_from(self.get(name)?).map_err(Into::into)
    }

    pub(crate) fn json<T: DeserializeOwned>(&self, name: &str) -> Result<T, Broken> {
        Ok(serde_json::from_str(self.get(name)?)?)
    }
}
