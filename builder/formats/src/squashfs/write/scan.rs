//! The tree as a list of inodes, checked for what squashfs can hold.

use std::collections::HashMap;

use super::super::error::WriteError;
use super::super::format::SYMLINK_MAX;
use super::super::options::{Options, Xattrs};
use crate::tree::{Inode, InodeId, Kind, Tree};

/// An inode that is to be written.
pub(super) struct Node<'t> {
    pub(super) inode: &'t Inode,
    /// Index of the directory that holds (the first name of) it; the root's is itself.
    pub(super) parent: usize,
    /// How many names it has; for directories, 2 and the number of subdirectories.
    pub(super) links: u32,
    /// Indices into the id table.
    pub(super) uid: u16,
    pub(super) gid: u16,
    pub(super) mtime: u32,
}

/// The tree as a list of inodes: parents before children, in byte order of the names.
pub(super) struct Scan<'t> {
    tree: &'t Tree,
    pub(super) nodes: Vec<Node<'t>>,
    index: HashMap<InodeId, usize>,
    ids: Ids,
}

/// The id table under construction.
#[derive(Default)]
struct Ids {
    list: Vec<u32>,
    index: HashMap<u32, u16>,
}

impl Ids {
    fn get(&mut self, id: u32) -> Result<u16, WriteError> {
        if let Some(index) = self.index.get(&id) {
            return Ok(*index);
        }
        let index = u16::try_from(self.list.len())
            .ok()
            .filter(|index| *index < u16::MAX)
            .ok_or_else(|| WriteError::TooBig("it has more than 65535 different owners".into()))?;
        self.list.push(id);
        self.index.insert(id, index);
        Ok(index)
    }
}

impl<'t> Scan<'t> {
    pub(super) fn new(tree: &'t Tree, options: &Options) -> Result<Self, WriteError> {
        let mut scan = Self {
            tree,
            nodes: Vec::new(),
            index: HashMap::new(),
            ids: Ids::default(),
        };
        let mut todo = vec![(tree.root(), 0)];
        while let Some((id, parent)) = todo.pop() {
            let inode = tree.inode(id);
            if let Some(known) = scan.index.get(&id).and_then(|at| scan.nodes.get_mut(*at)) {
                if let Kind::Dir(_) = inode.kind {
                    return Err(scan.refuse(id, "is a directory with two names"));
                }
                known.links += 1;
                continue;
            }
            scan.check(id, inode, options)?;
            let at = scan.nodes.len();
            let (uid, gid) = if options.root_owned {
                (0, 0)
            } else {
                (inode.meta.uid, inode.meta.gid)
            };
            let mtime = if options.clamp_times {
                inode.meta.mtime.min(options.mkfs_time)
            } else {
                inode.meta.mtime
            };
            let node = Node {
                inode,
                parent,
                links: 1,
                uid: scan.ids.get(uid)?,
                gid: scan.ids.get(gid)?,
                mtime,
            };
            scan.nodes.push(node);
            scan.index.insert(id, at);
            if let Kind::Dir(entries) = &inode.kind {
                todo.extend(entries.values().rev().map(|child| (*child, at)));
            }
        }
        if u32::try_from(scan.nodes.len()).is_err() {
            return Err(WriteError::TooBig("it has more than 2^32 inodes".into()));
        }
        for at in 0..scan.nodes.len() {
            let Some(Kind::Dir(entries)) = scan.nodes.get(at).map(|node| &node.inode.kind) else {
                continue;
            };
            let is_dir = |id: &&InodeId| matches!(tree.inode(**id).kind, Kind::Dir(_));
            let subdirs = entries.values().filter(is_dir).count() as u32;
            if let Some(node) = scan.nodes.get_mut(at) {
                node.links = subdirs + 2;
            }
        }
        Ok(scan)
    }

    /// The index of an inode in `nodes`.
    pub(super) fn index(&self, id: InodeId) -> Option<usize> {
        self.index.get(&id).copied()
    }

    /// The id table's content.
    pub(super) fn ids(&self) -> &[u32] {
        &self.ids.list
    }

    /// An error about the inode at this index.
    pub(super) fn refuse_node(&self, at: usize, why: impl Into<String>) -> WriteError {
        let id = self.index.iter().find(|(_, index)| **index == at);
        self.refuse(id.map_or(self.tree.root(), |(id, _)| *id), why)
    }

    fn refuse(&self, id: InodeId, why: impl Into<String>) -> WriteError {
        let path = self.tree.walk().find(|entry| entry.id == id);
        WriteError::Unrepresentable {
            path: path
                .map(|entry| String::from_utf8_lossy(&entry.path).into_owned())
                .unwrap_or_default(),
            why: why.into(),
        }
    }

    fn check(&self, id: InodeId, inode: &Inode, options: &Options) -> Result<(), WriteError> {
        match &inode.kind {
            Kind::CharDevice { major, minor } | Kind::BlockDevice { major, minor }
                if *major > 0xFFF || *minor > 0xF_FFFF =>
            {
                return Err(self.refuse(
                    id,
                    format!("device {major}:{minor} is beyond the largest, 4095:1048575"),
                ));
            }
            Kind::Symlink(target) if target.is_empty() || target.len() > SYMLINK_MAX => {
                return Err(self.refuse(
                    id,
                    format!(
                        "symlink target of {} bytes; it must have 1 to {SYMLINK_MAX}",
                        target.len()
                    ),
                ));
            }
            Kind::Dir(entries) => {
                for name in entries.keys() {
                    if name.is_empty()
                        || name.len() > 255
                        || name == b"."
                        || name == b".."
                        || name.iter().any(|byte| matches!(byte, 0 | b'/'))
                    {
                        let name = String::from_utf8_lossy(name);
                        return Err(self.refuse(id, format!("holds the invalid name `{name}`")));
                    }
                }
            }
            _ => {}
        }
        if options.xattrs == Xattrs::Keep {
            super::xattr::check(&inode.meta.xattrs).map_err(|why| self.refuse(id, why))?;
        }
        Ok(())
    }
}
