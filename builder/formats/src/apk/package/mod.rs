//! A package: a `.apk` file of version 3.
//!
//! Source: apk-tools' `src/apk_adb.h`, `src/extract_v3.c`, `src/app_mkpkg.c`.
//!
//! ```text
//! root       1 info (see `info`)  2 paths (list of folders)  3 scripts  4 triggers (list)  5 replaces_priority
//! folder     1 name (its whole path, nothing for the root)  2 acl  3 files (list)
//! file       1 name  2 acl  3 size  4 mtime  5 hash  6 target
//! acl        1 mode  2 user  3 group  4 xattrs (list of: name, NUL, value)
//! target     u16 type as in st_mode: 0xa000 a symlink, 0x8000 a hard link; then the target
//! scripts    1 trigger  2 pre-install  3 post-install  4 pre-deinstall  5 post-deinstall  6 pre-upgrade  7 post-upgrade
//!
//! content    u32 folder, u32 file, both from 1, then the bytes: a block for each regular file that is not empty, in order
//! ```
//!
//! The SHA-256 of the values is what an index knows a package by. The hashes of the contents are among the values.

mod owners;
mod path;
mod read;
mod tree;
mod write;

use std::collections::BTreeMap;

use super::{PackageInfo, PublicKey};
use crate::tree::Content;
pub use owners::Owners;

/// Why a package is believed.
#[derive(Debug, Clone, Copy)]
pub enum Trust<'a> {
    /// An index that is believed names it by this SHA-256: the usual way, since OpenWrt's packages are not signed themselves.
    Identity(&'a [u8]),
    /// One of these keys signed it.
    Keys(&'a [PublicKey]),
    /// Because the user says so: a file of one's own.
    Unverified,
}

/// A package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// What it is.
    pub info: PackageInfo,
    /// SHA-256 of its values; set by reading and by writing.
    pub identity: [u8; 32],
    /// Its folders in the order of their paths.
    pub folders: Vec<Folder>,
    /// Its scripts.
    pub scripts: BTreeMap<Script, Vec<u8>>,
    /// Patterns of folders in which changes run its trigger script.
    pub triggers: Vec<String>,
    /// Of two packages with a file each, the one with more keeps it.
    pub replaces_priority: u64,
}

/// When a script runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Script {
    /// After changes in folders that its triggers name.
    Trigger,
    /// Before it is installed.
    PreInstall,
    /// After it was.
    PostInstall,
    /// Before it is removed.
    PreDeinstall,
    /// After it was.
    PostDeinstall,
    /// Before another version replaces this one.
    PreUpgrade,
    /// After it did.
    PostUpgrade,
}

impl Script {
    /// All, in the order of their slots.
    pub const ALL: [Self; 7] = [
        Self::Trigger,
        Self::PreInstall,
        Self::PostInstall,
        Self::PreDeinstall,
        Self::PostDeinstall,
        Self::PreUpgrade,
        Self::PostUpgrade,
    ];

    /// The name in `scripts.tar.gz` and on apk's command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trigger => "trigger",
            Self::PreInstall => "pre-install",
            Self::PostInstall => "post-install",
            Self::PreDeinstall => "pre-deinstall",
            Self::PostDeinstall => "post-deinstall",
            Self::PreUpgrade => "pre-upgrade",
            Self::PostUpgrade => "post-upgrade",
        }
    }
}

/// A folder with the files in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// From the root, without `/` in front; empty for the root.
    pub path: Vec<u8>,
    /// Mode and owners.
    pub acl: Acl,
    /// Its files in the order of their names.
    pub files: Vec<File>,
}

/// Mode, owners by name, extended attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acl {
    /// The low 12 bits of `st_mode`.
    pub mode: u16,
    /// The user's name.
    pub user: String,
    /// The group's name.
    pub group: String,
    /// Extended attributes.
    pub xattrs: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Acl {
    /// This mode, of root.
    pub fn root(mode: u16) -> Self {
        Self {
            mode,
            user: "root".into(),
            group: "root".into(),
            xattrs: BTreeMap::new(),
        }
    }
}

/// What is in a folder besides folders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name.
    pub name: Vec<u8>,
    /// Mode and owners.
    pub acl: Acl,
    /// Seconds since 1970.
    pub mtime: u32,
    /// What it is.
    pub kind: FileKind,
}

/// What a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file.
    Regular {
        /// Its bytes.
        content: Content,
        /// Their SHA-256.
        sha256: [u8; 32],
    },
    /// Another name for a regular file of the package, which is given by its path without `/` in front.
    HardLink(Vec<u8>),
    /// A symlink with its target.
    Symlink(Vec<u8>),
}
