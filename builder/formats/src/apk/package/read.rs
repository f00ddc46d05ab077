//! Reading packages.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256, Sha512};

use super::path;
use super::{Acl, File, FileKind, Folder, Package, Script, Trust};
use crate::apk::adb::{self, Database, Limits, Schema, Value};
use crate::apk::{Error, PackageInfo};

/// Types of files in targets, as in `st_mode`.
pub(super) const REGULAR: u16 = 0x8000;
pub(super) const SYMLINK: u16 = 0xa000;

impl Package {
    /// Reads the file, with every path and every content checked.
    ///
    /// # Errors
    /// As [`adb::unpack`], [`adb::File::read_as`], [`adb::File::verify`] and those of values; [`Error::Content`],
    /// [`Error::StrayContent`], [`Error::Path`].
    pub fn read(file: &[u8], trust: Trust<'_>) -> Result<Self, Error> {
        let plain = adb::unpack(file, Limits::PACKAGE)?;
        let file = adb::File::read_as(&plain, Schema::PACKAGE)?;
        let identity: [u8; 32] = Sha256::digest(file.values).into();
        match trust {
            Trust::Identity(wanted) if identity[..] != *wanted => {
                return Err(Error::Content {
                    path: "(its values)".into(),
                    problem: "have another SHA-256 than the feed's index says".into(),
                });
            }
            Trust::Identity(_) | Trust::Unverified => {}
            Trust::Keys(keys) => {
                file.verify(keys)?;
            }
        }
        let database = file.database()?;
        let root = database.slots(database.root())?;
        let mut reader = Reader {
            database: &database,
            data: file.data.iter(),
            used: 0,
            paths: BTreeSet::new(),
            regular: BTreeMap::new(),
        };
        let info = PackageInfo::read(&database, root.get(1))?;
        let mut folders = Vec::new();
        for (place, folder) in database.slots(root.get(2))?.iter().enumerate() {
            folders.push(reader.folder(place + 1, folder)?);
        }
        if reader.data.next().is_some() {
            return Err(Error::StrayContent(reader.used + 1));
        }
        let slots = database.slots(root.get(3))?;
        let mut scripts = BTreeMap::new();
        for (slot, script) in Script::ALL.into_iter().enumerate() {
            if let Some(text) = database.blob(slots.get(slot + 1))? {
                scripts.insert(script, text.to_vec());
            }
        }
        let triggers = database.slots(root.get(4))?;
        let trigger = |value| {
            database.spend(size_of::<String>() as u64)?;
            let text = database.blob(value)?.unwrap_or_default();
            Ok(String::from_utf8_lossy(text).into_owned())
        };
        let triggers: Result<_, Error> = triggers.iter().map(trigger).collect();
        Ok(Self {
            info,
            identity,
            folders,
            scripts,
            triggers: triggers?,
            replaces_priority: database.int(root.get(5))?.unwrap_or(0),
        })
    }
}

struct Reader<'a> {
    database: &'a Database<'a>,
    data: std::slice::Iter<'a, &'a [u8]>,
    /// How many blocks of content were taken.
    used: usize,
    /// All paths so far.
    paths: BTreeSet<Vec<u8>>,
    /// The regular files so far, with their hash.
    regular: BTreeMap<Vec<u8>, [u8; 32]>,
}

impl<'a> Reader<'a> {
    fn folder(&mut self, place: usize, value: Value) -> Result<Folder, Error> {
        self.database.spend(size_of::<Folder>() as u64)?;
        let fields = self.database.slots(value)?;
        let folder = self.database.blob(fields.get(1))?.unwrap_or_default();
        path::check_folder(folder)?;
        if !self.paths.insert(folder.to_vec()) {
            return Err(path::twice(folder));
        }
        let acl = self.acl(folder, fields.get(2))?;
        let mut files = Vec::new();
        for (file, value) in self.database.slots(fields.get(3))?.iter().enumerate() {
            files.push(self.file(folder, (place, file + 1), value)?);
        }
        Ok(Folder {
            path: folder.to_vec(),
            acl,
            files,
        })
    }

    fn file(&mut self, folder: &[u8], place: (usize, usize), value: Value) -> Result<File, Error> {
        self.database.spend(size_of::<File>() as u64)?;
        let fields = self.database.slots(value)?;
        let name = self.database.blob(fields.get(1))?.unwrap_or_default();
        let path = path::join(folder, name);
        path::check_name(&path, name)?;
        if !self.paths.insert(path.clone()) {
            return Err(path::twice(&path));
        }
        let acl = self.acl(&path, fields.get(2))?;
        let size = self.database.int(fields.get(3))?.unwrap_or(0);
        let mtime = self.database.int(fields.get(4))?.unwrap_or(0);
        let hash = self.database.blob(fields.get(5))?.unwrap_or_default();
        let kind = match self.database.blob(fields.get(6))? {
            Some(target) => self.link(folder, &path, target)?,
            None => self.regular(&path, place, size, hash)?,
        };
        Ok(File {
            name: name.to_vec(),
            acl,
            // What is later than 2106 is not true, and no file system of OpenWrt's keeps it.
            mtime: u32::try_from(mtime).unwrap_or(u32::MAX),
            kind,
        })
    }

    fn link(&self, folder: &[u8], path: &[u8], target: &[u8]) -> Result<FileKind, Error> {
        let Some((kind, target)) = target.split_first_chunk::<2>() else {
            return Err(path::blocked(path, "has a target that is cut short"));
        };
        match u16::from_le_bytes(*kind) {
            SYMLINK => {
                path::check_symlink(path, folder, target)?;
                Ok(FileKind::Symlink(target.to_vec()))
            }
            REGULAR if self.regular.contains_key(target) => Ok(FileKind::HardLink(target.to_vec())),
            REGULAR => Err(path::blocked(
                path,
                "is a hard link to no regular file before it",
            )),
            kind => Err(path::special(path, kind)),
        }
    }

    fn regular(
        &mut self,
        path: &[u8],
        place: (usize, usize),
        size: u64,
        hash: &[u8],
    ) -> Result<FileKind, Error> {
        let wrong = |problem: String| Error::Content {
            path: path.escape_ascii().to_string(),
            problem,
        };
        let content = if size == 0 {
            &[]
        } else {
            self.content(path, place)?
        };
        if content.len() as u64 != size {
            return Err(wrong(format!(
                "is of {} bytes, and should be of {size}",
                content.len()
            )));
        }
        let sha256: [u8; 32] = Sha256::digest(content).into();
        let holds = match hash.len() {
            32 => sha256[..] == *hash,
            64 => Sha512::digest(content)[..] == *hash,
            0 => return Err(wrong("has no hash".into())),
            len => {
                return Err(wrong(format!(
                    "has a hash of {len} bytes, which no known one has"
                )));
            }
        };
        if !holds {
            return Err(wrong("does not have the hash it should have".into()));
        }
        self.regular.insert(path.to_vec(), sha256);
        Ok(FileKind::Regular {
            content: content.to_vec().into(),
            sha256,
        })
    }

    /// The next block of content, which must be this file's.
    fn content(&mut self, path: &[u8], (folder, file): (usize, usize)) -> Result<&'a [u8], Error> {
        let block = self.data.next().ok_or_else(|| Error::Content {
            path: path.escape_ascii().to_string(),
            problem: "is missing".into(),
        })?;
        self.used += 1;
        let is = |bytes: &[u8; 4], number: usize| u32::from_le_bytes(*bytes) as usize == number;
        match block.split_first_chunk::<4>() {
            Some((first, rest)) if is(first, folder) => match rest.split_first_chunk::<4>() {
                Some((second, content)) if is(second, file) => Ok(content),
                _ => Err(Error::StrayContent(self.used)),
            },
            _ => Err(Error::StrayContent(self.used)),
        }
    }

    fn acl(&self, path: &[u8], value: Value) -> Result<Acl, Error> {
        let fields = self.database.slots(value)?;
        let name = |slot| -> Result<String, Error> {
            let blob = self.database.blob(fields.get(slot))?.unwrap_or(b"root");
            Ok(String::from_utf8_lossy(blob).into_owned())
        };
        let mode = self.database.int(fields.get(1))?.unwrap_or(0);
        let mode = u16::try_from(mode).ok().filter(|mode| *mode <= 0o7777);
        let mut xattrs = BTreeMap::new();
        for value in self.database.slots(fields.get(4))?.iter() {
            self.database.spend(2 * size_of::<Vec<u8>>() as u64)?;
            let xattr = self.database.blob(value)?.unwrap_or_default();
            let split = xattr
                .iter()
                .position(|byte| *byte == 0)
                .filter(|at| *at > 0);
            let (Some(name), Some(value)) = (
                split.and_then(|at| xattr.get(..at)),
                split.and_then(|at| xattr.get(at + 1..)),
            ) else {
                return Err(path::blocked(
                    path,
                    "has an extended attribute without name",
                ));
            };
            xattrs.insert(name.to_vec(), value.to_vec());
        }
        Ok(Acl {
            mode: mode.ok_or_else(|| path::blocked(path, "has a mode of more than 12 bits"))?,
            user: name(2)?,
            group: name(3)?,
            xattrs,
        })
    }
}
