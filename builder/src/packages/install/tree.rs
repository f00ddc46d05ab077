//! Small changes of trees that several parts need.

use openwrt_formats::tree::{Content, Inode, Kind, Meta, Tree, TreeError};

/// Puts a text where a path leads, links followed. A file that is there keeps its mode and owners.
pub(super) fn put_text(
    tree: &mut Tree,
    path: impl AsRef<[u8]>,
    text: impl Into<Content>,
    meta: Meta,
    epoch: u32,
) -> Result<(), TreeError> {
    let real = tree.resolve(path)?;
    let meta = match tree.get(&real) {
        Some(Inode {
            meta,
            kind: Kind::File(_),
        }) => meta.clone(),
        _ => meta,
    };
    tree.put_file(real, text, meta.at(epoch)).map(|_| ())
}

/// The names in a folder that a path leads to; none where there is no folder.
pub(super) fn names(tree: &Tree, path: impl AsRef<[u8]>) -> Vec<Vec<u8>> {
    let real = tree.resolve(path).unwrap_or_default();
    match tree.get(&real).map(|inode| &inode.kind) {
        Some(Kind::Dir(entries)) if !real.is_empty() => entries.keys().cloned().collect(),
        _ => Vec::new(),
    }
}

/// The bytes of the file that a path leads to, links followed.
pub(super) fn read(tree: &Tree, path: impl AsRef<[u8]>) -> Option<Vec<u8>> {
    tree.read(tree.resolve(path).ok()?)
}
