//! What a TRX is made of.

use crate::pad_rootfs::Tail;

/// Magic of Broadcom's own TRX.
pub(super) const MAGIC: [u8; 4] = *b"HDR0";
/// Where the length stands.
pub(super) const LENGTH_AT: usize = 4;
/// Where the CRC stands.
pub(super) const CRC_AT: usize = 8;
/// Where that begins of which the CRC is.
pub(super) const FLAGS_AT: usize = 12;
/// Where the offsets of the partitions begin.
pub(super) const OFFSETS_AT: usize = 16;
/// Length of Asus' footer.
pub(super) const FOOTER_LEN: usize = 64;
/// What partitions are padded to.
pub(super) const WORD: usize = 4;
/// What a TRX is padded to.
pub(super) const PAGE: usize = 0x1000;

/// How a TRX is put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The magic.
    pub magic: [u8; 4],
    /// Flags, which are 0 in OpenWrt's images.
    pub flags: u16,
    /// 1 or 2.
    pub version: u16,
    /// Where each partition begins.
    pub starts: Vec<Start>,
    /// What is appended to the last partition.
    pub marks: Option<Marks>,
    /// The whole is padded with zeros to a multiple of this many bytes.
    pub end: usize,
    /// Asus' footer, if it has one.
    pub footer: Option<Footer>,
    /// What stands behind the TRX.
    pub behind: Behind,
}

/// Where a partition begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// At the next multiple of this many bytes.
    Align(usize),
    /// At this offset.
    At(usize),
}

/// Bytes behind the last partition, for first boot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marks {
    /// They begin at a multiple of this many bytes.
    pub align: usize,
    /// The bytes themselves.
    pub bytes: Vec<u8>,
}

/// Asus' footer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Footer {
    /// Version of the firmware.
    pub version: [u8; 4],
    /// Name of the model, padded with NULs or blanks.
    pub product: [u8; 12],
}

/// What stands behind a TRX in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Behind {
    /// Padding, or nothing.
    Padding(Tail),
    /// A text.
    Text(Vec<u8>),
}

impl Layout {
    /// Length of the header in bytes.
    pub(super) fn header_len(version: u16) -> usize {
        if version == 2 { 32 } else { 28 }
    }
}

/// The CRC of a TRX that is as long as its header says. `pattern` is the offset of version 2's fourth partition.
pub(super) fn crc(trx: &[u8], pattern: Option<usize>) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    match pattern.and_then(|at| at.checked_add(22)) {
        Some(hole) if hole >= FLAGS_AT && hole.saturating_add(8) <= trx.len() => {
            hasher.update(&trx[FLAGS_AT..hole]);
            hasher.update(&[0xFF; 8]);
            hasher.update(&trx[hole + 8..]);
        }
        _ => hasher.update(trx.get(FLAGS_AT..).unwrap_or_default()),
    }
    !hasher.finalize()
}
