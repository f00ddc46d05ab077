//! FIT images (flattened image trees) that hold a root file system: a device tree whose nodes are images with hashes.
//!
//! ```text
//! images { kernel-1 { description, data, type = "kernel", …; hash-1 { value; algo = "crc32" } }
//!          fdt-1    { … }
//!          rootfs-1 { description, data, type = "filesystem", …; hash-1 …; hash-2 … } }
//! configurations { … }
//! ```
//!
//! The data of a node are either a property of it, or lie behind the tree. Then `data-size` and `data-offset` (from the end of
//! the tree on) or `data-position` (from the start of the file on) say where, each at a multiple of 4 KiB. A FIT that is a
//! kernel alone is none of this module's: it is the kernel of a [`plain`](crate::plain) image. Source of the format: U-Boot's
//! `fit_image.c` and OpenWrt's `mkits.sh` and `mkits-qsdk-ipq-image.sh`.

mod hash;
mod read;
mod script;
#[cfg(test)]
mod tests;
mod tree;
mod write;

pub use hash::{Algorithm, Hash};
pub use read::open;
pub use script::Stated;
pub use tree::Item;

use crate::layer::{Error, Format, Opened};
use crate::pad_rootfs::Tail;

/// What OpenWrt's images with external data are aligned to, and what a root file system in them is padded to with zeros; bytes.
const PAGE: usize = 4096;

/// How a FIT is put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The tree, from its header to its total length, without the data that are properties.
    pub frame: Vec<u8>,
    /// The images, in their order.
    pub items: Vec<Item>,
    /// Where the data are.
    pub data: Place,
    /// The lengths of images that scripts among them state.
    pub stated: Vec<Stated>,
    /// What follows it.
    pub tail: Tail,
}

/// Where the data of the images are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the tree.
    Inside,
    /// Behind the tree.
    Behind {
        /// Where the first begins; bytes.
        start: usize,
        /// What is counted to state where one is: 0 (`data-position`) or the end of the tree (`data-offset`).
        base: usize,
        /// What is between the end of the tree's strings and the length it states.
        rest: Rest,
    },
}

/// The bytes at the end of a tree that `mkimage` has moved data out of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// As they are in the donor: zeros mostly.
    Kept,
    /// What was there before, a piece of the last image: `mkimage` before 2024 does not clear them.
    Stale {
        /// Where they begin in the tree.
        at: usize,
        /// Where the piece begins in the image.
        from: usize,
    },
}

impl Format for Layout {
    fn kind(&self) -> &'static str {
        match self.data {
            Place::Inside => "fit",
            Place::Behind { base: 0, .. } => "fit external-static",
            Place::Behind { .. } => "fit external",
        }
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        open(image)
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        write::close(self, parts)
    }
}
