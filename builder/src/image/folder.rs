//! A folder of the host as a root file system.
//!
//! Modes and times are taken as they are (an unpacked root file system has setuid programs and a sticky `/tmp`), files that share an
//! inode stay hard links, and everything belongs to root, as OpenWrt's image builder makes it. Extended attributes are left out.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use anyhow::{Context, anyhow};
use openwrt_formats::tree::{Inode, Kind, Meta, Tree};

/// Reads the folder `dir`.
///
/// # Errors
/// When something in it cannot be read, or is a socket.
pub fn read(dir: &Path) -> anyhow::Result<Tree> {
    let seen = fs::metadata(dir).with_context(|| format!("cannot read {}", dir.display()))?;
    let mut tree = Tree::new(meta(&seen));
    let mut linked: HashMap<(u64, u64), Vec<u8>> = HashMap::new();
    let mut todo = vec![(dir.to_owned(), Vec::new())];
    while let Some((host_dir, at)) = todo.pop() {
        let entries = fs::read_dir(&host_dir).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let mut entries = entries.with_context(|| format!("cannot read {}", host_dir.display()))?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let host = entry.path();
            let cannot = || format!("cannot read {}", host.display());
            let mut path: Vec<u8> = at.clone();
            if !path.is_empty() {
                path.push(b'/');
            }
            path.extend_from_slice(entry.file_name().as_bytes());
            let seen = fs::symlink_metadata(&host).with_context(cannot)?;
            let id = (seen.dev(), seen.ino());
            if let Some(first) = linked.get(&id) {
                tree.link(first, &path).with_context(cannot)?;
                continue;
            }
            if !seen.is_dir() && seen.nlink() > 1 {
                linked.insert(id, path.clone());
            }
            let kind = kind(&host, &seen).with_context(cannot)?;
            if seen.is_dir() {
                todo.push((host.clone(), path.clone()));
            }
            let meta = meta(&seen);
            tree.put(&path, Inode { meta, kind }).with_context(cannot)?;
        }
    }
    Ok(tree)
}

fn kind(host: &Path, seen: &fs::Metadata) -> anyhow::Result<Kind> {
    let kind = seen.file_type();
    let (major, minor) = (
        nix::sys::stat::major(seen.rdev()) as u32,
        nix::sys::stat::minor(seen.rdev()) as u32,
    );
    Ok(if kind.is_dir() {
        Kind::Dir(BTreeMap::new())
    } else if kind.is_symlink() {
        Kind::Symlink(fs::read_link(host)?.as_os_str().as_bytes().to_vec())
    } else if kind.is_file() {
        Kind::File(fs::read(host)?.into())
    } else if kind.is_char_device() {
        Kind::CharDevice { major, minor }
    } else if kind.is_block_device() {
        Kind::BlockDevice { major, minor }
    } else if kind.is_fifo() {
        Kind::Fifo
    } else {
        return Err(anyhow!("it is a socket; delete it"));
    })
}

fn meta(seen: &fs::Metadata) -> Meta {
    let mode = (seen.mode() & 0o7777) as u16;
    let mtime = seen.mtime().clamp(0, i64::from(u32::MAX)) as u32;
    Meta::file(mode).at(mtime)
}
