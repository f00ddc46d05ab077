//! Slots of the lab's cache: folders that hold a finished thing or do not exist.
//!
//! A slot is named by a hash of what decides its bytes. It is filled in a folder beside it and renamed
//! into place, under a lock, so that an interrupted run leaves nothing and two runs do the work once.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context;
use sha2::{Digest, Sha256};

use crate::dirs;
use crate::failure::{Class, Failure, OrFail};
use crate::ui::Ui;

/// `~/.cache/clom/lab`.
pub(super) fn root() -> PathBuf {
    dirs::cache().join("lab")
}

/// The SHA-256 of the parts, each with its length, as hexadecimal digits.
pub(super) fn key(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hex::encode(hash.finalize())
}

/// The SHA-256 of a file's bytes.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Held while a slot is filled; the kernel frees it however the process ends.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock `name` of the lab's cache, waiting for another `clom` that has it.
    pub(super) fn take(name: &str, ui: &Ui) -> Result<Self, Failure> {
        let path = root().join(format!("{name}.lock"));
        let take = || -> io::Result<Self> {
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            let file = File::options()
                .create(true)
                .truncate(false)
                .write(true)
                .open(&path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    ui.note(&format!("waiting for another clom that prepares {name}"));
                    file.lock()?;
                }
                Err(TryLockError::Error(why)) => return Err(why),
            }
            Ok(Self { _file: file })
        };
        take()
            .with_context(|| format!("{} can't be locked", path.display()))
            .or_fail(Class::Host)
            .map_err(|failure| {
                failure.help("see that the cache folder (CLOM_CACHE) can be written")
            })
    }
}

/// The folder of slot `path` below the cache, filled by `fill` if it does not exist. `fill` gets an empty folder to work in;
/// all it leaves there is in the slot. Call with the lock held.
pub(super) fn fill(
    path: &Path,
    fill: impl FnOnce(&Path) -> Result<(), Failure>,
) -> Result<(), Failure> {
    if path.is_dir() {
        return Ok(());
    }
    let fresh = path.with_extension("new");
    let host = |what: &str, result: io::Result<()>| {
        result
            .with_context(|| format!("{what} {}", fresh.display()))
            .or_fail(Class::Host)
    };
    if fresh.exists() {
        host(
            "removing what an interrupted run left in",
            fs::remove_dir_all(&fresh),
        )?;
    }
    host("making", fs::create_dir_all(&fresh))?;
    fill(&fresh).inspect_err(|_| {
        let _ = fs::remove_dir_all(&fresh);
    })?;
    host("syncing", sync_files(&fresh))?;
    host("renaming", fs::rename(&fresh, path))
}

/// Writes out the folder's files: a slot that exists after a power cut must be whole.
fn sync_files(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            File::open(entry.path())?.sync_all()?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_whole_or_not_there() {
        let dir = tempfile::tempdir().unwrap();
        let slot = dir.path().join("a/b");
        let failed = fill(&slot, |at| {
            fs::write(at.join("half"), "x").unwrap();
            Err(Failure::new(Class::Host, anyhow::anyhow!("stopped")))
        });
        assert!(failed.is_err() && !slot.exists() && !slot.with_extension("new").exists());
        fs::create_dir_all(slot.with_extension("new")).unwrap();
        fs::write(slot.with_extension("new").join("left"), "x").unwrap();
        fill(&slot, |at| {
            fs::write(at.join("whole"), "x").unwrap();
            Ok(())
        })
        .unwrap();
        assert_eq!(fs::read_dir(&slot).unwrap().count(), 1);
        fill(&slot, |_| panic!("filled twice")).unwrap();
    }

    #[test]
    fn keys_differ_when_parts_shift() {
        assert_ne!(key(&[b"ab", b"c"]), key(&[b"a", b"bc"]));
        assert_eq!(sha256(b"").len(), 64);
    }
}
