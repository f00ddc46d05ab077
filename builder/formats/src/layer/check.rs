//! What an image says of itself.

use std::fmt::Write as _;

/// A checksum that a format states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What it is and what it covers, such as `CRC-32 of the data`.
    pub what: &'static str,
    /// Where it stands; bytes from the start of the format's own image.
    pub at: u64,
    /// The value in the image, in hexadecimal digits.
    pub stored: String,
    /// The value it should have.
    pub computed: String,
}

impl Check {
    /// A checksum that is a number.
    pub fn number(
        what: &'static str,
        at: usize,
        stored: impl Into<u64>,
        computed: impl Into<u64>,
    ) -> Self {
        let (stored, computed) = (stored.into(), computed.into());
        let width = if stored.max(computed) > u64::from(u16::MAX) {
            8
        } else {
            4
        };
        Self {
            what,
            at: at as u64,
            stored: format!("{stored:0width$x}"),
            computed: format!("{computed:0width$x}"),
        }
    }

    /// A checksum that is a string of bytes.
    pub fn digest(what: &'static str, at: usize, stored: &[u8], computed: &[u8]) -> Self {
        Self {
            what,
            at: at as u64,
            stored: hex(stored),
            computed: hex(computed),
        }
    }

    /// Whether it holds.
    pub fn holds(&self) -> bool {
        self.stored == self.computed
    }
}

/// Something a format states, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What it is, in a few words.
    pub name: &'static str,
    /// Its value.
    pub value: String,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
