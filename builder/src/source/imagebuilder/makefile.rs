//! Values in makefiles and kconfig files.

use std::collections::BTreeMap;

/// `CONFIG_X="value"` and `CONFIG_X=y`, without the quotes.
pub(super) fn config(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let pairs = lines.filter_map(|line| line.split_once('='));
    pairs
        .map(|(key, value)| {
            let value = value.trim();
            let inside = value
                .strip_prefix('"')
                .and_then(|rest| rest.strip_suffix('"'));
            (key.trim().to_owned(), inside.unwrap_or(value).to_owned())
        })
        .collect()
}

/// The value of `NAME:=value`, unless it is worked out from others.
pub(super) fn variable(text: &str, name: &str) -> Option<String> {
    let mut lines = text.lines().map(str::trim_end);
    let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(":="))?;
    let value = value.trim();
    (!value.is_empty() && !value.contains('$')).then(|| value.to_owned())
}

/// The hash that ImageBuilder's making wrote in place of "unknown".
pub(super) fn vermagic(text: &str) -> Option<String> {
    let lines = text
        .lines()
        .filter(|line| line.contains("LINUX_VERMAGIC:="));
    let mut words = lines.flat_map(|line| line.split(|c: char| !c.is_ascii_alphanumeric()));
    let hash = |word: &&str| word.len() == 32 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    words.find(hash).map(str::to_owned)
}
