//! File content: equal files found, ends of files packed into fragment blocks, all blocks compressed.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::error::WriteError;
use super::super::format::DATA_RAW;
use super::super::options::Options;
use super::super::parallel;
use super::super::seeds::Digest;
use super::Progress;
use super::pack;
use super::press::Press;
use super::scan::Scan;
use crate::tree::{Content, Kind};

/// Entries that all block lists together may have: 64 GiB of holes at 4 KiB per block.
const MAX_BLOCKS: u64 = 16_000_000;

/// Where the content of a file is.
#[derive(Debug, Default)]
pub(super) struct FileLayout {
    /// Offset of the first data block in the image.
    pub(super) start: u64,
    /// The stored size of each block, bit 24 set when it is not compressed, 0 for a hole.
    pub(super) words: Vec<u32>,
    /// Fragment block and offset in it.
    pub(super) fragment: Option<(u32, u32)>,
    /// Bytes in holes.
    pub(super) hole_bytes: u64,
}

/// Where the content of all files is.
pub(super) struct Contents {
    /// Node index to index in `layouts`.
    files: HashMap<usize, usize>,
    layouts: Vec<FileLayout>,
    /// Offset and size word of each fragment block.
    fragments: Vec<(u64, u32)>,
    empty: FileLayout,
}

/// A file with content unlike all before it.
struct Unique<'t> {
    content: &'t Content,
    /// Blocks that are not all zeros: their numbers and digests.
    blocks: Vec<(u64, Digest)>,
    /// Whether the last of these goes into a fragment block.
    has_tail: bool,
}

impl Unique<'_> {
    /// The blocks of its own.
    fn own(&self) -> &[(u64, Digest)] {
        match self.blocks.split_last() {
            Some((_, rest)) if self.has_tail => rest,
            _ => &self.blocks,
        }
    }

    /// The block that goes into a fragment block.
    fn tail(&self) -> Option<&(u64, Digest)> {
        self.blocks.last().filter(|_| self.has_tail)
    }
}

impl Contents {
    /// Appends all data blocks and fragment blocks to `out`.
    pub(super) fn write(
        scan: &Scan<'_>,
        options: &Options,
        press: &Press<'_>,
        threads: usize,
        progress: Option<Progress<'_>>,
        out: &mut Vec<u8>,
    ) -> Result<Self, WriteError> {
        let block_size = u64::from(options.block_size);
        let (files, unique) = find_unique(scan, options, threads)?;

        // The ends of files, and which of them share a fragment block.
        let mut tails: Vec<(Digest, Cow<'_, [u8]>)> = Vec::new();
        let mut tail_index = HashMap::new();
        for file in &unique {
            if let Some((number, digest)) = file.tail() {
                tail_index.entry(*digest).or_insert_with(|| {
                    tails.push((*digest, block(file.content, *number, block_size)));
                    tails.len() - 1
                });
            }
        }
        let sizes: Vec<_> = tails
            .iter()
            .map(|(digest, data)| (*digest, data.len()))
            .collect();
        let groups = press
            .seeds()
            .map(|seeds| seeds.groups())
            .unwrap_or_default();
        let packs = pack::pack(&sizes, groups, options.block_size as usize);
        let mut tail_places = vec![(0, 0); tails.len()];
        let mut fragment_data = Vec::with_capacity(packs.len());
        for (number, pack) in (0u32..).zip(&packs) {
            let mut data = Vec::with_capacity(options.block_size as usize);
            for tail in pack {
                if let (Some(place), Some((_, bytes))) =
                    (tail_places.get_mut(*tail), tails.get(*tail))
                {
                    *place = (number, data.len() as u32);
                    data.extend_from_slice(bytes);
                }
            }
            fragment_data.push(data);
        }
        let fragment_digests =
            parallel::map(threads, fragment_data.iter().collect(), |data: &Vec<u8>| {
                Digest::of(data)
            });

        // All different blocks, the largest first so that the threads end together.
        let mut jobs: Vec<(Digest, Cow<'_, [u8]>)> = Vec::new();
        let mut known = HashMap::new();
        for file in &unique {
            for (number, digest) in file.own() {
                known.entry(*digest).or_insert_with(|| {
                    jobs.push((*digest, block(file.content, *number, block_size)));
                });
            }
        }
        for (digest, data) in fragment_digests.iter().zip(&fragment_data) {
            known.entry(*digest).or_insert_with(|| {
                jobs.push((*digest, Cow::Borrowed(data.as_slice())));
            });
        }
        jobs.sort_by_key(|(_, data)| Reverse(data.len()));
        let total = jobs.len();
        let done = AtomicUsize::new(0);
        let packed = parallel::map(threads, jobs, |(digest, data)| {
            let packed = press.data(&digest, &data)?;
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            if let Some(progress) = progress {
                progress(done, total);
            }
            Ok(match packed {
                Some(packed) => (digest, packed, 0),
                None => (digest, Cow::Owned(data.into_owned()), DATA_RAW),
            })
        });
        let mut blocks = HashMap::with_capacity(packed.len());
        for packed in packed {
            let (digest, bytes, raw): (Digest, Cow<'_, [u8]>, u32) = packed?;
            blocks.insert(digest, (bytes, raw));
        }
        let mut emit = |digest: &Digest| -> (u64, u32) {
            let start = out.len() as u64;
            match blocks.get(digest) {
                Some((bytes, raw)) => {
                    out.extend_from_slice(bytes);
                    (start, bytes.len() as u32 | raw)
                }
                // Cannot be: every digest was among the jobs.
                None => (start, 0),
            }
        };
        let layouts = unique
            .iter()
            .map(|file| {
                let len = file.content.len();
                let tail = file.tail();
                let count = len.div_ceil(block_size) - u64::from(tail.is_some());
                let mut layout = FileLayout {
                    words: vec![0; count as usize],
                    hole_bytes: len,
                    ..FileLayout::default()
                };
                for (index, (number, digest)) in file.own().iter().enumerate() {
                    let (start, word) = emit(digest);
                    if index == 0 {
                        layout.start = start;
                    }
                    if let Some(slot) = layout.words.get_mut(*number as usize) {
                        *slot = word;
                    }
                }
                for (number, _) in &file.blocks {
                    layout.hole_bytes -= block_size.min(len - number * block_size);
                }
                layout.fragment = tail
                    .and_then(|(_, digest)| tail_index.get(digest))
                    .and_then(|at| tail_places.get(*at).copied());
                layout
            })
            .collect();
        let fragments = fragment_digests.iter().map(emit).collect();
        Ok(Self {
            files,
            layouts,
            fragments,
            empty: FileLayout::default(),
        })
    }

    /// Where the content of the file with this node index is.
    pub(super) fn layout(&self, node: usize) -> &FileLayout {
        self.files
            .get(&node)
            .and_then(|at| self.layouts.get(*at))
            .unwrap_or(&self.empty)
    }

    /// How many files there are, and how many have the content of another one.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.files.len(), self.files.len() - self.layouts.len())
    }

    /// Offset and size word of each fragment block.
    pub(super) fn fragments(&self) -> &[(u64, u32)] {
        &self.fragments
    }
}

/// Hashes all files and finds those with equal content: which of the unique contents each node has.
fn find_unique<'t>(
    scan: &Scan<'t>,
    options: &Options,
    threads: usize,
) -> Result<(HashMap<usize, usize>, Vec<Unique<'t>>), WriteError> {
    let block_size = u64::from(options.block_size);
    let mut jobs = Vec::new();
    let mut list_entries = 0u64;
    for (node, content) in files(scan) {
        list_entries = list_entries.saturating_add(content.len().div_ceil(block_size));
        if list_entries > MAX_BLOCKS {
            return Err(WriteError::TooBig(format!(
                "its files have more than {MAX_BLOCKS} blocks of {block_size} bytes; a larger block size may help"
            )));
        }
        jobs.extend(data_blocks(content, block_size).map(|number| (node, content, number)));
    }
    let hashed = parallel::map(threads, jobs, |(node, content, number)| {
        let data = block(content, number, block_size);
        let zeros = data.iter().all(|byte| *byte == 0);
        (node, (!zeros).then(|| (number, Digest::of(&data))))
    });
    let mut hashed = hashed.into_iter().peekable();

    let mut of_node = HashMap::new();
    let mut unique: Vec<Unique<'t>> = Vec::new();
    let mut index = HashMap::new();
    for (node, content) in files(scan) {
        let mut blocks = Vec::new();
        while let Some((_, digest)) = hashed.next_if(|(owner, _)| *owner == node) {
            blocks.extend(digest);
        }
        let len = content.len();
        let found = *index
            .entry((len, blocks.clone()))
            .or_insert_with(|| unique.len());
        if found == unique.len() {
            let ends_in_data = blocks
                .last()
                .is_some_and(|(number, _)| *number == len / block_size);
            unique.push(Unique {
                content,
                blocks,
                has_tail: ends_in_data && (len < block_size || options.always_fragments),
            });
        }
        of_node.insert(node, found);
    }
    Ok((of_node, unique))
}

/// The regular files, by node index.
fn files<'s, 't>(scan: &'s Scan<'t>) -> impl Iterator<Item = (usize, &'t Content)> + use<'s, 't> {
    scan.nodes
        .iter()
        .enumerate()
        .filter_map(|(at, node)| match &node.inode.kind {
            Kind::File(content) => Some((at, content)),
            _ => None,
        })
}

/// The numbers of the blocks that are not all hole.
fn data_blocks(content: &Content, block_size: u64) -> impl Iterator<Item = u64> + use<'_> {
    let mut next = 0;
    content.extents().iter().flat_map(move |(offset, data)| {
        let first = (offset / block_size).max(next);
        next = (offset + data.len() as u64).div_ceil(block_size);
        first..next
    })
}

/// The bytes of a block.
fn block(content: &Content, number: u64, block_size: u64) -> Cow<'_, [u8]> {
    let start = number * block_size;
    content.slice(start, start + block_size)
}
