//! Writing files whole: whoever reads one sees the old content or the new one, never a part.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use tempfile::NamedTempFile;

use crate::failure::{Class, Failure, OrFail};

/// A new file that is on the disk, beside its place. Dropped, it is gone.
#[derive(Debug)]
pub struct Ready {
    file: NamedTempFile,
    path: PathBuf,
}

impl Ready {
    /// Writes the file for the place `path`, in whose folder it lies until then. `mode` is as of a new file: less what the
    /// user's umask takes.
    ///
    /// # Errors
    /// When there is no such folder, or it cannot be written.
    pub fn new(path: &Path, bytes: &[u8], mode: u32) -> io::Result<Self> {
        let mut file = tempfile::Builder::new()
            .prefix(".clom-new-")
            .permissions(Permissions::from_mode(mode))
            .tempfile_in(folder(path))?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        Ok(Self {
            file,
            path: path.to_owned(),
        })
    }

    /// Lets everybody read it, whatever the umask says.
    ///
    /// # Errors
    /// When the file system does not do that.
    pub fn for_everybody(self) -> io::Result<Self> {
        let file = self.file.as_file();
        file.set_permissions(Permissions::from_mode(0o644))?;
        Ok(self)
    }

    /// Puts it in its place, where it replaces an older file.
    ///
    /// # Errors
    /// When something that is no file is there.
    pub fn put(self) -> io::Result<()> {
        self.file.persist(&self.path).map_err(|error| error.error)?;
        Ok(())
    }

    /// Puts it in its place if nothing is there.
    ///
    /// # Errors
    /// `AlreadyExists` when something is.
    pub fn put_new(self) -> io::Result<()> {
        let put = self.file.persist_noclobber(&self.path);
        put.map_err(|error| error.error)?;
        Ok(())
    }
}

/// Writes a file, which replaces an older one.
///
/// # Errors
/// When there is no such folder, or it cannot be written; the older file stays then.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    Ready::new(path, bytes, 0o644)?.put()?;
    sync(folder(path));
    Ok(())
}

/// Makes new names in a folder last; a file system that cannot sync folders has done its best.
pub fn sync(folder: &Path) {
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
}

/// The folder a path is in.
pub fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Files of one folder that are all written beside the old ones before the first takes an old one's place.
#[derive(Debug)]
pub struct Batch {
    folder: PathBuf,
    ready: Vec<Ready>,
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
        let ready = Ready::new(&path, bytes, 0o644)
            .with_context(|| format!("cannot write {}", path.display()))
            .or_fail(Class::Output)?;
        self.ready.push(ready);
        Ok(path)
    }

    /// Puts all in their places, in the order in which they were added.
    ///
    /// # Errors
    /// [`Class::Output`]; then those before the one that is named are in their places.
    pub fn commit(self) -> Result<(), Failure> {
        for ready in self.ready {
            let path = ready.path.clone();
            ready
                .put()
                .with_context(|| format!("cannot write {}", path.display()))
                .or_fail(Class::Output)?;
        }
        sync(&self.folder);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name();
        let mut names: Vec<_> = entries
            .map(|entry| name(entry).into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn an_old_file_stays_until_the_new_one_is_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        write(&path, b"old").unwrap();
        let ready = Ready::new(&path, b"new", 0o600).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        let error = ready.put_new().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        let ready = Ready::new(&path, b"new", 0o600).unwrap();
        ready.for_everybody().unwrap().put().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o644);
        assert_eq!(names(dir.path()), ["a"]);
    }

    #[test]
    fn what_fails_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        assert!(write(&dir.path().join("none/a"), b"x").is_err());
        fs::create_dir(dir.path().join("folder")).unwrap();
        assert!(write(&dir.path().join("folder"), b"x").is_err());
        let mut batch = Batch::new(dir.path()).unwrap();
        batch.add("a", b"x").unwrap();
        drop(batch);
        assert_eq!(names(dir.path()), ["folder"]);
        assert!(Batch::new(&dir.path().join("none")).is_err());
    }
}
