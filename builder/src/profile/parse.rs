//! Reads one TOML file into [values](super::value) that know their places.

use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostics::{Diagnostic, Diagnostics};
use super::source::{Place, SourceFile};
use super::value::{Entry, Item, Scalar, Table, Value};

/// The tables of a layer's text.
///
/// # Errors
/// Each thing in it that is no TOML.
pub(super) fn parse(file: &Arc<SourceFile>) -> Result<Table, Diagnostics> {
    let (root, errors) = DeTable::parse_recoverable(file.text());
    let mut problems: Diagnostics = errors.iter().map(|error| syntax(file, error)).collect();
    let root = table(file, root.into_inner(), &mut problems);
    problems.or(root)
}

fn syntax(file: &Arc<SourceFile>, error: &toml::de::Error) -> Diagnostic {
    let place = Place::new(file, error.span().unwrap_or(0..0));
    Diagnostic::error(format!("not valid TOML: {}", error.message())).at(&place, "")
}

fn table(file: &Arc<SourceFile>, table: DeTable<'_>, problems: &mut Diagnostics) -> Table {
    let entries = table.into_iter().map(|(key, value)| {
        let entry = Entry {
            key: Place::new(file, key.span()),
            item: item(file, value, problems),
        };
        (key.into_inner().into_owned(), entry)
    });
    entries.collect()
}

fn item(file: &Arc<SourceFile>, value: Spanned<DeValue<'_>>, problems: &mut Diagnostics) -> Item {
    let place = Place::new(file, value.span());
    let value = match value.into_inner() {
        DeValue::Table(inner) => Value::Table(table(file, inner, problems)),
        DeValue::Array(inner) => {
            let items = inner.into_iter().map(|value| item(file, value, problems));
            Value::List(items.collect())
        }
        other => Value::Scalar(scalar(other).unwrap_or_else(|message| {
            problems.push(Diagnostic::error(message).at(&place, ""));
            Scalar::Integer(0)
        })),
    };
    Item { value, place }
}

/// Numbers may be written in ways that do not fit; then the message says so.
fn scalar(value: DeValue<'_>) -> Result<Scalar, String> {
    Ok(match value {
        DeValue::String(text) => Scalar::String(text.into_owned()),
        DeValue::Boolean(truth) => Scalar::Boolean(truth),
        DeValue::Datetime(time) => Scalar::Datetime(time.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map(Scalar::Integer)
            .map_err(|_| "the number is too big: it must fit in 64 bits with a sign".to_owned())?,
        DeValue::Float(number) => number
            .as_str()
            .parse()
            .map(Scalar::Float)
            .map_err(|_| "not a number".to_owned())?,
        DeValue::Array(_) | DeValue::Table(_) => return Err("not a plain value".to_owned()),
    })
}
