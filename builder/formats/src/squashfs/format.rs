//! The on-disk structures and constants.

use std::fmt;

/// The magic number `hsqs` of a little-endian image.
pub(super) const MAGIC: [u8; 4] = *b"hsqs";
/// Length of the superblock in bytes.
pub(super) const SUPERBLOCK_LEN: usize = 96;
/// Metadata blocks hold up to this many bytes before compression.
pub(super) const METADATA_LEN: usize = 8192;
/// Set in a metadata block's 16-bit header when the block is stored as it is.
pub(super) const METADATA_RAW: u16 = 0x8000;
/// Set in a data block's 32-bit size when the block is stored as it is.
pub(super) const DATA_RAW: u32 = 1 << 24;
/// "No fragment", "no extended attributes".
pub(super) const NONE_U32: u32 = u32::MAX;
/// "No such table".
pub(super) const NONE_U64: u64 = u64::MAX;
/// Entries per directory header, at most.
pub(super) const DIR_HEADER_ENTRIES: usize = 256;
/// A directory's stored size is the length of its listing plus this (for `.` and `..`).
pub(super) const DIR_SIZE_BIAS: u32 = 3;
/// The smallest and the largest data block.
pub(super) const BLOCK_SIZES: std::ops::RangeInclusive<u32> = 4096..=1 << 20;
/// Lengths of the entries of the fragment, id and xattr-id tables.
pub(super) const FRAGMENT_ENTRY_LEN: usize = 16;
pub(super) const ID_ENTRY_LEN: usize = 4;
pub(super) const XATTR_ENTRY_LEN: usize = 16;
/// Set in an extended attribute's type when its value lies elsewhere.
pub(super) const XATTR_VALUE_ELSEWHERE: u16 = 0x0100;
/// Prefixes of extended attribute names; the index is the type on disk.
pub(super) const XATTR_PREFIXES: [&[u8]; 3] = [b"user.", b"trusted.", b"security."];
/// The longest symlink target Linux can follow (PATH_MAX less the closing NUL).
pub(super) const SYMLINK_MAX: usize = 4095;

/// Inode types; the extended form of each is 7 more.
pub(super) mod kind {
    pub(in super::super) const DIR: u16 = 1;
    pub(in super::super) const FILE: u16 = 2;
    pub(in super::super) const SYMLINK: u16 = 3;
    pub(in super::super) const BLOCK_DEVICE: u16 = 4;
    pub(in super::super) const CHAR_DEVICE: u16 = 5;
    pub(in super::super) const FIFO: u16 = 6;
    pub(in super::super) const SOCKET: u16 = 7;
    pub(in super::super) const EXTENDED: u16 = 7;
}

/// Compressor numbers of the superblock.
pub(super) mod compressor {
    pub(in super::super) const GZIP: u16 = 1;
    pub(in super::super) const LZMA: u16 = 2;
    pub(in super::super) const LZO: u16 = 3;
    pub(in super::super) const XZ: u16 = 4;
    pub(in super::super) const LZ4: u16 = 5;
    pub(in super::super) const ZSTD: u16 = 6;
}

/// The flags of a superblock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags(pub u16);

impl Flags {
    /// Data blocks were not to be compressed.
    pub const RAW_DATA: Self = Self(0x0002);
    /// Fragment blocks were not to be compressed.
    pub const RAW_FRAGMENTS: Self = Self(0x0008);
    /// Files with equal content share their blocks.
    pub const DUPLICATES: Self = Self(0x0040);
    /// There is an export table (NFS file handles).
    pub const EXPORTABLE: Self = Self(0x0080);
    /// Extended attributes were left out.
    pub const NO_XATTRS: Self = Self(0x0200);
    /// A block with the compressor's options follows the superblock.
    pub const COMPRESSOR_OPTIONS: Self = Self(0x0400);
    /// All ends of files are in fragment blocks, not only small files.
    pub const ALWAYS_FRAGMENTS: Self = Self(0x0020);

    /// Whether all of `other`'s flags are set.
    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// These flags and `other`'s.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:04X}", self.0)
    }
}

/// The superblock: the first 96 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Superblock {
    pub(super) inodes: u32,
    pub(super) mkfs_time: u32,
    pub(super) block_size: u32,
    pub(super) fragments: u32,
    pub(super) compressor: u16,
    pub(super) block_log: u16,
    pub(super) flags: Flags,
    pub(super) ids: u16,
    pub(super) version: (u16, u16),
    pub(super) root: u64,
    pub(super) bytes_used: u64,
    pub(super) id_table: u64,
    pub(super) xattr_table: u64,
    pub(super) inode_table: u64,
    pub(super) directory_table: u64,
    pub(super) fragment_table: u64,
    pub(super) export_table: u64,
}

impl Superblock {
    /// Reads the fields that follow the magic number; nothing is checked.
    pub(super) fn parse(bytes: &[u8; SUPERBLOCK_LEN]) -> Self {
        let mut at = Fields(&bytes[4..]);
        // 92 bytes are there, so none of these runs out.
        let u16 = |at: &mut Fields<'_>| at.u16().unwrap_or_default();
        let u32 = |at: &mut Fields<'_>| at.u32().unwrap_or_default();
        let u64 = |at: &mut Fields<'_>| at.u64().unwrap_or_default();
        Self {
            inodes: u32(&mut at),
            mkfs_time: u32(&mut at),
            block_size: u32(&mut at),
            fragments: u32(&mut at),
            compressor: u16(&mut at),
            block_log: u16(&mut at),
            flags: Flags(u16(&mut at)),
            ids: u16(&mut at),
            version: (u16(&mut at), u16(&mut at)),
            root: u64(&mut at),
            bytes_used: u64(&mut at),
            id_table: u64(&mut at),
            xattr_table: u64(&mut at),
            inode_table: u64(&mut at),
            directory_table: u64(&mut at),
            fragment_table: u64(&mut at),
            export_table: u64(&mut at),
        }
    }

    /// The 96 bytes.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(SUPERBLOCK_LEN);
        out.extend(MAGIC);
        for word in [self.inodes, self.mkfs_time, self.block_size, self.fragments] {
            out.extend(word.to_le_bytes());
        }
        for half in [
            self.compressor,
            self.block_log,
            self.flags.0,
            self.ids,
            self.version.0,
            self.version.1,
        ] {
            out.extend(half.to_le_bytes());
        }
        for long in [
            self.root,
            self.bytes_used,
            self.id_table,
            self.xattr_table,
            self.inode_table,
            self.directory_table,
            self.fragment_table,
            self.export_table,
        ] {
            out.extend(long.to_le_bytes());
        }
        out
    }
}

/// Takes little-endian numbers from the front of some bytes; `None` when they run out.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn bytes(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes(N)?.try_into().ok()
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }
}
