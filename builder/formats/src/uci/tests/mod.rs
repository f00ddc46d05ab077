//! Tests of reading, writing, addressing and changing configurations.

mod editing;
mod errors;
mod fixtures;
mod random;
mod reading;

use super::{Config, SectionRef, parse};

/// The configuration in a text that must be right.
fn config(text: &str) -> Config {
    parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The section reference in a text that must be right.
fn at(text: &str) -> SectionRef {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}
