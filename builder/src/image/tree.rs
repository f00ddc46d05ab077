//! The files of an image's root file system, as `ls -lR` shows them.

use anyhow::anyhow;
use openwrt_formats::tree::{Inode, InodeId, Kind, Tree};
use serde::Serialize;

use super::text::time;
use super::{Image, rootfs};
use crate::failure::{Class, Failure};
use crate::terminal::clean_bytes;

/// One file, folder, link or device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its path from the root, with a leading `/`. Bytes that are no UTF-8 are replaced.
    pub path: String,
    /// `file`, `dir`, `symlink`, `char`, `block`, `fifo`, `socket`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The permissions in octal, `0755`.
    pub mode: String,
    /// Numeric owner.
    pub uid: u32,
    /// Numeric group.
    pub gid: u32,
    /// Length in bytes; of a link, that of its target.
    pub size: u64,
    /// Modification time, seconds since 1970.
    pub mtime: u32,
    /// The target of a symlink.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Major and minor number of a device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<(u32, u32)>,
}

/// What was asked for: one thing, or a folder and all below it.
#[derive(Debug, Clone)]
pub struct Listing {
    tree: Tree,
    /// The path without symlinks.
    path: Vec<u8>,
    id: InodeId,
}

/// Lists what is at `path` in the image, links inside it followed.
///
/// # Errors
/// [`Class::Source`] when there is no root file system, or nothing at `path`.
pub fn list(image: &Image, path: &str) -> Result<Listing, Failure> {
    let root = image.survey();
    let rootfs = rootfs::of(image, &root)?;
    let browser = rootfs.browse(image)?;
    let tree = browser.tree().clone();
    let (path, id) = locate(&tree, path, image)?;
    Ok(Listing { tree, path, id })
}

/// Where a path leads in a tree, links followed.
pub(super) fn locate(
    tree: &Tree,
    path: &str,
    image: &Image,
) -> Result<(Vec<u8>, InodeId), Failure> {
    let nothing = |error: anyhow::Error| {
        Failure::new(
            Class::Source,
            error.context(format!("{} in {}", path, image.name)),
        )
        .help("`clom image tree` lists what is in it")
    };
    let resolved = tree.resolve(path).map_err(|error| nothing(error.into()))?;
    match tree.lookup(&resolved) {
        Some(id) => Ok((resolved, id)),
        None => Err(nothing(anyhow!("there is no such file or folder"))),
    }
}

impl Listing {
    /// All entries, the one asked for first, then what is below it, parents before children.
    pub fn entries(&self) -> Vec<Entry> {
        let top = self.tree.inode(self.id);
        let below = self.tree.walk().filter(|entry| {
            let rest = entry.path.strip_prefix(&self.path[..]);
            rest.is_some_and(|rest| {
                !rest.is_empty() && (self.path.is_empty() || rest.starts_with(b"/"))
            })
        });
        std::iter::once(Entry::of(&self.path, top))
            .chain(below.map(|entry| Entry::of(&entry.path, entry.inode)))
            .collect()
    }

    /// As `ls -lnR` prints it: each folder under its path, its entries below.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        let top = self.tree.inode(self.id);
        let Kind::Dir(_) = &top.kind else {
            let name = absolute(&self.path);
            return line(&name, top) + "\n";
        };
        let mut todo = vec![(self.path.clone(), self.id)];
        while let Some((path, id)) = todo.pop() {
            let Kind::Dir(entries) = &self.tree.inode(id).kind else {
                continue;
            };
            if !out.is_empty() {
                out.push('\n');
            }
            out += &format!("{}:\n", absolute(&path));
            for (name, id) in entries {
                out += &line(&clean_bytes(name), self.tree.inode(*id));
                out.push('\n');
            }
            for (name, id) in entries.iter().rev() {
                let below = [&path[..], name].join(&b'/');
                todo.push((below.strip_prefix(b"/").unwrap_or(&below).to_vec(), *id));
            }
        }
        out
    }
}

fn absolute(path: &[u8]) -> String {
    format!("/{}", clean_bytes(path))
}

fn line(name: &str, inode: &Inode) -> String {
    let meta = &inode.meta;
    let size = match inode.kind {
        Kind::CharDevice { major, minor } | Kind::BlockDevice { major, minor } => {
            format!("{major}, {minor}")
        }
        _ => size(inode).to_string(),
    };
    let target = match &inode.kind {
        Kind::Symlink(target) => format!(" -> {}", clean_bytes(target)),
        _ => String::new(),
    };
    format!(
        "{} {:>5} {:>5} {size:>9} {} {name}{target}",
        permissions(inode),
        meta.uid,
        meta.gid,
        time(meta.mtime)
    )
}

fn size(inode: &Inode) -> u64 {
    match &inode.kind {
        Kind::File(content) => content.len(),
        Kind::Symlink(target) => target.len() as u64,
        _ => 0,
    }
}

/// `drwxr-xr-x`, with `s`, `S`, `t` and `T` for setuid, setgid and sticky.
pub fn permissions(inode: &Inode) -> String {
    let mode = inode.meta.mode;
    let kind = match inode.kind {
        Kind::Dir(_) => 'd',
        Kind::File(_) => '-',
        Kind::Symlink(_) => 'l',
        Kind::CharDevice { .. } => 'c',
        Kind::BlockDevice { .. } => 'b',
        Kind::Fifo => 'p',
        Kind::Socket => 's',
    };
    let mut text = String::from(kind);
    for (shift, special, letters) in [
        (6, 0o4000, ['s', 'S']),
        (3, 0o2000, ['s', 'S']),
        (0, 0o1000, ['t', 'T']),
    ] {
        let bits = mode >> shift;
        text.push(if bits & 4 != 0 { 'r' } else { '-' });
        text.push(if bits & 2 != 0 { 'w' } else { '-' });
        text.push(match (mode & special != 0, bits & 1 != 0) {
            (true, true) => letters[0],
            (true, false) => letters[1],
            (false, true) => 'x',
            (false, false) => '-',
        });
    }
    text
}

/// The word for a kind of inode.
pub fn kind(inode: &Inode) -> &'static str {
    match inode.kind {
        Kind::Dir(_) => "dir",
        Kind::File(_) => "file",
        Kind::Symlink(_) => "symlink",
        Kind::CharDevice { .. } => "char",
        Kind::BlockDevice { .. } => "block",
        Kind::Fifo => "fifo",
        Kind::Socket => "socket",
    }
}

impl Entry {
    /// What `inode` at `path` is.
    pub fn of(path: &[u8], inode: &Inode) -> Self {
        Self {
            path: format!("/{}", String::from_utf8_lossy(path)),
            kind: kind(inode),
            mode: format!("{:04o}", inode.meta.mode),
            uid: inode.meta.uid,
            gid: inode.meta.gid,
            size: size(inode),
            mtime: inode.meta.mtime,
            target: match &inode.kind {
                Kind::Symlink(target) => Some(String::from_utf8_lossy(target).into_owned()),
                _ => None,
            },
            device: match inode.kind {
                Kind::CharDevice { major, minor } | Kind::BlockDevice { major, minor } => {
                    Some((major, minor))
                }
                _ => None,
            },
        }
    }
}
