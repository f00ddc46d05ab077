//! Who wrote a value: its whole history through the layers.

use super::source::{LayerId, Origin, Place};

/// What a layer did to a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Set it first, or anew after a lower layer had set it.
    Set,
    /// Put elements into the list.
    Added,
    /// Took elements out of the list.
    Removed,
    /// Wrote keys into the table.
    Opened,
}

impl Action {
    /// `set`, `added to`, ...: for messages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Opened => "opened",
        }
    }
}

/// One thing that one layer did to a value.
#[derive(Debug, Clone)]
pub struct Change {
    /// What was done.
    pub action: Action,
    /// Where the key is written; for an element of a list the same as `value`.
    pub key: Place,
    /// Where the value is written.
    pub value: Place,
    /// The value as this layer wrote it, in TOML on one line.
    pub written: String,
    /// The `[[when]]` block that it stands in, if it does.
    pub condition: Option<Place>,
}

impl Change {
    /// The layer that did it.
    pub fn layer(&self) -> &LayerId {
        self.value.file().layer()
    }

    /// File, line and column of the key.
    pub fn origin(&self) -> Origin {
        self.key.origin()
    }
}
