//! Lets a type that is being decoded learn where its value is written.

use std::borrow::Cow;
use std::cell::RefCell;
use std::ops::Deref;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};

use super::diagnostics::Diagnostic;
use super::source::{Origin, Place};

thread_local! {
    /// Places of the values being decoded on this thread, the innermost last.
    static OPEN: RefCell<Vec<Option<Place>>> = const { RefCell::new(Vec::new()) };
}

/// Runs `decode` while [`current`] gives this place.
pub(crate) fn within<R>(place: Option<&Place>, decode: impl FnOnce() -> R) -> R {
    /// Takes the place away again even if a type's `Deserialize` panics.
    struct Closer;
    impl Drop for Closer {
        fn drop(&mut self) {
            OPEN.with_borrow_mut(|open| open.pop());
        }
    }
    OPEN.with_borrow_mut(|open| open.push(place.cloned()));
    let _closer = Closer;
    decode()
}

/// The place of the innermost value being decoded; `None` when it is not a profile that is decoded.
pub(crate) fn current() -> Option<Place> {
    OPEN.with_borrow(|open| open.last().cloned().flatten())
}

/// A value that remembers where in the profile it is written.
///
/// Use it for paths, which are relative to the file that says them, and wherever a later check wants to point at the
/// value. Inside `#[serde(flatten)]`, untagged and internally tagged types serde hides the exact place: there it is that of
/// the value around.
#[derive(Debug, Clone)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    place: Option<Place>,
}

impl<T> Placed<T> {
    /// Where it is written; `None` if it was not decoded from a profile.
    pub fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }

    /// File, line, column and layer.
    pub fn origin(&self) -> Option<Origin> {
        self.place.as_ref().map(Place::origin)
    }

    /// An error that points at it. `help` may be empty.
    pub fn error(&self, message: impl Into<String>, help: impl Into<String>) -> Diagnostic {
        let error = Diagnostic::error(message).help(help);
        match &self.place {
            Some(place) => error.at(place, ""),
            None => error,
        }
    }
}

impl<T> Deref for Placed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// Equal if the values are, wherever they are written.
impl<T: PartialEq> PartialEq for Placed<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T> From<T> for Placed<T> {
    fn from(value: T) -> Self {
        Self { value, place: None }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Placed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The profile's deserializer opened this value's place before it came here.
        let place = current();
        let value = T::deserialize(deserializer)?;
        Ok(Self { value, place })
    }
}

impl<T: JsonSchema> JsonSchema for Placed<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}
