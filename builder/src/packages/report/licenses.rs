//! The licences in an image.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::Component;

/// For every licence the packages under it, in the order of their names; then those whose licence is not known. A package whose maker
/// names several is under each.
pub fn licenses(components: &[Component]) -> String {
    let mut by_license: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let mut unknown = Vec::new();
    for one in components {
        let names = names(one.license.as_deref().unwrap_or_default());
        if names.is_empty() {
            unknown.push(one.name.as_str());
        }
        for name in names {
            by_license.entry(name).or_default().push(&one.name);
        }
    }
    let mut text = String::new();
    let mut section = |title: &str, packages: &mut Vec<&str>| {
        packages.sort_unstable();
        packages.dedup();
        // Writing to a text cannot fail.
        let _ = writeln!(text, "{title}\n  {}\n", packages.join("\n  "));
    };
    for (license, mut packages) in by_license {
        section(&license, &mut packages);
    }
    if !unknown.is_empty() {
        section("Unknown: the package does not say", &mut unknown);
    }
    text
}

/// The licences that a text names: its words, or the whole where it is an expression (`MIT OR Apache-2.0`).
pub(super) fn names(text: &str) -> Vec<String> {
    let text = text.trim();
    if is_expression(text) {
        return vec![text.to_owned()];
    }
    let words = text.split([' ', ',', '\t']).filter(|word| !word.is_empty());
    let mut words: Vec<_> = words.map(str::to_owned).collect();
    words.sort();
    words.dedup();
    words
}

/// Whether it joins licences by SPDX's words.
pub(super) fn is_expression(text: &str) -> bool {
    let mut words = text.split(|letter: char| letter.is_whitespace() || "()".contains(letter));
    words.any(|word| ["AND", "OR", "WITH"].contains(&word))
}
