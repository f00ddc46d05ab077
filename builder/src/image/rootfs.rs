//! Finding an image's root file system, also where the format around it is not known.

use anyhow::{Context, anyhow};
use bytes::Bytes;
use openwrt_formats::container::{self, Content, Slot};
use openwrt_formats::rootfs::{self, Superblock};
use openwrt_formats::squashfs::{self, Browser};
use openwrt_formats::tree::Tree;

use super::Image;
use crate::failure::{Class, Failure, OrFail};

/// A root file system in an image.
#[derive(Debug, Clone)]
pub struct Rootfs {
    /// Where it begins in the file, if it lies there as it is.
    pub at: Option<u64>,
    /// Its bytes, without padding.
    pub bytes: Bytes,
    /// What its superblock says.
    pub superblock: Superblock,
    /// Whether it was found by searching, in a part that no known format explains.
    pub searched: bool,
}

/// The root file system of an image whose parts are `root`; `None` when there is none.
///
/// # Errors
/// When the only one is cut off.
pub fn find(root: &Slot) -> Result<Option<Rootfs>, rootfs::Error> {
    let slots = root.walk();
    let known = slots.iter().find_map(|slot| match slot.content {
        Content::Rootfs(superblock) => Some(Rootfs {
            at: slot.at,
            bytes: slot.bytes.clone(),
            superblock,
            searched: false,
        }),
        _ => None,
    });
    if known.is_some() {
        return Ok(known);
    }
    let mut cut = None;
    for slot in slots.iter().filter(|slot| slot.slots().is_empty()) {
        match rootfs::find(&slot.bytes, 0) {
            Ok((at, superblock)) => {
                // It fits into memory: all of it was seen.
                let end = at + superblock.bytes_used as usize;
                return Ok(Some(Rootfs {
                    at: slot.at.map(|start| start + at as u64),
                    bytes: slot.bytes.slice(at..end),
                    superblock,
                    searched: true,
                }));
            }
            Err(rootfs::Error::NotFound) => {}
            Err(error) => cut = Some(error),
        }
    }
    cut.map_or(Ok(None), Err)
}

/// The root file system of an image that must have one.
///
/// # Errors
/// [`Class::Source`] when it has none, or one that is cut off.
pub fn of(image: &Image, root: &Slot) -> Result<Rootfs, Failure> {
    let fail = |error: anyhow::Error| {
        Failure::new(Class::Source, error)
            .help("`clom image inspect` shows what is in the file; take an image with a squashfs, such as ...-squashfs-sysupgrade.bin")
    };
    match find(root) {
        Ok(Some(rootfs)) => Ok(rootfs),
        Err(error) => Err(fail(anyhow::Error::new(error).context(image.name.clone()))),
        Ok(None) => {
            // The formats know best why.
            let why = match container::open(image.bytes.clone()) {
                Err(error) => anyhow::Error::new(error),
                Ok(_) => anyhow!("there is no squashfs 4.0 file system in it"),
            };
            Err(fail(why.context(image.name.clone())))
        }
    }
}

impl Rootfs {
    /// Its tables, for looking into it.
    ///
    /// # Errors
    /// [`Class::Source`] when they are damaged, or of a kind that is not read.
    pub fn browse(&self, image: &Image) -> Result<Browser<'_>, Failure> {
        Browser::open(&self.bytes)
            .with_context(|| format!("the root file system of {}", image.name))
            .or_fail(Class::Source)
    }

    /// All of it.
    ///
    /// # Errors
    /// As [`Rootfs::browse`].
    pub fn tree(&self, image: &Image) -> Result<Tree, Failure> {
        squashfs::read(&self.bytes)
            .with_context(|| format!("the root file system of {}", image.name))
            .or_fail(Class::Source)
            .map(|(tree, _)| tree)
    }
}
