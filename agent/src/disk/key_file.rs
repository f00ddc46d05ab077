//! The node key on flash: made once, kept private, never replaced.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use thiserror::Error;

use super::{atomic, read};
use crate::key::{self, KeyError, NodeKey};

/// A key, and how it was found.
pub struct Found {
    /// The key.
    pub key: NodeKey,
    /// Whether it was made just now.
    pub made: bool,
    /// The mode the file had when others could read or write it; it has been set to 0600 since.
    pub was_open: Option<u32>,
}

/// Why there is no key. The file is as it was.
#[derive(Debug, Error)]
pub enum KeyFileError {
    /// There is no such file.
    #[error("{}: there is no node key yet; `clomd run` makes it", .0.display())]
    Missing(PathBuf),
    /// It cannot be read or made.
    #[error("{}: {what}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried.
        what: &'static str,
        /// What the system said.
        error: io::Error,
    },
    /// It is a folder, a device or the like.
    #[error("{}: is not a regular file; move it away", .0.display())]
    NotAFile(PathBuf),
    /// Its content is no key.
    #[error(
        "{path}: the node key is damaged: {error}. It is never replaced by itself, because the node would \
         become another node. Put back a copy; or, to start as a new node: mv {path} {path}.damaged && \
         /etc/init.d/clomd restart",
        path = path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// How it is damaged.
        error: KeyError,
    },
}

/// The key at `path`.
///
/// # Errors
/// [`KeyFileError`].
pub fn load(path: &Path) -> Result<Found, KeyFileError> {
    let fail = |what| {
        move |error| KeyFileError::Io {
            path: path.to_owned(),
            what,
            error,
        }
    };
    let file = match OpenOptions::new()
        .read(true)
        // No symlinks: nobody may make the agent read its key from elsewhere. No waiting for a FIFO's writer.
        .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits())
        .open(path)
    {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(KeyFileError::Missing(path.to_owned()));
        }
        Err(error) if error.raw_os_error() == Some(nix::Error::ELOOP as i32) => {
            return Err(KeyFileError::NotAFile(path.to_owned()));
        }
        Err(error) => return Err(fail("cannot open")(error)),
    };
    let was_open = make_private(&file)
        .map_err(fail("cannot make private"))?
        .ok_or_else(|| KeyFileError::NotAFile(path.to_owned()))?;
    let bytes = match read::contents(file, key::LONGEST) {
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Vec::from(*b"too long"),
        other => other.map_err(fail("cannot read"))?,
    };
    let key = NodeKey::from_file(&bytes).map_err(|error| KeyFileError::Damaged {
        path: path.to_owned(),
        error,
    })?;
    Ok(Found {
        key,
        made: false,
        was_open: Some(was_open).filter(|mode| *mode != 0),
    })
}

/// The key at `path`, made from the kernel's randomness when there is no file.
///
/// # Errors
/// [`KeyFileError`].
pub fn load_or_make(path: &Path) -> Result<Found, KeyFileError> {
    match load(path) {
        Err(KeyFileError::Missing(_)) => {}
        other => return other,
    }
    let fail = |error| KeyFileError::Io {
        path: path.to_owned(),
        what: "cannot make the node key",
        error,
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(fail)?;
    }
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| fail(io::Error::other(error.to_string())))?;
    let key = NodeKey::from_seed(&seed);
    atomic::create(path, key.to_file().as_bytes(), 0o600).map_err(fail)?;
    Ok(Found {
        key,
        made: true,
        was_open: None,
    })
}

/// Takes everybody's rights but the owner's away. The old mode if there were any, 0 if not; `None` for no regular file.
fn make_private(file: &File) -> io::Result<Option<u32>> {
    let meta = file.metadata()?;
    if !meta.is_file() {
        return Ok(None);
    }
    let mode = meta.permissions().mode() & 0o7777;
    if mode & 0o077 == 0 {
        return Ok(Some(0));
    }
    file.set_permissions(Permissions::from_mode(0o600))?;
    Ok(Some(mode))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn a_key_is_made_once_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/node.key");
        assert!(matches!(load(&path), Err(KeyFileError::Missing(_))));
        let first = load_or_make(&path).unwrap();
        assert!(first.made);
        assert_eq!(mode(&path), 0o600);
        let again = load_or_make(&path).unwrap();
        assert!(!again.made && again.was_open.is_none());
        assert_eq!(again.key.id(), first.key.id());
        let other = load_or_make(&folder.path().join("other.key")).unwrap();
        assert_ne!(other.key.id(), first.key.id());
    }

    #[test]
    fn a_readable_key_is_made_private_and_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("node.key");
        load_or_make(&path).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        assert_eq!(load(&path).unwrap().was_open, Some(0o644));
        assert_eq!(mode(&path), 0o600);
        assert_eq!(load(&path).unwrap().was_open, None);
    }

    #[test]
    fn a_damaged_key_is_never_touched() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("node.key");
        for damaged in [&b""[..], b"clomd-node-key-1 abc", &[0; 4096]] {
            fs::write(&path, damaged).unwrap();
            let error = load_or_make(&path)
                .err()
                .map(|error| error.to_string())
                .unwrap();
            assert!(
                error.contains("damaged") && error.contains("mv "),
                "{error}"
            );
            assert_eq!(fs::read(&path).unwrap(), damaged);
        }
    }

    #[test]
    fn only_a_regular_file_is_a_key() {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("node.key");
        load_or_make(&key).unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&key, &link).unwrap();
        let fifo = folder.path().join("fifo");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRUSR).unwrap();
        for path in [link.as_path(), fifo.as_path(), folder.path()] {
            assert!(
                matches!(load_or_make(path), Err(KeyFileError::NotAFile(_))),
                "{}",
                path.display()
            );
        }
    }
}
