//! Opening an image with such a header.

use std::ops::Range;

use thiserror::Error;

use super::format::{HEADER_LEN, Header, Kind};
use crate::pad_rootfs::{Candidate, End, Rule, Tail, TailError};
use crate::rootfs;

/// How such an image is put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The donor's header; lengths and MD5 are replaced when the image is closed.
    pub header: Header,
    /// What the root file system's offset is aligned to, bytes.
    pub(super) align: u32,
    /// Whether the header states the real offset of the root file system.
    pub(super) states_offset: bool,
    /// Bytes of the partition that must stay free for the overlay.
    pub(super) reserved: u32,
    /// What follows the root file system.
    pub tail: Tail,
}

/// An opened image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// How to close it again.
    pub layout: Layout,
    /// Where the kernel is.
    pub kernel: Range<usize>,
    /// Where the root file system is.
    pub rootfs: Range<usize>,
    /// The MD5 that the header should state.
    pub md5: [u8; 16],
}

/// Why an image with a TP-Link header could not be opened or closed. Offsets count from the header's first byte.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// No root file system, or a part of one.
    #[error(transparent)]
    Rootfs(#[from] rootfs::Error),
    /// The file is shorter than its header says.
    #[error(
        "it is cut off: its TP-Link header states a kernel of {need} bytes, but only {have} follow; download it again"
    )]
    Truncated {
        /// The kernel's length in the header.
        need: u32,
        /// The bytes behind the header.
        have: usize,
    },
    /// The file is longer than the partition.
    #[error("it has {have} bytes, more than the {total} bytes of flash its TP-Link header states")]
    Longer {
        /// Length of the image.
        have: usize,
        /// Length of the partition.
        total: u32,
    },
    /// The length of the root file system in the header is not the one in its superblock.
    #[error(
        "its TP-Link header states a root file system of {stated} bytes, but the squashfs at offset {offset} has {found}"
    )]
    RootfsLen {
        /// In the header.
        stated: u32,
        /// Where the squashfs is.
        offset: usize,
        /// In the superblock.
        found: u64,
    },
    /// The bytes between kernel and root file system are not 0xFF.
    #[error("the byte at offset {at}, between kernel and root file system, is no padding")]
    Gap {
        /// The first such byte.
        at: usize,
    },
    /// What follows the root file system is unknown, or the new one is too long.
    #[error(transparent)]
    Tail(#[from] TailError),
    /// Kernel and root file system leave no room for the overlay.
    #[error(
        "kernel and root file system have {need} bytes, but this kind of image takes {limit} of them \
         ({reserved} of the {total} bytes of flash are kept for the overlay): leave packages or files out"
    )]
    TooBig {
        /// Kernel plus root file system.
        need: u64,
        /// What they may have.
        limit: u64,
        /// Kept free.
        reserved: u32,
        /// Length of the partition.
        total: u32,
    },
}

/// The length of a kernel with its header, when `bytes` begin with a header for a kernel alone.
pub fn kernel_len(bytes: &[u8]) -> Option<u64> {
    let header = Header::parse(bytes)?;
    header
        .is_kernel_only()
        .then(|| HEADER_LEN as u64 + u64::from(header.kernel_len()))
}

/// Whether `image` begins with a header of a whole image.
pub fn is_image(image: &[u8]) -> bool {
    Header::parse(image).is_some_and(|header| !header.is_kernel_only())
}

/// Opens `image`; `None` when it does not begin with a header of a whole image.
///
/// # Errors
/// See [`Error`](enum@Error).
pub fn open(image: &[u8]) -> Option<Result<Opened, Error>> {
    let header = Header::parse(image).filter(|header| !header.is_kernel_only())?;
    Some(open_with(header, image))
}

fn open_with(header: Header, image: &[u8]) -> Result<Opened, Error> {
    let body = &image[HEADER_LEN..];
    let total = header.total();
    if image.len() as u64 > u64::from(total) {
        let have = image.len();
        return Err(Error::Longer { have, total });
    }
    let need = header.kernel_len();
    if need as usize > body.len() {
        let have = body.len();
        return Err(Error::Truncated { need, have });
    }
    let kernel = HEADER_LEN..HEADER_LEN + need as usize;
    let (start, superblock) = rootfs::find(image, kernel.end)?;
    // It fits into memory: `find` has seen all of it.
    let rootfs = start..start + superblock.bytes_used as usize;
    let md5 = header.computed_md5(body);
    if u64::from(header.rootfs_len()) != superblock.bytes_used {
        return Err(Error::RootfsLen {
            stated: header.rootfs_len(),
            offset: start,
            found: superblock.bytes_used,
        });
    }
    let gap = &image[kernel.end..start];
    if let Some(at) = gap.iter().position(|b| *b != 0xFF) {
        return Err(Error::Gap {
            at: kernel.end + at,
        });
    }
    let align = [4, 0x1000, 0x1_0000, 0x2_0000]
        .into_iter()
        .find(|align| kernel.end.next_multiple_of(*align) == start);
    // Without a known alignment the kernel's successor keeps the place it has.
    let align = align.unwrap_or(start) as u32;
    let tail = Tail::infer(
        rootfs.end as u64,
        &image[rootfs.end..],
        &candidates(&header, image),
    )?;
    let used = u64::from(need) + superblock.bytes_used;
    let reserved = match header.kind() {
        Kind::V1 => RESERVED_V1,
        Kind::V2 => 0,
    };
    let layout = Layout {
        states_offset: header.rootfs_offset() as usize == start,
        // A donor that does not keep the room free was made without this limit.
        reserved: if used <= limit(total, reserved) {
            reserved
        } else {
            0
        },
        header,
        align,
        tail,
    };
    Ok(Opened {
        layout,
        kernel,
        rootfs,
        md5,
    })
}

/// What OpenWrt's recipes keep free on version-1 devices (`mktplinkfw -X`).
const RESERVED_V1: u32 = 0x4_0000;

/// What kernel and root file system may have together.
pub(super) fn limit(total: u32, reserved: u32) -> u64 {
    u64::from(total).saturating_sub(u64::from(reserved) + HEADER_LEN as u64)
}

/// The markers of today's tools, of older ones, and none; the image ends behind them or fills the partition.
fn candidates(header: &Header, image: &[u8]) -> Vec<Candidate> {
    let total = u64::from(header.total());
    let end = if image.len() as u64 == total {
        End::Total {
            len: total,
            fill: 0xFF,
        }
    } else {
        End::Exact
    };
    let rules = [Some(Rule::mktplinkfw()), Rule::padjffs2(&[64]), None];
    rules
        .into_iter()
        .map(|marks| Candidate {
            marks,
            end: Some(end),
        })
        .collect()
}
