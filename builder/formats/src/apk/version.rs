//! apk's versions and their order.
//!
//! Source: apk-tools' `src/version.c` and `test/unit/version.data`.
//!
//! ```text
//! number { "." number } [ letter ] { "_" suffix [ number ] } [ "~" hash ] [ "-r" number ]
//! suffix     alpha beta pre rc     earlier than the version without
//!            cvs svn git hg p      later than the version without
//! hash       hexadecimal digits in lower case
//! ```
//!
//! Two versions are compared part by part. Where they first differ in the kind of part, the one with the kind named first
//! in the line above is the later one, and the end comes last; but a suffix for something earlier makes the earlier one.
//! Numbers behind a "." are compared as texts if one of them begins with 0, hashes always.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use super::Error;

/// A version that apk takes. Equal are those that apk takes for equal: "1" and "01" are.
#[derive(Debug, Clone)]
pub struct Version(String);

impl Version {
    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this version is `base` with anything more behind it, as apk's `~` means it: 3.6.1-r2 is within 3.6.
    pub fn is_within(&self, base: &Self) -> bool {
        compare(&self.0, &base.0, true) == Ordering::Equal
    }

    /// How this version stands to `base` when everything within `base` counts as equal.
    pub fn cmp_within(&self, base: &Self) -> Ordering {
        compare(&self.0, &base.0, true)
    }
}

impl FromStr for Version {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let mut parts = Parts::new(text);
        loop {
            match parts.next() {
                Part::End => return Ok(Self(text.into())),
                Part::Invalid => return Err(Error::Version(text.into())),
                _ => {}
            }
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        compare(&self.0, &other.0, false)
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Version {}

fn compare(a: &str, b: &str, within: bool) -> Ordering {
    let (mut a, mut b) = (Parts::new(a), Parts::new(b));
    loop {
        let (left, right) = (a.next(), b.next());
        let order = match (left, right) {
            (Part::First(left), Part::First(right))
            | (Part::SuffixNumber(left), Part::SuffixNumber(right))
            | (Part::Revision(left), Part::Revision(right)) => numbers(left, right),
            (Part::Number(left), Part::Number(right)) => {
                if left.starts_with('0') || right.starts_with('0') {
                    left.cmp(right)
                } else {
                    numbers(left, right)
                }
            }
            (Part::Letter(left), Part::Letter(right)) => left.cmp(&right),
            (Part::Suffix(left), Part::Suffix(right)) => left.cmp(&right),
            (Part::Hash(left), Part::Hash(right)) => left.cmp(right),
            (Part::End, Part::End) | (Part::Invalid, Part::Invalid) => return Ordering::Equal,
            (_, Part::End) if within => return Ordering::Equal,
            (left, right) => return kinds(left, right),
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// Numbers of any length, which are digits only.
fn numbers(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

/// The order of two versions that are equal up to these parts of different kinds.
fn kinds(a: Part<'_>, b: Part<'_>) -> Ordering {
    match (a.is_earlier(), b.is_earlier()) {
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        // What may come sooner in a version makes it later.
        _ => b.rank().cmp(&a.rank()),
    }
}

/// A part of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part<'a> {
    First(&'a str),
    Number(&'a str),
    Letter(u8),
    /// Its place in [`SUFFIXES`].
    Suffix(usize),
    SuffixNumber(&'a str),
    Hash(&'a str),
    Revision(&'a str),
    End,
    Invalid,
}

impl Part<'_> {
    fn rank(self) -> u8 {
        match self {
            Self::First(_) => 0,
            Self::Number(_) => 1,
            Self::Letter(_) => 2,
            Self::Suffix(_) => 3,
            Self::SuffixNumber(_) => 4,
            Self::Hash(_) => 5,
            Self::Revision(_) => 6,
            Self::End => 7,
            Self::Invalid => 8,
        }
    }

    fn is_earlier(self) -> bool {
        matches!(self, Self::Suffix(place) if place < EARLIER)
    }
}

/// All suffixes, earlier ones first.
const SUFFIXES: [&str; 9] = ["alpha", "beta", "pre", "rc", "cvs", "svn", "git", "hg", "p"];
/// How many of them come before the version without.
const EARLIER: usize = 4;

/// The parts of a version one by one; after the end or an error always that.
struct Parts<'a> {
    rest: &'a str,
    /// The rank of the last part; before the first there is none.
    last: Option<u8>,
}

impl<'a> Parts<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            rest: text,
            last: None,
        }
    }

    fn next(&mut self) -> Part<'a> {
        let part = self.parse().unwrap_or(Part::Invalid);
        self.last = Some(part.rank());
        part
    }

    /// `None` where the text is no version.
    fn parse(&mut self) -> Option<Part<'a>> {
        let Some(last) = self.last else {
            return self.digits().map(Part::First);
        };
        let Some(next) = self.rest.bytes().next() else {
            return (last <= Part::End.rank()).then_some(Part::End);
        };
        match (next, last) {
            (b'a'..=b'z', 0..=1) => {
                self.rest = self.rest.get(1..)?;
                Some(Part::Letter(next))
            }
            (b'.', 0..=1) => {
                self.rest = self.rest.get(1..)?;
                self.digits().map(Part::Number)
            }
            (b'0'..=b'9', 3) => self.digits().map(Part::SuffixNumber),
            (b'_', 0..=4) => {
                self.rest = self.rest.get(1..)?;
                let name = self.take(|byte| byte.is_ascii_lowercase());
                SUFFIXES
                    .iter()
                    .position(|suffix| *suffix == name)
                    .map(Part::Suffix)
            }
            (b'~', 0..=4) => {
                self.rest = self.rest.get(1..)?;
                let hash = self.take(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
                (!hash.is_empty()).then_some(Part::Hash(hash))
            }
            (b'-', 0..=5) => {
                self.rest = self.rest.strip_prefix("-r")?;
                self.digits().map(Part::Revision)
            }
            _ => None,
        }
    }

    fn digits(&mut self) -> Option<&'a str> {
        let digits = self.take(|byte| byte.is_ascii_digit());
        (!digits.is_empty()).then_some(digits)
    }

    /// What follows of bytes like this, all of which are ASCII.
    fn take(&mut self, like: impl Fn(u8) -> bool) -> &'a str {
        let end = self.rest.bytes().position(|byte| !like(byte));
        let (taken, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        taken
    }
}
