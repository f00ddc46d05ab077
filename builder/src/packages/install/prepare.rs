//! What OpenWrt's build does to a whole root file system at its end.
//!
//! Source: OpenWrt's `include/rootfs.mk` (`prepare_rootfs`).

use openwrt_formats::tree::{Kind, Tree};

use super::opkg::Opkg;
use super::{InstallError, Options};
use crate::build::services::{self, ServiceError};

/// Finishes a root file system that was assembled from packages alone: enables every service, removes what builds leave behind,
/// and gives everything the time of `options.epoch`.
///
/// Not for the tree of an image that is changed: there services may be disabled on purpose, and [`super::apply`] does what
/// new packages need.
///
/// # Errors
/// [`InstallError::Tree`], and the tree is as it was.
pub fn prepare(tree: &mut Tree, options: &Options<'_>) -> Result<(), InstallError> {
    let mut work = tree.clone();
    let epoch = options.epoch;
    for folder in ["etc/rc.d", "var/lock"] {
        let real = work.resolve(folder)?;
        work.make_dirs(real, epoch)?;
    }
    for service in services::scripts(&work) {
        match services::enable(&mut work, &service, epoch) {
            Ok(()) | Err(ServiceError::Unknown(_) | ServiceError::NoOrder(_)) => {}
            Err(ServiceError::Tree(_, error)) => return Err(error.into()),
        }
    }
    clean(&mut work);
    let all: Vec<_> = work.walk().map(|entry| entry.id).collect();
    for id in all {
        work.inode_mut(id).meta.mtime = epoch;
    }
    *tree = work;
    Ok(())
}

fn clean(tree: &mut Tree) {
    let left_behind = tree.walk().filter(|entry| {
        let name = entry
            .path
            .rsplit(|byte| *byte == b'/')
            .next()
            .unwrap_or_default();
        matches!(name, b"CVS" | b".svn" | b".git") || name.starts_with(b".#")
    });
    let mut paths: Vec<Vec<u8>> = left_behind.map(|entry| entry.path).collect();
    paths.push(b"boot".to_vec());
    paths.extend(below(tree, "tmp", |_| true));
    paths.extend(below(tree, "var/lock", |name| name.ends_with(b".lock")));
    for path in paths {
        tree.remove(path);
    }
    Opkg::clean(tree);
}

/// What is in a folder, by its real path.
fn below(tree: &Tree, folder: &str, which: impl Fn(&[u8]) -> bool) -> Vec<Vec<u8>> {
    let real = tree.resolve(folder).unwrap_or_default();
    match tree.get(&real).map(|inode| &inode.kind) {
        Some(Kind::Dir(entries)) if !real.is_empty() => {
            let names = entries.keys().filter(|name| which(name));
            names.map(|name| [&real[..], b"/", name].concat()).collect()
        }
        _ => Vec::new(),
    }
}
