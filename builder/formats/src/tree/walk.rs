//! Walking a tree in a fixed order.

use super::{Inode, InodeId, Kind, Tree};

/// One step of a [`Walk`].
#[derive(Debug, Clone)]
pub struct WalkEntry<'a> {
    /// The path from the root, without a leading `/`; empty for the root itself.
    pub path: Vec<u8>,
    /// The inode's id; the same for every name of a hard-linked file.
    pub id: InodeId,
    /// The inode.
    pub inode: &'a Inode,
}

/// See [`Tree::walk`].
#[derive(Debug)]
pub struct Walk<'a> {
    tree: &'a Tree,
    /// What is still to come, last first.
    todo: Vec<(Vec<u8>, InodeId)>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(tree: &'a Tree) -> Self {
        Self {
            tree,
            todo: vec![(Vec::new(), tree.root())],
        }
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = WalkEntry<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let (path, id) = self.todo.pop()?;
        let inode = self.tree.inode(id);
        if let Kind::Dir(entries) = &inode.kind {
            for (name, child) in entries.iter().rev() {
                let mut child_path = path.clone();
                if !child_path.is_empty() {
                    child_path.push(b'/');
                }
                child_path.extend_from_slice(name);
                self.todo.push((child_path, *child));
            }
        }
        Some(WalkEntry { path, id, inode })
    }
}
