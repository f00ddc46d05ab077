//! Versions and their order.

use std::cmp::Ordering;
use std::fmt;

/// A version: `[EPOCH:]VERSION[-REVISION]`.
///
/// The order is that of opkg, which has it from dpkg: epochs by number, then versions, then revisions (what is behind the last dash)
/// by text and digits in turns. In a text `~` is before the end, the end before letters, and letters before all else; digits are a number.
/// Unlike dpkg, opkg takes any text for a version, and an epoch that is no number for 0. Versions are equal when none is
/// before the other: `1.0` and `1.00` are.
#[derive(Debug, Clone)]
pub struct Version(String);

impl Version {
    /// A version, white space around it left out.
    pub fn new(text: &str) -> Self {
        Self(text.trim_ascii().to_owned())
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Epoch, version and revision.
    fn parts(&self) -> (u32, &[u8], &[u8]) {
        let (epoch, rest) = match self.0.split_once(':') {
            Some((epoch, rest)) => (number(epoch), rest),
            None => (0, self.0.as_str()),
        };
        let (version, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
        (epoch, version.as_bytes(), revision.as_bytes())
    }
}

/// The number that a text begins with, 0 without.
fn number(text: &str) -> u32 {
    let text = text.trim_ascii_start();
    let end = text.bytes().position(|byte| !byte.is_ascii_digit());
    let digits = text.get(..end.unwrap_or(text.len())).unwrap_or_default();
    match digits {
        "" => 0,
        digits => digits.parse().unwrap_or(u32::MAX),
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let (a, b) = (self.parts(), other.parts());
        a.0.cmp(&b.0)
            .then_with(|| compare(a.1, b.1))
            .then_with(|| compare(a.2, b.2))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Version {}

/// Where a byte that is no digit stands; the end of a text is 0, like a digit.
fn weight(byte: Option<&u8>) -> i32 {
    match byte {
        Some(b'~') => -1,
        None | Some(b'0'..=b'9') => 0,
        Some(letter) if letter.is_ascii_alphabetic() => i32::from(*letter),
        Some(other) => i32::from(*other) + 256,
    }
}

/// Texts and numbers in turns.
fn compare(mut a: &[u8], mut b: &[u8]) -> Ordering {
    while !a.is_empty() || !b.is_empty() {
        while !is_number(a) || !is_number(b) {
            let order = weight(a.first()).cmp(&weight(b.first()));
            if order.is_ne() {
                return order;
            }
            // The same weight: neither is at its end before the other, as the end weighs what no other such byte does.
            (a, b) = (
                a.get(1..).unwrap_or_default(),
                b.get(1..).unwrap_or_default(),
            );
        }
        let (first, second);
        (first, a) = digits(a);
        (second, b) = digits(b);
        let order = first.len().cmp(&second.len()).then(first.cmp(second));
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

/// Whether no text is left before the next number, if there is one.
fn is_number(text: &[u8]) -> bool {
    text.first().is_none_or(u8::is_ascii_digit)
}

/// The number at the start, without leading zeros, and what is behind it.
fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    let zeros = text.iter().take_while(|byte| **byte == b'0').count();
    let text = text.get(zeros..).unwrap_or_default();
    let len = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    text.split_at_checked(len).unwrap_or_default()
}
