//! Writing.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use tar::{Builder, EntryType, Header};

use crate::tree::{Content, Kind, Tree};

/// Content goes out in pieces of this many bytes.
const PIECE: u64 = 1 << 20;

/// Writes `tree` as an archive: names in byte order without a leading `/`, numeric owners. Holes are written as zeros.
///
/// # Errors
/// When `out` fails, or when the tree holds what tar has no form for (sockets, extended attributes with
/// names that are not UTF-8); the message names the path.
pub fn write(tree: &Tree, out: impl Write) -> io::Result<()> {
    let mut archive = Builder::new(out);
    let mut seen: HashMap<_, Vec<u8>> = HashMap::new();
    for entry in tree.walk() {
        let mut path = entry.path.clone();
        let refuse = |why: &str| {
            let shown = String::from_utf8_lossy(&entry.path);
            io::Error::new(io::ErrorKind::InvalidInput, format!("/{shown}: {why}"))
        };
        let meta = &entry.inode.meta;
        let mut header = Header::new_gnu();
        header.set_mode(meta.mode.into());
        header.set_uid(meta.uid.into());
        header.set_gid(meta.gid.into());
        header.set_mtime(meta.mtime.into());
        header.set_size(0);
        if let Some(first) = seen.get(&entry.id) {
            header.set_entry_type(EntryType::Link);
            archive.append_link(&mut header, host_path(&path), host_path(first))?;
            continue;
        }
        if !meta.xattrs.is_empty() {
            let mut records = Vec::new();
            for (name, value) in &meta.xattrs {
                let name = std::str::from_utf8(name)
                    .map_err(|_| refuse("an attribute's name is not UTF-8"))?;
                records.push((format!("SCHILY.xattr.{name}"), value.as_slice()));
            }
            let records = records.iter().map(|(name, value)| (name.as_str(), *value));
            archive.append_pax_extensions(records)?;
        }
        match &entry.inode.kind {
            Kind::Dir(_) => {
                header.set_entry_type(EntryType::Directory);
                if path.is_empty() {
                    path.push(b'.');
                }
                path.push(b'/');
                archive.append_data(&mut header, host_path(&path), io::empty())?;
                continue;
            }
            Kind::File(content) => {
                header.set_entry_type(EntryType::Regular);
                header.set_size(content.len());
                let data = ContentReader {
                    content,
                    offset: 0,
                    piece: io::Cursor::default(),
                };
                archive.append_data(&mut header, host_path(&path), data)?;
            }
            Kind::Symlink(target) => {
                header.set_entry_type(EntryType::Symlink);
                archive.append_link(&mut header, host_path(&path), host_path(target))?;
            }
            Kind::CharDevice { major, minor } | Kind::BlockDevice { major, minor } => {
                header.set_entry_type(match entry.inode.kind {
                    Kind::CharDevice { .. } => EntryType::Char,
                    _ => EntryType::Block,
                });
                header.set_device_major(*major)?;
                header.set_device_minor(*minor)?;
                archive.append_data(&mut header, host_path(&path), io::empty())?;
            }
            Kind::Fifo => {
                header.set_entry_type(EntryType::Fifo);
                archive.append_data(&mut header, host_path(&path), io::empty())?;
            }
            Kind::Socket => return Err(refuse("is a socket, which tar cannot hold; remove it")),
        }
        seen.insert(entry.id, path);
    }
    archive.into_inner()?.flush()
}

fn host_path(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}

/// Reads content piece by piece: a sparse file can be larger than memory.
struct ContentReader<'a> {
    content: &'a Content,
    offset: u64,
    piece: io::Cursor<Vec<u8>>,
}

impl Read for ContentReader<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.piece.position() == self.piece.get_ref().len() as u64 {
            let piece = self
                .content
                .range(self.offset, self.offset.saturating_add(PIECE));
            self.offset += piece.len() as u64;
            self.piece = io::Cursor::new(piece);
        }
        self.piece.read(out)
    }
}
