//! The files of two root file systems.

use std::collections::BTreeMap;

use openwrt_formats::tree::{Inode, Kind, Tree};
use serde::Serialize;

use crate::image::tree::Entry;

/// A path at which the two differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileChange {
    /// The path, with a leading `/`.
    pub path: String,
    /// `added` (in B only), `removed` (in A only) or `changed`.
    pub change: &'static str,
    /// What differs: `type`, `mode`, `owner`, `content`, `target`, `device`, `xattrs`; empty unless changed.
    pub what: Vec<&'static str>,
    /// In A.
    pub a: Option<Entry>,
    /// In B.
    pub b: Option<Entry>,
}

/// Compares two trees. Modification times do not count: they differ in every build.
pub(super) fn changes(a: &Tree, b: &Tree) -> Vec<FileChange> {
    let index = |tree: &Tree| -> BTreeMap<Vec<u8>, Inode> {
        let all = tree.walk();
        all.map(|entry| (entry.path, entry.inode.clone())).collect()
    };
    let (a, b) = (index(a), index(b));
    let mut paths: Vec<_> = a.keys().chain(b.keys()).collect();
    paths.sort();
    paths.dedup();
    paths
        .into_iter()
        .filter_map(|path| change(path, a.get(path), b.get(path)))
        .collect()
}

fn change(path: &[u8], a: Option<&Inode>, b: Option<&Inode>) -> Option<FileChange> {
    let (change, what) = match (a, b) {
        (Some(a), Some(b)) => ("changed", differs(a, b)),
        (Some(_), None) => ("removed", Vec::new()),
        _ => ("added", Vec::new()),
    };
    if change == "changed" && what.is_empty() {
        return None;
    }
    let of = |inode: &Inode| Entry::of(path, inode);
    let (a, b) = (a.map(of), b.map(of));
    let path = a.as_ref().or(b.as_ref())?.path.clone();
    Some(FileChange {
        path,
        change,
        what,
        a,
        b,
    })
}

fn differs(a: &Inode, b: &Inode) -> Vec<&'static str> {
    let mut what = Vec::new();
    match (&a.kind, &b.kind) {
        (Kind::File(a), Kind::File(b)) if a != b => what.push("content"),
        (Kind::Symlink(a), Kind::Symlink(b)) if a != b => what.push("target"),
        (Kind::CharDevice { .. }, Kind::CharDevice { .. })
        | (Kind::BlockDevice { .. }, Kind::BlockDevice { .. })
            if a.kind != b.kind =>
        {
            what.push("device");
        }
        _ if std::mem::discriminant(&a.kind) != std::mem::discriminant(&b.kind) => {
            what.push("type")
        }
        _ => {}
    }
    if a.meta.mode != b.meta.mode {
        what.push("mode");
    }
    if (a.meta.uid, a.meta.gid) != (b.meta.uid, b.meta.gid) {
        what.push("owner");
    }
    if a.meta.xattrs != b.meta.xattrs {
        what.push("xattrs");
    }
    what
}
