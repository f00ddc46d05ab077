//! The profile library and overlays that are built into `clom`.
//!
//! Profiles name files beside them, so they are unpacked into the cache before they are used. The folder's name is the
//! hash of what is in it: another version of `clom` unpacks its own.

use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::dirs;

/// What is built in.
#[allow(
    dead_code,
    reason = "a clom built apart from its source tree ships nothing"
)]
#[derive(Debug, Clone, Copy)]
enum Entry {
    Folder,
    Link(&'static str),
    File {
        executable: bool,
        content: &'static [u8],
    },
}

/// Every path, folders before what is in them.
type Entries = &'static [(&'static str, Entry)];

const ENTRIES: Entries = include!(concat!(env!("OUT_DIR"), "/shipped.rs"));

/// The folder with the shipped `profiles/`, unpacked if need be; `None` if this `clom` was built without.
///
/// # Errors
/// When it cannot be unpacked into the cache.
pub(super) fn library() -> io::Result<Option<PathBuf>> {
    if ENTRIES.is_empty() {
        return Ok(None);
    }
    let unpacked = unpack(ENTRIES, &dirs::cache().join("library"))?;
    Ok(Some(unpacked.join("profiles")))
}

/// Unpacks into a folder of the cache that is named after the content, whole or not at all.
fn unpack(entries: Entries, cache: &Path) -> io::Result<PathBuf> {
    let target = cache.join(name(entries));
    if target.is_dir() {
        return Ok(target);
    }
    fs::create_dir_all(cache)?;
    let staging = tempfile::Builder::new().prefix(".new-").tempdir_in(cache)?;
    for (path, entry) in entries {
        let path = staging.path().join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        match entry {
            Entry::Folder => fs::create_dir_all(&path)?,
            Entry::Link(to) => symlink(to, &path)?,
            Entry::File {
                executable,
                content,
            } => {
                fs::write(&path, content)?;
                let mode = if *executable { 0o755 } else { 0o644 };
                fs::set_permissions(&path, fs::Permissions::from_mode(mode))?;
            }
        }
    }
    fs::set_permissions(staging.path(), fs::Permissions::from_mode(0o755))?;
    match fs::rename(staging.path(), &target) {
        // Another clom was quicker; it unpacked the same.
        Err(_) if target.is_dir() => Ok(target),
        Err(error) => Err(error),
        Ok(()) => Ok(target),
    }
}

fn name(entries: Entries) -> String {
    let mut hash = Sha256::new();
    let mut field = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    for (path, entry) in entries {
        field(path.as_bytes());
        match entry {
            Entry::Folder => field(b"folder"),
            Entry::Link(to) => field(to.as_bytes()),
            Entry::File {
                executable,
                content,
            } => {
                field(if *executable { b"program" } else { b"file" });
                field(content);
            }
        }
    }
    let digest = hash.finalize();
    hex::encode(digest.get(..8).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOME: Entries = &[
        ("overlays/base/etc", Entry::Folder),
        (
            "overlays/base/etc/run",
            Entry::File {
                executable: true,
                content: b"#!/bin/sh\n",
            },
        ),
        ("overlays/base/etc/link", Entry::Link("run")),
        (
            "profiles/sites/a.toml",
            Entry::File {
                executable: false,
                content: b"a = 1\n",
            },
        ),
    ];

    #[test]
    fn unpacks_once_with_modes_and_links() {
        let cache = tempfile::tempdir().unwrap();
        let target = unpack(SOME, cache.path()).unwrap();
        let mode = |path: &str| {
            fs::metadata(target.join(path))
                .unwrap()
                .permissions()
                .mode()
                & 0o777
        };
        assert_eq!(mode("overlays/base/etc/run"), 0o755);
        assert_eq!(mode("profiles/sites/a.toml"), 0o644);
        assert_eq!(mode(""), 0o755);
        assert_eq!(
            fs::read_link(target.join("overlays/base/etc/link")).unwrap(),
            Path::new("run")
        );
        // A second time nothing is written, and nothing is left over.
        fs::write(target.join("profiles/sites/a.toml"), "mine").unwrap();
        assert_eq!(unpack(SOME, cache.path()).unwrap(), target);
        assert_eq!(
            fs::read(target.join("profiles/sites/a.toml")).unwrap(),
            b"mine"
        );
        assert_eq!(fs::read_dir(cache.path()).unwrap().count(), 1);
    }

    #[test]
    fn other_content_has_another_name() {
        const OTHER: Entries = &[(
            "profiles/sites/a.toml",
            Entry::File {
                executable: false,
                content: b"a = 2\n",
            },
        )];
        assert_ne!(name(SOME), name(OTHER));
    }
}
