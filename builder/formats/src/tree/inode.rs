//! Inodes: what a directory entry names.

use std::collections::BTreeMap;

use super::Content;

/// A file name: bytes without `/` and NUL, at most 255.
pub type Name = Vec<u8>;

/// Names an inode within one tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InodeId(pub(crate) u32);

/// Metadata that every inode has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meta {
    /// Permission bits with setuid, setgid and sticky: the low 12 bits of `st_mode`.
    pub mode: u16,
    /// Numeric owner.
    pub uid: u32,
    /// Numeric group.
    pub gid: u32,
    /// Modification time, seconds since 1970.
    pub mtime: u32,
    /// Extended attributes: full name (`user.x`, `security.capability`) to value.
    pub xattrs: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Meta {
    /// Root-owned metadata with this mode and time 0.
    pub fn file(mode: u16) -> Self {
        Self {
            mode,
            uid: 0,
            gid: 0,
            mtime: 0,
            xattrs: BTreeMap::new(),
        }
    }

    /// The same as [`Meta::file`]; reads better for directories.
    pub fn dir(mode: u16) -> Self {
        Self::file(mode)
    }

    /// The same metadata with this modification time (seconds since 1970).
    #[must_use]
    pub fn at(self, mtime: u32) -> Self {
        Self { mtime, ..self }
    }
}

/// An inode: metadata and what kind of file it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inode {
    /// Owner, mode, time, extended attributes.
    pub meta: Meta,
    /// What it is, with its content.
    pub kind: Kind,
}

/// The kinds of file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A directory: names in byte order.
    Dir(BTreeMap<Name, InodeId>),
    /// A regular file.
    File(Content),
    /// A symbolic link with its target.
    Symlink(Vec<u8>),
    /// A character device.
    CharDevice {
        /// Major number (12 bits).
        major: u32,
        /// Minor number (20 bits).
        minor: u32,
    },
    /// A block device.
    BlockDevice {
        /// Major number (12 bits).
        major: u32,
        /// Minor number (20 bits).
        minor: u32,
    },
    /// A named pipe.
    Fifo,
    /// A Unix socket.
    Socket,
}
