//! Opening a plain image.

use std::ops::Range;

use thiserror::Error;

use super::kernel::{self, Kernel};
use crate::pad_rootfs::{Candidate, End, Tail, TailError};
use crate::rootfs::{self, Superblock};
use crate::uimage;

/// How a plain image is put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// What lies between kernel and root file system.
    pub gap: Gap,
    /// What follows the root file system.
    pub tail: Tail,
}

/// What lies between kernel and root file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gap {
    /// Padding.
    Padding(End),
    /// Bytes of the donor that are kept as they are.
    Kept(Vec<u8>),
}

/// An opened image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// How to close it again.
    pub layout: Layout,
    /// The kind of kernel.
    pub kind: Kernel,
    /// Where the kernel is, with its header. A kernel without a length of its own reaches to the root file system.
    pub kernel: Range<usize>,
    /// Where the root file system is.
    pub rootfs: Range<usize>,
}

/// Why a plain image could not be opened or closed. Offsets count from the image's first byte.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// No root file system, or a part of one.
    #[error(transparent)]
    Rootfs(#[from] rootfs::Error),
    /// There is a uImage alone.
    #[error(
        "it is a kernel (uImage “{0}”) without a squashfs behind it, such as an initramfs image: take the device's \
         squashfs-sysupgrade image as donor"
    )]
    KernelOnly(String),
    /// The kernel is damaged.
    #[error("its kernel at offset 0 is damaged: {0}; download it again and compare its sha256sum")]
    Uimage(uimage::Error),
    /// A header claims more than the bytes before the root file system.
    #[error(
        "its {what} header claims {need} bytes, which reaches into the root file system at offset {have}: \
         a checksum over the root file system that is not supported yet"
    )]
    Covers {
        /// The kind of header.
        what: &'static str,
        /// The bytes it claims.
        need: u64,
        /// Where the root file system begins.
        have: u64,
    },
    /// A FIT that states where its parts lie outside of it.
    #[error("it is a FIT image with external data, which is not supported yet")]
    ExternalFit,
    /// A checksum over the root file system stands before it.
    #[error(
        "a uImage header at offset {at} states length and CRC of the root file system behind it, \
         which is not supported yet"
    )]
    RootfsHeader {
        /// Where the header is.
        at: usize,
    },
    /// The root file system lies in UBI.
    #[error(
        "there is UBI before the root file system, at offset {at}, but no UBI image that could be opened: it is damaged or \
         cut off; download it again"
    )]
    Ubi {
        /// Where its first header is.
        at: usize,
    },
    /// Not a kernel we know.
    #[error(
        "there is a squashfs in it, but what stands before it (it begins with {}) is no kernel of a known kind and \
         may hold a checksum over the whole image; take OpenWrt's squashfs-sysupgrade image of the device, or give its kernel \
         and root file system apart (source `kernel-rootfs`)",
        hex(first)
    )]
    UnknownKernel {
        /// The first bytes.
        first: Vec<u8>,
    },
    /// What follows the root file system is unknown.
    #[error(transparent)]
    Tail(#[from] TailError),
}

/// Opens a plain image.
///
/// # Errors
/// See [`Error`](enum@Error).
pub fn open(image: &[u8]) -> Result<Opened, Error> {
    let (start, superblock) = match locate(image) {
        Err(Error::Rootfs(rootfs::Error::NotFound)) if uimage::looks_like(image) => {
            return Err(kernel_only(image));
        }
        located => located?,
    };
    let head = &image[..start];
    let (kind, len) = kernel::recognise(head)?;
    let end = match len {
        // `recognise` has checked that a stated length lies inside; TP-Link's is checked here.
        Some(len) => usize::try_from(len)
            .ok()
            .filter(|len| *len <= start)
            .ok_or(Error::Covers {
                what: "kernel",
                need: len,
                have: start as u64,
            })?,
        None => start,
    };
    let gap = &head[end..];
    refuse_rootfs_header(head, end)?;
    let any_end = [Candidate {
        marks: None,
        end: None,
    }];
    let gap = match Tail::infer(end as u64, gap, &any_end) {
        Ok(tail) => Gap::Padding(tail.end),
        Err(_) => {
            let ubi = gap.windows(UBI.len()).position(|window| window == UBI);
            if let Some(at) = ubi {
                return Err(Error::Ubi { at: end + at });
            }
            Gap::Kept(gap.to_vec())
        }
    };
    let rootfs = start..start + superblock.bytes_used as usize;
    let before = rootfs.end as u64;
    let rest = &image[rootfs.end..];
    let tail = Tail::infer(before, rest, &Tail::usual(before, rest))?;
    Ok(Opened {
        layout: Layout { gap, tail },
        kind,
        kernel: 0..end,
        rootfs,
    })
}

/// An erase counter header of UBI, version 1.
const UBI: &[u8] = b"UBI#\x01\0\0\0\0\0\0\0\0\0\0\0";

/// The root file system: the first squashfs that does not lie inside a uImage.
fn locate(image: &[u8]) -> Result<(usize, Superblock), Error> {
    let from = match uimage::parse(image) {
        Ok((_, data)) => uimage::HEADER_LEN + data.len(),
        Err(_) => 0,
    };
    match rootfs::find(image, from) {
        // A uImage over the whole image has its root file system inside, which is said later.
        Err(rootfs::Error::NotFound) if from > 0 => Ok(rootfs::find(image, 0)?),
        found => Ok(found?),
    }
}

/// An image with a uImage and no squashfs.
fn kernel_only(image: &[u8]) -> Error {
    match uimage::parse(image) {
        Ok((header, _)) => Error::KernelOnly(header.name()),
        Err(error) => Error::Uimage(error),
    }
}

/// Refuses a uImage header right before the root file system that says something of it.
fn refuse_rootfs_header(head: &[u8], kernel_end: usize) -> Result<(), Error> {
    let Some(at) = head.len().checked_sub(uimage::HEADER_LEN) else {
        return Ok(());
    };
    let header = &head[at..];
    if at >= kernel_end && uimage::looks_like(header) && header[12..16] != [0; 4] {
        return Err(Error::RootfsHeader { at });
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    let bytes: Vec<_> = bytes.iter().map(|b| format!("{b:02x}")).collect();
    bytes.join(" ")
}
