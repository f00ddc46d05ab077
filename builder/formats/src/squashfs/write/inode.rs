//! The inode table and the directory table, which refer to each other.

use super::super::error::WriteError;
use super::super::format::{DIR_SIZE_BIAS, METADATA_LEN, NONE_U32, kind};
use super::content::{Contents, FileLayout};
use super::directory::{Entry, listing};
use super::metadata::MetadataWriter;
use super::press::Press;
use super::scan::{Node, Scan};
use super::xattr::XattrSets;
use crate::tree::Kind;

/// The two tables.
pub(super) struct Tables {
    pub(super) inodes: Vec<u8>,
    pub(super) directories: Vec<u8>,
    /// For each node, where its inode is.
    pub(super) references: Vec<u64>,
}

struct InodeWriter<'w, 'p, 't> {
    scan: &'w Scan<'t>,
    contents: &'w Contents,
    xattrs: &'w XattrSets<'t>,
    inodes: MetadataWriter<'p, 'p>,
    directories: MetadataWriter<'p, 'p>,
    references: Vec<Option<u64>>,
}

/// A directory that is being written.
struct Frame<'w, 't> {
    at: usize,
    node: &'w Node<'t>,
    /// Names and node indices of what it holds.
    children: Vec<(&'t [u8], usize)>,
    /// How many of these are written.
    done: usize,
}

/// Writes both tables, in the order of the names; a directory's inode comes after those of all it holds.
pub(super) fn write<'p>(
    scan: &Scan<'_>,
    contents: &Contents,
    xattrs: &XattrSets<'_>,
    press: &'p Press<'p>,
) -> Result<Tables, WriteError> {
    let mut writer = InodeWriter {
        scan,
        contents,
        xattrs,
        inodes: MetadataWriter::new(press),
        directories: MetadataWriter::new(press),
        references: vec![None; scan.nodes.len()],
    };
    let mut open: Vec<Frame<'_, '_>> = scan
        .nodes
        .first()
        .and_then(|root| frame(scan, 0, root))
        .into_iter()
        .collect();
    while let Some(dir) = open.last_mut() {
        if let Some((_, at)) = dir.children.get(dir.done).copied() {
            dir.done += 1;
            let Some(node) = scan.nodes.get(at) else {
                continue;
            };
            match frame(scan, at, node) {
                Some(subdir) => open.push(subdir),
                None if writer.references.get(at) == Some(&None) => {
                    let bytes = writer.leaf(at, node);
                    writer.put(at, &bytes)?;
                }
                None => {}
            }
        } else if let Some(dir) = open.pop() {
            writer.directory(dir.at, dir.node, &dir.children)?;
        }
    }
    Ok(Tables {
        inodes: writer.inodes.finish()?.0,
        directories: writer.directories.finish()?.0,
        references: writer
            .references
            .into_iter()
            .map(Option::unwrap_or_default)
            .collect(),
    })
}

/// A frame for the node if it is a directory.
fn frame<'w, 't>(scan: &'w Scan<'t>, at: usize, node: &'w Node<'t>) -> Option<Frame<'w, 't>> {
    let Kind::Dir(entries) = &node.inode.kind else {
        return None;
    };
    let children = entries
        .iter()
        .filter_map(|(name, id)| Some((name.as_slice(), scan.index(*id)?)))
        .collect();
    Some(Frame {
        at,
        node,
        children,
        done: 0,
    })
}

/// The basic inode type.
fn basic(kind: &Kind) -> u16 {
    match kind {
        Kind::Dir(_) => kind::DIR,
        Kind::File(_) => kind::FILE,
        Kind::Symlink(_) => kind::SYMLINK,
        Kind::BlockDevice { .. } => kind::BLOCK_DEVICE,
        Kind::CharDevice { .. } => kind::CHAR_DEVICE,
        Kind::Fifo => kind::FIFO,
        Kind::Socket => kind::SOCKET,
    }
}

/// The 16 bytes that all inodes begin with.
fn head(at: usize, node: &Node<'_>, extended: bool) -> Vec<u8> {
    let kind = basic(&node.inode.kind) + if extended { kind::EXTENDED } else { 0 };
    let mut out = Vec::with_capacity(64);
    out.extend(kind.to_le_bytes());
    out.extend((node.inode.meta.mode & 0o7777).to_le_bytes());
    out.extend(node.uid.to_le_bytes());
    out.extend(node.gid.to_le_bytes());
    out.extend(node.mtime.to_le_bytes());
    out.extend(number(at).to_le_bytes());
    out
}

/// The inode number of the node with this index.
fn number(at: usize) -> u32 {
    at as u32 + 1
}

impl InodeWriter<'_, '_, '_> {
    /// Writes a directory's listing and then its inode. Those of all it holds are there.
    fn directory(
        &mut self,
        at: usize,
        node: &Node<'_>,
        children: &[(&[u8], usize)],
    ) -> Result<(), WriteError> {
        let entries: Vec<_> = children
            .iter()
            .filter_map(|(name, child)| {
                Some(Entry {
                    name,
                    number: number(*child),
                    kind: basic(&self.scan.nodes.get(*child)?.inode.kind),
                    reference: self.references.get(*child).copied().flatten()?,
                })
            })
            .collect();

        let listing = listing(&entries);
        let place = self.directories.position();
        // Only the first header in each block after the first is worth an index entry.
        let offset = (place & 0xFFFF) as usize;
        let mut index = Vec::new();
        let mut indexed = 0u16;
        let mut last_block = 0;
        let mut written = 0;
        for (header, name) in &listing.headers {
            let header = *header as usize;
            self.directories
                .push(listing.bytes.get(written..header).unwrap_or_default())?;
            written = header;
            let block = (offset + header) / METADATA_LEN;
            if block != last_block && indexed < u16::MAX {
                last_block = block;
                indexed += 1;
                index.extend((header as u32).to_le_bytes());
                index.extend(((self.directories.position() >> 16) as u32).to_le_bytes());
                index.extend((name.len() as u32 - 1).to_le_bytes());
                index.extend(*name);
            }
        }
        self.directories
            .push(listing.bytes.get(written..).unwrap_or_default())?;

        let size = u32::try_from(listing.bytes.len())
            .ok()
            .and_then(|len| len.checked_add(DIR_SIZE_BIAS))
            .ok_or_else(|| self.scan.refuse_node(at, "has too many entries"))?;
        let xattr = self.xattrs.of(at);
        let parent = if at == 0 {
            number(self.scan.nodes.len())
        } else {
            number(node.parent)
        };
        let small = u16::try_from(size)
            .ok()
            .filter(|_| xattr == NONE_U32 && indexed == 0);
        let mut out = head(at, node, small.is_none());
        let block = (place >> 16) as u32;
        let offset = place as u16;
        match small {
            Some(size) => {
                out.extend(block.to_le_bytes());
                out.extend(node.links.to_le_bytes());
                out.extend(size.to_le_bytes());
                out.extend(offset.to_le_bytes());
                out.extend(parent.to_le_bytes());
            }
            None => {
                out.extend(node.links.to_le_bytes());
                out.extend(size.to_le_bytes());
                out.extend(block.to_le_bytes());
                out.extend(parent.to_le_bytes());
                out.extend(indexed.to_le_bytes());
                out.extend(offset.to_le_bytes());
                out.extend(xattr.to_le_bytes());
                out.extend(index);
            }
        }
        self.put(at, &out)
    }

    /// The bytes of an inode that is no directory.
    fn leaf(&self, at: usize, node: &Node<'_>) -> Vec<u8> {
        let xattr = self.xattrs.of(at);
        let extended = xattr != NONE_U32;
        let mut out;
        match &node.inode.kind {
            Kind::File(content) => {
                let layout = self.contents.layout(at);
                return file(at, node, content.len(), layout, xattr);
            }
            Kind::Symlink(target) => {
                out = head(at, node, extended);
                out.extend(node.links.to_le_bytes());
                out.extend((target.len() as u32).to_le_bytes());
                out.extend(target);
            }
            Kind::BlockDevice { major, minor } | Kind::CharDevice { major, minor } => {
                out = head(at, node, extended);
                let device = (minor & 0xFF) | (major << 8) | ((minor & !0xFF) << 12);
                out.extend(node.links.to_le_bytes());
                out.extend(device.to_le_bytes());
            }
            Kind::Fifo | Kind::Socket | Kind::Dir(_) => {
                out = head(at, node, extended);
                out.extend(node.links.to_le_bytes());
            }
        }
        if extended {
            out.extend(xattr.to_le_bytes());
        }
        out
    }

    fn put(&mut self, at: usize, bytes: &[u8]) -> Result<(), WriteError> {
        if let Some(slot) = self.references.get_mut(at) {
            *slot = Some(self.inodes.position());
        }
        self.inodes.push(bytes)
    }
}

/// The bytes of a regular file's inode.
fn file(at: usize, node: &Node<'_>, len: u64, layout: &FileLayout, xattr: u32) -> Vec<u8> {
    let (fragment, offset) = layout.fragment.unwrap_or((NONE_U32, 0));
    let small = u32::try_from(len)
        .ok()
        .zip(u32::try_from(layout.start).ok())
        .filter(|_| xattr == NONE_U32 && node.links == 1 && layout.hole_bytes == 0);
    let mut out = head(at, node, small.is_none());
    match small {
        Some((len, start)) => {
            out.extend(start.to_le_bytes());
            out.extend(fragment.to_le_bytes());
            out.extend(offset.to_le_bytes());
            out.extend(len.to_le_bytes());
        }
        None => {
            out.extend(layout.start.to_le_bytes());
            out.extend(len.to_le_bytes());
            out.extend(layout.hole_bytes.to_le_bytes());
            out.extend(node.links.to_le_bytes());
            out.extend(fragment.to_le_bytes());
            out.extend(offset.to_le_bytes());
            out.extend(xattr.to_le_bytes());
        }
    }
    out.extend(layout.words.iter().flat_map(|word| word.to_le_bytes()));
    out
}
