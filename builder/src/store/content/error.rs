//! Why the content store failed.

use std::io;
use std::path::{Path, PathBuf};

use indicatif::HumanBytes;

use crate::failure::{Class, Failure};

/// What the disk under the content store refused.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk, or the user's share of it, is full. Nothing half-written is left.
    #[error("no room in {}: {} are needed{}", dir.display(), HumanBytes(*needed), free.map_or_else(String::new, |free| format!(", {} are free", HumanBytes(free))))]
    Full {
        /// The store's folder.
        dir: PathBuf,
        /// Bytes to write.
        needed: u64,
        /// Bytes that are free, if the system said.
        free: Option<u64>,
    },
    /// It cannot be written for another reason.
    #[error("cannot write to {}: {error}", dir.display())]
    Write {
        /// The store's folder.
        dir: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// An entry cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Read {
        /// The entry.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// An entry is damaged and cannot be removed.
    #[error("{} is damaged and cannot be removed: {error}", path.display())]
    Damaged {
        /// The entry.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

impl StoreError {
    /// The right kind for an error of writing `needed` bytes.
    pub(super) fn write(dir: &Path, needed: u64, error: io::Error) -> Self {
        use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        let dir = dir.to_owned();
        match error.kind() {
            StorageFull | QuotaExceeded => Self::Full {
                free: super::free(&dir),
                dir,
                needed,
            },
            // A limit of the process or of the file system, whatever is free.
            FileTooLarge => Self::Full {
                dir,
                needed,
                free: None,
            },
            _ => Self::Write { dir, error },
        }
    }

    pub(super) fn read(path: &Path, error: io::Error) -> Self {
        Self::Read {
            path: path.to_owned(),
            error,
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let cure = match error {
            StoreError::Full { .. } => {
                "`clom clean` makes room in the cache; the environment variable CLOM_CACHE puts it elsewhere"
            }
            _ => {
                "all in the cache can be deleted at any time; the environment variable CLOM_CACHE puts it elsewhere"
            }
        };
        Self::new(Class::Output, error).help(cure)
    }
}
