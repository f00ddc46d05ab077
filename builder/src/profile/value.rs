//! The values of one layer as they were written, each with its place.

use std::fmt;

use indexmap::IndexMap;

use super::source::Place;

/// A value that holds no other values.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// Text.
    String(String),
    /// A whole number.
    Integer(i64),
    /// A number.
    Float(f64),
    /// `true` or `false`.
    Boolean(bool),
    /// A TOML date or time, as text.
    Datetime(String),
}

impl Scalar {
    /// `a string`: what it is, for messages.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::String(_) => "a string",
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a float",
            Self::Boolean(_) => "a boolean",
            Self::Datetime(_) => "a date or time",
        }
    }

    /// Its text, if it is text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }
}

/// A text in double quotes on one line, as both TOML and JSON write it.
pub(crate) fn quote(text: &str) -> String {
    // TOML wants one character more escaped than JSON does.
    serde_json::Value::from(text)
        .to_string()
        .replace('\u{7f}', "\\u007f")
}

/// As TOML writes it, on one line.
impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String(text) => f.write_str(&quote(text)),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Float(number) => write!(f, "{}", toml::Value::Float(*number)),
            Self::Boolean(truth) => write!(f, "{truth}"),
            Self::Datetime(text) => f.write_str(text),
        }
    }
}

/// A value of any kind.
#[derive(Debug, Clone)]
pub enum Value {
    /// One that holds no others.
    Scalar(Scalar),
    /// A list, or an array of tables.
    List(Vec<Item>),
    /// A table.
    Table(Table),
}

impl Value {
    /// `a list`: what it is, for messages.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Scalar(scalar) => scalar.type_name(),
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

/// A value and its place.
#[derive(Debug, Clone)]
pub struct Item {
    /// The value.
    pub value: Value,
    /// Where it is written.
    pub place: Place,
}

/// A key's value, and where the key is written.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Where the key is written.
    pub key: Place,
    /// Its value.
    pub item: Item,
}

/// Keys in the order written.
pub type Table = IndexMap<String, Entry>;
