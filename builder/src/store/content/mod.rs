//! What was fetched, each file named by its SHA-256.
//!
//! An entry lies in `content/ab/abcdef…`; it is written beside its place, flushed and renamed, so it is there whole
//! or not at all, and it is hashed whenever it is read: what a failing disk damaged is removed and fetched anew.
//! Unfinished downloads lie in `content/partial/`. All names are relative: the folder can be moved. Several
//! processes can use it at once, and a killed one leaves nothing that is in the way.

mod clean;
mod error;
mod partial;

pub use error::StoreError;
pub use partial::{Origin, Partial, Purpose};

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use super::Sha256;

/// The folder below the cache folder.
const FOLDER: &str = "content";
/// Unfinished downloads, in that folder.
const PARTIAL: &str = "partial";
/// Begins the names of files that are being written.
const TEMPORARY: &str = ".new-";
/// Entries used within this time are not marked as used again. Well below the hour that [`super::clean`] spares.
const MARK_AFTER: Duration = Duration::from_secs(10 * 60);

/// A folder of content, by hash; several processes can use it at once.
#[derive(Debug, Clone)]
pub struct ContentStore {
    dir: PathBuf,
}

impl ContentStore {
    /// The content in the cache folder `cache` (see [`crate::dirs::cache`]); a folder for it is made there when the
    /// first one is put.
    pub fn open(cache: &Path) -> Self {
        Self {
            dir: cache.join(FOLDER),
        }
    }

    /// The folder that holds all.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where the content of this hash lies, if it is there: for messages and for tools that take a file. What is read
    /// from there is not verified.
    pub fn path(&self, hash: &Sha256) -> PathBuf {
        let name = hash.to_string();
        let (shard, _) = name.split_at(2);
        self.dir.join(shard).join(&name)
    }

    /// The content of this hash, verified. A damaged entry is removed and counts as absent.
    ///
    /// # Errors
    /// When the disk cannot be read.
    pub fn get(&self, hash: &Sha256) -> Result<Option<Bytes>, StoreError> {
        let path = self.path(hash);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StoreError::read(&path, error)),
        };
        if Sha256::of(&bytes) != *hash {
            return remove_damaged(&path).map(|()| None);
        }
        mark_used(&path);
        Ok(Some(bytes.into()))
    }

    /// The size of the content of this hash, if it is there and its hash is right, without keeping it in memory.
    /// A damaged entry is removed and counts as absent.
    ///
    /// # Errors
    /// When the disk cannot be read.
    pub fn verify(&self, hash: &Sha256) -> Result<Option<u64>, StoreError> {
        let path = self.path(hash);
        let read = File::open(&path).and_then(Sha256::of_reader);
        match read {
            Ok((found, size)) if found == *hash => {
                mark_used(&path);
                Ok(Some(size))
            }
            Ok(_) => remove_damaged(&path).map(|()| None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::read(&path, error)),
        }
    }

    /// Whether there is an entry for this hash. It may be damaged: only [`get`](Self::get) and
    /// [`verify`](Self::verify) look into it.
    pub fn contains(&self, hash: &Sha256) -> bool {
        self.path(hash).is_file()
    }

    /// Keeps content, and gives its hash. When this returns, it is on the disk.
    ///
    /// # Errors
    /// When it cannot be written; nothing half-written is left.
    pub fn put(&self, bytes: &[u8]) -> Result<Sha256, StoreError> {
        let hash = Sha256::of(bytes);
        if self.verify(&hash)?.is_some() {
            return Ok(hash);
        }
        let path = self.path(&hash);
        let needed = bytes.len() as u64;
        let fail = |error| StoreError::write(&self.dir, needed, error);
        let shard = make_parent(&path).map_err(fail)?;
        let mut file = tempfile::Builder::new()
            .prefix(TEMPORARY)
            .tempfile_in(&shard)
            .map_err(fail)?;
        file.write_all(bytes).map_err(fail)?;
        file.as_file().sync_all().map_err(fail)?;
        // The temporary file is removed when this fails.
        file.persist(&path).map_err(|error| fail(error.error))?;
        sync_folder(&shard).map_err(fail)?;
        Ok(hash)
    }

    /// The unfinished download for this purpose, locked for this process: `None` while another one holds it, which
    /// then most likely is about to put what is wanted.
    ///
    /// # Errors
    /// When the disk cannot be written.
    pub fn partial(&self, purpose: &Purpose) -> Result<Option<Partial>, StoreError> {
        Partial::take(self, purpose)
    }

    /// Fails when the disk surely has no room for this many more bytes, before any is written.
    ///
    /// # Errors
    /// [`StoreError::Full`].
    pub fn make_sure_of_room(&self, needed: u64) -> Result<(), StoreError> {
        match free(&self.dir) {
            Some(free) if free < needed => Err(StoreError::Full {
                dir: self.dir.clone(),
                needed,
                free: Some(free),
            }),
            _ => Ok(()),
        }
    }
}

/// Bytes that are free where `dir` is or will be; `None` when the system does not say.
// The numbers have fewer bits on 32-bit machines.
#[allow(clippy::useless_conversion)]
fn free(dir: &Path) -> Option<u64> {
    let there = dir.ancestors().find(|dir| dir.exists())?;
    let disk = nix::sys::statvfs::statvfs(there).ok()?;
    // Some network file systems tell nothing: all zero.
    (disk.blocks() > 0)
        .then(|| u64::from(disk.blocks_available()).saturating_mul(u64::from(disk.fragment_size())))
}

fn remove_damaged(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(StoreError::Damaged {
            path: path.to_owned(),
            error,
        }),
    }
}

/// Notes on the entry that it was used. That fails on a read-only disk, and does not matter.
fn mark_used(path: &Path) {
    let now = SystemTime::now();
    let marked = fs::metadata(path).and_then(|meta| meta.modified());
    if marked.is_ok_and(|at| now.duration_since(at).unwrap_or_default() > MARK_AFTER) {
        let _ = File::options()
            .append(true)
            .open(path)
            .and_then(|file| file.set_modified(now));
    }
}

/// Makes the folder of this file, and gives it.
fn make_parent(path: &Path) -> io::Result<PathBuf> {
    let parent = path.parent().unwrap_or(Path::new("")).to_owned();
    fs::create_dir_all(&parent)?;
    Ok(parent)
}

/// Makes renames in a folder last.
fn sync_folder(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

#[cfg(test)]
mod tests;
