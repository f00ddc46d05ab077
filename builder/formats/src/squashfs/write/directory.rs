//! Directory listings.

use super::super::format::{DIR_HEADER_ENTRIES, METADATA_LEN};

/// One name, with what its inode is and where.
pub(super) struct Entry<'t> {
    pub(super) name: &'t [u8],
    /// Inode number.
    pub(super) number: u32,
    /// The basic inode type.
    pub(super) kind: u16,
    /// Block offset in the inode table shifted by 16, and offset in the block.
    pub(super) reference: u64,
}

/// A listing, and where its headers are.
pub(super) struct Listing<'t> {
    pub(super) bytes: Vec<u8>,
    /// For each header: its offset in the listing, and the first name after it.
    pub(super) headers: Vec<(u32, &'t [u8])>,
}

/// Lays out entries that are sorted by name.
pub(super) fn listing<'t>(entries: &[Entry<'t>]) -> Listing<'t> {
    let mut out = Listing {
        bytes: Vec::new(),
        headers: Vec::new(),
    };
    let mut rest = entries;
    while let Some(first) = rest.first() {
        let mut len = 12;
        let fits = |entry: &&Entry<'_>| {
            len += 8 + entry.name.len();
            let delta = i64::from(entry.number) - i64::from(first.number);
            entry.reference >> 16 == first.reference >> 16
                && i16::try_from(delta).is_ok()
                && len <= METADATA_LEN
        };
        let count = rest
            .iter()
            .take(DIR_HEADER_ENTRIES)
            .take_while(fits)
            .count()
            .max(1);
        let (group, more) = rest.split_at(count);
        out.headers.push((out.bytes.len() as u32, first.name));
        out.bytes.extend((count as u32 - 1).to_le_bytes());
        out.bytes
            .extend(((first.reference >> 16) as u32).to_le_bytes());
        out.bytes.extend(first.number.to_le_bytes());
        for entry in group {
            let delta = entry.number.wrapping_sub(first.number) as u16;
            out.bytes.extend((entry.reference as u16).to_le_bytes());
            out.bytes.extend(delta.to_le_bytes());
            out.bytes.extend(entry.kind.to_le_bytes());
            out.bytes
                .extend((entry.name.len() as u16 - 1).to_le_bytes());
            out.bytes.extend(entry.name);
        }
        rest = more;
    }
    out
}
