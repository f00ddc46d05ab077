//! What serde has to say about a profile, kept as data so that it can be said well.

use std::fmt;

use serde::de::{Expected, Unexpected};

use super::path::{KeyPath, Segment};
use super::secrets::LITERAL;

/// An error of serde, with the way to the value that caused it.
#[derive(Debug)]
pub(crate) struct DecodeError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    problem: Problem,
    /// From the value up to the root.
    path: Vec<Segment>,
    at_key: bool,
}

/// What serde did not like.
#[derive(Debug, Clone)]
pub(crate) enum Problem {
    /// A key that the table may not have.
    UnknownKey(String),
    /// A word that is none of the choices.
    UnknownWord {
        found: String,
        expected: &'static [&'static str],
    },
    /// A key that the table must have.
    Missing(&'static str),
    /// A value of the wrong kind.
    WrongKind { found: String, expected: String },
    /// A plain text where a reference to a secret is wanted.
    LiteralSecret,
    /// Anything else, such as the message of a type's own check.
    Other(String),
}

impl DecodeError {
    fn new(problem: Problem) -> Self {
        Self(Box::new(Inner {
            problem,
            path: Vec::new(),
            at_key: false,
        }))
    }

    /// On its way up past this step.
    pub(crate) fn below(mut self, segment: Segment) -> Self {
        self.0.path.push(segment);
        self
    }

    /// It is about this key, not about its value.
    pub(crate) fn at_key(mut self, key: &str) -> Self {
        self.0.at_key = true;
        self.below(Segment::Key(key.to_owned()))
    }

    /// The problem, the path, and whether it is about the key at the path's end.
    pub(crate) fn into_parts(self) -> (Problem, KeyPath, bool) {
        let Inner {
            problem,
            mut path,
            at_key,
        } = *self.0;
        path.reverse();
        (problem, path.into(), at_key)
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0.problem)
    }
}

impl std::error::Error for DecodeError {}

impl serde::de::Error for DecodeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(Problem::Other(message.to_string()))
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_value(found, expected)
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(match found {
            Unexpected::Other(LITERAL) => Problem::LiteralSecret,
            _ => Problem::WrongKind {
                found: describe(found),
                expected: plain(&expected.to_string()),
            },
        })
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        Self::new(Problem::WrongKind {
            found: format!("a list of {length}"),
            expected: plain(&expected.to_string()),
        })
    }

    fn unknown_variant(found: &str, expected: &'static [&'static str]) -> Self {
        Self::new(Problem::UnknownWord {
            found: found.to_owned(),
            expected,
        })
    }

    fn unknown_field(field: &str, _: &'static [&'static str]) -> Self {
        Self::new(Problem::UnknownKey(field.to_owned()))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(Problem::Missing(field))
    }
}

/// What was found, in the words of TOML. Texts are not shown: the excerpt shows them, unless they may be secret.
fn describe(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(truth) => format!("`{truth}`"),
        Unexpected::Unsigned(number) => format!("the number {number}"),
        Unexpected::Signed(number) => format!("the number {number}"),
        Unexpected::Float(number) => format!("the number {number}"),
        Unexpected::Str(_) | Unexpected::Char(_) | Unexpected::Bytes(_) => "a string".to_owned(),
        Unexpected::Seq | Unexpected::TupleVariant => "a list".to_owned(),
        Unexpected::Map | Unexpected::StructVariant => "a table".to_owned(),
        Unexpected::Unit | Unexpected::Option => "nothing".to_owned(),
        Unexpected::UnitVariant => "a word".to_owned(),
        Unexpected::NewtypeStruct | Unexpected::NewtypeVariant | Unexpected::Enum => {
            "another kind of value".to_owned()
        }
        Unexpected::Other(what) => what.to_owned(),
    }
}

/// What serde expects, in the words of TOML.
fn plain(expected: &str) -> String {
    let range = |low: i128, high: i128| format!("a whole number from {low} to {high}");
    match expected {
        "a sequence" => "a list".to_owned(),
        "a map" => "a table".to_owned(),
        "u8" => range(0, u8::MAX.into()),
        "u16" => range(0, u16::MAX.into()),
        "u32" => range(0, u32::MAX.into()),
        "i8" => range(i8::MIN.into(), i8::MAX.into()),
        "i16" => range(i16::MIN.into(), i16::MAX.into()),
        "i32" => range(i32::MIN.into(), i32::MAX.into()),
        "u64" | "usize" | "u128" => "a whole number, not negative".to_owned(),
        "i64" | "isize" | "i128" => "a whole number".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        other if other.starts_with("struct ") => "a table".to_owned(),
        other if other.contains(" enum ") || other.starts_with("enum ") => "a word".to_owned(),
        other => other.to_owned(),
    }
}
