//! Lengths of images that a script in the FIT states, as GL.iNet's factory images have them (OpenWrt's `gl-qsdk-factory`).
//!
//! U-Boot's numbers are hexadecimal, with or without `0x`.

use std::ops::Range;

/// Numbers below this are not taken for lengths of images.
const LEAST: usize = 0x1_0000;

/// A number of a script that is the length of another image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated {
    /// Which item is the script.
    pub script: usize,
    /// Where its digits are in the script.
    pub digits: Range<usize>,
    /// Whose length it is.
    pub of: usize,
}

/// The numbers in `text`, the item `script`, that are lengths of other items.
pub(super) fn stated(script: usize, text: &[u8], lens: &[usize]) -> Vec<Stated> {
    let mut found = Vec::new();
    let mut at = 0;
    for word in text.split(|b| !b.is_ascii_alphanumeric() && *b != b'_') {
        let start = at;
        at += word.len() + 1;
        let digits = word.strip_prefix(b"0x").unwrap_or(word);
        let value = std::str::from_utf8(digits).ok();
        let value = value.and_then(|digits| usize::from_str_radix(digits, 16).ok());
        let Some(value) = value.filter(|value| *value >= LEAST) else {
            continue;
        };
        if let Some(of) = lens.iter().position(|len| *len == value) {
            let end = start + word.len();
            found.push(Stated {
                script,
                digits: end - digits.len()..end,
                of,
            });
        }
    }
    found
}

/// The item `script` with the lengths that it states made anew.
pub(super) fn restate(script: usize, text: &[u8], stated: &[Stated], lens: &[usize]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut done = 0;
    for number in stated.iter().filter(|number| number.script == script) {
        let old = text.get(number.digits.clone()).unwrap_or_default();
        let len = lens.get(number.of).copied().unwrap_or_default();
        // Leading zeros say that it has a fixed width.
        let width = if old.starts_with(b"0") { old.len() } else { 1 };
        let upper = old.iter().any(u8::is_ascii_uppercase);
        let new = if upper {
            format!("{len:0width$X}")
        } else {
            format!("{len:0width$x}")
        };
        out.extend_from_slice(text.get(done..number.digits.start).unwrap_or_default());
        out.extend_from_slice(new.as_bytes());
        done = number.digits.end;
    }
    out.extend_from_slice(text.get(done..).unwrap_or_default());
    out
}
