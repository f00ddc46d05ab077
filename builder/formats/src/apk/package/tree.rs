//! Packages and root file systems.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::{Acl, File, FileKind, Folder, Owners, Package, path};
use crate::apk::{Error, PackageInfo};
use crate::tree::{Inode, InodeId, Kind, Meta, Tree, TreeError};

impl Package {
    /// Puts its folders and files into a root file system. What stands there is replaced; whether it may be is for the caller
    /// to know. A folder that is there keeps its mode and owners unless the package has something to say about them, which
    /// 0755 of root is not.
    ///
    /// # Errors
    /// [`Error::Owner`]; [`Error::Path`] where a file stands in a folder's place, or a folder in a file's. Then the root file
    /// system has a part of the package in it.
    pub fn put_into(&self, tree: &mut Tree, owners: &Owners) -> Result<(), Error> {
        for folder in &self.folders {
            let blocked = |path: &[u8], error: TreeError| {
                path::blocked(path, format!("cannot be put there: {error}"))
            };
            if tree.get(&folder.path).is_none() || folder.acl != Acl::root(0o755) {
                if let Some((parent, _)) = split(&folder.path) {
                    tree.make_dirs(parent, 0)
                        .map_err(|error| blocked(&folder.path, error))?;
                }
                let kind = Kind::Dir(BTreeMap::new());
                if tree
                    .get(&folder.path)
                    .is_some_and(|inode| !matches!(inode.kind, Kind::Dir(_)))
                {
                    return Err(path::blocked(
                        &folder.path,
                        "is a folder where a file stands",
                    ));
                }
                let meta = meta(&folder.acl, 0, owners, &folder.path)?;
                tree.put(&folder.path, Inode { meta, kind })
                    .map_err(|error| blocked(&folder.path, error))?;
            }
            for file in &folder.files {
                let path = path::join(&folder.path, &file.name);
                if tree
                    .get(&path)
                    .is_some_and(|inode| matches!(inode.kind, Kind::Dir(_)))
                {
                    return Err(path::blocked(&path, "is a file where a folder stands"));
                }
                let kind = match &file.kind {
                    FileKind::Regular { content, .. } => Kind::File(content.clone()),
                    FileKind::Symlink(target) => Kind::Symlink(target.clone()),
                    FileKind::HardLink(target) => {
                        tree.link(target, &path)
                            .map_err(|error| blocked(&path, error))?;
                        continue;
                    }
                };
                let meta = meta(&file.acl, file.mtime, owners, &path)?;
                tree.put(&path, Inode { meta, kind })
                    .map_err(|error| blocked(&path, error))?;
            }
        }
        Ok(())
    }

    /// A package of all that is in `tree`.
    ///
    /// # Errors
    /// [`Error::Path`] for devices, pipes, sockets and names that packages must not have.
    pub fn from_tree(info: PackageInfo, tree: &Tree, owners: &Owners) -> Result<Self, Error> {
        let mut folders: BTreeMap<Vec<u8>, Folder> = BTreeMap::new();
        let mut files: Vec<(Vec<u8>, Vec<u8>, InodeId)> = Vec::new();
        for entry in tree.walk() {
            let path = entry
                .path
                .strip_prefix(b"/")
                .unwrap_or(&entry.path)
                .to_vec();
            match &entry.inode.kind {
                Kind::Dir(_) => {
                    path::check_folder(&path)?;
                    let acl = acl(&entry.inode.meta, owners);
                    folders.insert(
                        path.clone(),
                        Folder {
                            path,
                            acl,
                            files: Vec::new(),
                        },
                    );
                }
                _ => {
                    let (folder, name) = split(&path).unwrap_or((b"", &path));
                    path::check_name(&path, name)?;
                    files.push((folder.to_vec(), name.to_vec(), entry.id));
                }
            }
        }
        // The first name in this order is the file, all others are links to it.
        files.sort();
        let mut seen: BTreeMap<InodeId, Vec<u8>> = BTreeMap::new();
        for (folder, name, id) in files {
            let (inode, path) = (tree.inode(id), path::join(&folder, &name));
            let kind = match &inode.kind {
                Kind::File(_) if seen.contains_key(&id) => {
                    FileKind::HardLink(seen.get(&id).cloned().unwrap_or_default())
                }
                Kind::File(content) => FileKind::Regular {
                    sha256: Sha256::digest(content.to_vec()).into(),
                    content: content.clone(),
                },
                Kind::Symlink(target) => FileKind::Symlink(target.clone()),
                Kind::BlockDevice { .. } => return Err(path::special(&path, 0x6000)),
                Kind::CharDevice { .. } => return Err(path::special(&path, 0x2000)),
                Kind::Fifo => return Err(path::special(&path, 0x1000)),
                Kind::Socket => return Err(path::special(&path, 0xc000)),
                Kind::Dir(_) => continue,
            };
            if let FileKind::Regular { .. } = kind {
                seen.insert(id, path);
            }
            if let Some(folder) = folders.get_mut(&folder) {
                folder.files.push(File {
                    name,
                    acl: acl(&inode.meta, owners),
                    mtime: inode.meta.mtime,
                    kind,
                });
            }
        }
        Ok(Self {
            info,
            identity: [0; 32],
            folders: folders.into_values().collect(),
            scripts: BTreeMap::new(),
            triggers: Vec::new(),
            replaces_priority: 0,
        })
    }
}

/// The folder and the name of a path; `None` for what stands in the root and the root itself.
fn split(path: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = path.iter().rposition(|byte| *byte == b'/')?;
    Some((path.get(..at)?, path.get(at + 1..)?))
}

fn meta(acl: &Acl, mtime: u32, owners: &Owners, path: &[u8]) -> Result<Meta, Error> {
    let (uid, gid) = owners.ids(&acl.user, &acl.group, path)?;
    Ok(Meta {
        mode: acl.mode,
        uid,
        gid,
        mtime,
        xattrs: acl.xattrs.clone(),
    })
}

fn acl(meta: &Meta, owners: &Owners) -> Acl {
    let (user, group) = owners.names(meta.uid, meta.gid);
    Acl {
        mode: meta.mode,
        user,
        group,
        xattrs: meta.xattrs.clone(),
    }
}
