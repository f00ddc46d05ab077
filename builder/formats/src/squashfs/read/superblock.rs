//! The superblock and the compressor's options, checked.

use super::super::codec::Codec;
use super::super::error::Error;
use super::super::format::{BLOCK_SIZES, Fields, Flags, MAGIC, SUPERBLOCK_LEN, Superblock};
use super::super::options::{Bcj, Compression, Effort, Options, Xattrs, Xz, is_dict_size};
use super::metadata::{Cursor, Metadata};

const OPTIONS: &str = "compressor options";

/// What an image says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    /// The compressor, with the settings that are recorded.
    pub compressor: Compressor,
    /// The compressor options block as it is, if there is one.
    pub options_block: Option<Vec<u8>>,
    /// Bytes per data block before compression.
    pub block_size: u32,
    /// When the image was made, seconds since 1970.
    pub mkfs_time: u32,
    /// The superblock's flags.
    pub flags: Flags,
    /// The length of the image in bytes, without padding.
    pub bytes_used: u64,
    /// How many inodes there are said to be.
    pub inodes: u32,
    /// How many fragment blocks there are.
    pub fragments: u32,
    /// How many different owners (users and groups) there are.
    pub ids: u16,
    /// Whether there is a table of extended attributes.
    pub xattrs: bool,
}

/// The compressor of an image, with the settings that are recorded (or implied).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compressor {
    /// zlib.
    Gzip {
        /// 1 to 9.
        level: u32,
        /// Window size as a power of two (8 to 15).
        window: u16,
        /// Strategies tried, as bits; 0 for the default one only.
        strategies: u16,
    },
    /// xz.
    Xz {
        /// Dictionary size in bytes.
        dict_size: u32,
        /// The filters that blocks may use.
        bcj: Vec<Bcj>,
    },
    /// Zstandard.
    Zstd {
        /// 1 to 22.
        level: u32,
    },
}

/// Parses the superblock and checks what can be checked without the rest.
pub(super) fn parse(image: &[u8]) -> Result<Superblock, Error> {
    let magic = image.get(..4.min(image.len())).unwrap_or_default();
    if magic != MAGIC {
        return Err(Error::NotSquashfs {
            found: magic.iter().map(|byte| format!("{byte:02x}")).collect(),
            hint: match magic {
                b"sqsh" => "this is a big-endian squashfs, of a version before 4.0",
                b"shsq" | b"qshs" => "this is a squashfs of a vendor's own kind, with LZMA",
                _ if magic.len() < 4 => "it is too short",
                _ => "is this the root file system, and not a whole firmware image?",
            },
        });
    }
    let bytes = image
        .first_chunk::<SUPERBLOCK_LEN>()
        .ok_or(Error::Truncated {
            what: "superblock",
            end: SUPERBLOCK_LEN as u64,
            have: image.len() as u64,
        })?;
    let superblock = Superblock::parse(bytes);
    let corrupt = |why: String| Error::Corrupt {
        offset: 0,
        what: "superblock",
        why,
    };
    if superblock.version != (4, 0) {
        let (major, minor) = superblock.version;
        return Err(Error::Unsupported(format!(
            "version {major}.{minor}; only 4.0 is read"
        )));
    }
    let size = superblock.block_size;
    if !BLOCK_SIZES.contains(&size)
        || !size.is_power_of_two()
        || size.trailing_zeros() != u32::from(superblock.block_log)
    {
        return Err(corrupt(format!(
            "block size {size} (logarithm {}) is not a power of two from 4096 to 1048576",
            superblock.block_log
        )));
    }
    if superblock.bytes_used < SUPERBLOCK_LEN as u64 {
        return Err(corrupt(format!(
            "length {} is shorter than the superblock",
            superblock.bytes_used
        )));
    }
    Ok(superblock)
}

/// Puts together what is told of the image.
pub(super) fn info(
    superblock: &Superblock,
    codec: Codec,
    metadata: &mut Metadata<'_>,
) -> Result<Info, Error> {
    let at = Cursor {
        what: OPTIONS,
        block: SUPERBLOCK_LEN as u64,
        offset: 0,
    };
    let options_block = if superblock.flags.has(Flags::COMPRESSOR_OPTIONS) {
        Some(metadata.whole(&at)?.to_vec())
    } else {
        None
    };
    let compressor = match &options_block {
        Some(stored) => Compressor::parse(codec, stored, superblock.block_size)
            .ok_or_else(|| at.corrupt(format!("{} bytes are too few", stored.len())))?,
        None => Compressor::default_of(codec, superblock.block_size),
    };
    Ok(Info {
        compressor,
        options_block,
        block_size: superblock.block_size,
        mkfs_time: superblock.mkfs_time,
        flags: superblock.flags,
        bytes_used: superblock.bytes_used,
        inodes: superblock.inodes,
        fragments: superblock.fragments,
        ids: superblock.ids,
        xattrs: superblock.xattr_table != u64::MAX,
    })
}

impl Compressor {
    /// What an image without an options block was made with.
    fn default_of(codec: Codec, block_size: u32) -> Self {
        match codec {
            Codec::Gzip => Self::Gzip {
                level: 9,
                window: 15,
                strategies: 0,
            },
            Codec::Xz => Self::Xz {
                dict_size: block_size,
                bcj: Vec::new(),
            },
            Codec::Zstd => Self::Zstd { level: 15 },
        }
    }

    /// Reads the content of an options block; `None` when it is too short.
    fn parse(codec: Codec, stored: &[u8], block_size: u32) -> Option<Self> {
        let mut fields = Fields(stored);
        Some(match codec {
            Codec::Gzip => Self::Gzip {
                level: fields.u32()?,
                window: fields.u16()?,
                strategies: fields.u16()?,
            },
            Codec::Zstd => Self::Zstd {
                level: fields.u32()?,
            },
            Codec::Xz => {
                let (first, second) = (fields.u32()?, fields.u32()?);
                let standard = stored.len() == 8 && is_dict_size(first);
                // OpenWrt's releases up to 15.05 had the dictionary size last of three words, those up to 19.07
                // first of three. What the others mean there is of no use here: blocks tell their own filters.
                let dict_size = [Some(first), fields.u32()]
                    .into_iter()
                    .flatten()
                    .find(|size| is_dict_size(*size))
                    .unwrap_or(block_size);
                let filters = if standard { second } else { 0 };
                Self::Xz {
                    dict_size,
                    bcj: Bcj::ALL
                        .iter()
                        .filter(|(_, bit)| filters & bit != 0)
                        .map(|(bcj, _)| *bcj)
                        .collect(),
                }
            }
        })
    }
}

impl Info {
    /// Options to write an image of the same kind: same compressor (its options block byte for
    /// byte), block size, time, and OpenWrt's other choices.
    pub fn options(&self) -> Options {
        let compression = match &self.compressor {
            Compressor::Gzip { level, .. } => Compression::Gzip {
                level: (*level).clamp(1, 9),
            },
            Compressor::Xz { dict_size, bcj } => Compression::Xz(Xz {
                bcj: bcj.clone(),
                dict_size: (*dict_size != self.block_size).then_some(*dict_size),
                options_block: self.options_block.clone(),
                ..Xz::openwrt(Effort::default())
            }),
            Compressor::Zstd { level } => Compression::Zstd {
                level: (*level).clamp(1, 22),
            },
        };
        Options {
            compression,
            block_size: self.block_size,
            xattrs: if self.flags.has(Flags::NO_XATTRS) {
                Xattrs::Drop
            } else {
                Xattrs::Keep
            },
            exportable: self.flags.has(Flags::EXPORTABLE),
            always_fragments: self.flags.has(Flags::ALWAYS_FRAGMENTS),
            ..Options::openwrt(256, false, self.mkfs_time)
        }
    }

    /// The largest xz dictionary a block needs.
    pub(super) fn dict_size(&self) -> u32 {
        match self.compressor {
            Compressor::Xz { dict_size, .. } => dict_size,
            _ => 0,
        }
    }
}
