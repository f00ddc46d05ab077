//! Broadcom's image with a tag, for devices with the boot loader CFE.
//!
//! ```text
//! 0    tag version, company, signature, chip, board: text   162  two texts of the builder (30)
//! 62   length of all behind the tag (10)                    196  CRC of all behind the tag
//! 94   address of the kernel in the flash (12)              200  another text (16)
//! 106  length from the root file system on (10)             216  CRC of all behind the tag
//! 116  address of the kernel (12)                           220  CRC of as many bytes as 106 says
//! 128  length up to the root file system (10)               224  CRC of as many bytes as 128 says
//!                                                           232  106 without the padding at the end
//! 256  be32 load address, be32 entry, be32 length           236  CRC of the 236 bytes before
//!      kernel ‖ zeros ‖ squashfs ‖ zeros ‖ DE AD C0 DE ‖ 0xFF to a multiple of 1 MiB
//! ```
//!
//! Lengths and addresses up to 137 are decimal texts with NULs behind; the CRCs, and 232, are big endian, CRC-32 without the last
//! inversion. The zeros fill up to a multiple of 4, or of the erase block, and of the erase block: of *addresses in the flash*.
//! Source: firmware-utils' `imagetag.c` and `bcm_tag.h`, OpenWrt's `cfe-bin` (bmips).

use crate::layer::{Check, Error, Format, Opened, Part, Role, be32, put, text};
use crate::pad_rootfs::MARKER;
use crate::rootfs::Superblock;

const TAG: usize = 256;
/// Length of the kernel's header.
const KERNEL_HEADER: usize = 12;
const TOTAL: (usize, usize) = (62, 10);
const START: (usize, usize) = (94, 12);
const ROOTFS_LEN: (usize, usize) = (106, 10);
const KERNEL_AT: (usize, usize) = (116, 12);
const KERNEL_LEN: (usize, usize) = (128, 10);
const BARE_LEN: usize = 232;
/// Where the CRCs stand.
const CRC_ALL: usize = 196;
const CRC_IMAGE: usize = 216;
const CRC_ROOTFS: usize = 220;
const CRC_KERNEL: usize = 224;
const CRC_TAG: usize = 236;
/// Erase blocks in bytes.
const BLOCKS: [u32; 6] = [0x1_0000, 0x2_0000, 0x1000, 0x2000, 0x4000, 0x8000];

/// The tag and the alignments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The tag of the donor, whose texts stay.
    tag: Vec<u8>,
    /// Load address and entry of the kernel.
    entry: Vec<u8>,
    /// What the root file system's address is a multiple of.
    start: u32,
    /// What the marker's address is a multiple of.
    end: u32,
    /// The length to which all behind the tag is filled; bytes, 0 for none.
    fill: usize,
}

impl Format for Layout {
    fn kind(&self) -> &'static str {
        "cfe-bin"
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        let broadcom = image.get(4..)?.starts_with(b"Broadcom Corporatio");
        let total = decimal(image, TOTAL)?;
        (broadcom && total > 0 && image.len() > TAG).then(|| open(image, total))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let [kernel, rootfs] = parts else {
            return Err(Error::damaged(
                0,
                "such an image has a kernel and a root file system",
            ));
        };
        let address = decimal(&self.tag, KERNEL_AT).unwrap_or_default();
        let mut body = self.entry.clone();
        let stated = u32::try_from(kernel.len())
            .map_err(|_| Error::too_long("the kernel", kernel.len(), u64::from(u32::MAX)))?;
        body.extend_from_slice(&stated.to_be_bytes());
        body.extend_from_slice(kernel);
        align(&mut body, address, self.start);
        let kernel_len = body.len();
        body.extend_from_slice(rootfs);
        align(&mut body, address, self.end);
        body.extend_from_slice(&MARKER);
        let bare_len = body.len() - kernel_len;
        if self.fill > 0 {
            if body.len() > self.fill {
                return Err(Error::too_long(
                    "all behind the tag",
                    body.len(),
                    self.fill as u64,
                ));
            }
            // It is filled by whole words.
            let words = (self.fill - body.len()).div_ceil(4);
            body.resize(body.len() + 4 * words, 0xFF);
        }
        let rootfs_len = body.len() - kernel_len;
        let mut tag = self.tag.clone();
        write(&mut tag, TOTAL, body.len());
        write(&mut tag, ROOTFS_LEN, rootfs_len);
        write(&mut tag, KERNEL_LEN, kernel_len);
        put(&mut tag, BARE_LEN, &(bare_len as u32).to_be_bytes());
        for (at, len) in covered(body.len(), rootfs_len, kernel_len) {
            put(&mut tag, at, &crc(&body[..len]).to_be_bytes());
        }
        let sum = crc(&tag[..CRC_TAG]);
        put(&mut tag, CRC_TAG, &sum.to_be_bytes());
        tag.append(&mut body);
        Ok(tag)
    }
}

/// The CRCs of what is behind the tag, and how many bytes each covers.
fn covered(total: usize, rootfs: usize, kernel: usize) -> [(usize, usize); 4] {
    [
        (CRC_ALL, total),
        (CRC_IMAGE, total),
        (CRC_ROOTFS, rootfs.min(total)),
        (CRC_KERNEL, kernel.min(total)),
    ]
}

/// CRC-32 without the last inversion.
fn crc(bytes: &[u8]) -> u32 {
    !crc32fast::hash(bytes)
}

fn decimal(tag: &[u8], (at, len): (usize, usize)) -> Option<usize> {
    text(tag, at, len).parse().ok()
}

fn write(tag: &mut [u8], (at, len): (usize, usize), value: usize) {
    let mut field = vec![0; len];
    put(&mut field, 0, value.to_string().as_bytes());
    put(tag, at, &field);
}

/// Zeros up to an address that is a multiple of `block`; the first byte of `body` is at `address`.
fn align(body: &mut Vec<u8>, address: usize, block: u32) {
    body.resize(aligned(body.len(), address, block), 0);
}

fn aligned(len: usize, address: usize, block: u32) -> usize {
    (address + len).next_multiple_of(block.max(1) as usize) - address
}

fn open(image: &[u8], total: usize) -> Result<Opened<Layout>, Error> {
    let (tag, body) = image.split_at(TAG);
    if total != body.len() {
        return Err(Error::Truncated {
            what: "the tag's length",
            need: (TAG + total) as u64,
            have: image.len() as u64,
        });
    }
    let field = |field| decimal(tag, field).filter(|value| u32::try_from(*value).is_ok());
    let lens = [ROOTFS_LEN, KERNEL_LEN, KERNEL_AT].map(field);
    let [Some(rootfs_len), Some(kernel_len), Some(address)] = lens else {
        return Err(foreign());
    };
    if kernel_len.checked_add(rootfs_len) != Some(total) || field(START) != Some(address) {
        return Err(foreign());
    }
    let stated = be32(body, 8).unwrap_or_default() as usize;
    let kernel = KERNEL_HEADER..KERNEL_HEADER.saturating_add(stated);
    let rest = body.get(kernel_len..).unwrap_or_default();
    let used = Superblock::probe(rest).and_then(|s| usize::try_from(s.bytes_used).ok());
    let rootfs = match used {
        Some(used) if used <= rest.len() && kernel.end <= kernel_len => {
            kernel_len..kernel_len + used
        }
        _ => return Err(foreign()),
    };
    let bare = be32(tag, BARE_LEN).unwrap_or_default() as usize;
    let mark = kernel_len
        .saturating_add(bare)
        .checked_sub(MARKER.len())
        .filter(|at| {
            body.get(*at..)
                .is_some_and(|rest| rest.starts_with(&MARKER))
        })
        .ok_or_else(foreign)?;
    // Every board's image begins at its second erase block.
    let usual = address.wrapping_sub(TAG);
    let usual = 1_u32
        .checked_shl(usual.trailing_zeros())
        .unwrap_or_default();
    let fits = |len, to| move |block: &u32| *block > 0 && aligned(len, address, *block) == to;
    let blocks = [usual.min(0x10_0000)].into_iter().chain(BLOCKS);
    let start = [4].into_iter().chain(blocks.clone());
    let start = start.into_iter().find(fits(kernel.end, kernel_len));
    let end = blocks.into_iter().find(fits(rootfs.end, mark));
    let (Some(start), Some(end)) = (start, end) else {
        return Err(foreign());
    };
    let layout = Layout {
        tag: tag.to_vec(),
        entry: body[..8].to_vec(),
        start,
        end,
        fill: if mark + MARKER.len() < total {
            total / (1 << 20) * (1 << 20)
        } else {
            0
        },
    };
    let parts = vec![
        Part::at("kernel", TAG + kernel.start..TAG + kernel.end, Role::Kernel),
        Part::at("rootfs", TAG + rootfs.start..TAG + rootfs.end, Role::Rootfs),
    ];
    let mut opened = Opened::new(layout, parts)
        .fact("board", text(tag, 44, 16))
        .fact("chip", text(tag, 38, 6))
        .fact("device", text(tag, 162, 30));
    let mut check = |what, at, bytes: &[u8]| {
        let stored = be32(tag, at).unwrap_or_default();
        opened
            .checks
            .push(Check::number(what, at, stored, crc(bytes)));
    };
    check("CRC-32 of the tag", CRC_TAG, &tag[..CRC_TAG]);
    for (at, len) in covered(total, rootfs_len, kernel_len) {
        check("CRC-32 of a part behind the tag", at, &body[..len]);
    }
    Ok(opened)
}

fn foreign() -> Error {
    Error::Unsupported {
        what: "it is an image with a Broadcom tag, but not as OpenWrt makes them".into(),
        cure: "Use OpenWrt's squashfs-sysupgrade image for the device.",
    }
}

#[cfg(test)]
mod tests {
    use super::crc;
    use crate::layer::testing::assert_exact;

    /// From the format's description.
    fn image(kernel: &[u8], rootfs: &[u8], offset: usize, aligned: bool, mib: usize) -> Vec<u8> {
        let address = 0xBFC0_0000 + offset + 256;
        let mut body = vec![0x80, 1, 0, 0, 0x80, 1, 0x60, 0];
        body.extend((kernel.len() as u32).to_be_bytes());
        body.extend_from_slice(kernel);
        let block = if aligned { offset } else { 4 };
        while !(address + body.len()).is_multiple_of(block) {
            body.push(0);
        }
        let k = body.len();
        body.extend_from_slice(rootfs);
        while !(address + body.len()).is_multiple_of(offset) {
            body.push(0);
        }
        body.extend([0xDE, 0xAD, 0xC0, 0xDE]);
        let bare = body.len() - k;
        while body.len() < mib << 20 {
            body.extend([0xFF; 4]);
        }
        let mut tag = Vec::new();
        let texts = [
            ("6", 4),
            ("Broadcom Corporatio", 20),
            ("ver. 2.0", 14),
            ("6328", 6),
            ("96328avng", 16),
            ("1", 2),
            (&body.len().to_string(), 10),
            ("0", 12),
            ("0", 10),
            (&address.to_string(), 12),
            (&(body.len() - k).to_string(), 10),
            (&address.to_string(), 12),
            (&k.to_string(), 10),
            ("", 24),
            ("vr-3025u", 30),
            ("", 4),
            ("", 4),
            ("squashfs", 16),
            ("", 40),
        ];
        for (text, len) in texts {
            let end = tag.len() + len;
            tag.extend(text.bytes());
            tag.resize(end, 0);
        }
        let crcs = [
            (196, crc(&body)),
            (216, crc(&body)),
            (220, crc(&body[..body.len() - k])),
            (224, crc(&body[..k])),
            (232, bare as u32),
        ];
        for (at, crc) in crcs {
            tag[at..at + 4].copy_from_slice(&crc.to_be_bytes());
        }
        let sum = crc(&tag[..236]);
        tag[236..240].copy_from_slice(&sum.to_be_bytes());
        assert_eq!(tag.len(), 256);
        [tag, body].concat()
    }

    #[test]
    fn is_exact() {
        for (offset, aligned, mib) in [
            (0x1_0000, false, 0),
            (0x2_0000, false, 0),
            (0x1_0000, true, 0),
            (0x1_0000, false, 1),
        ] {
            let opened = assert_exact(|k, r| image(k, r, offset, aligned, mib));
            assert!(opened.kernel.is_some());
        }
    }
}
