//! An in-memory root file system: modes, numeric owners, symlinks, devices, extended attributes, times.
//!
//! Nothing here touches the host's file system, so no root rights (and no fakeroot) are needed to
//! handle device nodes and owners. Names are bytes, as Linux has them, and directories are sorted by
//! byte order, so a walk is deterministic.
//!
//! A directory entry names an inode by its [`InodeId`]; two entries that name the same inode are hard links.

mod content;
mod error;
mod inode;
mod walk;

pub use content::Content;
pub use error::TreeError;
pub use inode::{Inode, InodeId, Kind, Meta, Name};
pub use walk::{Walk, WalkEntry};

use std::collections::BTreeMap;

/// How many symlinks [`Tree::resolve`] follows before it calls the path a loop (Linux's own limit).
const MAX_SYMLINKS: usize = 40;

/// A root file system in memory.
#[derive(Debug, Clone)]
pub struct Tree {
    /// `None` where an inode was swept away.
    inodes: Vec<Option<Inode>>,
    root: InodeId,
    /// How many entries were removed or replaced since the last sweep.
    removed: usize,
}

impl Default for Tree {
    fn default() -> Self {
        Self::new(Meta::dir(0o755))
    }
}

impl Tree {
    /// An empty tree whose root directory has `meta`.
    pub fn new(meta: Meta) -> Self {
        let root = Inode {
            meta,
            kind: Kind::Dir(BTreeMap::new()),
        };
        Self {
            inodes: vec![Some(root)],
            root: InodeId(0),
            removed: 0,
        }
    }

    /// A tree of these inodes, named by their index; the first is the root directory.
    #[cfg(feature = "squashfs")] // Only its reader makes trees this way.
    pub(crate) fn from_inodes(inodes: Vec<Inode>) -> Self {
        Self {
            inodes: inodes.into_iter().map(Some).collect(),
            root: InodeId(0),
            removed: 0,
        }
    }

    /// The root directory's id.
    pub fn root(&self) -> InodeId {
        self.root
    }

    /// The inode with this id.
    ///
    /// # Panics
    /// Never for ids that came from this tree and whose last name was not removed since.
    #[allow(clippy::expect_used)]
    pub fn inode(&self, id: InodeId) -> &Inode {
        self.inodes[id.0 as usize]
            .as_ref()
            .expect("the id belongs to this tree")
    }

    /// The inode with this id, for changing its metadata or content.
    ///
    /// # Panics
    /// As [`Tree::inode`].
    #[allow(clippy::expect_used)]
    pub fn inode_mut(&mut self, id: InodeId) -> &mut Inode {
        self.inodes[id.0 as usize]
            .as_mut()
            .expect("the id belongs to this tree")
    }

    /// Finds `path` without following symlinks. A leading `/` and empty or `.` parts are ignored.
    pub fn lookup(&self, path: impl AsRef<[u8]>) -> Option<InodeId> {
        let mut at = self.root;
        for part in parts(path.as_ref()) {
            let Kind::Dir(entries) = &self.inode(at).kind else {
                return None;
            };
            at = *entries.get(part)?;
        }
        Some(at)
    }

    /// The inode at `path`, symlinks not followed.
    pub fn get(&self, path: impl AsRef<[u8]>) -> Option<&Inode> {
        self.lookup(path).map(|id| self.inode(id))
    }

    /// The inode at `path`, symlinks not followed, for changing it.
    pub fn get_mut(&mut self, path: impl AsRef<[u8]>) -> Option<&mut Inode> {
        self.lookup(path).map(|id| self.inode_mut(id))
    }

    /// The bytes of the regular file at `path` (symlinks not followed), if there is one.
    pub fn read(&self, path: impl AsRef<[u8]>) -> Option<Vec<u8>> {
        match &self.get(path)?.kind {
            Kind::File(content) => Some(content.to_vec()),
            _ => None,
        }
    }

    /// Follows symlinks inside the tree (absolute ones start at the tree's root) and gives the path
    /// without symlinks that `path` leads to. The last part need not exist.
    ///
    /// # Errors
    /// [`TreeError::SymlinkLoop`] after 40 symlinks; [`TreeError::NotADirectory`] when a part in the middle is no directory.
    pub fn resolve(&self, path: impl AsRef<[u8]>) -> Result<Vec<u8>, TreeError> {
        let mut todo: Vec<Name> = parts(path.as_ref()).rev().map(<[u8]>::to_vec).collect();
        let mut done: Vec<Name> = Vec::new();
        let mut followed = 0;
        while let Some(part) = todo.pop() {
            if part == b".." {
                done.pop();
                continue;
            }
            done.push(part);
            let here = done.join(&b'/');
            match self.get(&here).map(|inode| &inode.kind) {
                Some(Kind::Symlink(target)) => {
                    followed += 1;
                    if followed > MAX_SYMLINKS {
                        return Err(TreeError::SymlinkLoop(lossy(path.as_ref())));
                    }
                    done.pop();
                    if target.starts_with(b"/") {
                        done.clear();
                    }
                    todo.extend(parts(target).rev().map(<[u8]>::to_vec));
                }
                Some(Kind::Dir(_)) | None => {}
                Some(_) if todo.is_empty() => {}
                Some(_) => return Err(TreeError::NotADirectory(lossy(&here))),
            }
        }
        Ok(done.join(&b'/'))
    }

    /// Puts `inode` at `path`, replacing what is there. Parents must exist and be directories.
    ///
    /// A directory put over a directory keeps the entries of the old one that the new one lacks.
    ///
    /// # Errors
    /// [`TreeError::NoParent`], [`TreeError::NotADirectory`], [`TreeError::BadName`].
    pub fn put(&mut self, path: impl AsRef<[u8]>, inode: Inode) -> Result<InodeId, TreeError> {
        let path = path.as_ref();
        if parts(path).next().is_none() {
            let Kind::Dir(_) = inode.kind else {
                return Err(TreeError::NotADirectory("/".into()));
            };
            self.inode_mut(self.root).meta = inode.meta;
            return Ok(self.root);
        }
        if let (Some(id), Kind::Dir(new)) = (self.lookup(path), &inode.kind)
            && let Kind::Dir(old) = &mut self.inode_mut(id).kind
        {
            old.extend(new.iter().map(|(name, id)| (name.clone(), *id)));
            self.inode_mut(id).meta = inode.meta;
            return Ok(id);
        }
        let id = InodeId(self.inodes.len() as u32);
        self.inodes.push(Some(inode));
        if let Err(error) = self.attach(path, id) {
            self.inodes.pop();
            return Err(error);
        }
        Ok(id)
    }

    /// Puts a regular file at `path`; missing parent directories are made 0755, root-owned, with the file's mtime.
    ///
    /// # Errors
    /// As [`Tree::put`].
    pub fn put_file(
        &mut self,
        path: impl AsRef<[u8]>,
        content: impl Into<Content>,
        meta: Meta,
    ) -> Result<InodeId, TreeError> {
        let path = path.as_ref();
        self.make_parents(path, meta.mtime)?;
        self.put(
            path,
            Inode {
                meta,
                kind: Kind::File(content.into()),
            },
        )
    }

    /// Puts a symlink at `path`, with missing parents made as in [`Tree::put_file`].
    ///
    /// # Errors
    /// As [`Tree::put`].
    pub fn put_symlink(
        &mut self,
        path: impl AsRef<[u8]>,
        target: impl AsRef<[u8]>,
        mtime: u32,
    ) -> Result<InodeId, TreeError> {
        let path = path.as_ref();
        self.make_parents(path, mtime)?;
        let meta = Meta {
            mtime,
            ..Meta::file(0o777)
        };
        self.put(
            path,
            Inode {
                meta,
                kind: Kind::Symlink(target.as_ref().to_vec()),
            },
        )
    }

    /// Makes a directory at `path` and its missing parents (0755, root-owned). A directory that exists keeps its metadata.
    ///
    /// # Errors
    /// As [`Tree::put`].
    pub fn make_dirs(&mut self, path: impl AsRef<[u8]>, mtime: u32) -> Result<InodeId, TreeError> {
        let mut here = Vec::new();
        for part in parts(path.as_ref()) {
            here.push(b'/');
            here.extend_from_slice(part);
            match self.get(&here).map(|inode| &inode.kind) {
                Some(Kind::Dir(_)) => {}
                Some(_) => return Err(TreeError::NotADirectory(lossy(&here))),
                None => {
                    let meta = Meta {
                        mtime,
                        ..Meta::dir(0o755)
                    };
                    self.put(
                        &here,
                        Inode {
                            meta,
                            kind: Kind::Dir(BTreeMap::new()),
                        },
                    )?;
                }
            }
        }
        self.lookup(path).ok_or(TreeError::NoParent(lossy(&here)))
    }

    /// Gives the inode that `existing` names a second name (a hard link).
    ///
    /// # Errors
    /// [`TreeError::NotFound`]; [`TreeError::LinkToDirectory`]; as [`Tree::put`] for `path`.
    pub fn link(
        &mut self,
        existing: impl AsRef<[u8]>,
        path: impl AsRef<[u8]>,
    ) -> Result<InodeId, TreeError> {
        let existing = existing.as_ref();
        let id = self
            .lookup(existing)
            .ok_or_else(|| TreeError::NotFound(lossy(existing)))?;
        if let Kind::Dir(_) = self.inode(id).kind {
            return Err(TreeError::LinkToDirectory(lossy(existing)));
        }
        if self.lookup(&path) != Some(id) {
            self.attach(path.as_ref(), id)?;
        }
        Ok(id)
    }

    /// Removes `path` and everything below it; false when there was nothing.
    pub fn remove(&mut self, path: impl AsRef<[u8]>) -> bool {
        let path = path.as_ref();
        let (Some(id), Some((parent, name))) = (self.lookup(path), split(path)) else {
            return false;
        };
        let Some(parent) = self.lookup(parent) else {
            return false;
        };
        if let Kind::Dir(entries) = &mut self.inode_mut(parent).kind {
            entries.remove(name);
        }
        self.note_removal(id);
        true
    }

    /// Lays `upper` over this tree: directories merge (the upper one's metadata wins), all else is replaced.
    ///
    /// # Errors
    /// As [`Tree::put`]; hard links within `upper` stay hard links.
    pub fn layer(&mut self, upper: &Tree) -> Result<(), TreeError> {
        let mut placed: BTreeMap<InodeId, Vec<u8>> = BTreeMap::new();
        for entry in upper.walk() {
            if let Some(first) = placed.get(&entry.id) {
                let first = first.clone();
                self.link(first, &entry.path)?;
                continue;
            }
            let inode = match &entry.inode.kind {
                Kind::Dir(_) => Inode {
                    meta: entry.inode.meta.clone(),
                    kind: Kind::Dir(BTreeMap::new()),
                },
                _ => {
                    placed.insert(entry.id, entry.path.clone());
                    entry.inode.clone()
                }
            };
            self.put(&entry.path, inode)?;
        }
        Ok(())
    }

    /// Every entry, parents before children, siblings in byte order of their names; the root comes first with an empty path.
    pub fn walk(&self) -> Walk<'_> {
        Walk::new(self)
    }

    /// How many directory entries name each inode (1 unless it is hard-linked), by walking the tree.
    pub fn link_counts(&self) -> BTreeMap<InodeId, u32> {
        let mut counts = BTreeMap::new();
        for entry in self.walk() {
            *counts.entry(entry.id).or_insert(0) += 1;
        }
        counts
    }

    fn make_parents(&mut self, path: &[u8], mtime: u32) -> Result<(), TreeError> {
        match split(path) {
            Some((parent, _)) => self.make_dirs(parent, mtime).map(|_| ()),
            None => Ok(()),
        }
    }

    /// Enters `id` under `path` and releases what was there before.
    fn attach(&mut self, path: &[u8], id: InodeId) -> Result<(), TreeError> {
        let (parent, name) = split(path).ok_or_else(|| TreeError::BadName(lossy(path)))?;
        if name == b".." || name.contains(&0) || name.len() > 255 {
            return Err(TreeError::BadName(lossy(path)));
        }
        let parent_id = self
            .lookup(parent)
            .ok_or_else(|| TreeError::NoParent(lossy(path)))?;
        let Kind::Dir(entries) = &mut self.inode_mut(parent_id).kind else {
            return Err(TreeError::NotADirectory(lossy(parent)));
        };
        if let Some(old) = entries.insert(name.to_vec(), id) {
            self.note_removal(old);
        }
        Ok(())
    }

    /// Takes note that an entry for `id` is gone. What no entry names any more is swept away in one pass over
    /// the tree, and only when that much is gone that the pass costs little per removal.
    fn note_removal(&mut self, id: InodeId) {
        let below = match &self.inodes[id.0 as usize] {
            Some(Inode {
                kind: Kind::Dir(entries),
                ..
            }) => entries.len(),
            _ => 0,
        };
        self.removed += 1 + below;
        if self.removed > 64 + self.inodes.len() / 2 {
            self.sweep();
        }
    }

    /// Frees every inode that no path leads to.
    fn sweep(&mut self) {
        let mut reached = vec![false; self.inodes.len()];
        let mut todo = vec![self.root];
        while let Some(id) = todo.pop() {
            if std::mem::replace(&mut reached[id.0 as usize], true) {
                continue;
            }
            if let Kind::Dir(entries) = &self.inode(id).kind {
                todo.extend(entries.values());
            }
        }
        for (slot, reached) in self.inodes.iter_mut().zip(reached) {
            if !reached {
                *slot = None;
            }
        }
        self.removed = 0;
    }
}

/// The parts of a path, empty ones and `.` left out.
fn parts(path: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    path.split(|b| *b == b'/')
        .filter(|part| !part.is_empty() && *part != b".")
}

/// The parent's path and the last part; `None` for the root.
fn split(path: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = path.iter().rposition(|b| *b != b'/')? + 1;
    let path = &path[..end];
    let cut = path.iter().rposition(|b| *b == b'/');
    let (parent, name) = match cut {
        Some(at) => (&path[..at], &path[at + 1..]),
        None => (&path[..0], path),
    };
    (name != b".").then_some((parent, name))
}

fn lossy(path: &[u8]) -> String {
    String::from_utf8_lossy(path).into_owned()
}

#[cfg(test)]
mod tests;
