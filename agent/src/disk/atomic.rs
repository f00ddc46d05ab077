//! Files that are there whole or not at all, whenever the power goes.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Creates `path` with this content and mode: writes a temporary file beside it, syncs it, renames it
/// into place and syncs the folder. Never replaces a file, as long as nobody else creates `path` meanwhile
/// (the agent holds its lock).
///
/// # Errors
/// `AlreadyExists` when there is such a file, and those of the file system.
pub fn create(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "not a file's path",
        ));
    };
    if path.symlink_metadata().is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let mut temporary = name.to_os_string();
    temporary.push(".tmp");
    let temporary = folder.join(temporary);
    // A power cut may have left one behind.
    remove(&temporary)?;
    if let Err(error) = write(&temporary, content, mode).and_then(|()| fs::rename(&temporary, path))
    {
        // The first error is the one to tell.
        let _ = remove(&temporary);
        return Err(error);
    }
    File::open(folder)?.sync_all()
}

fn write(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        fs::write(folder.path().join("f.tmp"), "left behind").unwrap();
        create(&path, b"one", 0o600).unwrap();
        let error = create(&path, b"two", 0o600).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o7777,
            0o600
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn nothing_is_left_when_it_fails() {
        let folder = tempfile::tempdir().unwrap();
        assert!(create(&folder.path().join("no/f"), b"x", 0o600).is_err());
        assert!(create(Path::new("/"), b"x", 0o600).is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
