//! What is wrong with a package's source, and where.

use std::fmt;
use std::ops::Range;

use thiserror::Error;

use crate::failure::{Class, Failure};

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file, line and column as `hello/package.toml:3:1`; a path alone where it is no text.
    pub place: String,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// All that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// This alone.
    pub fn one(place: impl fmt::Display, what: impl Into<String>) -> Self {
        Self(vec![Problem {
            place: place.to_string(),
            what: what.into(),
        }])
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, problem) in self.0.iter().enumerate() {
            if number > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Self::new(Class::Profile, problems)
    }
}

/// A text and how messages call it.
#[derive(Debug)]
pub(super) struct Text<'a> {
    /// Its name.
    pub name: String,
    /// Its content.
    pub text: &'a str,
}

impl Text<'_> {
    /// `name:line:column`, the column in characters, both from 1.
    pub(super) fn place(&self, span: &Range<usize>) -> String {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default();
        format!("{}:{line}:{}", self.name, column.chars().count() + 1)
    }
}
