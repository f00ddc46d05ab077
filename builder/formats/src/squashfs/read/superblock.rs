//! The superblock and the compressor's options, checked.

use super::super::codec::Codec;
use super::super::error::Error;
use super::super::format::{BLOCK_SIZES, Fields, Flags, MAGIC, SUPERBLOCK_LEN, Superblock};
use super::super::options::{Bcj, Compression, Effort, Options, Xattrs, Xz};
use super::metadata::{Cursor, Metadata};

const OPTIONS: &str = "compressor options";

/// What an image says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    /// The compressor, with the settings that are recorded.
    pub compressor: Compressor,
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
    let mut at = Cursor {
        what: OPTIONS,
        block: SUPERBLOCK_LEN as u64,
        offset: 0,
    };
    let len = match codec {
        Codec::Gzip | Codec::Xz => 8,
        Codec::Zstd => 4,
    };
    let stored = if superblock.flags.has(Flags::COMPRESSOR_OPTIONS) {
        Some(metadata.read(&mut at, len)?)
    } else {
        None
    };
    let mut fields = stored.as_deref().map(Fields);
    let mut word = |default: u32| fields.as_mut().map_or(Some(default), Fields::u32);
    let compressor = match codec {
        Codec::Gzip => {
            let (level, rest) = (word(9), word(15));
            let rest = rest.unwrap_or(15);
            Compressor::Gzip {
                level: level.unwrap_or(9),
                window: rest as u16,
                strategies: (rest >> 16) as u16,
            }
        }
        Codec::Xz => {
            let (dict_size, filters) = (word(superblock.block_size), word(0));
            let filters = filters.unwrap_or(0);
            Compressor::Xz {
                dict_size: dict_size.unwrap_or(superblock.block_size),
                bcj: Bcj::ALL
                    .iter()
                    .filter(|(_, bit)| filters & bit != 0)
                    .map(|(bcj, _)| *bcj)
                    .collect(),
            }
        }
        Codec::Zstd => Compressor::Zstd {
            level: word(15).unwrap_or(15),
        },
    };
    Ok(Info {
        compressor,
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

impl Info {
    /// Options to write an image of the same kind: same compressor, block size, time, and OpenWrt's other choices.
    pub fn options(&self) -> Options {
        let compression = match &self.compressor {
            Compressor::Gzip { level, .. } => Compression::Gzip {
                level: (*level).clamp(1, 9),
            },
            Compressor::Xz { bcj, .. } => Compression::Xz(Xz {
                lc: 0,
                lp: 2,
                pb: 2,
                bcj: bcj.clone(),
                effort: Effort::default(),
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
