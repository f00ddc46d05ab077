//! Metadata blocks: reading across them, each decompressed once.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::codec::Codec;
use super::super::error::Error;
use super::super::format::{Fields, METADATA_LEN, METADATA_RAW};
use super::limits::Budget;

/// The metadata blocks of one image.
pub(super) struct Metadata<'a> {
    /// The image up to `bytes_used`.
    image: &'a [u8],
    codec: Codec,
    /// Decompressed blocks by offset, each with the offset of the block after it.
    blocks: HashMap<u64, (Arc<[u8]>, u64)>,
    budget: Budget,
}

/// A place in a table: the offset of a metadata block in the image, and an offset in that block after decompression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) what: &'static str,
    pub(super) block: u64,
    pub(super) offset: usize,
}

impl Cursor {
    /// The place that a 48-bit reference (block offset within the table, then 16 bits within the block) names.
    pub(super) fn from_reference(
        what: &'static str,
        table: u64,
        reference: u64,
    ) -> Result<Self, Error> {
        let block = table
            .checked_add(reference >> 16)
            .ok_or_else(|| Error::Corrupt {
                offset: table,
                what,
                why: format!("reference {reference:#x} is out of range"),
            })?;
        Ok(Self {
            what,
            block,
            offset: (reference & 0xFFFF) as usize,
        })
    }

    pub(super) fn corrupt(&self, why: impl Into<String>) -> Error {
        Error::Corrupt {
            offset: self.block,
            what: self.what,
            why: why.into(),
        }
    }
}

impl<'a> Metadata<'a> {
    pub(super) fn new(image: &'a [u8], codec: Codec, limit: u64) -> Self {
        Self {
            image,
            codec,
            blocks: HashMap::new(),
            budget: Budget::new("metadata", "bytes", limit),
        }
    }

    /// The next `len` bytes; the cursor moves behind them.
    pub(super) fn read(&mut self, at: &mut Cursor, len: usize) -> Result<Vec<u8>, Error> {
        let mut out = Vec::new();
        let mut missing = len;
        while missing > 0 {
            let (block, next) = self.block(at)?;
            let rest = block
                .get(at.offset..)
                .ok_or_else(|| at.corrupt(format!("offset {} is past its end", at.offset)))?;
            let part = rest.get(..missing).unwrap_or(rest);
            out.extend_from_slice(part);
            missing -= part.len();
            at.offset += part.len();
            if missing > 0 {
                at.block = next;
                at.offset = 0;
            }
        }
        Ok(out)
    }

    /// As [`Metadata::read`], for a length known at compile time.
    pub(super) fn array<const N: usize>(&mut self, at: &mut Cursor) -> Result<[u8; N], Error> {
        let bytes = self.read(at, N)?;
        bytes.try_into().map_err(|_| at.corrupt("ends too early"))
    }

    /// All of the block at the cursor.
    pub(super) fn whole(&mut self, at: &Cursor) -> Result<Arc<[u8]>, Error> {
        Ok(self.block(at)?.0)
    }

    /// The block at the cursor, decompressed, and the offset of the one after it.
    fn block(&mut self, at: &Cursor) -> Result<(Arc<[u8]>, u64), Error> {
        if let Some(known) = self.blocks.get(&at.block) {
            return Ok(known.clone());
        }
        self.budget.take(METADATA_LEN as u64)?;
        let header = self.slice(at.what, at.block, 2)?;
        let header = Fields(header).u16().unwrap_or_default();
        let stored = u64::from(header & !METADATA_RAW);
        let start = at.block + 2;
        let data = self.slice(at.what, start, stored)?;
        if stored == 0 || stored > METADATA_LEN as u64 {
            return Err(at.corrupt(format!("its length {stored} is not 1 to {METADATA_LEN}")));
        }
        let block: Arc<[u8]> = if header & METADATA_RAW != 0 {
            data.into()
        } else {
            let mut out = vec![0; METADATA_LEN];
            let len = self
                .codec
                .decompress(data, &mut out)
                .map_err(|why| at.corrupt(format!("does not decompress: {why}")))?;
            out.truncate(len);
            out.into()
        };
        if block.is_empty() {
            return Err(at.corrupt("is empty"));
        }
        let known = (block, start + stored);
        self.blocks.insert(at.block, known.clone());
        Ok(known)
    }

    /// Bytes of the image.
    pub(super) fn slice(
        &self,
        what: &'static str,
        offset: u64,
        len: u64,
    ) -> Result<&'a [u8], Error> {
        slice(self.image, what, offset, len)
    }

    /// The bytes of a table that has an index: at `index`, the offsets of its metadata blocks.
    pub(super) fn indexed_table(
        &mut self,
        what: &'static str,
        index: u64,
        len: u64,
    ) -> Result<Vec<u8>, Error> {
        // An index may name one block many times over, which costs nothing but this.
        self.budget.take(len)?;
        let blocks = len.div_ceil(METADATA_LEN as u64);
        let offsets = self.slice(what, index, blocks.saturating_mul(8))?;
        let mut offsets = Fields(offsets);
        let mut out = Vec::new();
        let mut missing = len;
        while missing > 0 {
            let mut at = Cursor {
                what,
                block: offsets.u64().unwrap_or(u64::MAX),
                offset: 0,
            };
            let part = missing.min(METADATA_LEN as u64);
            out.extend(self.read(&mut at, part as usize)?);
            missing -= part;
        }
        Ok(out)
    }
}

/// `len` bytes of the image from `offset` on.
pub(super) fn slice<'a>(
    image: &'a [u8],
    what: &'static str,
    offset: u64,
    len: u64,
) -> Result<&'a [u8], Error> {
    let end = offset.saturating_add(len);
    usize::try_from(offset)
        .ok()
        .zip(usize::try_from(end).ok())
        .and_then(|(start, end)| image.get(start..end))
        .ok_or(Error::Truncated {
            what,
            end,
            have: image.len() as u64,
        })
}
