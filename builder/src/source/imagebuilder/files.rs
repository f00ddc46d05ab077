//! Where an ImageBuilder's files are.

use std::io::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};

use openwrt_formats::tree::{Kind, Tree};

/// Files below some folder; paths have `/` between their parts and none in front.
pub trait Files {
    /// A regular file's content; `None` when there is none.
    ///
    /// # Errors
    /// When it cannot be read.
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>>;

    /// The names in a folder, sorted; none when there is no such folder.
    ///
    /// # Errors
    /// When it cannot be read.
    fn list(&self, path: &str) -> Result<Vec<String>>;
}

/// A folder of this machine: an ImageBuilder that was unpacked.
#[derive(Debug, Clone)]
pub struct Folder(pub PathBuf);

impl Folder {
    fn path(&self, path: &str) -> Result<PathBuf> {
        let inside = Path::new(path);
        let plain = |part| matches!(part, std::path::Component::Normal(_));
        match inside.components().all(plain) {
            true => Ok(self.0.join(inside)),
            false => Err(Error::new(ErrorKind::InvalidInput, "it leads elsewhere")),
        }
    }
}

impl Files for Folder {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>> {
        let path = self.path(path)?;
        match path.is_file() {
            true => std::fs::read(path).map(Some),
            false => Ok(None),
        }
    }

    fn list(&self, path: &str) -> Result<Vec<String>> {
        let entries = match std::fs::read_dir(self.path(path)?) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
        let mut names = names.collect::<Result<Vec<_>>>()?;
        names.sort();
        Ok(names)
    }
}

/// An archive that was read; symlinks are followed inside it.
impl Files for Tree {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>> {
        let Ok(path) = self.resolve(path) else {
            return Ok(None);
        };
        Ok(Tree::read(self, path))
    }

    fn list(&self, path: &str) -> Result<Vec<String>> {
        let inode = self.resolve(path).ok().and_then(|path| self.get(path));
        Ok(match inode.map(|inode| &inode.kind) {
            Some(Kind::Dir(entries)) => {
                let names = entries.keys();
                names
                    .map(|name| String::from_utf8_lossy(name).into_owned())
                    .collect()
            }
            _ => Vec::new(),
        })
    }
}
