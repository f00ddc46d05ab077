//! Inodes as they are on disk.

use super::super::error::Error;
use super::super::format::{Fields, NONE_U32, kind};
use super::limits::Budget;
use super::metadata::{Cursor, Metadata};

/// An inode, with references into the other tables.
#[derive(Debug)]
pub(super) struct RawInode {
    /// The basic form of its type (1 to 7).
    pub(super) kind: u16,
    pub(super) mode: u16,
    pub(super) uid: u16,
    pub(super) gid: u16,
    pub(super) mtime: u32,
    /// Index of its extended attributes, or `NONE_U32`.
    pub(super) xattr: u32,
    pub(super) body: Body,
}

#[derive(Debug)]
pub(super) enum Body {
    Dir(DirRef),
    File(FileRef),
    Symlink(Vec<u8>),
    Device {
        major: u32,
        minor: u32,
    },
    /// FIFO or socket.
    Ipc,
}

/// Where a directory's listing is.
#[derive(Debug, Clone, Copy)]
pub(super) struct DirRef {
    /// Offset of the metadata block within the directory table.
    pub(super) block: u32,
    pub(super) offset: u16,
    /// Stored size: the listing's length plus 3.
    pub(super) size: u32,
}

/// Where a file's content is. Equal ones have equal content.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct FileRef {
    /// Offset of the first data block in the image.
    pub(super) start: u64,
    pub(super) size: u64,
    /// The stored size of each block, bit 24 set when it is not compressed, 0 for a hole.
    pub(super) blocks: Vec<u32>,
    /// Index of the fragment block and offset in it, if the file's end is in one.
    pub(super) fragment: Option<(u32, u32)>,
}

/// Reads the inode at the cursor.
pub(super) fn read(
    metadata: &mut Metadata<'_>,
    at: &mut Cursor,
    block_size: u32,
    blocks: &mut Budget,
    content: &mut Budget,
) -> Result<RawInode, Error> {
    let header: [u8; 16] = metadata.array(at)?;
    let mut fields = Fields(&header);
    let number = fields.u16().unwrap_or_default();
    let mode = fields.u16().unwrap_or_default();
    let uid = fields.u16().unwrap_or_default();
    let gid = fields.u16().unwrap_or_default();
    let mtime = fields.u32().unwrap_or_default();
    let (basic, extended) = match number {
        1..=7 => (number, false),
        8..=14 => (number - kind::EXTENDED, true),
        _ => return Err(at.corrupt(format!("inode type {number} is not known"))),
    };
    let mut xattr = NONE_U32;
    let body = match basic {
        kind::DIR => {
            let dir = if extended {
                let bytes: [u8; 24] = metadata.array(at)?;
                let mut f = Fields(&bytes);
                let (_nlink, size, block, _parent, _index) =
                    (f.u32(), f.u32(), f.u32(), f.u32(), f.u16());
                let (offset, attributes) = (f.u16(), f.u32());
                xattr = attributes.unwrap_or(NONE_U32);
                (block, offset, size)
            } else {
                let bytes: [u8; 16] = metadata.array(at)?;
                let mut f = Fields(&bytes);
                let (block, _nlink, size, offset) = (f.u32(), f.u32(), f.u16(), f.u16());
                (block, offset, size.map(u32::from))
            };
            Body::Dir(DirRef {
                block: dir.0.unwrap_or_default(),
                offset: dir.1.unwrap_or_default(),
                size: dir.2.unwrap_or_default(),
            })
        }
        kind::FILE => {
            let (start, size, fragment, offset);
            if extended {
                let bytes: [u8; 40] = metadata.array(at)?;
                let mut f = Fields(&bytes);
                start = f.u64().unwrap_or_default();
                size = f.u64().unwrap_or_default();
                let (_sparse, _nlink) = (f.u64(), f.u32());
                fragment = f.u32().unwrap_or(NONE_U32);
                offset = f.u32().unwrap_or_default();
                xattr = f.u32().unwrap_or(NONE_U32);
            } else {
                let bytes: [u8; 16] = metadata.array(at)?;
                let mut f = Fields(&bytes);
                start = u64::from(f.u32().unwrap_or_default());
                fragment = f.u32().unwrap_or(NONE_U32);
                offset = f.u32().unwrap_or_default();
                size = u64::from(f.u32().unwrap_or_default());
            }
            let fragment = (fragment != NONE_U32).then_some((fragment, offset));
            let count = match fragment {
                Some(_) => size / u64::from(block_size),
                None => size.div_ceil(u64::from(block_size)),
            };
            blocks.take(count)?;
            let list = metadata.read(at, count as usize * 4)?;
            let blocks = list
                .as_chunks::<4>()
                .0
                .iter()
                .map(|word| u32::from_le_bytes(*word))
                .collect();
            Body::File(FileRef {
                start,
                size,
                blocks,
                fragment,
            })
        }
        kind::SYMLINK => {
            let bytes: [u8; 8] = metadata.array(at)?;
            let mut f = Fields(&bytes);
            let (_nlink, len) = (f.u32(), f.u32().unwrap_or_default());
            if len > 0xFFFF {
                return Err(at.corrupt(format!("symlink target of {len} bytes is too long")));
            }
            content.take(u64::from(len))?;
            let target = metadata.read(at, len as usize)?;
            if extended {
                xattr = u32::from_le_bytes(metadata.array(at)?);
            }
            Body::Symlink(target)
        }
        kind::BLOCK_DEVICE | kind::CHAR_DEVICE => {
            let bytes: [u8; 8] = metadata.array(at)?;
            let mut f = Fields(&bytes);
            let (_nlink, device) = (f.u32(), f.u32().unwrap_or_default());
            if extended {
                xattr = u32::from_le_bytes(metadata.array(at)?);
            }
            Body::Device {
                major: (device >> 8) & 0xFFF,
                minor: (device & 0xFF) | ((device >> 12) & 0xF_FF00),
            }
        }
        _ => {
            let _nlink: [u8; 4] = metadata.array(at)?;
            if extended {
                xattr = u32::from_le_bytes(metadata.array(at)?);
            }
            Body::Ipc
        }
    };
    Ok(RawInode {
        kind: basic,
        mode: mode & 0o7777,
        uid,
        gid,
        mtime,
        xattr,
        body,
    })
}
