//! Compressed blocks of a donor image, to be taken over unchanged.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::codec::Codec;

/// Hash of the uncompressed bytes of a block or of a file's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Digest(pub(super) [u8; 32]);

impl Digest {
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }
}

/// Where a block is in the donor image.
#[derive(Debug, Clone, Copy)]
pub(super) struct SeedBlock {
    pub(super) start: usize,
    pub(super) len: usize,
    /// Stored as it is, because it did not compress.
    pub(super) raw: bool,
}

/// The compressed blocks of an image that was read with [`read_donor`](super::read_donor).
///
/// A [`Writer`](super::Writer) that is given them takes over every block whose uncompressed bytes are still
/// the same, and keeps together in one fragment block what was together in the donor's. The image written
/// then depends on the donor as well, and still on nothing else: donor blocks are looked up before the cache
/// and never put into it.
#[derive(Debug, Clone)]
pub struct Seeds {
    pub(super) codec: Codec,
    pub(super) block_size: u32,
    /// The largest xz dictionary its blocks need.
    pub(super) dict_size: u32,
    image: Arc<[u8]>,
    blocks: HashMap<Digest, SeedBlock>,
    /// For each fragment block that is full of used parts: these parts, in order.
    groups: Vec<Vec<Digest>>,
}

impl Seeds {
    pub(super) fn new(codec: Codec, block_size: u32, dict_size: u32, image: &[u8]) -> Self {
        Self {
            codec,
            block_size,
            dict_size,
            image: image.into(),
            blocks: HashMap::new(),
            groups: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, digest: Digest, block: SeedBlock) {
        self.blocks.entry(digest).or_insert(block);
    }

    /// Remembers what lies together in a fragment block, if the parts (offset and length) cover all of it.
    pub(super) fn add_group(&mut self, parts: &BTreeSet<(u32, u64)>, fragment: &[u8]) {
        let mut end = 0;
        let mut group = Vec::new();
        for (offset, len) in parts {
            let start = *offset as usize;
            let part = fragment.get(start..start.saturating_add(*len as usize));
            match part {
                Some(part) if start == end => {
                    group.push(Digest::of(part));
                    end += part.len();
                }
                _ => return,
            }
        }
        if end == fragment.len() {
            self.groups.push(group);
        }
    }

    /// The compressed form of the block with this digest; `None` inside when it is stored as it is.
    pub(super) fn get(&self, digest: &Digest) -> Option<Option<&[u8]>> {
        let block = self.blocks.get(digest)?;
        let data = self.image.get(block.start..block.start + block.len)?;
        Some((!block.raw).then_some(data))
    }

    pub(super) fn groups(&self) -> &[Vec<Digest>] {
        &self.groups
    }
}
