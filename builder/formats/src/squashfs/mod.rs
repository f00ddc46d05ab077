//! Squashfs 4.0, the compressed read-only file system that OpenWrt keeps its root in.
//!
//! [`read()`] turns an image into a [`Tree`](crate::tree::Tree), [`write()`] (or a [`Writer`], with a block
//! cache and a donor's blocks) turns a tree into an image. Both use all cores; the bytes written depend on
//! the tree, the options and the donor only, not on the number of threads or on what the cache holds.
//!
//! An image is, in this order: the superblock; optionally the compressor's options; data blocks and
//! fragment blocks; and tables of *metadata blocks* (8 KiB each before compression): inodes, directories,
//! fragments, export (inode number to inode), ids, extended attributes. All numbers are little endian.
//! A *fragment block* holds the ends of files, or whole small files, one after the other.
//!
//! Byte layout: `Documentation/filesystems/squashfs.rst` and `fs/squashfs/squashfs_fs.h` of the Linux kernel.

mod cache;
mod codec;
mod error;
mod format;
mod options;
mod parallel;
mod read;
mod seeds;
mod write;

pub use cache::{BlockCache, Key, MemoryCache, NoCache};
pub use error::{Error, WriteError};
pub use format::Flags;
pub use options::{Bcj, Compression, Effort, Options, Xattrs, Xz};
pub use read::{Browser, Compressor, Info, Limits, info, read, read_donor, read_within};
pub use seeds::Seeds;
pub use write::{Image, Stats, Writer, write};

#[cfg(test)]
mod tests;
