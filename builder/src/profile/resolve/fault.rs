//! What is wrong with a profile, gathered so that one run tells everything.

use crate::profile::diagnostics::Diagnostic;
use crate::profile::merged::Merged;
use crate::profile::path::KeyPath;

/// Why a single value is wrong, without its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Fault {
    /// A fault without advice.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            help: None,
        }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// What is wrong with the value at a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The key. It may be absent from the profile, when that is the problem.
    pub key: KeyPath,
    /// What is wrong and what to do.
    pub fault: Fault,
}

impl Problem {
    /// As a message that points into the profile's files.
    pub fn diagnose(&self, merged: &Merged) -> Diagnostic {
        let help = self.fault.help.clone().unwrap_or_default();
        merged.error_at(&self.key, self.fault.message.clone(), help)
    }
}

/// The problems found so far.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<Problem>);

impl Problems {
    /// Notes a problem.
    pub(super) fn add(&mut self, key: KeyPath, fault: Fault) {
        self.0.push(Problem { key, fault });
    }

    /// The value, or a note of why there is none.
    pub(super) fn take<T>(&mut self, key: KeyPath, result: Result<T, Fault>) -> Option<T> {
        result.map_err(|fault| self.add(key, fault)).ok()
    }

    /// Reads an optional text with `parse`.
    pub(super) fn read<T>(
        &mut self,
        key: KeyPath,
        text: Option<&str>,
        parse: impl FnOnce(&str) -> Result<T, Fault>,
    ) -> Option<T> {
        self.take(key, parse(text?))
    }

    /// Reads a list with `parse`, element by element.
    pub(super) fn read_list<T>(
        &mut self,
        key: &KeyPath,
        list: Option<&Vec<String>>,
        parse: impl Fn(&str) -> Result<T, Fault>,
    ) -> Vec<T> {
        let items = list.into_iter().flatten().enumerate();
        items
            .filter_map(|(at, text)| self.take(key.index(at), parse(text)))
            .collect()
    }

    /// Checks that a number lies in a range.
    pub(super) fn range<T: PartialOrd + std::fmt::Display + Copy>(
        &mut self,
        key: KeyPath,
        value: Option<T>,
        range: std::ops::RangeInclusive<T>,
        unit: &str,
    ) -> Option<T> {
        let value = value?;
        if range.contains(&value) {
            return Some(value);
        }
        self.add(
            key,
            Fault::new(format!(
                "{value} is out of range: {} to {}{unit}",
                range.start(),
                range.end()
            )),
        );
        None
    }

    /// All of them; empty is good.
    pub(super) fn into_vec(self) -> Vec<Problem> {
        self.0
    }
}
