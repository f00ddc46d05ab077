//! Taking an image apart, so that another can be put together.

use bytes::Bytes;

use super::error::Part;
use super::slot::{Content, Slot};
use super::{Container, Error, Parts, refuse};
use crate::fwtool::Metadata;
use crate::rootfs::Superblock;

/// An image that was taken apart and holds one root file system.
#[derive(Debug, Clone)]
pub struct Opened {
    /// How to put it together again.
    pub container: Container,
    /// The kernel with its own headers, if it was found apart from other things.
    pub kernel: Option<Bytes>,
    /// The root file system: the squashfs without its padding.
    pub rootfs: Bytes,
    /// What the root file system's superblock says.
    pub superblock: Superblock,
    /// What sysupgrade checks, if the image says anything of the kind.
    pub metadata: Option<Metadata>,
}

impl Opened {
    /// The root file system it has, for closing it again as it was.
    pub fn parts(&self) -> Parts<'_> {
        Parts {
            kernel: None,
            rootfs: &self.rootfs,
        }
    }
}

/// Takes `file` apart. An image that holds the same root file system several times counts as one with one.
///
/// # Errors
/// See [`Error`](enum@Error): damaged, cut off, of a kind that is known by name only, of none, or without a root file system.
pub fn open(file: impl Into<Bytes>) -> Result<Opened, Error> {
    let file = file.into();
    if file.is_empty() {
        return Err(Error::Empty);
    }
    let root = Slot::survey(file);
    checks_hold(&root)?;
    let slots = root.walk();
    let mut found = slots.iter().filter_map(|slot| match slot.content {
        Content::Rootfs(superblock) => Some((*slot, superblock)),
        _ => None,
    });
    let Some((rootfs, superblock)) = found.next() else {
        return Err(refuse::reason(&root));
    };
    if let Some((other, _)) = found.find(|(other, _)| other.bytes != rootfs.bytes) {
        return Err(Error::TwoRootfs {
            first: rootfs.name.to_string(),
            second: other.name.to_string(),
        });
    }
    let rootfs = rootfs.bytes.clone();
    let kernel = slots
        .iter()
        .find(|slot| slot.content == Content::Kernel && !slot.bytes.is_empty())
        .map(|slot| slot.bytes.clone());
    let container = Container { root };
    let metadata = container.metadata_text().map(Metadata::parse).transpose()?;
    Ok(Opened {
        container,
        kernel,
        rootfs,
        superblock,
        metadata,
    })
}

/// Every checksum on the way to the root file system must hold: those of other parts stay as they are in any case.
fn checks_hold(slot: &Slot) -> Result<(), Error> {
    let Some(layer) = slot.layer() else {
        return Ok(());
    };
    for check in &layer.checks {
        if !check.holds() {
            return Err(Error::Checksum {
                kind: layer.layout.kind(),
                check: check.clone(),
                at: slot.at.map(|at| at + check.at),
            });
        }
    }
    layer.slots.iter().try_for_each(checks_hold)
}

/// Takes `file` apart, puts it together again, and compares.
///
/// # Errors
/// As [`open`]; [`Error::NotReproduced`] with the first offset that differs.
pub fn prove(file: impl Into<Bytes>) -> Result<Opened, Error> {
    let file = file.into();
    let opened = open(file.clone())?;
    let ours = opened.container.close(&opened.parts())?;
    if ours == file {
        return Ok(opened);
    }
    let same = file.iter().zip(&ours).take_while(|(a, b)| a == b);
    let offset = same.count();
    Err(Error::NotReproduced {
        offset,
        part: part(&opened.container.root, offset as u64),
        donor: file.get(offset).copied(),
        ours: ours.get(offset).copied(),
    })
}

/// The innermost part at this offset of the file.
fn part(root: &Slot, offset: u64) -> Part {
    let mut slot = root;
    loop {
        let inside = slot.slots().iter().find(|part| {
            part.at
                .is_some_and(|at| (at..at + part.bytes.len() as u64).contains(&offset))
        });
        match inside {
            Some(inside) => slot = inside,
            None => break,
        }
    }
    match slot.layer() {
        Some(layer) => Part::Around(layer.layout.kind()),
        None => Part::Inside(slot.name.to_string()),
    }
}
