//! UBI images, as they are written to NAND flash: volumes cut into logical erase blocks (LEB), each behind two headers in a
//! physical one (PEB).
//!
//! ```text
//! PEB 0, 1   layout volume: the volume table, twice
//! PEB 2 …    the data of each volume, in the order of the table
//! …          PEBs with an erase counter header alone that say where the image ends (`ubinize -E`, OpenWrt's)
//! …          padding of a recipe
//! ```
//!
//! All numbers are big endian; every CRC is CRC-32 without the last inversion. What is unused is 0xFF. Source of the
//! format: mtd-utils' `libubigen.c` and `ubinize.c`, and OpenWrt's patches of them.

mod behind;
mod format;
mod read;
#[cfg(test)]
pub(crate) mod tests;
mod write;

pub use behind::Layout as Behind;
pub use format::Geometry;
pub(crate) use format::{MAGIC, extent};

use crate::layer::{Error, Format, Opened};
use crate::pad_rootfs::End;

/// How a UBI image is put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Sizes and header fields that all PEBs share.
    pub geometry: Geometry,
    /// The volumes, in the order of their numbers.
    pub volumes: Vec<Volume>,
    /// How many PEBs behind the data say that the image ends.
    pub end_marks: usize,
    /// What follows the last PEB.
    pub end: End,
}

/// A volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// Its number.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// Its record in the volume table, 172 bytes.
    pub record: Vec<u8>,
    /// How many LEBs it may have.
    pub reserved: Reserved,
    /// Whether its length and the CRCs of its LEBs are stated, as those of volumes that are never written are.
    pub fixed: bool,
    /// Whether the image has data for it.
    pub filled: bool,
}

/// How many LEBs a volume may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reserved {
    /// As many as its data needs, rounded up to 1024 bytes first.
    Data,
    /// This many.
    Fixed(u32),
}

impl Format for Layout {
    fn kind(&self) -> &'static str {
        "ubi"
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        let geometry = Geometry::detect(image)?;
        Some(read::open(image, geometry))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        write::close(self, parts)
    }
}
