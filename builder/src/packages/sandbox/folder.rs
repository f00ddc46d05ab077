//! A tree as a folder of the host, and back.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, Metadata, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use openwrt_formats::tree::{Inode, InodeId, Kind, Meta, Tree};

/// What was written: paths, and the modes they had on the host then.
pub(super) type Written = HashMap<Vec<u8>, u16>;

/// Writes a tree. The user who runs this can read and change all of it, whatever the tree's modes are.
pub(super) fn write(tree: &Tree, root: &Path) -> io::Result<Written> {
    let mut written = HashMap::new();
    let mut seen: HashMap<InodeId, PathBuf> = HashMap::new();
    for entry in tree.walk() {
        let name = entry
            .path
            .rsplit(|byte| *byte == b'/')
            .next()
            .unwrap_or_default();
        if name == b".." || name == b"." {
            return Err(io::Error::other(
                "the tree has a file with an impossible name",
            ));
        }
        let path = on_host(root, &entry.path);
        let needed = match &entry.inode.kind {
            Kind::Dir(_) => {
                fs::create_dir(&path)?;
                0o700
            }
            Kind::File(_) if seen.contains_key(&entry.id) => {
                if let Some(first) = seen.get(&entry.id) {
                    fs::hard_link(first, &path)?;
                }
                0o600
            }
            Kind::File(content) => {
                fs::write(&path, content.slice(0, content.len()))?;
                seen.insert(entry.id, path.clone());
                0o600
            }
            Kind::Symlink(target) => {
                symlink(OsStr::from_bytes(target), &path)?;
                written.insert(entry.path, 0o777);
                continue;
            }
            // The host's user may not make these.
            _ => continue,
        };
        // Bits that give rights have no business on the host; the tree keeps them.
        let mode = u32::from(entry.inode.meta.mode) & 0o777 | needed;
        fs::set_permissions(&path, Permissions::from_mode(mode))?;
        written.insert(entry.path, mode_of(&fs::symlink_metadata(&path)?));
    }
    Ok(written)
}

/// Makes the tree what the folder is now. An error says what is wrong with it.
pub(super) fn read_back(
    tree: &mut Tree,
    root: &Path,
    written: &Written,
    epoch: u32,
    limit: u64,
) -> Result<(), String> {
    let mut reader = Reader {
        tree,
        root,
        written,
        epoch,
        left: limit,
    };
    let gone: Vec<&Vec<u8>> = written
        .keys()
        .filter(|path| fs::symlink_metadata(on_host(root, path)).is_err())
        .collect();
    for path in gone {
        reader.tree.remove(path);
    }
    reader.folder(&[])
}

struct Reader<'a> {
    tree: &'a mut Tree,
    root: &'a Path,
    written: &'a Written,
    epoch: u32,
    /// How many bytes more may be read.
    left: u64,
}

impl Reader<'_> {
    fn folder(&mut self, folder: &[u8]) -> Result<(), String> {
        let failed = |error: io::Error| {
            format!(
                "left what cannot be read: /{}: {error}",
                folder.escape_ascii()
            )
        };
        let place = on_host(self.root, folder);
        // A script may have taken the right to look into it.
        let mode = fs::symlink_metadata(&place)
            .map_err(failed)?
            .permissions()
            .mode();
        if mode & 0o700 != 0o700 {
            fs::set_permissions(&place, Permissions::from_mode(mode | 0o700)).map_err(failed)?;
        }
        let mut entries = fs::read_dir(&place)
            .map_err(failed)?
            .collect::<Result<Vec<_>, _>>()
            .map_err(failed)?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let mut path = folder.to_vec();
            if !path.is_empty() {
                path.push(b'/');
            }
            path.extend_from_slice(entry.file_name().as_bytes());
            let is_folder = self
                .entry(&path)
                .map_err(|why| format!("left /{}, {why}", path.escape_ascii()))?;
            if is_folder {
                self.folder(&path)?;
            }
        }
        Ok(())
    }

    /// Takes one entry over; whether it is a folder.
    fn entry(&mut self, path: &[u8]) -> Result<bool, String> {
        let failed = |error: io::Error| format!("which cannot be read: {error}");
        let place = on_host(self.root, path);
        let found = fs::symlink_metadata(&place).map_err(failed)?;
        let kind = found.file_type();
        let old = self.tree.get(path).cloned();
        if kind.is_dir() {
            let same = matches!(
                &old,
                Some(Inode {
                    kind: Kind::Dir(_),
                    ..
                })
            );
            self.put(path, &found, Kind::Dir(Default::default()), same)?;
            return Ok(true);
        }
        if kind.is_symlink() {
            let target = fs::read_link(&place).map_err(failed)?;
            let new = Kind::Symlink(target.as_os_str().as_bytes().to_vec());
            let same = old.is_some_and(|old| old.kind == new);
            self.put(path, &found, new, same)?;
            return Ok(false);
        }
        if !kind.is_file() {
            let what = match () {
                () if kind.is_fifo() => "a pipe",
                () if kind.is_socket() => "a socket",
                () => "a device",
            };
            return Err(format!("which is {what}: packages bring no such files"));
        }
        self.left = self
            .left
            .checked_sub(found.len())
            .ok_or("and with it more data than a router holds")?;
        if found.permissions().mode() & 0o400 == 0 {
            let mode = found.permissions().mode() | 0o400;
            fs::set_permissions(&place, Permissions::from_mode(mode)).map_err(failed)?;
        }
        let content = fs::read(&place).map_err(failed)?;
        let same = match old.as_ref().map(|old| &old.kind) {
            Some(Kind::File(old)) => {
                old.len() == content.len() as u64 && *old.slice(0, old.len()) == content[..]
            }
            _ => false,
        };
        // A file with further names, changed in place, is changed under all of them.
        if !same
            && found.nlink() > 1
            && let Some(id) = self.tree.lookup(path)
            && let Kind::File(old) = &mut self.tree.inode_mut(id).kind
        {
            *old = content.into();
            self.tree.inode_mut(id).meta.mtime = self.epoch;
            return self.mode(path, &found).map(|()| false);
        }
        self.put(path, &found, Kind::File(content.into()), same)?;
        Ok(false)
    }

    /// Puts an entry, or only its mode where it is the same as it was.
    fn put(&mut self, path: &[u8], found: &Metadata, kind: Kind, same: bool) -> Result<(), String> {
        if !same {
            let old = self
                .tree
                .get(path)
                .map(|inode| (inode.meta.clone(), matches!(inode.kind, Kind::Dir(_))));
            // A folder is not put over by a file, nor the other way round.
            if old
                .as_ref()
                .is_some_and(|(_, was_folder)| *was_folder != matches!(kind, Kind::Dir(_)))
            {
                self.tree.remove(path);
            }
            let is_link = matches!(kind, Kind::Symlink(_));
            let meta = match old {
                Some((meta, false)) if !is_link => meta.at(self.epoch),
                _ => Meta::file(if is_link { 0o777 } else { mode_of(found) }).at(self.epoch),
            };
            let inode = Inode { meta, kind };
            self.tree
                .put(path, inode)
                .map_err(|error| format!("which cannot be taken over: {error}"))?;
        }
        if found.file_type().is_symlink() {
            return Ok(());
        }
        self.mode(path, found)
    }

    /// Takes a mode over that is not as it was written.
    fn mode(&mut self, path: &[u8], found: &Metadata) -> Result<(), String> {
        let mode = mode_of(found);
        if self.written.get(path) != Some(&mode)
            && let Some(inode) = self.tree.get_mut(path)
        {
            inode.meta.mode = mode;
            inode.meta.mtime = self.epoch;
        }
        Ok(())
    }
}

fn mode_of(found: &Metadata) -> u16 {
    (found.permissions().mode() & 0o7777) as u16
}

fn on_host(root: &Path, path: &[u8]) -> PathBuf {
    match path {
        [] => root.to_path_buf(),
        _ => root.join(OsStr::from_bytes(path)),
    }
}
