//! Directory listings.

use super::super::error::Error;
use super::super::format::{DIR_HEADER_ENTRIES, DIR_SIZE_BIAS, Fields};
use super::inode::DirRef;
use super::limits::Budget;
use super::metadata::{Cursor, Metadata};

/// One name in a directory.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: Vec<u8>,
    /// The basic inode type.
    pub(super) kind: u16,
    /// Where the inode is: block offset within the inode table, then 16 bits within the block.
    pub(super) reference: u64,
}

/// All entries of the directory.
pub(super) fn read(
    metadata: &mut Metadata<'_>,
    table: u64,
    dir: DirRef,
    budget: &mut Budget,
) -> Result<Vec<Entry>, Error> {
    let reference = (u64::from(dir.block) << 16) | u64::from(dir.offset);
    let mut at = Cursor::from_reference("directory table", table, reference)?;
    let mut left = u64::from(dir.size.saturating_sub(DIR_SIZE_BIAS));
    let mut entries = Vec::new();
    while left > 0 {
        let header: [u8; 12] = metadata.array(&mut at)?;
        let mut fields = Fields(&header);
        let count = fields.u32().unwrap_or_default() as usize + 1;
        let block = u64::from(fields.u32().unwrap_or_default());
        if count > DIR_HEADER_ENTRIES {
            return Err(at.corrupt(format!("directory header with {count} entries")));
        }
        left = take(left, 12, &at)?;
        for _ in 0..count {
            let entry: [u8; 8] = metadata.array(&mut at)?;
            let mut fields = Fields(&entry);
            let offset = fields.u16().unwrap_or_default();
            let _number = fields.u16();
            let kind = fields.u16().unwrap_or_default();
            let len = usize::from(fields.u16().unwrap_or_default()) + 1;
            left = take(left, 8 + len as u64, &at)?;
            budget.take(1)?;
            let name = metadata.read(&mut at, len)?;
            check_name(&name).map_err(|why| {
                at.corrupt(format!("name `{}` {why}", String::from_utf8_lossy(&name)))
            })?;
            entries.push(Entry {
                name,
                kind,
                reference: (block << 16) | u64::from(offset),
            });
        }
    }
    Ok(entries)
}

fn take(left: u64, len: u64, at: &Cursor) -> Result<u64, Error> {
    left.checked_sub(len)
        .ok_or_else(|| at.corrupt("directory listing is longer than its inode says"))
}

fn check_name(name: &[u8]) -> Result<(), &'static str> {
    if name.len() > 255 {
        Err("is longer than 255 bytes")
    } else if name == b"." || name == b".." {
        Err("is not allowed")
    } else if name.contains(&b'/') || name.contains(&0) {
        Err("holds a slash or a NUL")
    } else {
        Ok(())
    }
}
