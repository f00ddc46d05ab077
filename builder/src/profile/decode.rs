//! Turns the merged profile into typed values by serde, with every error at its place.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess,
    SeqAccess, Unexpected, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::decode_error::{DecodeError, Problem};
use super::decode_report::report;
use super::diagnostics::Diagnostics;
use super::merged::{Content, Merged, Node};
use super::path::{KeyPath, Segment};
use super::placed;
use super::shape::Shape;
use super::value::Scalar;

/// A profile with more problems than this is not looked at further.
const MOST_PROBLEMS: usize = 100;

impl Merged {
    /// The profile as a typed value.
    ///
    /// All problems are found in one go: each is reported, then left out, and decoding begins anew.
    ///
    /// # Errors
    /// Each key that `T` does not know and each value that it does not take, with its place and a suggestion.
    pub fn decode<T: DeserializeOwned + JsonSchema>(&self) -> Result<T, Diagnostics> {
        let mut root = self.root.clone();
        let mut problems = Diagnostics::new();
        let mut shape = None;
        loop {
            let error = match T::deserialize(Cursor(&root)) {
                Ok(value) => return problems.or(value),
                Err(error) => error,
            };
            let shape = shape.get_or_insert_with(Shape::of::<T>);
            let (problem, path, at_key) = error.into_parts();
            let (path, at_key) = refine(&root, &problem, path, at_key);
            // What follows from a value that was left out is no news.
            let consequence = matches!(problem, Problem::Missing(_) | Problem::Other(_))
                && node_at(&root, &path).is_some_and(something_left_out);
            if !consequence {
                problems.push(report(&root, &problem, &path, at_key, shape));
            }
            let done = path.is_root() || problems.len() >= MOST_PROBLEMS;
            if done || !leave_out(&mut root, &path) {
                return Err(problems);
            }
        }
    }
}

/// Serde reads some kinds of types in two passes and then loses the key: find it again.
fn refine(root: &Node, problem: &Problem, path: KeyPath, at_key: bool) -> (KeyPath, bool) {
    match problem {
        Problem::UnknownKey(key) if !at_key => {
            let below = path.key(key);
            match node_at(root, &below) {
                Some(_) => (below, true),
                None => (path, at_key),
            }
        }
        _ => (path, at_key),
    }
}

fn node_at<'a>(root: &'a Node, path: &KeyPath) -> Option<&'a Node> {
    path.segments()
        .iter()
        .try_fold(root, |node, step| node.child(step))
}

/// Leaves the value at a path out; false if it was, so that decoding always ends.
fn leave_out(root: &mut Node, path: &KeyPath) -> bool {
    let mut node = root;
    for step in path.segments() {
        match node.child_mut(step) {
            Some(child) => node = child,
            None => return false,
        }
    }
    !std::mem::replace(&mut node.left_out, true)
}

fn something_left_out(node: &Node) -> bool {
    node.left_out
        || match &node.content {
            Content::Scalar(_) => false,
            Content::List(list) => list.items.iter().any(something_left_out),
            Content::Table(table) => table.values().any(something_left_out),
        }
}

/// Reads one value.
#[derive(Clone, Copy)]
struct Cursor<'a>(&'a Node);

impl<'a> Cursor<'a> {
    fn unexpected(self) -> Unexpected<'a> {
        match &self.0.content {
            Content::Scalar(Scalar::String(text) | Scalar::Datetime(text)) => Unexpected::Str(text),
            Content::Scalar(Scalar::Integer(number)) => Unexpected::Signed(*number),
            Content::Scalar(Scalar::Float(number)) => Unexpected::Float(*number),
            Content::Scalar(Scalar::Boolean(truth)) => Unexpected::Bool(*truth),
            Content::List(_) => Unexpected::Seq,
            Content::Table(_) => Unexpected::Map,
        }
    }
}

impl<'de> Deserializer<'de> for Cursor<'_> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.0.content {
            Content::Scalar(Scalar::String(text) | Scalar::Datetime(text)) => {
                visitor.visit_str(text)
            }
            Content::Scalar(Scalar::Integer(number)) => visitor.visit_i64(*number),
            Content::Scalar(Scalar::Float(number)) => visitor.visit_f64(*number),
            Content::Scalar(Scalar::Boolean(truth)) => visitor.visit_bool(*truth),
            Content::List(list) => visitor.visit_seq(Elements {
                items: list.items.iter().enumerate(),
            }),
            Content::Table(table) => visitor.visit_map(Keys {
                entries: table.iter(),
                value: None,
            }),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match &self.0.content {
            Content::Scalar(Scalar::String(word)) => {
                visitor.visit_enum(word.as_str().into_deserializer())
            }
            Content::Table(table) => {
                let mut there = table.iter().filter(|(_, value)| !value.left_out);
                match (there.next(), there.next()) {
                    (Some((word, value)), None) => visitor.visit_enum(Choice { word, value }),
                    _ => Err(serde::de::Error::invalid_value(
                        Unexpected::Map,
                        &"a table with exactly one key",
                    )),
                }
            }
            _ => Err(serde::de::Error::invalid_type(self.unexpected(), &visitor)),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct identifier
    }
}

struct Elements<'a, I: Iterator<Item = (usize, &'a Node)>> {
    items: I,
}

impl<'de, 'a, I: Iterator<Item = (usize, &'a Node)>> SeqAccess<'de> for Elements<'a, I> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DecodeError> {
        let Some((index, node)) = self.items.find(|(_, node)| !node.left_out) else {
            return Ok(None);
        };
        placed::within(node.place(), || seed.deserialize(Cursor(node)))
            .map(Some)
            .map_err(|error| error.below(Segment::Index(index)))
    }
}

struct Keys<'a, I: Iterator<Item = (&'a String, &'a Node)>> {
    entries: I,
    value: Option<(&'a str, &'a Node)>,
}

impl<'de, 'a, I: Iterator<Item = (&'a String, &'a Node)>> MapAccess<'de> for Keys<'a, I> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, DecodeError> {
        let Some((key, node)) = self.entries.find(|(_, node)| !node.left_out) else {
            return Ok(None);
        };
        self.value = Some((key, node));
        let text: StrDeserializer<'_, DecodeError> = key.as_str().into_deserializer();
        placed::within(node.key_place(), || seed.deserialize(text))
            .map(Some)
            .map_err(|error| error.at_key(key))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<S::Value, DecodeError> {
        let Some((key, node)) = self.value.take() else {
            return Err(serde::de::Error::custom(
                "a value was asked for before its key",
            ));
        };
        placed::within(node.place(), || seed.deserialize(Cursor(node)))
            .map_err(|error| error.below(Segment::Key(key.to_owned())))
    }
}

/// A choice with a value: `{ word = value }`.
struct Choice<'a> {
    word: &'a str,
    value: &'a Node,
}

impl<'a, 'de> EnumAccess<'de> for Choice<'a> {
    type Error = DecodeError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Self), DecodeError> {
        let word: StrDeserializer<'a, DecodeError> = self.word.into_deserializer();
        let choice = seed
            .deserialize(word)
            .map_err(|error| error.at_key(self.word))?;
        Ok((choice, self))
    }
}

impl Choice<'_> {
    fn read<R>(
        self,
        read: impl FnOnce(Cursor<'_>) -> Result<R, DecodeError>,
    ) -> Result<R, DecodeError> {
        placed::within(self.value.place(), || read(Cursor(self.value)))
            .map_err(|error| error.below(Segment::Key(self.word.to_owned())))
    }
}

impl<'de> VariantAccess<'de> for Choice<'_> {
    type Error = DecodeError;

    fn unit_variant(self) -> Result<(), DecodeError> {
        self.read(|cursor| <()>::deserialize(cursor))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<T::Value, DecodeError> {
        self.read(|cursor| seed.deserialize(cursor))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, DecodeError> {
        self.read(|cursor| cursor.deserialize_any(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.read(|cursor| cursor.deserialize_any(visitor))
    }
}
