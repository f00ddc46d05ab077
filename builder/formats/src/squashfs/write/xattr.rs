//! The table of extended attributes.

use std::collections::{BTreeMap, HashMap};

use super::super::error::WriteError;
use super::super::format::{NONE_U32, NONE_U64, XATTR_PREFIXES};
use super::super::options::{Options, Xattrs};
use super::metadata::{MetadataWriter, indexed_table};
use super::press::Press;
use super::scan::Scan;

type Set = BTreeMap<Vec<u8>, Vec<u8>>;

/// The different sets of extended attributes of a tree.
#[derive(Default)]
pub(super) struct XattrSets<'t> {
    sets: Vec<&'t Set>,
    /// For each node, the number of its set.
    of_node: Vec<u32>,
}

/// Refuses attributes that squashfs has no form for.
pub(super) fn check(set: &Set) -> Result<(), String> {
    for (name, value) in set {
        let shown = String::from_utf8_lossy(name);
        let Some((_, rest)) = split(name) else {
            return Err(format!(
                "attribute `{shown}`: only user.*, trusted.* and security.* can be stored; remove it"
            ));
        };
        if rest.is_empty() || name.len() > 255 {
            return Err(format!(
                "attribute `{shown}` has a name of senseless length"
            ));
        }
        if value.len() > 0xFFFF {
            return Err(format!(
                "attribute `{shown}` has {} bytes; at most 65535 can be stored",
                value.len()
            ));
        }
    }
    Ok(())
}

/// The type on disk and the name without its prefix.
fn split(name: &[u8]) -> Option<(u16, &[u8])> {
    (0..)
        .zip(XATTR_PREFIXES)
        .find_map(|(kind, prefix)| Some((kind, name.strip_prefix(prefix)?)))
}

impl<'t> XattrSets<'t> {
    pub(super) fn collect(scan: &Scan<'t>, options: &Options) -> Self {
        let mut sets = Self::default();
        if options.xattrs == Xattrs::Drop {
            return sets;
        }
        let mut index = HashMap::new();
        for node in &scan.nodes {
            let set = &node.inode.meta.xattrs;
            let number = if set.is_empty() {
                NONE_U32
            } else {
                *index.entry(set).or_insert_with(|| {
                    sets.sets.push(set);
                    sets.sets.len() as u32 - 1
                })
            };
            sets.of_node.push(number);
        }
        sets
    }

    /// The number of the set of the node with this index; `NONE_U32` for none.
    pub(super) fn of(&self, node: usize) -> u32 {
        self.of_node.get(node).copied().unwrap_or(NONE_U32)
    }

    /// Appends the table; gives the offset that goes into the superblock.
    pub(super) fn write(&self, press: &Press<'_>, out: &mut Vec<u8>) -> Result<u64, WriteError> {
        if self.sets.is_empty() {
            return Ok(NONE_U64);
        }
        let mut pairs = MetadataWriter::new(press);
        let mut entries = Vec::new();
        for set in &self.sets {
            let reference = pairs.position();
            let mut names = 0;
            for (name, value) in *set {
                let Some((kind, rest)) = split(name) else {
                    continue;
                };
                pairs.push(&kind.to_le_bytes())?;
                pairs.push(&(rest.len() as u16).to_le_bytes())?;
                pairs.push(rest)?;
                pairs.push(&(value.len() as u32).to_le_bytes())?;
                pairs.push(value)?;
                names += name.len() as u32 + 1;
            }
            entries.extend(reference.to_le_bytes());
            entries.extend((set.len() as u32).to_le_bytes());
            entries.extend(names.to_le_bytes());
        }
        let start = out.len() as u64;
        let (bytes, _) = pairs.finish()?;
        out.extend(bytes);
        // The table's head stands between the entries and their index.
        let mut tail = Vec::new();
        let index = indexed_table(press, &entries, out)?;
        tail.extend(out.drain(index as usize..));
        out.extend(start.to_le_bytes());
        out.extend((self.sets.len() as u32).to_le_bytes());
        out.extend(0u32.to_le_bytes());
        out.extend(tail);
        Ok(index)
    }
}
