//! What a package puts into the root file system, in one form for both managers.

use std::collections::BTreeMap;

use openwrt_formats::apk::package::{Acl, FileKind};
use openwrt_formats::tree::{Content, InodeId, Kind, Meta};
use openwrt_formats::{apk, opkg};

use super::{Archive, InstallError};

/// Folders and files of a package, paths from the root without `/` in front.
#[derive(Debug, Default)]
pub(super) struct Payload {
    pub(super) folders: Vec<Item>,
    pub(super) files: Vec<Item>,
}

/// One folder or file.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) path: Vec<u8>,
    pub(super) mode: u16,
    pub(super) xattrs: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(super) owner: Owner,
    pub(super) shape: Shape,
}

/// Whose it is: opkg's packages have numbers, apk's names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Owner {
    Ids(u32, u32),
    Names(String, String),
}

/// What it is.
#[derive(Debug)]
pub(super) enum Shape {
    Folder,
    File(Content),
    Symlink(Vec<u8>),
    /// Another name for a file of the package.
    HardLink(Vec<u8>),
}

impl Item {
    /// Its metadata; of root where the owner is a name, which is looked up once all users are there.
    pub(super) fn meta(&self, epoch: u32) -> Meta {
        let (uid, gid) = match self.owner {
            Owner::Ids(uid, gid) => (uid, gid),
            Owner::Names(..) => (0, 0),
        };
        Meta {
            mode: self.mode,
            uid,
            gid,
            mtime: epoch,
            xattrs: self.xattrs.clone(),
        }
    }
}

impl Payload {
    /// # Errors
    /// [`InstallError::Path`] for links that lead out of the root, and kinds of files that packages must not bring.
    pub(super) fn of(archive: &Archive) -> Result<Self, InstallError> {
        match archive {
            Archive::Ipk(ipk) => of_ipk(ipk),
            Archive::Apk(package) => Ok(of_apk(package)),
        }
    }
}

fn of_apk(package: &apk::Package) -> Payload {
    let mut payload = Payload::default();
    let item = |path: Vec<u8>, acl: &Acl, shape| Item {
        path,
        mode: acl.mode,
        xattrs: acl.xattrs.clone(),
        owner: if acl.user == "root" && acl.group == "root" {
            Owner::Ids(0, 0)
        } else {
            Owner::Names(acl.user.clone(), acl.group.clone())
        },
        shape,
    };
    for folder in &package.folders {
        // The root itself is nobody's.
        if !folder.path.is_empty() {
            let new = item(folder.path.clone(), &folder.acl, Shape::Folder);
            payload.folders.push(new);
        }
        for file in &folder.files {
            let path = join(&folder.path, &file.name);
            let (mode, shape) = match &file.kind {
                FileKind::Regular { content, .. } => (None, Shape::File(content.clone())),
                FileKind::Symlink(target) => (Some(0o777), Shape::Symlink(target.clone())),
                FileKind::HardLink(target) => (None, Shape::HardLink(target.clone())),
            };
            let mut item = item(path, &file.acl, shape);
            item.mode = mode.unwrap_or(item.mode);
            payload.files.push(item);
        }
    }
    payload
}

fn of_ipk(ipk: &opkg::Ipk) -> Result<Payload, InstallError> {
    let mut payload = Payload::default();
    let mut seen: BTreeMap<InodeId, Vec<u8>> = BTreeMap::new();
    for entry in ipk.data.walk().filter(|entry| !entry.path.is_empty()) {
        let refuse = |problem: &str| InstallError::Path {
            package: ipk.package.name.clone(),
            path: entry.path.escape_ascii().to_string(),
            problem: problem.into(),
        };
        let shape = match (&entry.inode.kind, seen.get(&entry.id)) {
            (Kind::Dir(_), _) => Shape::Folder,
            (Kind::File(_), Some(first)) => Shape::HardLink(first.clone()),
            (Kind::File(content), None) => Shape::File(content.clone()),
            (Kind::Symlink(target), _) => {
                if leads_out(&entry.path, target) {
                    return Err(refuse("is a symlink that leads out of the root"));
                }
                Shape::Symlink(target.clone())
            }
            _ => {
                return Err(refuse(
                    "is neither file, folder nor link, and packages bring nothing else",
                ));
            }
        };
        // A line of opkg's list of files is a path.
        if entry.path.contains(&b'\n') {
            return Err(refuse("has a line feed in its name"));
        }
        let meta = &entry.inode.meta;
        let list = match shape {
            Shape::Folder => &mut payload.folders,
            _ => &mut payload.files,
        };
        list.push(Item {
            path: entry.path.clone(),
            mode: meta.mode,
            xattrs: meta.xattrs.clone(),
            owner: Owner::Ids(meta.uid, meta.gid),
            shape,
        });
        seen.entry(entry.id).or_insert(entry.path);
    }
    Ok(payload)
}

/// Whether a symlink at `path` has more `..` than there are folders above it.
fn leads_out(path: &[u8], target: &[u8]) -> bool {
    let mut depth = match target.first() {
        Some(b'/') => 0,
        _ => path.iter().filter(|byte| **byte == b'/').count() as i64,
    };
    target.split(|byte| *byte == b'/').any(|part| {
        depth += match part {
            b"" | b"." => 0,
            b".." => -1,
            _ => 1,
        };
        depth < 0
    })
}

/// `folder/name`.
pub(super) fn join(folder: &[u8], name: &[u8]) -> Vec<u8> {
    match folder {
        [] => name.to_vec(),
        _ => [folder, b"/", name].concat(),
    }
}

/// The folder and the name of a path without `/` in front; the folder of what stands in the root is empty.
pub(super) fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(at) => (
            path.get(..at).unwrap_or_default(),
            path.get(at + 1..).unwrap_or_default(),
        ),
        None => (&[], path),
    }
}
