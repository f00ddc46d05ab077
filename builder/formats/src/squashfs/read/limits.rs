//! How much memory an image may take.

use super::super::error::Error;

/// How much an image may hold. What is counted are the bytes in memory, each shared block once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of file content, fragment blocks and extended attributes.
    pub content: u64,
    /// Bytes of metadata after decompression.
    pub metadata: u64,
    /// Directory entries.
    pub entries: u64,
    /// Entries of block lists (holes included).
    pub blocks: u64,
    /// How deep directories may be nested.
    pub depth: u32,
}

impl Limits {
    /// Limits for an image of this many bytes: 100 times its size, at least 256 MiB and at most 4 GiB of content.
    pub fn for_image(len: usize) -> Self {
        Self {
            content: (len as u64).saturating_mul(100).clamp(256 << 20, 4 << 30),
            metadata: (len as u64).saturating_mul(50).clamp(16 << 20, 256 << 20),
            entries: 2_000_000,
            blocks: 16_000_000,
            depth: 1000,
        }
    }
}

/// What of a limit is left.
#[derive(Debug)]
pub(super) struct Budget {
    what: &'static str,
    unit: &'static str,
    limit: u64,
    left: u64,
}

impl Budget {
    pub(super) fn new(what: &'static str, unit: &'static str, limit: u64) -> Self {
        Self {
            what,
            unit,
            limit,
            left: limit,
        }
    }

    /// Takes `amount`, or refuses.
    pub(super) fn take(&mut self, amount: u64) -> Result<(), Error> {
        self.left = self.left.checked_sub(amount).ok_or_else(|| Error::TooBig {
            what: self.what,
            limit: format!("{} {}", self.limit, self.unit),
        })?;
        Ok(())
    }
}
