//! Writing a tree as an image.

mod content;
mod directory;
mod inode;
mod metadata;
mod pack;
mod press;
mod scan;
mod xattr;

use self::content::Contents;
use self::metadata::indexed_table;
use self::press::Press;
use self::scan::Scan;
use self::xattr::XattrSets;
use super::cache::{BlockCache, NoCache};
use super::codec::Encoder;
use super::error::WriteError;
use super::format::{Flags, METADATA_RAW, NONE_U64, SUPERBLOCK_LEN, Superblock};
use super::options::{Options, Xattrs};
use super::parallel;
use super::seeds::Seeds;
use crate::tree::Tree;

/// Writes `tree` as an image.
///
/// # Errors
/// Every [`WriteError`].
pub fn write(
    tree: &Tree,
    options: &Options,
    cache: &dyn BlockCache,
) -> Result<Vec<u8>, WriteError> {
    let image = Writer::new(options).cache(cache).write(tree)?;
    Ok(image.bytes)
}

/// Told of progress: blocks done, and blocks in all.
type Progress<'a> = &'a (dyn Fn(usize, usize) + Sync);

/// Writes trees as images; what there is to reuse is optional.
#[derive(Clone, Copy)]
pub struct Writer<'a> {
    options: &'a Options,
    cache: &'a dyn BlockCache,
    seeds: Option<&'a Seeds>,
    progress: Option<Progress<'a>>,
}

/// An image, and how it came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// The image.
    pub bytes: Vec<u8>,
    /// Where its data blocks came from.
    pub stats: Stats,
}

/// Where the data blocks and fragment blocks of an image came from. Equal ones are counted once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Taken over from the donor.
    pub from_donor: usize,
    /// Found in the cache.
    pub from_cache: usize,
    /// Compressed now.
    pub compressed: usize,
    /// Regular files (inodes).
    pub files: usize,
    /// Of these, how many have the content of another one.
    pub duplicates: usize,
}

impl<'a> Writer<'a> {
    /// A writer without cache and donor.
    pub fn new(options: &'a Options) -> Self {
        Self {
            options,
            cache: &NoCache,
            seeds: None,
            progress: None,
        }
    }

    /// Looks compressed blocks up in `cache`, and puts new ones there.
    #[must_use]
    pub fn cache(mut self, cache: &'a dyn BlockCache) -> Self {
        self.cache = cache;
        self
    }

    /// Takes over the blocks of a donor, if its compressor and block size are those of the options.
    #[must_use]
    pub fn donor(mut self, seeds: &'a Seeds) -> Self {
        self.seeds = Some(seeds);
        self
    }

    /// Calls `progress` with the number of blocks done and of blocks in all, from any thread.
    #[must_use]
    pub fn progress(mut self, progress: Progress<'a>) -> Self {
        self.progress = Some(progress);
        self
    }

    /// Writes `tree` as an image.
    ///
    /// # Errors
    /// Every [`WriteError`].
    pub fn write(&self, tree: &Tree) -> Result<Image, WriteError> {
        let options = self.options;
        options.check()?;
        let threads = match options.threads {
            0 => parallel::cores(),
            threads => threads,
        };
        let encoder = Encoder::new(options);
        let seeds = self.seeds.filter(|seeds| encoder.accepts(seeds));
        let press = Press::new(encoder.clone(), self.cache, seeds);
        let scan = Scan::new(tree, options)?;

        let mut out = vec![0; SUPERBLOCK_LEN];
        let options_block = encoder.options_block();
        if let Some(block) = &options_block {
            out.extend((METADATA_RAW | block.len() as u16).to_le_bytes());
            out.extend(block);
        }
        let contents = Contents::write(&scan, options, &press, threads, self.progress, &mut out)?;

        let xattrs = XattrSets::collect(&scan, options);
        let tables = inode::write(&scan, &contents, &xattrs, &press)?;
        let inode_table = out.len() as u64;
        out.extend(&tables.inodes);
        let directory_table = out.len() as u64;
        out.extend(&tables.directories);
        let fragments: Vec<u8> = contents
            .fragments()
            .iter()
            .flat_map(|(start, word)| [start.to_le_bytes(), u64::from(*word).to_le_bytes()])
            .flatten()
            .collect();
        let fragment_table = indexed_table(&press, &fragments, &mut out)?;
        let export_table = if options.exportable {
            let refs = tables.references.iter().copied();
            let refs: Vec<u8> = refs.flat_map(u64::to_le_bytes).collect();
            indexed_table(&press, &refs, &mut out)?
        } else {
            NONE_U64
        };
        let ids: Vec<u8> = scan.ids().iter().flat_map(|id| id.to_le_bytes()).collect();
        let id_table = indexed_table(&press, &ids, &mut out)?;
        let xattr_table = xattrs.write(&press, &mut out)?;

        let mut flags = Flags::DUPLICATES;
        for (set, flag) in [
            (options.exportable, Flags::EXPORTABLE),
            (options.always_fragments, Flags::ALWAYS_FRAGMENTS),
            (options.xattrs == Xattrs::Drop, Flags::NO_XATTRS),
            (options_block.is_some(), Flags::COMPRESSOR_OPTIONS),
        ] {
            if set {
                flags = flags.with(flag);
            }
        }
        let superblock = Superblock {
            inodes: scan.nodes.len() as u32,
            mkfs_time: options.mkfs_time,
            block_size: options.block_size,
            fragments: contents.fragments().len() as u32,
            compressor: encoder.number(),
            block_log: options.block_size.trailing_zeros() as u16,
            flags,
            ids: scan.ids().len() as u16,
            version: (4, 0),
            root: tables.references.first().copied().unwrap_or_default(),
            bytes_used: out.len() as u64,
            id_table,
            xattr_table,
            inode_table,
            directory_table,
            fragment_table,
            export_table,
        };
        out.splice(..SUPERBLOCK_LEN, superblock.to_bytes());
        let unit = options.pad_to.max(1) as usize;
        out.resize(out.len().next_multiple_of(unit), 0);
        let (files, duplicates) = contents.counts();
        Ok(Image {
            bytes: out,
            stats: Stats {
                files,
                duplicates,
                ..press.stats()
            },
        })
    }
}
