//! Tables of metadata blocks.

use super::super::error::WriteError;
use super::super::format::{METADATA_LEN, METADATA_RAW};
use super::press::Press;

/// A table under construction: bytes go in, compressed blocks come out.
pub(super) struct MetadataWriter<'p, 'a> {
    press: &'p Press<'a>,
    out: Vec<u8>,
    /// Where each block in `out` begins.
    starts: Vec<u64>,
    /// Less than a block.
    pending: Vec<u8>,
}

impl<'p, 'a> MetadataWriter<'p, 'a> {
    pub(super) fn new(press: &'p Press<'a>) -> Self {
        Self {
            press,
            out: Vec::new(),
            starts: Vec::new(),
            pending: Vec::with_capacity(METADATA_LEN),
        }
    }

    /// Where the next byte will be: the offset of its block in the table shifted by 16, and its offset in the block.
    pub(super) fn position(&self) -> u64 {
        ((self.out.len() as u64) << 16) | self.pending.len() as u64
    }

    pub(super) fn push(&mut self, mut bytes: &[u8]) -> Result<(), WriteError> {
        while !bytes.is_empty() {
            let room = METADATA_LEN - self.pending.len();
            let (part, rest) = bytes.split_at(room.min(bytes.len()));
            self.pending.extend_from_slice(part);
            if self.pending.len() == METADATA_LEN {
                self.flush()?;
            }
            bytes = rest;
        }
        Ok(())
    }

    /// The finished table, and where each of its blocks begins.
    pub(super) fn finish(mut self) -> Result<(Vec<u8>, Vec<u64>), WriteError> {
        if !self.pending.is_empty() {
            self.flush()?;
        }
        Ok((self.out, self.starts))
    }

    fn flush(&mut self) -> Result<(), WriteError> {
        self.starts.push(self.out.len() as u64);
        match self.press.metadata(&self.pending)? {
            Some(packed) => {
                self.out.extend((packed.len() as u16).to_le_bytes());
                self.out.extend(packed);
            }
            None => {
                let header = METADATA_RAW | self.pending.len() as u16;
                self.out.extend(header.to_le_bytes());
                self.out.extend_from_slice(&self.pending);
            }
        }
        self.pending.clear();
        Ok(())
    }
}

/// Appends a table and then its index (the offset of each block); gives the offset of the index.
pub(super) fn indexed_table(
    press: &Press<'_>,
    content: &[u8],
    out: &mut Vec<u8>,
) -> Result<u64, WriteError> {
    let mut table = MetadataWriter::new(press);
    table.push(content)?;
    let (bytes, starts) = table.finish()?;
    let base = out.len() as u64;
    out.extend(bytes);
    let index = out.len() as u64;
    out.extend(starts.iter().flat_map(|start| (base + start).to_le_bytes()));
    Ok(index)
}
