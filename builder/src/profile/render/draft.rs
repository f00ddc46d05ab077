//! Writing UCI sections.

use openwrt_formats::uci::{Config, EditError, Section, Value};

/// A configuration being written.
#[derive(Debug, Default)]
pub(super) struct Draft(Config);

/// A section being written; the first error is kept for the end.
#[derive(Debug)]
pub(super) struct Part(Result<Section, EditError>);

impl Draft {
    /// Adds a section.
    pub(super) fn push(&mut self, part: Part) -> Result<(), EditError> {
        self.0.push(part.0?)
    }

    /// The configuration.
    pub(super) fn finish(self) -> Config {
        self.0
    }
}

impl Part {
    /// A section without a name.
    pub(super) fn new(kind: &str) -> Self {
        Self(Section::new(kind))
    }

    /// A section with a name.
    pub(super) fn named(kind: &str, name: impl Into<String>) -> Self {
        Self(Section::named(kind, name))
    }

    /// Sets an option. An empty value leaves it out.
    pub(super) fn set(self, option: &str, value: impl Into<Value>) -> Self {
        Self(self.0.and_then(|section| section.with(option, value)))
    }

    /// Sets an option that has a value.
    pub(super) fn maybe(self, option: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.set(option, value.to_string()),
            None => self,
        }
    }

    /// Sets an option to 1 when `flag` holds.
    pub(super) fn flag(self, option: &str, flag: bool) -> Self {
        if flag { self.set(option, true) } else { self }
    }

    /// Sets a list; an empty one is left out.
    pub(super) fn list<T: ToString>(
        self,
        option: &str,
        items: impl IntoIterator<Item = T>,
    ) -> Self {
        self.set(
            option,
            items
                .into_iter()
                .map(|item| item.to_string())
                .collect::<Value>(),
        )
    }
}
