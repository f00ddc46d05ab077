//! How an image is to be written.

use super::error::WriteError;
use super::format::{BLOCK_SIZES, METADATA_LEN};

/// How an image is to be written. Start from [`Options::openwrt`] or [`Options::new`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The compressor and its settings.
    pub compression: Compression,
    /// Bytes per data block before compression: a power of two from 4 KiB to 1 MiB.
    pub block_size: u32,
    /// When the image was made, seconds since 1970.
    pub mkfs_time: u32,
    /// Bring modification times that are later than `mkfs_time` down to it.
    pub clamp_times: bool,
    /// Make everything belong to user and group 0.
    pub root_owned: bool,
    /// What to do with extended attributes.
    pub xattrs: Xattrs,
    /// Write the export table (for NFS).
    pub exportable: bool,
    /// Put the ends of large files into fragment blocks too, not only small files.
    pub always_fragments: bool,
    /// Pad the image with zeros to a multiple of this many bytes; 0 or 1 means no padding.
    pub pad_to: u32,
    /// How many threads to use; 0 means one for each core. It does not change the image.
    pub threads: usize,
}

/// What to do with extended attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Xattrs {
    /// Write them.
    Keep,
    /// Leave them out, as OpenWrt does.
    Drop,
}

/// A compressor and its settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compression {
    /// zlib streams.
    Gzip {
        /// 1 (fast) to 9 (small).
        level: u32,
    },
    /// xz streams.
    Xz(Xz),
    /// Zstandard frames.
    Zstd {
        /// 1 (fast) to 22 (small).
        level: u32,
    },
}

/// Settings for xz.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Xz {
    /// Literal context bits (0 to 4); with `lp` at most 4.
    pub lc: u32,
    /// Literal position bits (0 to 4).
    pub lp: u32,
    /// Position bits (0 to 4).
    pub pb: u32,
    /// Filters for machine code: each block is tried without and with each of them, and the smallest wins.
    pub bcj: Vec<Bcj>,
    /// How hard to search for matches. Any decoder reads the result of all.
    pub effort: Effort,
    /// The largest dictionary a reader expects, in bytes; `None` for the block size.
    pub dict_size: Option<u32>,
    /// The compressor options block, byte for byte, or `None` for the one that belongs to the settings above.
    ///
    /// OpenWrt's releases up to 19.07 had layouts of their own, and kernels to match: what stands in a donor
    /// is what its kernel reads.
    pub options_block: Option<Vec<u8>>,
}

/// A filter that makes addresses in machine code compress better ("branch, call, jump").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bcj {
    /// x86.
    X86,
    /// PowerPC, big endian.
    PowerPc,
    /// Itanium.
    Ia64,
    /// ARM, 32-bit instructions.
    Arm,
    /// ARM, Thumb instructions.
    ArmThumb,
    /// SPARC.
    Sparc,
}

/// How hard to search for matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Effort {
    /// For trying things out.
    Fast,
    /// The best size that is still quicker than mksquashfs with its defaults.
    #[default]
    Standard,
    /// Exactly what OpenWrt sets: preset 9, extreme.
    Best,
}

impl Options {
    /// What mksquashfs does by default with this compression: 128 KiB blocks, xattrs, export table, owners
    /// and times kept; padded to 4 KiB.
    pub fn new(compression: Compression) -> Self {
        Self {
            compression,
            block_size: 128 << 10,
            mkfs_time: 0,
            clamp_times: false,
            root_owned: false,
            xattrs: Xattrs::Keep,
            exportable: true,
            always_fragments: false,
            pad_to: 4096,
            threads: 0,
        }
    }

    /// What OpenWrt's image build does: xz with lc 0, lp 2, pb 2, dictionary as large as a block, everything
    /// root-owned, no xattrs, no padding, times clamped to `epoch` (seconds since 1970, `SOURCE_DATE_EPOCH`).
    ///
    /// `block_kib` is 256 on most devices, 1024 where flash is small and 64 where memory is;
    /// `arm` is set for 32-bit ARM only and tries the ARM filter on each block.
    pub fn openwrt(block_kib: u32, arm: bool, epoch: u32) -> Self {
        Self {
            compression: Compression::Xz(Xz {
                bcj: if arm { vec![Bcj::Arm] } else { Vec::new() },
                ..Xz::openwrt(Effort::default())
            }),
            block_size: block_kib.saturating_mul(1024),
            mkfs_time: epoch,
            clamp_times: true,
            root_owned: true,
            xattrs: Xattrs::Drop,
            exportable: true,
            always_fragments: false,
            pad_to: 0,
            threads: 0,
        }
    }

    /// The same options with another effort; without effect unless the compressor is xz.
    #[must_use]
    pub fn effort(mut self, effort: Effort) -> Self {
        if let Compression::Xz(xz) = &mut self.compression {
            xz.effort = effort;
        }
        self
    }

    /// Refuses what the format or the compressor cannot do.
    pub(super) fn check(&self) -> Result<(), WriteError> {
        let refuse = |why: String| Err(WriteError::Options(why));
        if !BLOCK_SIZES.contains(&self.block_size) || !self.block_size.is_power_of_two() {
            return refuse(format!(
                "block size {} must be a power of two from 4096 to 1048576",
                self.block_size
            ));
        }
        match &self.compression {
            Compression::Gzip { level } if !(1..=9).contains(level) => {
                refuse(format!("gzip level {level} must be 1 to 9"))
            }
            Compression::Zstd { level } if !(1..=22).contains(level) => {
                refuse(format!("zstd level {level} must be 1 to 22"))
            }
            Compression::Xz(xz) if xz.lc > 4 || xz.lp > 4 || xz.lc + xz.lp > 4 || xz.pb > 4 => {
                refuse(format!(
                    "xz lc {} + lp {} must be at most 4 and pb {} at most 4",
                    xz.lc, xz.lp, xz.pb
                ))
            }
            Compression::Xz(xz) if xz.dict_size.is_some_and(|size| !is_dict_size(size)) => {
                refuse(format!(
                    "xz dictionary size {} must be a power of two, or one and a half, from 8192 to 1048576",
                    xz.dict_size.unwrap_or_default()
                ))
            }
            Compression::Xz(Xz {
                options_block: Some(block),
                ..
            }) if block.is_empty() || block.len() > METADATA_LEN => refuse(format!(
                "compressor options of {} bytes; there must be 1 to {METADATA_LEN}",
                block.len()
            )),
            _ => Ok(()),
        }
    }
}

/// Whether the kernel takes it as a dictionary size.
pub(super) fn is_dict_size(size: u32) -> bool {
    let one_and_a_half = size.is_multiple_of(3) && (size / 3).is_power_of_two();
    (METADATA_LEN as u32..=*BLOCK_SIZES.end()).contains(&size)
        && (size.is_power_of_two() || one_and_a_half)
}

impl Xz {
    /// xz as mksquashfs sets it by default: lc 3, lp 0, pb 2, no filters.
    pub fn plain(effort: Effort) -> Self {
        Self {
            lc: 3,
            lp: 0,
            pb: 2,
            bcj: Vec::new(),
            effort,
            dict_size: None,
            options_block: None,
        }
    }

    /// xz as OpenWrt sets it: lc 0, lp 2, pb 2, for instructions of four bytes; no filters.
    pub fn openwrt(effort: Effort) -> Self {
        Self {
            lc: 0,
            lp: 2,
            ..Self::plain(effort)
        }
    }
}

impl Bcj {
    /// All filters that squashfs knows, by their bit in the compressor options.
    pub(super) const ALL: [(Self, u32); 6] = [
        (Self::X86, 0x01),
        (Self::PowerPc, 0x02),
        (Self::Ia64, 0x04),
        (Self::Arm, 0x08),
        (Self::ArmThumb, 0x10),
        (Self::Sparc, 0x20),
    ];

    /// The filter's bit in the compressor options.
    pub(super) fn bit(self) -> u32 {
        Self::ALL
            .iter()
            .find_map(|(bcj, bit)| (*bcj == self).then_some(*bit))
            .unwrap_or(0)
    }
}
