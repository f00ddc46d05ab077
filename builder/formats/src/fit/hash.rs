//! Hash nodes.

use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::Sha256;

/// A hash of an image's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hash {
    /// How it is reckoned.
    pub algorithm: Algorithm,
    /// Where its value stands in the frame; bytes.
    pub at: usize,
}

/// How a hash is reckoned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// CRC-32, big endian.
    Crc32,
    /// MD5.
    Md5,
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
}

impl Algorithm {
    /// The algorithm of this name.
    pub(super) fn named(name: &[u8]) -> Option<Self> {
        match name {
            b"crc32\0" => Some(Self::Crc32),
            b"md5\0" => Some(Self::Md5),
            b"sha1\0" => Some(Self::Sha1),
            b"sha256\0" => Some(Self::Sha256),
            _ => None,
        }
    }

    /// What it is, for a check.
    pub(super) fn what(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC-32 of an image",
            Self::Md5 => "MD5 of an image",
            Self::Sha1 => "SHA-1 of an image",
            Self::Sha256 => "SHA-256 of an image",
        }
    }

    /// The hash of these bytes.
    pub(super) fn of(self, data: &[u8]) -> Vec<u8> {
        match self {
            Self::Crc32 => crc32fast::hash(data).to_be_bytes().to_vec(),
            Self::Md5 => Md5::digest(data).to_vec(),
            Self::Sha1 => Sha1::digest(data).to_vec(),
            Self::Sha256 => Sha256::digest(data).to_vec(),
        }
    }
}
