//! Reading.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::Arc;

use tar::{EntryType, GnuExtSparseHeader, GnuSparseHeader, Header};
use thiserror::Error;

use super::pax::Pax;
use super::sparse;
use crate::tree::{Content, Inode, Kind, Meta, Tree, TreeError};

/// Headers, and the units that data is padded to.
const BLOCK: usize = 512;
/// Zeros are kept as holes in pieces of this many bytes.
const PIECE: usize = 64 << 10;

/// Why an archive could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// The archive's compression is damaged.
    #[error("tar archive does not decompress: {0}")]
    Compression(String),
    /// The archive is damaged or ends too early. The offset is that in the archive after decompression.
    #[error("tar archive damaged at offset {offset}: {why}")]
    Damaged {
        /// Where the header of the entry is, in bytes.
        offset: u64,
        /// What is wrong.
        why: String,
    },
    /// An entry that has no place in a root file system.
    #[error("tar archive: entry {path}: {why}")]
    Entry {
        /// The entry's name.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// The archive unpacks to more than is allowed: a decompression bomb.
    #[error("tar archive refused: it unpacks to more than {limit} bytes (a decompression bomb?)")]
    TooBig {
        /// The limit in bytes.
        limit: u64,
    },
}

/// Reads an archive; its compression (none, gzip, xz, zstd) is recognised.
///
/// Directories that are not in the archive but hold something that is are made 0755, root-owned. Of entries with
/// the same name the last one counts.
///
/// # Errors
/// Every [`Error`](enum@Error).
pub fn read(archive: &[u8]) -> Result<Tree, Error> {
    let bytes = decompress(archive)?;
    let mut reader = Reader {
        bytes: &bytes,
        at: 0,
        tree: Tree::default(),
    };
    let mut extra = Extra::default();
    let mut empty = true;
    while let Some(raw) = reader.next()? {
        let damaged = |why: String| Error::Damaged {
            offset: raw.offset as u64,
            why,
        };
        match raw.header.entry_type() {
            EntryType::XHeader => extra.pax = Pax::parse(raw.data).map_err(damaged)?,
            EntryType::XGlobalHeader => {}
            EntryType::GNULongName => extra.name = Some(until_nul(raw.data).to_vec()),
            EntryType::GNULongLink => extra.link = Some(until_nul(raw.data).to_vec()),
            _ => {
                reader.entry(&raw, std::mem::take(&mut extra))?;
                empty = false;
            }
        }
    }
    if empty {
        return Err(Error::Damaged {
            offset: 0,
            why: "it holds nothing".into(),
        });
    }
    Ok(reader.tree)
}

/// The archive without its compression.
fn decompress(archive: &[u8]) -> Result<Cow<'_, [u8]>, Error> {
    let failed = |why: io::Error| Error::Compression(why.to_string());
    let stream: Box<dyn Read + '_> = match archive {
        [0x1F, 0x8B, ..] => Box::new(flate2::read::MultiGzDecoder::new(archive)),
        [0xFD, b'7', b'z', b'X', b'Z', 0, ..] => {
            Box::new(liblzma::read::XzDecoder::new_multi_decoder(archive))
        }
        [0x28, 0xB5, 0x2F, 0xFD, ..] => {
            Box::new(zstd::stream::read::Decoder::new(archive).map_err(failed)?)
        }
        _ => return Ok(archive.into()),
    };
    let limit = (archive.len() as u64)
        .saturating_mul(100)
        .clamp(256 << 20, 4 << 30);
    let mut out = Vec::new();
    stream
        .take(limit + 1)
        .read_to_end(&mut out)
        .map_err(failed)?;
    if out.len() as u64 > limit {
        return Err(Error::TooBig { limit });
    }
    Ok(out.into())
}

/// What entries before an entry say of it.
#[derive(Default)]
struct Extra {
    name: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    pax: Pax,
}

/// One entry as it lies in the archive.
struct Raw<'a> {
    offset: usize,
    header: &'a Header,
    data: &'a [u8],
    /// Offsets and lengths of GNU's older kind of sparse file.
    map: Vec<u64>,
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    tree: Tree,
}

fn until_nul(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(len)?;
        let taken = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    /// The next entry; `None` at the end, which a block of zeros marks.
    fn next(&mut self) -> Result<Option<Raw<'a>>, Error> {
        let offset = self.at;
        let damaged = |why: String| Error::Damaged {
            offset: offset as u64,
            why,
        };
        let block = self.take(BLOCK).ok_or_else(|| {
            damaged(if offset == 0 {
                "it is too short to be one".into()
            } else {
                "it ends without the block of zeros that closes it; is it cut short?".into()
            })
        })?;
        if block.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        let header = Header::from_byte_slice(block);
        // The checksum counts its own field as eight spaces.
        let sum: u32 = (0..)
            .zip(block)
            .map(|(at, byte)| {
                if (148..156).contains(&at) {
                    32
                } else {
                    u32::from(*byte)
                }
            })
            .sum();
        if header.cksum().ok() != Some(sum) {
            return Err(damaged(
                "a header has a wrong checksum; is this a tar archive?".into(),
            ));
        }
        let size = header
            .entry_size()
            .map_err(|why| damaged(why.to_string()))?;
        let map = if header.entry_type() == EntryType::GNUSparse {
            self.sparse_map(header).map_err(damaged)?
        } else {
            Vec::new()
        };
        let padded = size.checked_next_multiple_of(BLOCK as u64);
        let data = padded
            .and_then(|padded| usize::try_from(padded).ok())
            .and_then(|padded| self.take(padded)?.get(..size as usize))
            .ok_or_else(|| {
                damaged(format!(
                    "an entry of {size} bytes is cut short after {}",
                    self.bytes.len() - self.at
                ))
            })?;
        Ok(Some(Raw {
            offset,
            header,
            data,
            map,
        }))
    }

    fn sparse_map(&mut self, header: &Header) -> Result<Vec<u64>, String> {
        let mut map = Vec::new();
        let mut add = |entries: &[GnuSparseHeader]| -> io::Result<()> {
            for entry in entries.iter().filter(|entry| !entry.is_empty()) {
                map.extend([entry.offset()?, entry.length()?]);
            }
            Ok(())
        };
        let gnu = header.as_gnu().ok_or("sparse file without GNU header")?;
        add(&gnu.sparse).map_err(|why| why.to_string())?;
        let mut more = gnu.is_extended();
        while more {
            let block = self.take(BLOCK).ok_or("ends in the map of a sparse file")?;
            let mut extended = GnuExtSparseHeader::new();
            extended.as_mut_bytes().copy_from_slice(block);
            add(extended.sparse()).map_err(|why| why.to_string())?;
            more = extended.is_extended();
        }
        Ok(map)
    }

    fn entry(&mut self, raw: &Raw<'_>, extra: Extra) -> Result<(), Error> {
        let header = raw.header;
        let Extra { name, link, pax } = extra;
        let name = pax
            .sparse
            .name
            .clone()
            .or_else(|| pax.path.clone())
            .or(name)
            .unwrap_or_else(|| header.path_bytes().into_owned());
        let shown = String::from_utf8_lossy(&name).into_owned();
        let refuse = |why: String| Error::Entry {
            path: shown.clone(),
            why,
        };
        let io_error = |why: io::Error| refuse(why.to_string());
        let tree_error = |error: TreeError| refuse(error.to_string());
        if pax.size.is_some_and(|size| size != raw.data.len() as u64) {
            return Err(refuse("it is larger than 8 GiB".into()));
        }
        let path = clean(&name).map_err(|why| refuse(why.into()))?;
        let target = pax
            .link
            .clone()
            .or(link)
            .or_else(|| header.link_name_bytes().map(Cow::into_owned))
            .filter(|target| !target.is_empty());
        let target = || {
            target
                .clone()
                .ok_or_else(|| refuse("link without target".into()))
        };
        let device = || -> io::Result<(u32, u32)> {
            Ok((
                header.device_major()?.unwrap_or_default(),
                header.device_minor()?.unwrap_or_default(),
            ))
        };
        let kind = match header.entry_type() {
            EntryType::Regular | EntryType::Continuous => Kind::File(if pax.sparse.is_empty() {
                content(raw.data)
            } else {
                pax.sparse.content(raw.data).map_err(refuse)?
            }),
            EntryType::GNUSparse => {
                let size = header.size().map_err(io_error)?;
                let size = header.as_gnu().map_or(Ok(size), tar::GnuHeader::real_size);
                let size = size.map_err(io_error)?;
                Kind::File(sparse::assemble(size, &raw.map, raw.data).map_err(refuse)?)
            }
            EntryType::Link => {
                let existing = clean(&target()?).map_err(|why| refuse(why.into()))?;
                self.make_parents(&path).map_err(tree_error)?;
                self.tree.link(existing, path).map_err(tree_error)?;
                return Ok(());
            }
            EntryType::Symlink => Kind::Symlink(target()?),
            EntryType::Directory => Kind::Dir(BTreeMap::new()),
            EntryType::Fifo => Kind::Fifo,
            EntryType::Char => {
                let (major, minor) = device().map_err(io_error)?;
                Kind::CharDevice { major, minor }
            }
            EntryType::Block => {
                let (major, minor) = device().map_err(io_error)?;
                Kind::BlockDevice { major, minor }
            }
            other => {
                let letter = char::from(other.as_byte());
                return Err(refuse(format!("entries of type `{letter}` are not known")));
            }
        };
        let meta = meta(header, pax).map_err(io_error)?;
        self.make_parents(&path).map_err(tree_error)?;
        self.tree
            .put(&path, Inode { meta, kind })
            .map_err(tree_error)?;
        Ok(())
    }

    fn make_parents(&mut self, path: &[u8]) -> Result<(), TreeError> {
        match path.iter().rposition(|byte| *byte == b'/') {
            Some(cut) => self
                .tree
                .make_dirs(path.get(..cut).unwrap_or_default(), 0)
                .map(|_| ()),
            None => Ok(()),
        }
    }
}

/// The path without empty parts and `.`; refuses `..`.
fn clean(name: &[u8]) -> Result<Vec<u8>, &'static str> {
    let parts: Vec<&[u8]> = name
        .split(|byte| *byte == b'/')
        .filter(|part| !part.is_empty() && *part != b".")
        .collect();
    if parts.contains(&b"..".as_slice()) {
        return Err("its path holds `..`");
    }
    Ok(parts.join(&b'/'))
}

fn meta(header: &Header, pax: Pax) -> io::Result<Meta> {
    let id = |number: u64| {
        u32::try_from(number).map_err(|_| io::Error::other(format!("owner {number} is too large")))
    };
    Ok(Meta {
        mode: (header.mode()? & 0o7777) as u16,
        uid: id(pax.uid.map_or_else(|| header.uid(), Ok)?)?,
        gid: id(pax.gid.map_or_else(|| header.gid(), Ok)?)?,
        mtime: match pax.mtime {
            Some(mtime) => mtime,
            None => u32::try_from(header.mtime()?).unwrap_or(u32::MAX),
        },
        xattrs: pax.xattrs,
    })
}

/// Content with pieces of zeros as holes.
fn content(data: &[u8]) -> Content {
    let mut extents: Vec<(u64, usize, usize)> = Vec::new();
    for (number, piece) in data.chunks(PIECE).enumerate() {
        let start = number * PIECE;
        if piece.iter().all(|byte| *byte == 0) {
            continue;
        }
        match extents.last_mut() {
            Some((_, _, end)) if *end == start => *end += piece.len(),
            _ => extents.push((start as u64, start, start + piece.len())),
        }
    }
    let extents = extents
        .into_iter()
        .filter_map(|(at, start, end)| Some((at, Arc::from(data.get(start..end)?))))
        .collect();
    Content::sparse(data.len() as u64, extents).unwrap_or_else(|| data.into())
}
