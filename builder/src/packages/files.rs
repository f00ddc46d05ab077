//! Writing files whole: readers see the old one or the new one.

use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use tempfile::NamedTempFile;

use crate::failure::{Class, Failure, OrFail};

/// Files of one folder that are all written beside the old ones before the first takes an old one's place.
#[derive(Debug)]
pub struct Batch {
    folder: PathBuf,
    ready: Vec<(NamedTempFile, PathBuf)>,
}

impl Batch {
    /// For files in `folder`.
    ///
    /// # Errors
    /// [`Class::Output`] when there is no such folder.
    pub fn new(folder: &Path) -> Result<Self, Failure> {
        if !folder.is_dir() {
            let error = anyhow!("there is no folder {}", folder.display());
            return Err(Failure::new(Class::Output, error).help("make it first"));
        }
        Ok(Self {
            folder: folder.to_owned(),
            ready: Vec::new(),
        })
    }

    /// Writes a file, not yet in its place, and gives where that is. A file that holds these bytes already stays as it is.
    ///
    /// # Errors
    /// [`Class::Output`].
    pub fn add(&mut self, name: &str, bytes: &[u8]) -> Result<PathBuf, Failure> {
        let path = self.folder.join(name);
        if fs::read(&path).is_ok_and(|there| there == bytes) {
            return Ok(path);
        }
        let write = || -> anyhow::Result<NamedTempFile> {
            let mut file = tempfile::Builder::new()
                .prefix(".clom-new-")
                .permissions(Permissions::from_mode(0o644))
                .tempfile_in(&self.folder)?;
            file.write_all(bytes)?;
            file.as_file().sync_all()?;
            Ok(file)
        };
        let file = write()
            .with_context(|| format!("cannot write {}", path.display()))
            .or_fail(Class::Output)?;
        self.ready.push((file, path.clone()));
        Ok(path)
    }

    /// Puts all in their places, in the order in which they were added.
    ///
    /// # Errors
    /// [`Class::Output`]; then those before the one that is named are in their places.
    pub fn commit(self) -> Result<(), Failure> {
        for (file, path) in self.ready {
            file.persist(&path)
                .map_err(|error| error.error)
                .with_context(|| format!("cannot write {}", path.display()))
                .or_fail(Class::Output)?;
        }
        // Makes the new names last; a file system that cannot sync folders has done its best.
        let _ = File::open(&self.folder).and_then(|folder| folder.sync_all());
        Ok(())
    }
}
