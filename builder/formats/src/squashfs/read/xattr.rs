//! Extended attributes.

use std::collections::BTreeMap;

use super::super::error::Error;
use super::super::format::{
    Fields, NONE_U32, NONE_U64, XATTR_ENTRY_LEN, XATTR_PREFIXES, XATTR_VALUE_ELSEWHERE,
};
use super::limits::Budget;
use super::metadata::{Cursor, Metadata};

const WHAT: &str = "xattr table";

/// The table of sets of extended attributes.
#[derive(Debug, Default)]
pub(super) struct XattrTable {
    /// Where the names and values begin.
    start: u64,
    /// Reference, number of attributes and size of each set.
    sets: Vec<(u64, u32)>,
}

impl XattrTable {
    /// Reads the index of the table at `offset` (`NONE_U64` for none).
    pub(super) fn read(metadata: &mut Metadata<'_>, offset: u64) -> Result<Self, Error> {
        if offset == NONE_U64 {
            return Ok(Self::default());
        }
        let mut header = Fields(metadata.slice(WHAT, offset, 16)?);
        let start = header.u64().unwrap_or_default();
        let count = header.u32().unwrap_or_default();
        let bytes = metadata.indexed_table(
            WHAT,
            offset.saturating_add(16),
            u64::from(count) * XATTR_ENTRY_LEN as u64,
        )?;
        let sets = bytes
            .chunks_exact(XATTR_ENTRY_LEN)
            .map(|entry| {
                let mut fields = Fields(entry);
                (
                    fields.u64().unwrap_or_default(),
                    fields.u32().unwrap_or_default(),
                )
            })
            .collect();
        Ok(Self { start, sets })
    }

    /// The set with this index (`NONE_U32` for none).
    pub(super) fn get(
        &self,
        metadata: &mut Metadata<'_>,
        index: u32,
        budget: &mut Budget,
    ) -> Result<BTreeMap<Vec<u8>, Vec<u8>>, Error> {
        let mut set = BTreeMap::new();
        if index == NONE_U32 {
            return Ok(set);
        }
        let (reference, count) = *self
            .sets
            .get(index as usize)
            .ok_or_else(|| Error::Corrupt {
                offset: self.start,
                what: WHAT,
                why: format!("set {index} of {} is asked for", self.sets.len()),
            })?;
        let mut at = Cursor::from_reference(WHAT, self.start, reference)?;
        for _ in 0..count {
            let head: [u8; 4] = metadata.array(&mut at)?;
            let mut fields = Fields(&head);
            let kind = fields.u16().unwrap_or_default();
            let len = fields.u16().unwrap_or_default();
            let prefix = XATTR_PREFIXES
                .get(usize::from(kind & 0xFF))
                .ok_or_else(|| at.corrupt(format!("attribute of unknown type {kind}")))?;
            budget.take(u64::from(len) + 32)?;
            let mut name = prefix.to_vec();
            name.extend(metadata.read(&mut at, usize::from(len))?);
            let mut value = read_value(metadata, &mut at, budget)?;
            if kind & XATTR_VALUE_ELSEWHERE != 0 {
                // What stands here is a reference to the value.
                let reference = Fields(&value).u64().filter(|_| value.len() == 8);
                let reference =
                    reference.ok_or_else(|| at.corrupt("reference to a value is not 8 bytes"))?;
                let mut there = Cursor::from_reference(WHAT, self.start, reference)?;
                value = read_value(metadata, &mut there, budget)?;
            }
            set.insert(name, value);
        }
        Ok(set)
    }
}

fn read_value(
    metadata: &mut Metadata<'_>,
    at: &mut Cursor,
    budget: &mut Budget,
) -> Result<Vec<u8>, Error> {
    let len = u32::from_le_bytes(metadata.array(at)?);
    budget.take(u64::from(len))?;
    metadata.read(at, len as usize)
}
