//! How much the node can still write to flash.

use nix::sys::statvfs::statvfs;
use serde::Serialize;

use crate::root::Root;

/// A file system's space, in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Storage {
    /// Where it is mounted: `/overlay`, or `/` on a system without overlay.
    pub mount: &'static str,
    /// Its size.
    pub total_bytes: u64,
    /// What is free to the agent.
    pub available_bytes: u64,
}

pub(super) fn read(root: &Root) -> Option<Storage> {
    let mount = ["/overlay", "/"]
        .into_iter()
        .find(|mount| root.at(mount).is_dir())?;
    let facts = statvfs(&root.at(mount)).ok()?;
    let size = facts.fragment_size();
    Some(Storage {
        mount,
        total_bytes: bytes(facts.blocks(), size)?,
        available_bytes: bytes(facts.blocks_available(), size)?,
    })
}

/// Blocks of a size as bytes. (How wide both numbers are differs between CPUs.)
fn bytes(blocks: impl TryInto<u64>, size: impl TryInto<u64>) -> Option<u64> {
    blocks.try_into().ok()?.checked_mul(size.try_into().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlay_comes_first() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(folder.path());
        let plain = read(&root).unwrap();
        assert_eq!(plain.mount, "/");
        assert!(plain.total_bytes > 0 && plain.available_bytes <= plain.total_bytes);
        std::fs::create_dir(folder.path().join("overlay")).unwrap();
        assert_eq!(read(&root).unwrap().mount, "/overlay");
    }
}
