//! File content: data blocks and fragment blocks, decompressed on all cores.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::super::codec::Codec;
use super::super::error::Error;
use super::super::format::{DATA_RAW, FRAGMENT_ENTRY_LEN, Fields};
use super::super::parallel;
use super::super::seeds::{Digest, SeedBlock, Seeds};
use super::inode::FileRef;
use super::limits::Budget;
use super::metadata::{Metadata, slice};
use crate::tree::Content;

const DATA: &str = "data block";
const FRAGMENT: &str = "fragment block";

/// What is needed to read file content.
#[derive(Debug)]
pub(super) struct Source<'a> {
    /// The image up to `bytes_used`.
    pub(super) image: &'a [u8],
    pub(super) codec: Codec,
    pub(super) block_size: u32,
    pub(super) fragments: Vec<Block>,
}

/// A stored block: where it is and its size word (bit 24: not compressed).
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    start: u64,
    word: u32,
}

impl Block {
    fn stored(self) -> u64 {
        u64::from(self.word & (DATA_RAW - 1))
    }

    fn corrupt(self, what: &'static str, why: impl Into<String>) -> Error {
        Error::Corrupt {
            offset: self.start,
            what,
            why: why.into(),
        }
    }

    fn seed(self) -> SeedBlock {
        SeedBlock {
            start: self.start as usize,
            len: self.stored() as usize,
            raw: self.word & DATA_RAW != 0,
        }
    }
}

/// What fills a part of an extent.
#[derive(Debug, Clone, Copy)]
enum Piece {
    Block(Block),
    /// Bytes from this offset on of the fragment block with this index.
    Fragment(u32, u32),
}

/// A run of file content without holes, yet to be filled.
#[derive(Debug, Default)]
struct Extent {
    offset: u64,
    len: u64,
    /// With the length of each.
    pieces: Vec<(Piece, u64)>,
}

/// Reads the fragment table.
pub(super) fn fragment_table(
    metadata: &mut Metadata<'_>,
    offset: u64,
    count: u32,
) -> Result<Vec<Block>, Error> {
    let len = u64::from(count) * FRAGMENT_ENTRY_LEN as u64;
    let bytes = metadata.indexed_table("fragment table", offset, len)?;
    let blocks = bytes.chunks_exact(FRAGMENT_ENTRY_LEN).map(|entry| {
        let mut fields = Fields(entry);
        Block {
            start: fields.u64().unwrap_or_default(),
            word: fields.u32().unwrap_or_default(),
        }
    });
    Ok(blocks.collect())
}

/// The content of each of `files`; those with equal references share it. The blocks go into `seeds`, if given.
pub(super) fn read(
    source: &Source<'_>,
    files: &[FileRef],
    budget: &mut Budget,
    mut seeds: Option<&mut Seeds>,
) -> Result<Vec<Content>, Error> {
    let mut index: HashMap<&FileRef, usize> = HashMap::new();
    let mut unique: Vec<(&FileRef, Vec<Extent>)> = Vec::new();
    let mut which = Vec::with_capacity(files.len());
    for file in files {
        let next = unique.len();
        let found = *index.entry(file).or_insert(next);
        if found == next {
            unique.push((file, source.plan(file, budget)?));
        }
        which.push(found);
    }

    let fragments = source.read_fragments(&unique, budget, seeds.as_deref_mut())?;
    let contents = source.fill(&unique, &fragments, seeds)?;
    Ok(which
        .into_iter()
        .filter_map(|at| contents.get(at).cloned())
        .collect())
}

impl Source<'_> {
    /// How a file's content is put together.
    fn plan(&self, file: &FileRef, budget: &mut Budget) -> Result<Vec<Extent>, Error> {
        let block_size = u64::from(self.block_size);
        let mut extents: Vec<Extent> = Vec::new();
        let mut push = |offset: u64, len: u64, piece: Piece| {
            let continues = extents
                .last()
                .is_some_and(|last| last.offset + last.len == offset);
            if !continues {
                extents.push(Extent {
                    offset,
                    ..Extent::default()
                });
            }
            if let Some(last) = extents.last_mut() {
                last.len += len;
                last.pieces.push((piece, len));
            }
        };
        let mut start = file.start;
        let mut offset = 0;
        for word in &file.blocks {
            let block = Block { start, word: *word };
            let len = block_size.min(file.size - offset);
            if *word != 0 {
                self.check(block, DATA)?;
                budget.take(len)?;
                push(offset, len, Piece::Block(block));
                start += block.stored();
            }
            offset += len;
        }
        let tail = file.size - offset;
        if let (Some((index, at)), 1..) = (file.fragment, tail) {
            budget.take(tail)?;
            push(offset, tail, Piece::Fragment(index, at));
        }
        Ok(extents)
    }

    /// Refuses a block with a senseless size or outside the image.
    fn check(&self, block: Block, what: &'static str) -> Result<(), Error> {
        if block.word & !(DATA_RAW | (DATA_RAW - 1)) != 0
            || block.stored() == 0
            || block.stored() > u64::from(self.block_size)
        {
            return Err(block.corrupt(
                what,
                format!(
                    "size word {:#x} does not fit the block size {}",
                    block.word, self.block_size
                ),
            ));
        }
        slice(self.image, what, block.start, block.stored()).map(|_| ())
    }

    /// Decompresses one block into `out` and gives the length.
    fn unpack(&self, block: Block, what: &'static str, out: &mut [u8]) -> Result<usize, Error> {
        let data = slice(self.image, what, block.start, block.stored())?;
        if block.word & DATA_RAW == 0 {
            return self
                .codec
                .decompress(data, out)
                .map_err(|why| block.corrupt(what, format!("does not decompress: {why}")));
        }
        let room = out
            .get_mut(..data.len())
            .ok_or_else(|| block.corrupt(what, "is longer than it should be"))?;
        room.copy_from_slice(data);
        Ok(data.len())
    }

    /// Decompresses the fragment blocks that the files use, by index.
    fn read_fragments(
        &self,
        files: &[(&FileRef, Vec<Extent>)],
        budget: &mut Budget,
        seeds: Option<&mut Seeds>,
    ) -> Result<HashMap<u32, Vec<u8>>, Error> {
        // Per fragment block, the parts that are used.
        let mut used: BTreeMap<u32, BTreeSet<(u32, u64)>> = BTreeMap::new();
        for (piece, len) in files
            .iter()
            .flat_map(|(_, extents)| extents)
            .flat_map(|extent| &extent.pieces)
        {
            if let Piece::Fragment(index, offset) = piece {
                used.entry(*index).or_default().insert((*offset, *len));
            }
        }
        let mut jobs = Vec::new();
        for index in used.keys() {
            let block = *self
                .fragments
                .get(*index as usize)
                .ok_or_else(|| Error::Corrupt {
                    offset: 0,
                    what: "inode table",
                    why: format!(
                        "a file ends in fragment block {index}, but there are {}",
                        self.fragments.len()
                    ),
                })?;
            self.check(block, FRAGMENT)?;
            budget.take(u64::from(self.block_size))?;
            jobs.push((*index, block));
        }
        let with_digests = seeds.is_some();
        let unpacked = parallel::map(parallel::cores(), jobs, |(index, block)| {
            let mut out = vec![0; self.block_size as usize];
            let len = self.unpack(block, FRAGMENT, &mut out)?;
            out.truncate(len);
            let digest = with_digests.then(|| Digest::of(&out));
            Ok((index, block, out, digest))
        });
        let mut fragments = HashMap::new();
        let mut seeds = seeds;
        for unpacked in unpacked {
            let (index, block, data, digest) = unpacked?;
            if let (Some(seeds), Some(digest)) = (seeds.as_deref_mut(), digest) {
                seeds.add(digest, block.seed());
                if let Some(parts) = used.get(&index) {
                    seeds.add_group(parts, &data);
                }
            }
            fragments.insert(index, data);
        }
        Ok(fragments)
    }

    /// Decompresses all data blocks and puts the contents together.
    fn fill(
        &self,
        files: &[(&FileRef, Vec<Extent>)],
        fragments: &HashMap<u32, Vec<u8>>,
        mut seeds: Option<&mut Seeds>,
    ) -> Result<Vec<Content>, Error> {
        let mut buffers: Vec<Vec<Arc<[u8]>>> = files
            .iter()
            .map(|(_, extents)| {
                let zeros = |extent: &Extent| std::iter::repeat_n(0, extent.len as usize).collect();
                extents.iter().map(zeros).collect()
            })
            .collect();

        let mut jobs: Vec<(Piece, &mut [u8])> = Vec::new();
        let extents = files.iter().flat_map(|(_, extents)| extents);
        for (buffer, extent) in buffers.iter_mut().flatten().zip(extents) {
            let mut rest = Arc::get_mut(buffer).unwrap_or_default();
            for (piece, len) in &extent.pieces {
                let (part, more) = rest.split_at_mut((*len as usize).min(rest.len()));
                jobs.push((*piece, part));
                rest = more;
            }
        }

        let with_digests = seeds.is_some();
        let done = parallel::map(parallel::cores(), jobs, |(piece, out)| match piece {
            Piece::Block(block) => {
                let len = self.unpack(block, DATA, out)?;
                if len != out.len() {
                    return Err(
                        block.corrupt(DATA, format!("holds {len} bytes instead of {}", out.len()))
                    );
                }
                Ok(with_digests.then(|| (Digest::of(out), block)))
            }
            Piece::Fragment(index, offset) => {
                let data = fragments.get(&index).map(Vec::as_slice).unwrap_or_default();
                let start = offset as usize;
                let part = data
                    .get(start..start.saturating_add(out.len()))
                    .ok_or_else(|| Error::Corrupt {
                        offset: self
                            .fragments
                            .get(index as usize)
                            .map_or(0, |block| block.start),
                        what: FRAGMENT,
                        why: format!(
                            "has {} bytes, but a file is said to have {} at {offset}",
                            data.len(),
                            out.len()
                        ),
                    })?;
                out.copy_from_slice(part);
                Ok(None)
            }
        });
        for done in done {
            if let (Some((digest, block)), Some(seeds)) = (done?, seeds.as_deref_mut()) {
                seeds.add(digest, block.seed());
            }
        }

        files
            .iter()
            .zip(buffers)
            .map(|((file, extents), buffers)| {
                let offsets = extents.iter().map(|extent| extent.offset);
                Content::sparse(file.size, offsets.zip(buffers).collect()).ok_or_else(|| {
                    Error::Corrupt {
                        offset: file.start,
                        what: DATA,
                        why: "blocks do not fit the file's size".into(),
                    }
                })
            })
            .collect()
    }
}
