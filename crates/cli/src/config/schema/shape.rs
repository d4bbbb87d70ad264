//! What keys `pipeline.toml` has, asked of the types that it is read into: so nothing is known here that the loader does not know.

use std::fmt::Write as _;

use serde::de::value::{BorrowedStrDeserializer, Error as Unfit, U64Deserializer};
use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};
use serde::forward_to_deserialize_any;

use crate::config::raw::Raw;

/// How `toml` asks for a value with its place.
const SPANNED: &str = "$__serde_spanned_private_Spanned";

/// What a value is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Shape {
    /// More than one of the others: the check that follows decides.
    #[default]
    Any,
    Truth,
    Integer,
    Number,
    Text,
    List(Box<Self>),
    /// Names of one's own, each with such a value.
    Map(Box<Self>),
    Table(Vec<Key>),
}

/// A key of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) name: String,
    pub(super) required: bool,
    pub(super) shape: Shape,
}

impl Shape {
    /// That of the whole file.
    pub(super) fn of_file() -> Self {
        let mut whole = probe("").expect("the file's own types can be read from anything");
        let mut paths = Vec::new();
        whole.walk("", &mut |path, _| paths.push(path.to_owned()));
        for path in paths {
            // What cannot be read without a key, requires it.
            if probe(&path).is_err() {
                whole.require(&path);
            }
        }
        whole
    }

    /// Every key below this one with its path: `a.b`, `list[].key`, `map.*.key`.
    pub(super) fn walk(&self, path: &str, seen: &mut impl FnMut(&str, &Key)) {
        match self {
            Self::List(item) => item.walk(&format!("{path}[]"), seen),
            Self::Map(item) => item.walk(&join(path, "*"), seen),
            Self::Table(keys) => {
                for key in keys {
                    let path = join(path, &key.name);
                    seen(&path, key);
                    key.shape.walk(&path, seen);
                }
            }
            _ => {}
        }
    }

    /// The path and the shape of a key as a person writes it: `environments.staging.app`, `verify.smoke.checks.path`.
    pub(super) fn find(&self, written: &[&str]) -> Option<(String, &Self)> {
        let (mut path, mut shape) = (String::new(), self);
        for name in written {
            while let Self::List(item) = shape {
                path.push_str("[]");
                shape = item;
            }
            match shape {
                Self::Map(item) => (path, shape) = (join(&path, "*"), item),
                Self::Table(keys) => {
                    let key = keys.iter().find(|it| it.name == *name)?;
                    (path, shape) = (join(&path, name), &key.shape);
                }
                _ => return None,
            }
        }
        Some((path, shape))
    }

    fn require(&mut self, path: &str) {
        let (name, rest) = path.split_once('.').unwrap_or((path, ""));
        match self {
            Self::Map(item) => item.require(rest),
            Self::Table(keys) => {
                let plain = name.trim_end_matches("[]");
                let Some(key) = keys.iter_mut().find(|it| it.name == plain) else { return };
                match &mut key.shape {
                    _ if rest.is_empty() => key.required = true,
                    Self::List(item) => item.require(rest),
                    shape => shape.require(rest),
                }
            }
            _ => {}
        }
    }
}

pub(super) fn join(path: &str, name: &str) -> String {
    let mut joined = path.to_owned();
    let dot = if path.is_empty() { "" } else { "." };
    let _ = write!(joined, "{dot}{name}");
    joined
}

/// Reads the whole file from nothing, but for the key at the path `omitted`.
fn probe(omitted: &str) -> Result<Shape, Unfit> {
    let mut shape = Shape::default();
    Raw::deserialize(Probe { shape: &mut shape, path: String::new(), omitted })?;
    Ok(shape)
}

/// All whole numbers are the same in the file.
macro_rules! integers {
    ($($name:ident)*) => {$(
        fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
            self.deserialize_u64(visitor)
        }
    )*};
}

/// Gives whatever it is asked for, and takes down what that was.
struct Probe<'a> {
    shape: &'a mut Shape,
    path: String,
    omitted: &'a str,
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Unfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        *self.shape = Shape::Any;
        visitor.visit_bool(true)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        *self.shape = Shape::Truth;
        visitor.visit_bool(true)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        *self.shape = Shape::Integer;
        visitor.visit_u64(1)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        *self.shape = Shape::Number;
        visitor.visit_f64(1.0)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        *self.shape = Shape::Text;
        visitor.visit_str("x")
    }

    integers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8 deserialize_u16 deserialize_u32
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        let mut item = Shape::default();
        let path = format!("{}[]", self.path);
        let one = Some(Probe { shape: &mut item, path, omitted: self.omitted });
        let value = visitor.visit_seq(One(one))?;
        *self.shape = Shape::List(Box::new(item));
        Ok(value)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        let mut item = Shape::default();
        let path = join(&self.path, "*");
        let one = Some(Probe { shape: &mut item, path, omitted: self.omitted });
        let value = visitor.visit_map(One(one))?;
        *self.shape = Shape::Map(Box::new(item));
        Ok(value)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        if name == SPANNED {
            return visitor.visit_map(Placed { inner: Some(self), fields: fields.iter() });
        }
        let mut keys = Vec::new();
        let table = Keys { fields: fields.iter(), name: "", found: &mut keys, probe: &self };
        let value = visitor.visit_map(table)?;
        *self.shape = Shape::Table(keys);
        Ok(value)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Unfit> {
        Err(Unfit::custom("no value of the file is a tuple"))
    }

    forward_to_deserialize_any! {
        i128 u128 char bytes byte_buf unit unit_struct tuple_struct enum identifier ignored_any
    }
}

/// The one item of a list or of a map.
struct One<'a>(Option<Probe<'a>>);

impl<'de> de::SeqAccess<'de> for One<'_> {
    type Error = Unfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Unfit> {
        self.0.take().map(|it| seed.deserialize(it)).transpose()
    }
}

impl<'de> MapAccess<'de> for One<'_> {
    type Error = Unfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Unfit> {
        let Some(probe) = &self.0 else { return Ok(None) };
        let mut name = Shape::default();
        let path = probe.path.clone();
        let key = Probe { shape: &mut name, path, omitted: probe.omitted };
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Unfit> {
        seed.deserialize(self.0.take().expect("a value follows its key"))
    }
}

/// A value with its place: the place is of no interest.
struct Placed<'a> {
    inner: Option<Probe<'a>>,
    fields: std::slice::Iter<'static, &'static str>,
}

impl<'de> MapAccess<'de> for Placed<'_> {
    type Error = Unfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Unfit> {
        let field = self.fields.next();
        field.map(|it| seed.deserialize(BorrowedStrDeserializer::new(it))).transpose()
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Unfit> {
        match (self.fields.len(), self.inner.take()) {
            (0, Some(inner)) => seed.deserialize(inner),
            (_, inner) => {
                self.inner = inner;
                seed.deserialize(U64Deserializer::new(0))
            }
        }
    }
}

/// All keys of a table, one after the other.
struct Keys<'a, 'p> {
    fields: std::slice::Iter<'static, &'static str>,
    name: &'static str,
    found: &'a mut Vec<Key>,
    probe: &'a Probe<'p>,
}

impl<'de> MapAccess<'de> for Keys<'_, '_> {
    type Error = Unfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Unfit> {
        let Probe { path, omitted, .. } = self.probe;
        let mut wanted = self.fields.by_ref().filter(|it| join(path, it) != *omitted);
        let Some(name) = wanted.next() else { return Ok(None) };
        self.name = name;
        seed.deserialize(BorrowedStrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Unfit> {
        let mut shape = Shape::default();
        let path = join(&self.probe.path, self.name);
        let probe = Probe { shape: &mut shape, path, omitted: self.probe.omitted };
        let value = seed.deserialize(probe)?;
        self.found.push(Key { name: self.name.to_owned(), required: false, shape });
        Ok(value)
    }
}
