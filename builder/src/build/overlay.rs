//! Reads a folder of the host as an overlay: a tree to lay over the root file system.
//!
//! What a checkout does not carry reliably is not taken from the host: owners become root and modes
//! become 0755 (folders, and files that anyone may execute) or 0644, so that the same folder gives
//! the same bytes under any umask. A profile sets other modes and owners by name.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};

use openwrt_formats::tree::{Inode, Kind, Meta, Tree, TreeError};
use thiserror::Error;

/// Files that only keep a folder in version control and have no place in an image.
const PLACEHOLDERS: [&str; 2] = [".gitkeep", ".keep"];

/// Why an overlay could not be read.
#[derive(Debug, Error)]
pub enum OverlayError {
    /// The folder, or something in it, could not be read.
    #[error("overlay: cannot read {path}")]
    Unreadable {
        /// What could not be read.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The overlay is not a folder.
    #[error("overlay: {0} is not a folder")]
    NotAFolder(PathBuf),
    /// Something that is no file, folder or symlink.
    #[error("overlay: {path} is a {what}, which an overlay cannot hold")]
    Special {
        /// Which.
        path: PathBuf,
        /// `socket`, `named pipe` or `device`.
        what: &'static str,
    },
    /// A name that a tree cannot hold.
    #[error("overlay: {path}")]
    Name {
        /// The file on the host.
        path: PathBuf,
        /// What is wrong with its name.
        source: TreeError,
    },
}

/// Reads the folder `dir`; every entry gets the modification time `mtime` (seconds since 1970).
///
/// # Errors
/// [`OverlayError`], which names the file.
pub fn read(dir: &Path, mtime: u32) -> Result<Tree, OverlayError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| OverlayError::Unreadable { path, source }
    };
    if !fs::metadata(dir).map_err(unreadable(dir))?.is_dir() {
        return Err(OverlayError::NotAFolder(dir.to_owned()));
    }
    let mut tree = Tree::new(Meta::dir(0o755).at(mtime));
    // Folders still to read: on the host, and where they stand in the tree.
    let mut todo = vec![(dir.to_owned(), Vec::new())];
    while let Some((host_dir, at)) = todo.pop() {
        for entry in fs::read_dir(&host_dir).map_err(unreadable(&host_dir))? {
            let entry = entry.map_err(unreadable(&host_dir))?;
            let host = entry.path();
            let name = entry.file_name();
            if PLACEHOLDERS.iter().any(|placeholder| name == *placeholder) {
                continue;
            }
            let mut path = at.clone();
            if !path.is_empty() {
                path.push(b'/');
            }
            path.extend_from_slice(name.as_bytes());
            let seen = fs::symlink_metadata(&host).map_err(unreadable(&host))?;
            let kind = seen.file_type();
            let (mode, kind) = if kind.is_dir() {
                todo.push((host.clone(), path.clone()));
                (0o755, Kind::Dir(BTreeMap::new()))
            } else if kind.is_symlink() {
                let target = fs::read_link(&host).map_err(unreadable(&host))?;
                (0o777, Kind::Symlink(target.as_os_str().as_bytes().to_vec()))
            } else if kind.is_file() {
                let bytes = fs::read(&host).map_err(unreadable(&host))?;
                let executable = seen.permissions().mode() & 0o111 != 0;
                (
                    if executable { 0o755 } else { 0o644 },
                    Kind::File(bytes.into()),
                )
            } else {
                let what = match () {
                    () if kind.is_socket() => "socket",
                    () if kind.is_fifo() => "named pipe",
                    () => "device",
                };
                return Err(OverlayError::Special { path: host, what });
            };
            tree.put(
                &path,
                Inode {
                    meta: Meta::file(mode).at(mtime),
                    kind,
                },
            )
            .map_err(|source| OverlayError::Name { path: host, source })?;
        }
    }
    Ok(tree)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn modes_come_from_the_executable_bit_and_owners_are_root() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("etc/init.d")).unwrap();
        fs::write(dir.path().join("etc/init.d/x"), "#!/bin/sh\n").unwrap();
        fs::set_permissions(
            dir.path().join("etc/init.d/x"),
            fs::Permissions::from_mode(0o700),
        )
        .unwrap();
        fs::write(dir.path().join("etc/banner"), "hello\n").unwrap();
        fs::set_permissions(
            dir.path().join("etc/banner"),
            fs::Permissions::from_mode(0o664),
        )
        .unwrap();
        symlink("/tmp", dir.path().join("var")).unwrap();
        fs::write(dir.path().join("etc/.gitkeep"), "").unwrap();

        let tree = read(dir.path(), 7).unwrap();
        let modes: Vec<_> = tree
            .walk()
            .map(|e| {
                (
                    String::from_utf8(e.path).unwrap(),
                    e.inode.meta.mode,
                    e.inode.meta.mtime,
                )
            })
            .collect();
        let expected = [
            ("", 0o755),
            ("etc", 0o755),
            ("etc/banner", 0o644),
            ("etc/init.d", 0o755),
            ("etc/init.d/x", 0o755),
            ("var", 0o777),
        ];
        assert_eq!(
            modes,
            expected.map(|(path, mode)| (path.to_owned(), mode, 7))
        );
    }

    #[test]
    fn refuses_what_an_image_cannot_take_from_a_folder() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(
            read(&dir.path().join("none"), 0),
            Err(OverlayError::Unreadable { path, .. }) if path.ends_with("none")
        ));
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(matches!(read(&file, 0), Err(OverlayError::NotAFolder(path)) if path == file));
        let _listener = std::os::unix::net::UnixListener::bind(dir.path().join("socket")).unwrap();
        assert!(matches!(
            read(dir.path(), 0),
            Err(OverlayError::Special { what: "socket", .. })
        ));
    }
}
