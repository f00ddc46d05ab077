//! Tar archives as root file systems: ustar, GNU and PAX entries; plain, or compressed with gzip, xz or Zstandard.
//!
//! Headers are the `tar` crate's work; here entries become a [`Tree`], and damaged or hostile ones errors.

use std::collections::BTreeMap;
use std::io::Read;

use tar::{Archive, EntryType};
use thiserror::Error;

use crate::tree::{Inode, Kind, Meta, Tree, TreeError};

/// The most that an archive may hold when unpacked, in bytes: routers have far less flash.
const MAX_UNPACKED: u64 = 2 << 30;
/// Name prefix of extended attributes in PAX headers.
const PAX_XATTR: &str = "SCHILY.xattr.";

/// Why an archive could not be read.
#[derive(Debug, Error)]
pub enum Error {
    /// It is damaged, cut off or no archive; or its compression is.
    #[error("the archive cannot be read after entry `{after}`: {source}")]
    Damaged {
        /// The last entry that could be read; empty when there was none.
        after: String,
        /// What is wrong.
        source: std::io::Error,
    },
    /// It holds no entries.
    #[error("the archive is empty, or this is no tar archive")]
    Empty,
    /// It holds more than 2 GiB.
    #[error("the archive unpacks to more than 2 GiB at entry `{0}`")]
    TooLong(String),
    /// An entry of a kind that a root file system cannot hold.
    #[error("entry `{name}` is of type `{kind}`, which is not supported")]
    Unsupported {
        /// The entry.
        name: String,
        /// The type's letter.
        kind: char,
    },
    /// An entry whose name, link or number makes no sense.
    #[error("entry `{name}`: {why}")]
    Entry {
        /// The entry.
        name: String,
        /// What is wrong.
        why: String,
    },
    /// An entry that does not fit the ones before.
    #[error("the archive: {0}")]
    Tree(#[from] TreeError),
}

/// Reads an archive as a tree. Folders that no entry describes are made 0755 and root's.
///
/// # Errors
/// Every [`Error`].
pub fn read(bytes: &[u8]) -> Result<Tree, Error> {
    let damaged = |source| Error::Damaged {
        after: String::new(),
        source,
    };
    let reader: Box<dyn Read + '_> = match bytes {
        [0x1f, 0x8b, ..] => Box::new(flate2::bufread::MultiGzDecoder::new(bytes)),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Box::new(liblzma::bufread::XzDecoder::new(bytes)),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            Box::new(zstd::stream::read::Decoder::with_buffer(bytes).map_err(damaged)?)
        }
        _ => Box::new(bytes),
    };
    unpack(reader)
}

fn unpack(reader: impl Read) -> Result<Tree, Error> {
    let mut tree = Tree::default();
    let mut last = String::new();
    let mut left = MAX_UNPACKED;
    // One more byte than allowed tells a bomb from a full archive.
    let mut archive = Archive::new(reader.take(MAX_UNPACKED + 1));
    let entries = archive.entries().map_err(|source| damaged(&last, source))?;
    for entry in entries {
        let mut entry = entry.map_err(|source| damaged(&last, source))?;
        let path = entry.path_bytes().into_owned();
        let name = String::from_utf8_lossy(&path).into_owned();
        if path.split(|byte| *byte == b'/').any(|part| part == b"..") {
            return Err(bad(&name, "its name holds `..`"));
        }
        left = left
            .checked_sub(entry.size())
            .ok_or_else(|| Error::TooLong(name.clone()))?;
        let meta = meta(&mut entry, &name)?;
        let target = entry.link_name_bytes().map(|target| target.into_owned());
        let target = || {
            target
                .clone()
                .ok_or_else(|| bad(&name, "it is a link without a target"))
        };
        let kind = match entry.header().entry_type() {
            EntryType::Directory => Kind::Dir(BTreeMap::new()),
            EntryType::Symlink => Kind::Symlink(target()?),
            EntryType::Link => {
                tree.link(target()?, &path)?;
                last = name;
                continue;
            }
            EntryType::Char | EntryType::Block => {
                let number = |which: std::io::Result<Option<u32>>| {
                    which
                        .ok()
                        .flatten()
                        .ok_or_else(|| bad(&name, "its device number is damaged"))
                };
                let (major, minor) = (
                    number(entry.header().device_major())?,
                    number(entry.header().device_minor())?,
                );
                match entry.header().entry_type() {
                    EntryType::Char => Kind::CharDevice { major, minor },
                    _ => Kind::BlockDevice { major, minor },
                }
            }
            EntryType::Fifo => Kind::Fifo,
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                let mut content = Vec::new();
                entry
                    .read_to_end(&mut content)
                    .map_err(|source| damaged(&name, source))?;
                Kind::File(content.into())
            }
            EntryType::XGlobalHeader => continue,
            other => {
                return Err(Error::Unsupported {
                    name,
                    kind: char::from(other.as_byte()),
                });
            }
        };
        let parent = path
            .iter()
            .rposition(|byte| *byte == b'/')
            .map(|at| &path[..at]);
        if let Some(parent) = parent.filter(|parent| !parent.is_empty()) {
            tree.make_dirs(parent, 0)?;
        }
        tree.put(&path, Inode { meta, kind })?;
        last = name;
    }
    if last.is_empty() {
        return Err(Error::Empty);
    }
    Ok(tree)
}

fn meta(entry: &mut tar::Entry<'_, impl Read>, name: &str) -> Result<Meta, Error> {
    let header = entry.header();
    let damaged = |_| bad(name, "its mode, owner or time is damaged");
    let id = |id: u64| u32::try_from(id).map_err(|_| bad(name, "its owner's number is too large"));
    let mut meta = Meta {
        mode: (header.mode().map_err(damaged)? & 0o7777) as u16,
        uid: id(header.uid().map_err(damaged)?)?,
        gid: id(header.gid().map_err(damaged)?)?,
        mtime: u32::try_from(header.mtime().map_err(damaged)?).unwrap_or(u32::MAX),
        xattrs: BTreeMap::new(),
    };
    if let Some(extensions) = entry
        .pax_extensions()
        .map_err(|source| damaged_entry(name, source))?
    {
        for extension in extensions {
            let extension = extension.map_err(|source| damaged_entry(name, source))?;
            let Ok(key) = extension.key() else { continue };
            if let Some(xattr) = key.strip_prefix(PAX_XATTR) {
                meta.xattrs
                    .insert(xattr.as_bytes().to_vec(), extension.value_bytes().to_vec());
            }
        }
    }
    Ok(meta)
}

fn damaged(after: &str, source: std::io::Error) -> Error {
    Error::Damaged {
        after: after.to_owned(),
        source,
    }
}

fn damaged_entry(name: &str, source: std::io::Error) -> Error {
    damaged(name, source)
}

fn bad(name: &str, why: &str) -> Error {
    Error::Entry {
        name: name.to_owned(),
        why: why.to_owned(),
    }
}

#[cfg(test)]
mod tests;
