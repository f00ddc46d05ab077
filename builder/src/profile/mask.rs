//! Keeps what may be a secret out of what `clom` prints.
//!
//! A profile holds references, not secrets. But the mistake that has to be reported may be just that a secret was
//! written down, and reports end up in CI logs. So values of keys that sound secret are hidden in every excerpt.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::path::KeyPath;
use super::secrets::is_reference;
use super::value::Scalar;

/// What stands in place of a hidden value, in TOML.
pub(crate) const HIDDEN: &str = "\"(hidden)\"";

/// Whether a key of this name usually holds a secret.
pub(crate) fn sounds_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let public = key.contains("public") || key.ends_with("pub");
    let parts = ["pass", "psk", "secret", "token", "private", "credential"];
    !public && (key == "key" || parts.iter().any(|part| key.contains(part)))
}

/// Whether this value at this path must not be printed.
pub(crate) fn must_hide(path: &KeyPath, value: &Scalar) -> bool {
    match value {
        Scalar::Boolean(_) => false,
        Scalar::String(text) if is_reference(text) => false,
        _ => path.last_key().is_some_and(sounds_secret),
    }
}

/// The byte ranges of a text that hold values of keys that sound secret: as TOML has it, and, since the text may be no
/// TOML, as its lines look.
pub(crate) fn secret_ranges(text: &str) -> Vec<Range<usize>> {
    let (root, _) = DeTable::parse_recoverable(text);
    let mut ranges = Vec::new();
    in_table(root.get_ref(), &mut ranges);
    in_lines(text, &mut ranges);
    ranges
}

fn in_table(table: &DeTable<'_>, ranges: &mut Vec<Range<usize>>) {
    for (key, value) in table {
        in_value(value, sounds_secret(key.get_ref()), ranges);
    }
}

/// A list of secrets is as secret as one; a table of that name may hold harmless things.
fn in_value(value: &Spanned<DeValue<'_>>, secret: bool, ranges: &mut Vec<Range<usize>>) {
    match value.get_ref() {
        DeValue::Table(table) => in_table(table, ranges),
        DeValue::Array(items) => items.iter().for_each(|item| in_value(item, secret, ranges)),
        DeValue::Boolean(_) => {}
        DeValue::String(text) if is_reference(text) => {}
        _ if secret => ranges.push(value.span()),
        _ => {}
    }
}

fn in_lines(text: &str, ranges: &mut Vec<Range<usize>>) {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let mut from = 0;
        while let Some(found) = line.get(from..).and_then(|rest| rest.find('=')) {
            let equals = from + found;
            from = equals + 1;
            let key = last_word(line.get(..equals).unwrap_or(""));
            if !sounds_secret(key) {
                continue;
            }
            let value = value_range(line, from);
            let written = line.get(value.clone()).unwrap_or("");
            let plain = matches!(written, "" | "true" | "false");
            if !plain && !is_reference(written.trim_matches(['"', '\''])) {
                ranges.push(start + value.start..start + value.end);
            }
            from = value.end;
        }
        start += line.len();
    }
}

/// The key before an `=`: the last bare or quoted word.
fn last_word(before: &str) -> &str {
    let before = before.trim_end().trim_end_matches(['"', '\'']);
    let start = before
        .rfind(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-')))
        .map_or(0, |at| {
            at + before
                .get(at..)
                .and_then(|s| s.chars().next())
                .map_or(1, char::len_utf8)
        });
    before.get(start..).unwrap_or("")
}

/// From `from`: the quoted text, or the bare word up to a comma, a bracket or the line's end; blank for a table or list.
fn value_range(line: &str, from: usize) -> Range<usize> {
    let rest = line.get(from..).unwrap_or("");
    let start = from + (rest.len() - rest.trim_start().len());
    let rest = line.get(start..).unwrap_or("");
    let end = match rest.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            let closing = rest.rfind(quote).filter(|&at| at > 0);
            closing.map_or(rest.trim_end().len(), |at| at + 1)
        }
        Some('{' | '[') | None => 0,
        Some(_) => rest.find([',', '}', ']', '\n', '#']).unwrap_or(rest.len()),
    };
    start..start + rest.get(..end).unwrap_or("").trim_end().len()
}

/// The text with these byte ranges blotted out; every other byte keeps its place.
pub(crate) fn blot(text: &str, ranges: &[Range<usize>]) -> String {
    let hidden = |at: usize| ranges.iter().any(|range| range.contains(&at));
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        if hidden(at) && c != '\n' {
            out.extend(std::iter::repeat_n('*', c.len_utf8()));
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> String {
        blot(text, &secret_ranges(text))
    }

    #[test]
    fn hides_literals_and_keeps_references() {
        assert_eq!(masked("psk = \"abc\" # x"), "psk = ***** # x");
        assert_eq!(masked("psk = \"env:X\""), "psk = \"env:X\"");
        assert_eq!(
            masked("a = { password = 'x', b = 1 }"),
            "a = { password = ***, b = 1 }"
        );
        assert_eq!(masked("token = 12345, x"), "token = *****, x");
        assert_eq!(
            masked("wifi.\"key\" = \"é\"\nb = 2"),
            "wifi.\"key\" = ****\nb = 2"
        );
        assert_eq!(masked("key = \"unclosed"), "key = *********");
        assert_eq!(masked("public_key = \"AAAA\""), "public_key = \"AAAA\"");
        assert_eq!(masked("key = \"a#b\""), "key = *****");
        assert_eq!(
            masked("psk = [\n\"a\",\n\"env:B\"]"),
            "psk = [\n***,\n\"env:B\"]"
        );
        assert_eq!(masked("psk = \"\"\"\nab\nc\"\"\""), "psk = ***\n**\n****");
        assert_eq!(masked("password = false"), "password = false");
    }

    #[test]
    fn lists_and_tables_are_not_values() {
        assert_eq!(masked("key = { a = 1 }"), "key = { a = 1 }");
        assert_eq!(masked("[key]\na = \"b\""), "[key]\na = \"b\"");
    }

    proptest::proptest! {
        #[test]
        fn never_panics_and_keeps_length(text in "(key|psk|a|=|\"|'| |\\{|\n|é|,|#)*") {
            proptest::prop_assert_eq!(masked(&text).len(), text.len());
        }
    }
}
