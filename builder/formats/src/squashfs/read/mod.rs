//! Reading an image into a tree.

mod browse;
mod data;
mod directory;
mod inode;
mod limits;
mod metadata;
mod superblock;
mod xattr;

use std::collections::{BTreeMap, HashMap, HashSet};

pub use self::browse::Browser;
use self::inode::{Body, FileRef, RawInode};
use self::limits::Budget;
pub use self::limits::Limits;
use self::metadata::{Cursor, Metadata};
pub use self::superblock::{Compressor, Info};
use self::xattr::XattrTable;
use super::codec::Codec;
use super::error::Error;
use super::format::{Flags, ID_ENTRY_LEN, Superblock, kind};
use super::seeds::Seeds;
use crate::tree::{Content, Inode, InodeId, Kind, Meta, Tree};

/// Reads an image. Bytes after its end (padding, a firmware's trailer) are ignored.
///
/// # Errors
/// Every [`Error`](enum@Error); the image is checked throughout, all blocks are decompressed.
pub fn read(image: &[u8]) -> Result<(Tree, Info), Error> {
    read_within(image, &Limits::for_image(image.len()))
}

/// What an image says of itself; nothing but its superblock and compressor options is read.
///
/// # Errors
/// When these two are damaged or of an unknown kind, or the image is cut off.
pub fn info(image: &[u8]) -> Result<Info, Error> {
    Ok(Reader::open(image, &Limits::for_image(image.len()))?.info)
}

/// As [`read()`], with limits of one's own.
///
/// # Errors
/// As [`read()`].
pub fn read_within(image: &[u8], limits: &Limits) -> Result<(Tree, Info), Error> {
    let mut reader = Reader::open(image, limits)?;
    let tree = reader.tree(limits, None)?;
    Ok((tree, reader.info))
}

/// As [`read()`], and also gives the compressed blocks, for a [`Writer`](super::Writer) to take over.
///
/// # Errors
/// As [`read()`].
pub fn read_donor(image: &[u8]) -> Result<(Tree, Info, Seeds), Error> {
    let limits = Limits::for_image(image.len());
    let mut reader = Reader::open(image, &limits)?;
    let mut seeds = Seeds::new(
        reader.codec,
        reader.info.block_size,
        reader.info.dict_size(),
        reader.image,
    );
    // Blocks that nobody tried to compress are no use.
    let flags = reader.info.flags;
    let usable = !flags.has(Flags::RAW_DATA) && !flags.has(Flags::RAW_FRAGMENTS);
    let tree = reader.tree(&limits, usable.then_some(&mut seeds))?;
    Ok((tree, reader.info, seeds))
}

struct Reader<'a> {
    /// The image up to `bytes_used`.
    image: &'a [u8],
    codec: Codec,
    superblock: Superblock,
    info: Info,
    metadata: Metadata<'a>,
}

/// Inodes as far as they are read; the content of files comes last.
#[derive(Default)]
struct Inodes {
    list: Vec<Inode>,
    /// Inode reference to index in `list`, for all but directories.
    known: HashMap<u64, u32>,
    /// References of the directories met.
    dirs: HashSet<u64>,
    /// Index in `list` and content of each regular file.
    files: Vec<(usize, FileRef)>,
}

/// What the inodes refer to.
struct Tables {
    ids: Vec<u32>,
    xattrs: XattrTable,
    content: Budget,
    blocks: Budget,
    entries: Budget,
}

impl<'a> Reader<'a> {
    fn open(image: &'a [u8], limits: &Limits) -> Result<Self, Error> {
        let superblock = superblock::parse(image)?;
        let codec = Codec::from_number(superblock.compressor).map_err(Error::Unsupported)?;
        let image = metadata::slice(image, "image", 0, superblock.bytes_used)?;
        let mut metadata = Metadata::new(image, codec, limits.metadata);
        let info = superblock::info(&superblock, codec, &mut metadata)?;
        Ok(Self {
            image,
            codec,
            superblock,
            info,
            metadata,
        })
    }

    fn tree(&mut self, limits: &Limits, seeds: Option<&mut Seeds>) -> Result<Tree, Error> {
        let mut tables = self.tables(limits)?;
        let source = self.source()?;
        let inodes = self.walk(&mut tables, limits.depth)?;
        let mut list = inodes.list;
        let (owners, files): (Vec<usize>, Vec<FileRef>) = inodes.files.into_iter().unzip();
        let contents = data::read(&source, &files, &mut tables.content, seeds)?;
        for (owner, content) in owners.into_iter().zip(contents) {
            if let Some(inode) = list.get_mut(owner) {
                inode.kind = Kind::File(content);
            }
        }
        Ok(Tree::from_inodes(list))
    }

    fn tables(&mut self, limits: &Limits) -> Result<Tables, Error> {
        Ok(Tables {
            ids: self.ids()?,
            xattrs: XattrTable::read(&mut self.metadata, self.superblock.xattr_table)?,
            content: Budget::new("content", "bytes", limits.content),
            blocks: Budget::new("block lists", "entries", limits.blocks),
            entries: Budget::new("directories", "entries", limits.entries),
        })
    }

    fn source(&mut self) -> Result<data::Source<'a>, Error> {
        Ok(data::Source {
            image: self.image,
            codec: self.codec,
            block_size: self.superblock.block_size,
            fragments: data::fragment_table(
                &mut self.metadata,
                self.superblock.fragment_table,
                self.superblock.fragments,
            )?,
        })
    }

    fn ids(&mut self) -> Result<Vec<u32>, Error> {
        let len = usize::from(self.superblock.ids) * ID_ENTRY_LEN;
        let bytes =
            self.metadata
                .indexed_table("id table", self.superblock.id_table, len as u64)?;
        let ids = bytes.as_chunks::<ID_ENTRY_LEN>().0;
        Ok(ids.iter().map(|id| u32::from_le_bytes(*id)).collect())
    }

    /// All inodes that paths from the root lead to.
    fn walk(&mut self, tables: &mut Tables, max_depth: u32) -> Result<Inodes, Error> {
        let mut inodes = Inodes::default();
        let root = self.superblock.root;
        let (raw, at) = self.inode(root, tables)?;
        let Body::Dir(dir) = raw.body else {
            return Err(at.corrupt("the root is not a directory"));
        };
        inodes.dirs.insert(root);
        inodes.list.push(Inode {
            meta: self.meta(&raw, &at, tables)?,
            kind: Kind::Dir(BTreeMap::new()),
        });
        let mut todo = vec![(0, dir, 1)];
        while let Some((owner, dir, depth)) = todo.pop() {
            if depth > max_depth {
                return Err(Error::TooBig {
                    what: "nesting of directories",
                    limit: format!("{max_depth} levels"),
                });
            }
            let table = self.superblock.directory_table;
            let listing = directory::read(&mut self.metadata, table, dir, &mut tables.entries)?;
            let mut names = BTreeMap::new();
            for entry in listing {
                let id = match inodes.known.get(&entry.reference) {
                    Some(id) => *id,
                    None => {
                        let (raw, at) = self.inode(entry.reference, tables)?;
                        if raw.kind != entry.kind {
                            return Err(at.corrupt(format!(
                                "inode of type {} is listed as type {} in a directory",
                                raw.kind, entry.kind
                            )));
                        }
                        let id = inodes.list.len() as u32;
                        if let Body::Dir(dir) = raw.body {
                            if !inodes.dirs.insert(entry.reference) {
                                return Err(at.corrupt("a directory has two names"));
                            }
                            todo.push((id as usize, dir, depth + 1));
                        } else {
                            inodes.known.insert(entry.reference, id);
                        }
                        let meta = self.meta(&raw, &at, tables)?;
                        let kind = inodes.kind(raw);
                        inodes.list.push(Inode { meta, kind });
                        id
                    }
                };
                if let Some(name) = names.insert(entry.name, InodeId(id)).map(|_| id) {
                    return Err(Error::Corrupt {
                        offset: table,
                        what: "directory table",
                        why: format!("a directory lists a name twice (inode {name})"),
                    });
                }
            }
            if let Some(inode) = inodes.list.get_mut(owner) {
                inode.kind = Kind::Dir(names);
            }
        }
        Ok(inodes)
    }

    /// The inode with this reference, and where it is.
    fn inode(&mut self, reference: u64, tables: &mut Tables) -> Result<(RawInode, Cursor), Error> {
        let start = Cursor::from_reference("inode table", self.superblock.inode_table, reference)?;
        let mut at = start;
        let raw = inode::read(
            &mut self.metadata,
            &mut at,
            self.superblock.block_size,
            &mut tables.blocks,
            &mut tables.content,
        )?;
        Ok((raw, start))
    }

    fn meta(&mut self, raw: &RawInode, at: &Cursor, tables: &mut Tables) -> Result<Meta, Error> {
        let id = |index: u16| {
            tables.ids.get(usize::from(index)).copied().ok_or_else(|| {
                at.corrupt(format!(
                    "owner number {index} is asked for, but the id table has {}",
                    tables.ids.len()
                ))
            })
        };
        Ok(Meta {
            mode: raw.mode,
            uid: id(raw.uid)?,
            gid: id(raw.gid)?,
            mtime: raw.mtime,
            xattrs: tables
                .xattrs
                .get(&mut self.metadata, raw.xattr, &mut tables.content)?,
        })
    }
}

impl Inodes {
    /// The kind of an inode about to be pushed; content and entries come later.
    fn kind(&mut self, raw: RawInode) -> Kind {
        match (raw.body, raw.kind) {
            (Body::Dir(_), _) => Kind::Dir(BTreeMap::new()),
            (Body::File(file), _) => {
                self.files.push((self.list.len(), file));
                Kind::File(Content::default())
            }
            (Body::Symlink(target), _) => Kind::Symlink(target),
            (Body::Device { major, minor }, kind::BLOCK_DEVICE) => {
                Kind::BlockDevice { major, minor }
            }
            (Body::Device { major, minor }, _) => Kind::CharDevice { major, minor },
            (Body::Ipc, kind::SOCKET) => Kind::Socket,
            (Body::Ipc, _) => Kind::Fifo,
        }
    }
}
