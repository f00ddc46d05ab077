//! The compressors: one block in, one block out.

mod gzip;
mod xz;
mod zstd;

use super::error::WriteError;
use super::format::{METADATA_LEN, compressor};
use super::options::{Compression, Options, Xz};
use super::seeds::Seeds;

/// The compressors that are read and written, by their number in the superblock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codec {
    Gzip,
    Xz,
    Zstd,
}

impl Codec {
    /// The compressor with this number; the error names one that is known but not supported.
    pub(super) fn from_number(number: u16) -> Result<Self, String> {
        match number {
            compressor::GZIP => Ok(Self::Gzip),
            compressor::XZ => Ok(Self::Xz),
            compressor::ZSTD => Ok(Self::Zstd),
            compressor::LZMA => Err("compressor lzma (the legacy one)".into()),
            compressor::LZO => Err("compressor lzo".into()),
            compressor::LZ4 => Err("compressor lz4".into()),
            other => Err(format!("compressor number {other}")),
        }
    }

    /// Decompresses one block into `out` and gives its length.
    ///
    /// An error says what is wrong; a block that does not fit into `out` is one.
    pub(super) fn decompress(self, block: &[u8], out: &mut [u8]) -> Result<usize, String> {
        match self {
            Self::Gzip => gzip::decompress(block, out),
            Self::Xz => xz::decompress(block, out),
            Self::Zstd => zstd::decompress(block, out),
        }
    }
}

/// Which settings a block is compressed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A block of file data or a fragment block.
    Data,
    /// A metadata block.
    Metadata,
}

/// A compressor with all its settings.
#[derive(Debug, Clone)]
pub(super) struct Encoder {
    compression: Compression,
    block_size: u32,
}

impl Encoder {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            compression: options.compression.clone(),
            block_size: options.block_size,
        }
    }

    pub(super) fn codec(&self) -> Codec {
        match self.compression {
            Compression::Gzip { .. } => Codec::Gzip,
            Compression::Xz(_) => Codec::Xz,
            Compression::Zstd { .. } => Codec::Zstd,
        }
    }

    /// The number of the compressor in the superblock.
    pub(super) fn number(&self) -> u16 {
        match self.codec() {
            Codec::Gzip => compressor::GZIP,
            Codec::Xz => compressor::XZ,
            Codec::Zstd => compressor::ZSTD,
        }
    }

    /// The content of the compressor options block; `None` when all is as readers assume without one.
    pub(super) fn options_block(&self) -> Option<Vec<u8>> {
        match &self.compression {
            Compression::Gzip { level: 9 } => None,
            Compression::Gzip { level } => Some(gzip::options_block(*level)),
            Compression::Xz(xz) => xz::options_block(xz, self.block_size),
            Compression::Zstd {
                level: zstd::DEFAULT_LEVEL,
            } => None,
            Compression::Zstd { level } => Some(level.to_le_bytes().to_vec()),
        }
    }

    /// Compresses a block; `None` when it would not become smaller.
    pub(super) fn compress(&self, role: Role, block: &[u8]) -> Result<Option<Vec<u8>>, WriteError> {
        let result = match &self.compression {
            Compression::Gzip { level } => gzip::compress(*level, block),
            Compression::Xz(settings) => match role {
                Role::Data => {
                    xz::compress(settings, self.dict_size(settings), &settings.bcj, block)
                }
                Role::Metadata => xz::compress(settings, METADATA_LEN as u32, &[], block),
            },
            Compression::Zstd { level } => zstd::compress(*level, block),
        };
        result.map_err(|why| WriteError::Compressor {
            compressor: self.name(),
            why,
        })
    }

    fn dict_size(&self, xz: &Xz) -> u32 {
        xz.dict_size.unwrap_or(self.block_size).min(self.block_size)
    }

    /// Whether a kernel that reads this compressor's blocks reads the donor's too.
    pub(super) fn accepts(&self, seeds: &Seeds) -> bool {
        let room = match &self.compression {
            Compression::Xz(xz) => self.dict_size(xz),
            _ => u32::MAX,
        };
        seeds.codec == self.codec()
            && seeds.block_size == self.block_size
            && seeds.dict_size <= room
    }

    fn name(&self) -> &'static str {
        match self.codec() {
            Codec::Gzip => "gzip",
            Codec::Xz => "xz",
            Codec::Zstd => "zstd",
        }
    }

    /// Names everything but the block that decides the compressed bytes: the settings and the version of
    /// the library that compresses.
    pub(super) fn fingerprint(&self, role: Role) -> String {
        let version = match self.codec() {
            Codec::Gzip => gzip::VERSION.to_owned(),
            Codec::Xz => xz::VERSION.to_owned(),
            Codec::Zstd => zstd::version(),
        };
        let settings = match &self.compression {
            Compression::Gzip { level } | Compression::Zstd { level } => format!("level {level}"),
            Compression::Xz(xz) => format!(
                "lc {} lp {} pb {} {:?} {:?} dictionary {}",
                xz.lc,
                xz.lp,
                xz.pb,
                xz.bcj,
                xz.effort,
                self.dict_size(xz)
            ),
        };
        format!("{role:?} {settings} by {version}")
    }
}
